"""How much a beat sounded like the first of a bar: a weighed sum of what two networks say around it. Pure.

The weights are those of a logistic regression on made songs and four charted ones (`tools/train/hearing/fit_ones.py`).
"""

import numpy as np

from controller.arrays import Float32Array

NEAR = 3
"""Frames before and after a beat in which the networks may have meant it."""
EVEN = 0.02
"""Added to each probability, so that none is a certainty."""
BEATNET, OWN, BIAS = 0.17, 0.95, 0.3
BEATNET_ALONE = 0.3
MOST = 3.0
"""One beat never says more than this (a factor of twenty)."""


def evidence(said: Float32Array) -> float:
    """Logarithm of how much likelier it is that the beat was a one than that it was none.

    Args:
        said: (frames, 3) around the beat: BeatNet's probability of a beat that is no one, its probability of a one, and
            that of our own network; the last NaN where there is none, all where nothing was heard.
    """
    beat, one, own = said.max(axis=0)
    if np.isnan(beat):
        return 0.0
    by_beatnet = float(np.log((one + EVEN) / (beat + EVEN)))
    if np.isnan(own):
        found = BEATNET_ALONE * by_beatnet
    else:
        found = BEATNET * by_beatnet + OWN * float(np.log((own + EVEN) / (1.0 - own + EVEN))) + BIAS
    return float(np.clip(found, -MOST, MOST))
