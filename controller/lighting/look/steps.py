"""Figures in time: who of a row is up at which step, in beats, by place across the stage and in mirrored pairs. Pure.

A step is one rise of light to an eye, so steps that would come too often take twice as long, as often as it takes: the
light stays with the beat and leaves every second one out.
"""

from typing import Any

import numpy as np

from controller.arrays import Float32Array
from controller.lighting.look.duties import Duties
from controller.lighting.look.rows import Row
from controller.looks.look import By, FigureName

LEAST_STEP_S = 0.4
"""2.5 rises in a second."""
LEAST_WAVE_S = 3.0
DECAY_S = 0.28
"""Time constant of a pulse."""
GROUPS = 4
"""A row of many fixtures runs in so many groups: one fixture of sixteen is a dark row."""
PATTERNS = 16
RUNS: tuple[FigureName, ...] = ("chase", "ping-pong")
RANDOM_LIT = 0.45


def step_s(name: FigureName, beats: float, beat_s: float) -> float:
    """Seconds that a step takes (of a wave: one run), a whole number of times as long as was asked for."""
    asked_s, least_s = beats * beat_s, LEAST_WAVE_S if name == "wave" else LEAST_STEP_S
    return asked_s * 2.0 ** max(0, int(np.ceil(np.log2(least_s / asked_s) - 1e-9)))


class Steps:
    """Patterns of one rig.

    Args:
        duties: who stands where.
    """

    def __init__(self, duties: Duties) -> None:
        across = Row(duties.across, duties.columns)
        pairs = Row(duties.spread, np.asarray(np.ceil(duties.columns / 2.0), np.float32))
        self._rows: dict[By, Row] = {**duties.rows, "across": across, "pairs": pairs}
        self._odd = duties.odd
        self._still = np.ones_like(duties.across)
        # which pairs are lit in each of a number of steps: the same on every machine and in every replay
        rng = np.random.default_rng(11)
        column = np.rint(duties.spread * 64).astype(int)
        self._lots = (rng.random((PATTERNS, 65)) < RANDOM_LIT)[:, column].astype(np.float32)

    def pattern(self, name: FigureName, steps: float, length_s: float, build: float, by: By = "own") -> Float32Array:
        """(N,) 0..1, how far up each head is.

        Args:
            name: of the figure. steps: since the song began, with their fraction.
            length_s: seconds of a step. build: 0..1 of a rise that leads into the next section.
            by: the order in which it goes through the fixtures; its own: chases across, waves and builds in pairs.
        """
        number = int(np.floor(steps))
        row = self._rows[by if by in self._rows else "across" if name in RUNS else "pairs"]
        up: Any = self._still
        match name:
            case "pulse":
                up = np.full_like(up, np.exp(-(steps - number) * length_s / DECAY_S))
            case "chase":
                up = row.group(GROUPS) == number % row.groups(GROUPS)
            case "ping-pong":
                way = np.maximum(2.0 * (row.groups(GROUPS) - 1.0), 1.0)
                at = number % way
                up = row.group(GROUPS) == np.minimum(at, way - at)
            case "wave":
                up = 0.5 + 0.5 * np.cos(2.0 * np.pi * (steps - row.place))
            case "alternate":
                up = self._odd == number % 2
            case "random":
                up = self._lots[number % PATTERNS]
            case "stomp":
                up = np.full_like(up, float(number % 2 == 0))
            case "build":
                up = row.fills <= (build if build > 0.0 else (number % 8 + 1) / 8.0)
        return np.asarray(up, np.float32)
