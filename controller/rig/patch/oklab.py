"""OKLab: distances between colours as people see them.

Source: Björn Ottosson, "A perceptual color space for image processing", 2020; matrices for linear sRGB.
"""

import numpy as np

from controller.arrays import Float32Array

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(linear: Float32Array) -> Float32Array:
    """Linear sRGB (n, 3) to lightness, green-red and blue-yellow (n, 3)."""
    cones = np.cbrt(np.maximum(linear, 0.0) @ TO_CONES.T)
    return np.asarray(cones @ TO_LAB.T, np.float32)


def chroma_and_hue_deg(lab: Float32Array) -> tuple[Float32Array, Float32Array]:
    """How colourful (n,) and at which hue angle (n,) in degrees."""
    hue_deg = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360.0
    return np.hypot(lab[:, 1], lab[:, 2]), np.asarray(hue_deg, np.float32)
