"""The composer: a small PianoBART that writes note after note under rules that keep every bar full.

All candidates are written in step, as one batch; keys and values of what is written are kept. Pitches are drawn from
the network's odds and those of `heights.npz` together. Rules and draws are in `rules.py`, the graphs in `graphs.py`.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from controller.arrays import Float32Array, IntArray
from tools.train.image2music import words
from tools.train.image2music.artefact import Artefact
from tools.train.image2music.form import Form
from tools.train.image2music.rules import REST_COST, Theme, draw
from tools.train.image2music.wish import Wish

TEMPERATURE_DURATION, TEMPERATURE_PITCH, TOP_P = 0.9, 0.95, 0.92
MOST_READ = 256
"""Notes of an example that are read."""


class Composer(Protocol):
    """Writes themes."""

    name: str

    def compose(
        self,
        wish: Wish,
        form: Form,
        example: IntArray | None,
        *,
        count: int,
        rng: np.random.Generator,
        kept: Mapping[int, IntArray] | None = None,
    ) -> list[IntArray]:
        """`count` themes of exactly full bars, rows (N, 4) each.

        Args:
            form: which bars repeat which, one entry a bar. example: rows of a tune to lean on, or None.
            kept: rows of bars that stay as they are; what is missing is written again.
        """
        ...


class BartComposer:
    """The trained composer.

    Args:
        artefact: the files of its networks.
        counted: how much the counts of `heights.npz` weigh beside the network in the log odds of pitches; None: as much
            as `weights.json` says, which is decided in `mixing.py`.
    """

    def __init__(self, artefact: Artefact, *, counted: float | None = None) -> None:
        self.name = artefact.identity
        self._read, self._write = artefact.session("read.onnx"), artefact.session("write.onnx")
        with np.load(artefact.folder / "heights.npz", allow_pickle=False) as arrays:
            self._heights = arrays["heights"].astype(np.float32)
        self._counted = float(artefact.weights["counted"]) if counted is None else counted

    def compose(
        self,
        wish: Wish,
        form: Form,
        example: IntArray | None,
        *,
        count: int,
        rng: np.random.Generator,
        kept: Mapping[int, IntArray] | None = None,
    ) -> list[IntArray]:
        """See `Composer`. What is kept is read as the tune itself with holes, which training has taught to fill."""
        source, kind = (example, words.EXAMPLE) if example is not None else (None, words.NOTHING)
        if kept:
            source, kind = words.with_holes(kept, len(form)), words.OWN
        read = self._reading(wish, source, kind)
        themes = [Theme(wish.request, form, kept or {}) for _ in range(count)]
        self._write_all(themes, read, rng)
        return [theme.whole() for theme in themes]

    def _reading(self, wish: Wish, source: IntArray | None, kind: int) -> dict[str, np.ndarray]:
        rows = np.zeros((0, words.COLUMNS), np.int64) if source is None else source[:MOST_READ]
        there = np.ones((1, 4 + max(len(rows), 1)), bool)
        if not len(rows):  # one row of padding, which nothing looks at
            rows = np.array([[words.PITCH_PAD, words.DURATION_PAD, words.POSITION_PAD, words.BAR_PAD]])
            there[0, 4:] = False
        given = {"request": wish.request.ids()[None], "source": rows[None], "kind": np.array([kind]), "there": there}
        keys, values = self._read.run(None, given)
        return {"keys": keys, "values": values, "there": there}

    def _write_all(self, themes: list[Theme], read: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        layers, _, heads, _, width = read["keys"].shape
        size = 64
        keys = np.zeros((layers, len(themes), heads, size, width), np.float32)
        values, step = np.zeros_like(keys), 0
        while any(not theme.done for theme in themes) and step < words.MOST_WRITTEN:
            told = np.array([theme.told() if not theme.done else (0, 0, 0, 0, 0, 0) for theme in themes], np.int64)
            if step == size:
                keys, values, size = np.concatenate([keys, keys], 3), np.concatenate([values, values], 3), 2 * size
            own = {"own_keys": keys[:, :, :, :step], "own_values": values[:, :, :, :step]}
            duration, pitch, key, value = self._write.run(
                None, {"told": told, "position": np.array([step]), **own, **read}
            )
            keys[:, :, :, step], values[:, :, :, step] = key[..., 0, :], value[..., 0, :]
            for theme, lengths, pitches in zip(themes, duration, pitch, strict=True):
                if not theme.done:
                    given = theme.given()
                    theme.add(*(given if given is not None else self._draw(theme, lengths, pitches, rng)))
            step += 1

    def _draw(
        self, theme: Theme, lengths: Float32Array, pitches: Float32Array, rng: np.random.Generator
    ) -> tuple[int, int]:
        length = draw(lengths + theme.tilt(), theme.durations(), TEMPERATURE_DURATION, TOP_P, rng)
        two = theme.last_pitches()
        counted = self._heights[words.TUNE_MODES.index(theme.request.mode), two[0], two[1]]
        heights = (1.0 - self._counted) * pitches[length] + self._counted * counted
        heights[words.REST] -= REST_COST
        return draw(heights, theme.pitches(length), TEMPERATURE_PITCH, TOP_P, rng), length
