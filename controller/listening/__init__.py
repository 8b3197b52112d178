"""Process: sound to tokens and pulses, ten times a second. Read `process.py` first."""
