"""The format of sound, once for everybody: what arrives, what a hop is, how long a window is.

Skip-BART decides every 0.1 s on what OpenL3 heard in one second at 48 kHz (Zhao et al., ICLR 2026; Cramer et al.,
ICASSP 2019), so the network's contract and the show's clock are the same numbers.
"""

SAMPLE_RATE_HZ = 48_000
HOP_S = 0.1
"""One token, one window, one embedding."""
HOP_SAMPLES = 4_800
WINDOW_SAMPLES = 48_000
