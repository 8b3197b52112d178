"""Ableton Link beside a show: a program of its own that tells the show the tempo, the beats and the bars by OSC."""
