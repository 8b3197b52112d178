"""Light token ids: what the decoder reads and writes.

Hue ids are half degrees as in OpenCV's HSV (hue in degrees = 2 * id). Both vocabularies end in PAD, which means
"unknown": it may be read (nothing was lit yet) and is never sampled.

Source: Zhao et al., "Skip-BART", ICLR 2026 (hue 0..179 + PAD, value 0..255 + PAD).
"""

HUES = 180
HUE_PAD = 180
VALUES = 256
VALUE_PAD = 256
HUE_CLASSES = HUES + 1
VALUE_CLASSES = VALUES + 1


def hue_distance(a: int, b: int) -> int:
    """Steps between two hues the short way round: 0..90 (178 and 1 are three steps apart)."""
    steps = abs(a - b) % HUES
    return min(steps, HUES - steps)


def hue_from_degrees(degrees: float) -> int:
    """Nearest hue id 0..179 of an angle in degrees (any real number)."""
    return round(degrees / 2.0) % HUES


BEARINGS, BEARINGS_VERSION = 54, 1
"""How many numbers a decoder may be told beside sound and light, and which (`listening/bearings.py`)."""
