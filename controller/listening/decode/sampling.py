"""Restricted stochastic temperature sampling: restrict, temperature, top-p, draw.

Source: Zhao et al., "Skip-BART", ICLR 2026: p(x) is proportional to exp(logit / temperature) within `reach` of the
previous token and zero outside, circular for hue; then nucleus sampling (Holtzman et al., ICLR 2020). The published
script differs four ways and is no oracle (docs/decisions/0003): here forbidden classes are minus infinity, both ends of
a range are inside it, hue wraps at 180, and PAD is never drawn.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.listening.decode.vocabulary import HUES, VALUES


@dataclass(frozen=True, slots=True)
class Choice:
    """How one kind of token is drawn.

    Attributes:
        temperature: > 0; below 1 is bolder about likely tokens, above 1 more adventurous.
        top_p: 0..1, share of the probability mass that stays in play.
        reach: allowed distance from the previous token, in ids.
    """

    temperature: float
    top_p: float
    reach: int


def restrict_hue(logits: Float32Array, previous: int | None, reach: int) -> Float64Array:
    """Forbid hues further than `reach` steps around the colour wheel from `previous`.

    Args:
        logits: (181,) float32, unnormalised, PAD last; not modified.
        previous: last hue, 0..179, or None for no restriction.
        reach: 0 or more; 90 allows the whole wheel.

    Returns:
        (180,) float64 with forbidden entries at -inf; PAD is gone, at least one entry is allowed.
    """
    kept = logits[:HUES].astype(np.float64)
    if previous is None:
        return kept
    steps = np.abs(np.arange(HUES) - previous)
    return np.where(np.minimum(steps, HUES - steps) <= reach, kept, -np.inf)


def restrict_value(logits: Float32Array, previous: int | None, reach: int) -> Float64Array:
    """Forbid values further than `reach` from `previous`; (257,) in, (256,) out, else as `restrict_hue`."""
    kept = logits[:VALUES].astype(np.float64)
    if previous is None:
        return kept
    return np.where(np.abs(np.arange(VALUES) - previous) <= reach, kept, -np.inf)


def probabilities(logits: Float64Array, temperature: float, top_p: float) -> Float64Array:
    """Temperature, then the smallest set of likeliest classes that holds `top_p` of the mass, normalised again.

    Args:
        logits: (n,) float64; -inf is forbidden and stays at exactly 0.
        temperature: > 0.
        top_p: 0..1; the likeliest class always stays.

    Returns:
        (n,) float64 that sums to 1.
    """
    scaled = (logits - logits.max()) / temperature
    mass = np.exp(scaled)
    mass /= mass.sum()
    order = np.argsort(-mass, kind="stable")
    before = np.cumsum(mass[order]) - mass[order]
    mass[order[before >= top_p]] = 0.0
    return np.asarray(mass / mass.sum())


def draw(chances: Float64Array, rng: np.random.Generator) -> tuple[int, float]:
    """One class and the probability it had. A class with probability 0 is never drawn."""
    ladder = np.cumsum(chances)
    index = int(np.searchsorted(ladder, rng.random() * ladder[-1], side="right"))
    index = min(index, int(np.flatnonzero(chances)[-1]))
    return index, float(chances[index])


def sample_hue(
    logits: Float32Array, previous: int | None, choice: Choice, rng: np.random.Generator
) -> tuple[int, float]:
    """Draw a hue 0..179 and tell its probability."""
    allowed = restrict_hue(_usable(logits), previous, choice.reach)
    return draw(probabilities(allowed, choice.temperature, choice.top_p), rng)


def sample_value(
    logits: Float32Array, previous: int | None, choice: Choice, rng: np.random.Generator
) -> tuple[int, float]:
    """Draw a value 0..255 and tell its probability."""
    allowed = restrict_value(_usable(logits), previous, choice.reach)
    return draw(probabilities(allowed, choice.temperature, choice.top_p), rng)


def _usable(logits: Float32Array) -> Float32Array:
    """Logits as they are, or all equal if the network answered with something that is no number."""
    return logits if np.isfinite(logits).all() else np.zeros_like(logits)
