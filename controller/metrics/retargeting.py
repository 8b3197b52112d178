"""Whether two rigs play the same show: how their light goes along together in time. Pure.

Definitions after Wursthorn et al., PETRAE 2025: correlations over time of the mean and the highest intensity of all
fixtures, of the range between the darkest and the brightest, and of hue. Hue: circular correlation of the dominant hues
(Jammalamadaka and SenGupta, Topics in Circular Statistics, 2001), around their circular means.
"""

import numpy as np

from controller.arrays import FloatingArray
from controller.metrics.against_reference import pearson
from controller.metrics.seen_rig import DARK, SeenRig

PUBLISHED = {"mean": 0.80, "peak": 0.62, "range": 0.87, "hue": 0.78}
DIRECT = {"mean": 0.40, "peak": 0.28, "range": 0.45, "hue": 0.71}
"""A published generator, and a direct mapping of channels."""


def retargeting(one: SeenRig, other: SeenRig) -> dict[str, float]:
    """Correlations over the moments that both have; 0 where a side never moves."""
    n = min(len(one.intensity), len(other.intensity))
    a, b = one.brightness[:n], other.brightness[:n]
    lit = (one.intensity[:n] > DARK) & (other.intensity[:n] > DARK)
    return {
        "mean": pearson(a.mean(axis=1), b.mean(axis=1)),
        "peak": pearson(a.max(axis=1), b.max(axis=1)),
        "range": pearson(np.ptp(a, axis=1), np.ptp(b, axis=1)),
        "hue": circular_correlation(one.rig_hue_deg[:n][lit], other.rig_hue_deg[:n][lit]),
    }


def circular_correlation(one_deg: FloatingArray, other_deg: FloatingArray) -> float:
    """Correlation of two angles; 1 for equal ones, 0 where a side never moves."""
    if len(one_deg) < 2:
        return 0.0
    a, b = (np.sin(_away(np.radians(deg))) for deg in (one_deg, other_deg))
    length = float(np.sqrt(np.square(a).sum() * np.square(b).sum()))
    return float((a * b).sum()) / length if length > 1e-9 else 0.0


def _away(angles: FloatingArray) -> FloatingArray:
    """Around their circular mean."""
    return np.asarray(angles - np.arctan2(np.sin(angles).mean(), np.cos(angles).mean()))
