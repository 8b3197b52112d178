"""Errors against a reference show, and the baselines that have to stand beside them.

Source: Zhao et al., "Skip-BART", ICLR 2026, table 1; the baselines are ours. These metrics reward dullness: the best
constant colour often beats every generated show, so they are reported and never tuned for alone.
"""

import numpy as np
import numpy.typing as npt

from controller.arrays import Float64Array, IntArray

HUES = 180
VALUES = 256


def hue_steps(a: npt.ArrayLike, b: npt.ArrayLike) -> IntArray:
    """Steps of two degrees between hues the short way round, 0..90, elementwise."""
    steps = np.abs(np.asarray(a, np.int64) - np.asarray(b, np.int64)) % HUES
    return np.asarray(np.minimum(steps, HUES - steps), np.int64)


def pearson(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Pearson correlation of two arrays of one shape; 0 where one side never moves."""
    a, b = (a - a.mean()).ravel(), (b - b.mean()).ravel()
    length = float(np.sqrt(np.dot(a, a))) * float(np.sqrt(np.dot(b, b)))
    return float(np.dot(a, b)) / length if length > 1e-9 else 0.0


def changes(light: IntArray) -> tuple[Float64Array, Float64Array]:
    """Absolute change of hue (0..90, circular) and of value (0..255) from hop to hop, each (hops - 1,)."""
    hue = hue_steps(light[1:, 0], light[:-1, 0]).astype(np.float64)
    return hue, np.abs(np.diff(light[:, 1])).astype(np.float64)


def errors(light: IntArray, reference: IntArray) -> dict[str, float]:
    """MAE and RMSE of hue (circular, 0..90) and value (0..255), and the correlations of absolute changes.

    Args:
        light, reference: (hops, 2), hop for hop the same moments.
    """
    hue = hue_steps(light[:, 0], reference[:, 0]).astype(np.float64)
    value = np.abs(light[:, 1] - reference[:, 1]).astype(np.float64)
    ours, theirs = changes(light), changes(reference)
    return {
        "hue_mae": float(hue.mean()),
        "hue_rmse": float(np.sqrt(np.square(hue).mean())),
        "value_mae": float(value.mean()),
        "value_rmse": float(np.sqrt(np.square(value).mean())),
        "hue_change_correlation": pearson(ours[0], theirs[0]),
        "value_change_correlation": pearson(ours[1], theirs[1]),
    }


def best_constant(reference: IntArray) -> IntArray:
    """The one colour that comes closest to a show (by MAE), chosen knowing the show: (hops, 2)."""
    distance = np.stack([hue_steps(reference[:, 0], hue).mean() for hue in range(HUES)])
    colour = np.array([int(distance.argmin()), int(np.median(reference[:, 1]))], np.int64)
    return np.tile(colour, (len(reference), 1))


def uniform_random(hops: int, rng: np.random.Generator) -> IntArray:
    """A new random colour every hop: (hops, 2). Against any hue its circular MAE is 45 and its RMSE 52."""
    return np.stack([rng.integers(0, HUES, hops), rng.integers(0, VALUES, hops)], axis=1)
