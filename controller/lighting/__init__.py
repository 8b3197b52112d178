"""Process: tokens and pulses to DMX, forty times a second. Read `process.py` first."""
