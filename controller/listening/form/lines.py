"""What speaks for a new section at a bar line: numbers that are known before it, at its first hit, and after it. Pure.

People place their cues where the music turns: after 4, 8 or 16 bars, with a crash, after a fill, where a voice enters
(`human_looks.json` of the design notes). The same numbers are what the score of a boundary weighs (`boundary.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array
from controller.listening.form.beat_sounds import DRUM, GROWTH, LEVEL, NUMBERS, SHAPE, VOICE
from controller.listening.time.harmony import CHORD
from controller.listening.time.outputs import DRUMS

PARTS = (slice(0, SHAPE), slice(SHAPE, SHAPE + CHORD), slice(DRUM, NUMBERS), slice(LEVEL, GROWTH), slice(VOICE, DRUM))
"""Timbre, harmony, drums, level, voice: how far apart two passages are is told of each."""
GROUPS = np.stack([np.isin(np.arange(NUMBERS), np.arange(NUMBERS)[part]) for part in PARTS], axis=1).astype(float)
GROUPS /= GROUPS.sum(axis=0)
"""(NUMBERS, 5) what each of them is a mean of."""
AHEAD = (
    "bars4", "bars8", "bars16", "bars12", "even", "fours", "short", "long",
    "as_before", "as_this", "fill", "toms", "stop", "build", "voice",
)  # fmt: skip
HIT = ("crash", "kick", "leap", "burst")
AFTER = ("timbre", "harmony", "drums", "level", "voiced", "louder", "like_a_start")
NAMES = (*AHEAD, *HIT, *AFTER)
KNOWN_AT_HIT = len(AHEAD) + len(HIT)
SNARE, CYMBAL, TOM, KICK = (DRUM + DRUMS.index(one) for one in ("snare", "cymbal", "tom", "kick"))
BEFORE_BARS = 4
LEAST_SPREAD = 0.02
BETWEEN, OF_ALL = 0.74, 0.75
"""Of the middle half of all beats (what a standard deviation would be of it), and of the standard deviation itself."""
USUAL = 0.15
"""How much a line changes what counts as usual."""


@dataclass(frozen=True, slots=True)
class Count:
    """Whole bars since the section began, and beats of a bar."""

    bars: int
    metre: int


def ahead(
    sounds: Float64Array, count: Count, lengths: Sequence[int], of_label: Sequence[int], build: float
) -> list[float]:
    """What is known before the line.

    Args:
        sounds: (beats, NUMBERS) since the section began. lengths: in bars, of the song's sections so far.
        of_label: of those with the present label. build: 0..1, see `Energy`.
    """
    since, metre = count.bars, count.metre
    last, half = sounds[-metre:], sounds[-max(1, metre // 2) :]
    rest = sounds[-(BEFORE_BARS + 1) * metre : -metre]
    rest = last if len(rest) == 0 else rest
    hits, usual = last[:, DRUM:].sum() / len(last), rest[:, DRUM:].sum() / len(rest)
    return [
        float(since == 4),
        float(since == 8),
        float(since == 16),
        float(since == 12),
        float(since % 2 == 0),
        float(since % 4 == 0),
        float(since < 3),
        float(max(0, since - 16)) / 8.0,
        _share(lengths, since),
        _share(of_label, since),
        float(np.clip(np.log((hits + 0.3) / (usual + 0.3)), -1.5, 1.5)),
        float(min(1.0, half[:, TOM].mean())),
        float(np.clip(half[:, LEVEL].mean() - rest[:, LEVEL].mean(), -0.5, 0.5)) * 4.0,
        build,
        float(last[:, VOICE].mean() - rest[:, VOICE].mean()),
    ]


def hit(crash: float, kick: float, first: Float64Array, last: Float64Array) -> list[float]:
    """What the first tenth of a second after the line tells.

    Args:
        crash, kick: 0..1, struck on the line. first: (NUMBERS,) of that tenth. last: (NUMBERS,) of the beat before.
    """
    return [
        crash,
        kick,
        float(np.clip(first[LEVEL] - last[LEVEL], -0.5, 0.5)) * 4.0,
        float(np.clip(np.linalg.norm(first[:SHAPE] - last[:SHAPE]), 0.0, 2.0)),
    ]


def after(now: Float64Array, rest: Float64Array, far: Float64Array) -> list[float]:
    """What the beats after the line tell.

    Args:
        now, rest: (beats, NUMBERS) since the line, and the same beats of the bars before it. far: (5,) how far apart
            they are, as a multiple of what is usual.
    """
    louder = now[:, LEVEL].mean() - rest[:, LEVEL].mean()
    return [*map(float, np.clip(far, 0.0, 4.0)), float(np.clip(louder, -0.5, 0.5)) * 4.0]


def like_a_start(now: Float64Array, passages: Sequence[Float64Array], scale: Float64Array) -> float:
    """0..1, how much these beats sound as one of the earlier sections began."""
    starts = [one[: len(now)].mean(axis=0) for one in passages if len(one) >= len(now)]
    if not starts:
        return 0.0
    return 1.0 / (1.0 + float(apart(now.mean(axis=0), np.array(starts), scale).mean(axis=1).min()))


def spread(sounds: Float64Array) -> Float64Array:
    """(NUMBERS,) how much each number varies in the song so far; a quiet beginning does not make the rest all alike."""
    low, high = np.quantile(sounds, (0.25, 0.75), axis=0)
    return np.asarray(np.maximum(np.maximum(BETWEEN * (high - low), OF_ALL * sounds.std(axis=0)), LEAST_SPREAD))


def apart(one: Float64Array, other: Float64Array, scale: Float64Array) -> Float64Array:
    """How far passages (..., NUMBERS) are from each other in timbre, harmony, drums, level and voice, (..., 5)."""
    return np.asarray(np.sqrt(np.square((one - other) / scale) @ GROUPS))


def _share(lengths: Sequence[int], bars: int) -> float:
    """How many of the sections were so long, shrunk towards none while there are few."""
    return sum(one == bars for one in lengths) / (len(lengths) + 1.0)
