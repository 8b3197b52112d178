"""How good is a light? A few metrics in NumPy: against a reference show, and against the music alone.

All light is (hops, 2) integers at 10 Hz, hue 0..179 on a circle and value 0..255.

Sources: Zhao et al., "Skip-BART", ICLR 2026, table 1 (errors against a reference; the baselines, best constant and
uniform random, are ours); Kohl, Wursthorn and Weiss, ACM MM 2025 (loudness-brightness, onset-change in blocks of 4 s;
they resample light to 30 Hz first, which changes sums over blocks of held light by nothing but a factor).
"""

import numpy as np
import numpy.typing as npt

from controller.decode.vocabulary import HUES, VALUES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Generator = np.random.Generator

HOPS_PER_S = 10
BLOCK_HOPS = 40
HUE_CHANGE = 10  # more than 20 degrees
SHIFTS = 8
SMALLEST_SHIFT_HOPS = 200


def hue_steps(a: IntArray, b: IntArray) -> IntArray:
    """Steps between hues the short way round, 0..90, elementwise."""
    steps = np.abs(a - b) % HUES
    return np.minimum(steps, HUES - steps)


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Pearson correlation; 0 where one side never moves."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-12 else 0.0


def changes(light: IntArray) -> tuple[FloatArray, FloatArray]:
    """Absolute change of hue and of value from hop to hop, each (hops - 1,)."""
    return (
        hue_steps(light[1:, 0], light[:-1, 0]).astype(np.float64),
        np.abs(np.diff(light[:, 1])).astype(np.float64),
    )


def errors(light: IntArray, reference: IntArray) -> dict[str, float]:
    """MAE and RMSE of hue (circular, 0..90) and value (0..255), and the correlations of absolute changes."""
    hue = hue_steps(light[:, 0], reference[:, 0]).astype(np.float64)
    value = np.abs(light[:, 1] - reference[:, 1]).astype(np.float64)
    ours, theirs = changes(light), changes(reference)
    return {
        "hue_mae": float(hue.mean()),
        "hue_rmse": float(np.sqrt(np.square(hue).mean())),
        "value_mae": float(value.mean()),
        "value_rmse": float(np.sqrt(np.square(value).mean())),
        "hue_change_correlation": correlation(ours[0], theirs[0]),
        "value_change_correlation": correlation(ours[1], theirs[1]),
    }


def best_constant(reference: IntArray) -> IntArray:
    """The one colour that comes closest to a show, chosen knowing the show: (hops, 2)."""
    candidates = np.arange(HUES)
    distance = np.stack([hue_steps(reference[:, 0], hue).mean() for hue in candidates])
    colour = np.array([int(distance.argmin()), int(np.median(reference[:, 1]))])
    return np.tile(colour, (len(reference), 1))


def uniform_random(hops: int, rng: Generator) -> IntArray:
    """A new random colour every hop: (hops, 2)."""
    return np.stack([rng.integers(0, HUES, hops), rng.integers(0, VALUES, hops)], axis=1)


def loudness_follower(loudness: FloatArray) -> IntArray:
    """The dull baseline: one colour, as bright as it is loud (0..1)."""
    return np.stack([np.zeros(len(loudness), np.int64), np.round(255 * loudness).astype(np.int64)], axis=1)


def hue_changes(light: IntArray) -> IntArray:
    """Hops at which the hue moves by more than 20 degrees."""
    return np.flatnonzero(changes(light)[0] > HUE_CHANGE) + 1


def hue_changes_per_minute(light: IntArray) -> float:
    """Changes of more than 20 degrees."""
    return len(hue_changes(light)) / (len(light) / HOPS_PER_S / 60.0)


def hue_dwell_s(light: IntArray) -> float:
    """Median time between hue changes of more than 20 degrees; the length of the show if there are none."""
    marks = np.concatenate([[0], hue_changes(light), [len(light)]])
    return float(np.median(np.diff(marks))) / HOPS_PER_S


def value_jitter(light: IntArray) -> float:
    """Mean absolute change of value per hop, 0..255."""
    return float(changes(light)[1].mean())


def intensity_variation(light: IntArray) -> float:
    """Standard deviation of intensity 0..1 over the song."""
    return float(light[:, 1].std() / 255.0)


def _blocks(curve: FloatArray) -> FloatArray:
    n = len(curve) // BLOCK_HOPS
    return curve[: n * BLOCK_HOPS].reshape(n, BLOCK_HOPS).sum(axis=1)


def loudness_brightness(light: IntArray, loudness: FloatArray) -> float:
    """Correlation of loudness (hops,) and brightness over blocks of 4 s."""
    return correlation(_blocks(loudness), _blocks(light[:, 1].astype(np.float64)))


def onset_change(light: IntArray, onsets: FloatArray) -> float:
    """Correlation of onset strength (hops,) and light change over blocks of 4 s."""
    hue, value = changes(light)
    moved = np.concatenate([[0.0], hue / 90.0 + value / 255.0])
    return correlation(_blocks(onsets), _blocks(moved))


def fast_onset_change(light: IntArray, onsets: FloatArray) -> float:
    """Correlation of onset strength and rise of value from hop to hop: does light hit with the music?"""
    return correlation(onsets[1:].astype(np.float64), np.maximum(np.diff(light[:, 1]), 0).astype(np.float64))


def changes_near(light: IntArray, marks: IntArray, hops: int = 2) -> float:
    """Share of hue changes of more than 20 degrees that fall within some hops of a mark (downbeat, section start)."""
    found = hue_changes(light)
    if len(found) == 0 or len(marks) == 0:
        return 0.0
    return float(np.mean(np.abs(found[:, None] - marks[None, :]).min(axis=1) <= hops))


def shifted(light: IntArray) -> list[IntArray]:
    """The same light against wrong places of the song: circular shifts of at least 20 s."""
    room = max(len(light) - 2 * SMALLEST_SHIFT_HOPS, 0)
    offsets = SMALLEST_SHIFT_HOPS + np.linspace(0, room, SHIFTS).astype(np.int64)
    return [np.roll(light, int(offset), axis=0) for offset in offsets]


def correspondence(
    light: IntArray, loudness: FloatArray, onsets: FloatArray, downbeats: IntArray, section_starts: IntArray
) -> dict[str, float]:
    """Every metric that needs only the music, each with its lift over the shifted light."""
    measures = {
        "loudness_brightness": lambda x: loudness_brightness(x, loudness),
        "onset_change": lambda x: onset_change(x, onsets),
        "fast_onset_change": lambda x: fast_onset_change(x, onsets),
        "hue_changes_on_downbeats": lambda x: changes_near(x, downbeats),
        "hue_changes_on_sections": lambda x: changes_near(x, section_starts, 5),
    }
    scores = {}
    for name, measure in measures.items():
        scores[name] = measure(light)
        scores[f"{name}_lift"] = scores[name] - float(np.mean([measure(wrong) for wrong in shifted(light)]))
    return {
        **scores,
        "hue_changes_per_minute": hue_changes_per_minute(light),
        "hue_dwell_s": hue_dwell_s(light),
        "value_jitter": value_jitter(light),
        "intensity_variation": intensity_variation(light),
    }
