"""Figures about a show: each metric once, pure NumPy, for training, rehearsal and the command `evaluate` alike.

`safety` judges what was emitted, `craft` the cues, `against_reference` compares with a human show, `correspondence`
with the music, and `professionals` says how people score there. Light is (hops, 2) int64 at 10 Hz: hue 0..179 on a
circle and value 0..255.
"""
