"""The plain composer and the plain critic: counts of what followed what. Baseline of the networks, and their stand-in.

Heights are counted after the two heights before, by mode; durations after the duration before, by metre and place in
the
bar. Witten-Bell smoothing joins the longer memory with the shorter one. Pure, NumPy only.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from controller.arrays import IntArray
from tools.train.image2music import words
from tools.train.image2music.form import Form
from tools.train.image2music.melody import LENGTHS, Melody, steps
from tools.train.image2music.rules import REST_COST, Theme, draw
from tools.train.image2music.wish import Wish

NOTHING = -99


class Counts:
    """What followed each memory, for memories of falling length.

    Args:
        size: how many things there are to choose from.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen: dict[Hashable, Counter[int]] = defaultdict(Counter)

    def add(self, memories: Sequence[Hashable], what: int) -> None:
        """One more time `what` came after these memories, longest first."""
        for memory in memories:
            self._seen[memory][what] += 1

    def odds(self, memories: Sequence[Hashable]) -> np.ndarray:
        """(size,) probabilities after these memories."""
        found = np.full(self._size, 1.0 / self._size)
        for memory in reversed(memories):
            seen = self._seen.get(memory)
            if seen:
                total, kinds = sum(seen.values()), len(seen)
                found = found * kinds / (total + kinds)
                for what, count in seen.items():
                    found[what] += count / (total + kinds)
        return found


class NgramComposer:
    """Writes melodies whose bars are full by counts alone.

    Args:
        melodies: to learn from.
    """

    name = "n-gram"

    def __init__(self, melodies: Iterable[Melody]) -> None:
        self._heights, self._durations = Counts(words.PITCHES), Counts(words.DURATIONS)
        for melody in melodies:
            before, duration = (words.PITCH_START, words.PITCH_START), words.DURATION_START
            for pitch, length, position, _ in words.encode(melody).tolist():
                self._heights.add(_height_memories(melody.mode, before), pitch)
                self._durations.add(_duration_memories(melody.metre, position, duration), length)
                before, duration = (before[1], pitch), length

    def compose(
        self,
        wish: Wish,
        form: Form,
        example: IntArray | None,  # noqa: ARG002 - counts read no example
        *,
        count: int,
        rng: np.random.Generator,
        kept: Mapping[int, IntArray] | None = None,
    ) -> list[IntArray]:
        """`count` melodies as rows (N, 4); see `composer.Composer`."""
        return [self._write(Theme(wish.request, form, kept or {}), rng) for _ in range(count)]

    def _write(self, theme: Theme, rng: np.random.Generator) -> IntArray:
        while not theme.done:
            given = theme.given()
            theme.add(*(given if given is not None else self._draw(theme, rng)))
        return theme.whole()

    def _draw(self, theme: Theme, rng: np.random.Generator) -> tuple[int, int]:
        pitch_before, length_before, *_ = theme.told()
        memories = _duration_memories(theme.request.metre, theme.position, length_before)
        length = draw(np.log(self._durations.odds(memories)) + theme.tilt(), theme.durations(), 1.0, 0.98, rng)
        two = (theme.rows[-2][0] if len(theme.rows) > 1 else words.PITCH_START, pitch_before)
        odds = np.log(self._heights.odds(_height_memories(theme.request.mode, two)))
        odds[words.REST] -= REST_COST
        return draw(odds, theme.pitches(length), 1.0, 0.95, rng), length


def _height_memories(mode: str, before: tuple[int, int]) -> list[Hashable]:
    return [("h3", mode, before), ("h2", mode, before[1]), ("h1", mode), ("h2", before[1]), ("h0",)]


def _duration_memories(metre: str, position: int, before: int) -> list[Hashable]:
    return [("d3", metre, position, before), ("d2", metre, position), ("d1", before), ("d0",)]


class Trigram:
    """The baseline critic: how surprising each interval with its duration is after the two before it.

    Args:
        melodies: to learn from.
    """

    def __init__(self, melodies: Iterable[Melody]) -> None:
        self._counts = Counts(64 * len(LENGTHS))
        for melody in melodies:
            row = _joined(melody)
            for memory, what in zip(_trigram_memories(row), row, strict=True):
                self._counts.add(memory, what)

    def surprise(self, melody: Melody) -> float:
        """Mean negative log probability in nats."""
        row = _joined(melody)
        return float(
            np.mean(
                [-np.log(self._counts.odds(m)[w]) for m, w in zip(_trigram_memories(row), row, strict=True)] or [9.0]
            )
        )


def _joined(melody: Melody) -> list[int]:
    return [
        int(np.clip(interval, -31, 32) + 31) * len(LENGTHS) + _nearest(length) for interval, length in steps(melody)
    ]


def _nearest(length: int) -> int:
    return LENGTHS.index(length) if length in LENGTHS else len(LENGTHS) - 1


def _trigram_memories(row: Sequence[int]) -> list[list[Hashable]]:
    two = [NOTHING, NOTHING, *row]
    return [[(two[at], two[at + 1]), (two[at + 1],), ()] for at in range(len(row))]
