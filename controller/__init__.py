"""Followspot: listens to the band and drives the lighting rig. Start reading at `show.py`.

Edge: the environment, for the libraries that read it when they are loaded.
"""

import os

# Before NumPy is loaded: its matrix library would start a thread for each core, and a show has other uses for them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
