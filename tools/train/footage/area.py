"""Where in the frame the picture lies: black bars above and below, or at the sides, are found once for a film. Pure."""

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

BLACK = 26
"""Code value that bars stay below, with coding noise."""
MOST = 0.3
"""A bar is at most this share of the picture; darker than that is a dark film."""
LEAST = 2


def picture_area(pictures: list[Picture]) -> Box:
    """Top, bottom, left, right of the picture, as in `picture[top:bottom, left:right]`.

    Args:
        pictures: (height, width, 3) each, from all over the film; what is black in all of them at an edge is a bar.
    """
    height, width = pictures[0].shape[:2]
    bright = np.stack([picture.max(axis=2) for picture in pictures]).max(axis=0)
    rows = np.percentile(bright, 90, axis=1) > BLACK
    columns = np.percentile(bright, 90, axis=0) > BLACK
    top, bottom = _inside(rows)
    left, right = _inside(columns)
    return (*_believable(top, bottom, height), *_believable(left, right, width))


def _inside(lit: npt.NDArray[np.bool_]) -> tuple[int, int]:
    where = np.flatnonzero(lit)
    return (int(where[0]), int(where[-1]) + 1) if len(where) else (0, len(lit))


def _believable(first: int, last: int, size: int) -> tuple[int, int]:
    """Bars come in pairs of about the same size; the line that blurs into one is left out."""
    low, high = first, size - last
    alike = abs(low - high) <= max(LEAST, 0.25 * max(low, high))
    if min(low, high) < LEAST or not alike or max(low, high) > MOST * size:
        return 0, size
    return first + 1, last - 1
