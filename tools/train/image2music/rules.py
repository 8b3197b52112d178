"""What may stand where: the rules under which every bar comes out exactly full, whoever draws the notes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, IntArray
from tools.train.image2music import words
from tools.train.image2music.form import SECTION, Form, repeated
from tools.train.image2music.melody import BEATS, LENGTHS, METRES, SCALES, TICKS, WRITTEN
from tools.train.image2music.words import Request

WIDEST_LEAP = 12
WINDOW = (-5, 17)
"""Heights over the tonic that are composed: an octave and a half."""
HALF_CLOSE = (0, 7)
"""Where the first section may end, with the third of the mode."""
TILT = 2.2
"""Nats for each octave of note length and each note a quarter that a melody is away from the density that is wished."""
REST_COST = 2.5
"""Nats against a rest: tunes breathe seldom, and an opening hardly."""


@dataclass(slots=True)
class Theme:
    """A melody being written, sound after sound.

    Args:
        request: metre and mode of it. form: which bars repeat which. kept: rows (n, 3) of pitch, duration and position
            for bars that are not to be written again.
    """

    request: Request
    form: Form
    kept: Mapping[int, IntArray] = field(default_factory=dict)
    bar: int = 0
    position: int = 0
    rows: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def ticks(self) -> int:
        """Of a bar."""
        return METRES[self.request.metre]

    @property
    def done(self) -> bool:
        """Whether all bars are full."""
        return self.bar >= len(self.form)

    @property
    def closes(self) -> bool:
        """Whether this bar, or one that repeats it, ends a section."""
        return any(at % SECTION == SECTION - 1 or at == len(self.form) - 1
                   for at, name in enumerate(self.form) if name == self.form[self.bar])  # fmt: skip

    def told(self) -> tuple[int, ...]:
        """The row (6,) that the decoder is told before the next sound."""
        before = self.rows[-1][:3] if self.rows else (words.PITCH_START, words.DURATION_START, words.POSITION_PAD)
        return (*before, self.position, self.bar, len(self.form) - 1 - self.bar)

    def given(self) -> tuple[int, int] | None:
        """Pitch and duration of the next sound where they are known: a bar that repeats or is kept; None otherwise."""
        earlier = repeated(self.form).get(self.bar)
        if self.bar in self.kept:
            known: Sequence = self.kept[self.bar]
        elif earlier is not None:
            known = [row for row in self.rows if row[3] == earlier]
        else:
            return None
        return next((int(row[0]), int(row[1])) for row in known if row[2] == self.position)

    def add(self, pitch: int, duration: int) -> None:
        """Write a sound down."""
        self.rows.append((pitch, duration, self.position, self.bar))
        self.position += LENGTHS[duration]
        if self.position >= self.ticks:
            self.bar, self.position = self.bar + 1, 0

    def durations(self) -> BoolArray:
        """(16,) which durations may come: the bar can still be filled, and a section ends on a note one can rest on."""
        left = self.ticks - self.position
        allowed = np.zeros(words.DURATIONS, bool)
        for length in WRITTEN:
            after = left - length
            off_grid = self.position % 6 == 3 and length not in (3, 9)
            hasty = self.closes and 0 < after < TICKS <= left
            allowed[LENGTHS.index(length)] = after >= 0 and not off_grid and not hasty
        return allowed if allowed.any() else np.array([one == left for one in LENGTHS])

    def pitches(self, duration: int) -> BoolArray:
        """(42,) which pitches may come with a duration."""
        allowed = np.zeros(words.PITCHES, bool)
        scale, before = SCALES[self.request.mode], self._height_before()
        last = self.closes and self.position + LENGTHS[duration] >= self.ticks
        ends = (0,) if self.form[self.bar] == self.form[-1] else (*HALF_CLOSE, scale[2])
        for pitch in range(1, words.PITCHES):
            height = words.height_at(pitch)
            near = before is None or abs(height - before) <= WIDEST_LEAP
            inside = WINDOW[0] <= height <= WINDOW[1] and height % 12 in (ends if last else scale)
            allowed[pitch] = inside and near
        allowed[words.REST] = not last and self.position > 0 and LENGTHS[duration] <= BEATS[self.request.metre]
        if not allowed.any():  # no close within a leap: the nearest one, however far
            allowed[[words.pitch_id(one) for one in (0, 12)]] = True
        return allowed

    def last_pitches(self) -> tuple[int, int]:
        """The last two pitches but rests, the start where there are none."""
        sounding = [row[0] for row in self.rows if row[0] != words.REST][-2:]
        before = [words.PITCH_START] * (2 - len(sounding)) + sounding
        return before[0], before[1]

    def _height_before(self) -> int | None:
        return next((words.height_of(row[0]) for row in reversed(self.rows) if row[0] != words.REST), None)

    def tilt(self) -> npt.NDArray[np.float64]:
        """(16,) nats that lean durations towards the density that is wished."""
        ticks = self.bar * self.ticks + self.position
        now = TICKS * len(self.rows) / ticks if ticks >= self.ticks else self.request.density
        return TILT * (now - self.request.density) * np.log2(np.array(LENGTHS) / 6.0)

    def whole(self) -> IntArray:
        """(N, 4) all sounds."""
        return np.array(self.rows, np.int64)


def draw(
    logits: npt.NDArray[np.floating], allowed: BoolArray, temperature: float, top_p: float, rng: np.random.Generator
) -> int:
    """One of the allowed, drawn from the likeliest that together have `top_p`."""
    scores = np.where(allowed, logits.astype(np.float64) / temperature, -np.inf)
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    order = np.argsort(-odds, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(odds[order]), top_p)) + 1]
    return int(rng.choice(kept, p=odds[kept] / odds[kept].sum()))
