"""Followspot: listens to the band and drives the lighting rig. Start reading at `show.py`."""
