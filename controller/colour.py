"""Colour arithmetic: hue angles, gamma and linear light.

Hue and value come from cameras and screens, so they are gamma-encoded; fixtures mix linear light. Skipping the
conversion turns every LED orange into yellow. Source of the transfer curve: IEC 61966-2-1 (sRGB).
"""

import numpy as np

from controller.arrays import Float32Array


def parse_colour(written: str) -> Float32Array:
    """`#rrggbb` to gamma-encoded RGB 0..1, (3,) float32."""
    return np.array([int(written[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / np.float32(255.0)


def hue_degrees(encoded: Float32Array) -> float:
    """Hue angle 0..360 of a gamma-encoded RGB colour; 0 for greys."""
    red, green, blue = (float(part) for part in encoded)
    high, low = max(red, green, blue), min(red, green, blue)
    if high == low:
        return 0.0
    if high == red:
        sextant = (green - blue) / (high - low)
    elif high == green:
        sextant = 2.0 + (blue - red) / (high - low)
    else:
        sextant = 4.0 + (red - green) / (high - low)
    return (60.0 * sextant) % 360.0


def apart_deg(a_deg: float, b_deg: float) -> float:
    """Angle between two hues, 0..180."""
    return abs((a_deg - b_deg + 180.0) % 360.0 - 180.0)


def strongest(colours: Float32Array) -> Float32Array:
    """Largest component of each colour: (n, 3) to (n,). NumPy's own over so short an axis takes ten times as long."""
    return np.maximum(np.maximum(colours[:, 0], colours[:, 1]), colours[:, 2])


def weakest(colours: Float32Array) -> Float32Array:
    """Smallest component of each colour: (n, 3) to (n,)."""
    return np.minimum(np.minimum(colours[:, 0], colours[:, 1]), colours[:, 2])


def encoded_from_hue(degrees: Float32Array) -> Float32Array:
    """Fully saturated gamma-encoded RGB of hue angles: (n,) any degrees in, (n, 3) float32 0..1 out."""
    sextant = (degrees[:, None] / 60.0 + np.array([0.0, 4.0, 2.0], np.float32)) % 6.0
    return np.asarray(np.clip(np.abs(sextant - 3.0) - 1.0, 0.0, 1.0), np.float32)


def to_linear(encoded: Float32Array) -> Float32Array:
    """sRGB to linear light, any shape."""
    low = encoded / 12.92
    high = np.power((np.maximum(encoded, 0.0) + 0.055) / 1.055, 2.4)
    return np.where(encoded <= 0.04045, low, high).astype(np.float32)


def to_encoded(linear: Float32Array) -> Float32Array:
    """Linear light to sRGB, any shape."""
    low = linear * 12.92
    high = 1.055 * np.power(np.maximum(linear, 0.0), 1.0 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)
