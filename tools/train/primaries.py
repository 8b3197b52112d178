"""Red, green and blue of a colour space, and what their light is in XYZ. Pure.

Source: SMPTE RP 177-1993, derivation of television colour equations.
"""

import numpy as np

from controller.arrays import Float64Array

Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""CIE x and y of each."""

BT709: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
"""Those of sRGB, too."""
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))


def to_xyz(primaries: Primaries, white: Float64Array) -> Float64Array:
    """(3, 3) linear light of the primaries to XYZ.

    Args:
        white: (3,) XYZ of all three together.
    """
    columns = np.array([[x / y, 1.0, (1.0 - x - y) / y] for x, y in primaries]).T
    return np.asarray(columns * np.linalg.solve(columns, white))
