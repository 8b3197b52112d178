"""Drawing the next note from logits: nothing outside the vocabulary, nothing out of order.

`PUBLISHED` are the temperatures and nuclei published with PianoBART (Liang et al., ICME 2024); what is usual here is
plainer and, with a small network, nearer to real continuations of the validation pieces. Whatever they are, what cannot
be has a chance of exactly zero, so no draw is ever thrown away:

* special tokens, except, where it is wanted, EOS as a bar, which ends the music;
* a bar before the last one, a position before the last one in a bar or behind the bar's end, and, at one position of
  one instrument, a pitch at or below the last one: notes are sorted, and none is there twice;
* pitches of percussion for other instruments, and the other way round; another time signature within a bar; no length;
* pitches that no piano has, for pianos;
* by default instruments and pitch classes that the prompt does not have, any tempo and time signature but its last: at
  the published temperature of 5 a small network would draw from all of them, and what most of its training music has
  there is a nominal grid of 120.

Pure: the generator is passed in.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, Float32Array, IntArray
from tools.train.symbolic.vocabulary import (
    BAR,
    BAR_UNITS,
    DURATION,
    EOS,
    INSTRUMENT,
    PERCUSSION,
    PITCH,
    POSITION,
    SIZES,
    TEMPO,
    TIME_SIGNATURE,
    VALUES,
    VELOCITY,
)

ORDER = (BAR, TIME_SIGNATURE, POSITION, TEMPO, INSTRUMENT, PITCH, DURATION, VELOCITY)
"""In which the attributes of a note are drawn: what a bar holds depends on its time signature."""
PIANOS, KEYS = 8, (21, 108)
"""Programs below this are pianos, and have no more keys."""
KEY_NOTES, ACCIDENT = 256, 0.01
"""Pitch classes with less than this share of the prompt's last notes are not of its key."""
STARTS = np.concatenate([[0], np.cumsum(SIZES)])
TEMPERATURES, NUCLEI = (1.0,) * 8, (0.9,) * 8


@dataclass(frozen=True, slots=True)
class Settings:
    """How freely notes are drawn.

    Attributes:
        temperatures, nuclei: of each attribute, in token order. leap: how many bars further a note may lie than the
            last one; 1: no bar stays empty. keep: instruments, tempo, time signature, key and level of the prompt.
            ends: whether EOS may end the music; what is trained here has never seen it, because windows are cut out
            of pieces.
    """

    temperatures: tuple[float, ...] = TEMPERATURES
    nuclei: tuple[float, ...] = NUCLEI
    leap: int = 1
    keep: bool = True
    ends: bool = False


PUBLISHED = Settings((1.2, 1.2, 5.0, 1.0, 2.0, 5.0, 5.0, 1.2), (1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 1.0, 0.9))
"""In token order."""


@dataclass(frozen=True, slots=True)
class Cast:
    """What may be drawn at all: (129,), (254,) and (49,) bool, and `pitches` (256,), with percussion's."""

    instruments: BoolArray
    time_signatures: BoolArray
    tempi: BoolArray
    pitches: BoolArray

    @classmethod
    def of(cls, notes: IntArray, *, keep: bool) -> "Cast":
        """Instruments of some notes (N, 8), the time signature and tempo of the last, and the pitch classes that the
        latest are of; without `keep`, all."""
        found = [np.full(VALUES[one], not keep) for one in (INSTRUMENT, TIME_SIGNATURE, TEMPO)]
        found[0][notes[:, INSTRUMENT]] = True
        found[1][notes[-1, TIME_SIGNATURE]] = True
        found[2][notes[-1, TEMPO]] = True
        return cls(*found, _in_key(notes[-KEY_NOTES:]) if keep else np.ones(VALUES[PITCH], bool))


def _in_key(notes: IntArray) -> BoolArray:
    """Pitches (256,) of the classes that are more than accidents in some notes (N, 8); all drums."""
    pitched = notes[notes[:, INSTRUMENT] != PERCUSSION]
    shares = np.bincount(pitched[:, PITCH] % 12, minlength=12) / max(len(pitched), 1)
    may = np.ones(VALUES[PITCH], bool)
    if (shares >= ACCIDENT).any():
        may[:128] = shares[np.arange(128) % 12] >= ACCIDENT
    return may


def draw(
    logits: Float32Array, before: IntArray, cast: Cast, settings: Settings, rng: np.random.Generator
) -> IntArray | None:
    """The next note (8,), or None where the music ends.

    Args:
        logits: (1280,), in token order. before: (8,), the last note; real values.
    """
    note = before.copy()
    for attribute in ORDER:
        may = allowed(attribute, note, before, cast, settings)
        part = logits[STARTS[attribute] : STARTS[attribute + 1]].astype(np.float64)
        chances = nucleus(part, may, settings.temperatures[attribute], settings.nuclei[attribute])
        drawn = int(np.searchsorted(np.cumsum(chances), rng.random(), side="right"))
        drawn = min(drawn, int(np.flatnonzero(chances)[-1]))  # a sum a hair below one
        if attribute == BAR and drawn == EOS[BAR]:
            return None
        note[attribute] = drawn
    return note


def allowed(attribute: int, note: IntArray, before: IntArray, cast: Cast, settings: Settings) -> BoolArray:
    """Which ids of an attribute may follow, (n_i,) bool; at least one.

    Args:
        note: (8,), what is drawn so far, in `ORDER`. before: (8,), the last note.
    """
    may = np.zeros(SIZES[attribute], bool)
    here = note[BAR] == before[BAR]
    if attribute == BAR:
        first = before[BAR] + (0 if room(before, in_bar=True) else 1)
        may[first : min(before[BAR] + settings.leap, VALUES[BAR] - 1) + 1] = True
        may[EOS[BAR]] = settings.ends or not may.any()
    elif attribute == TIME_SIGNATURE:
        may[: VALUES[TIME_SIGNATURE]] = cast.time_signatures
        if here:
            may[:] = False
            may[before[TIME_SIGNATURE]] = True
    elif attribute == POSITION:
        first = before[POSITION] + (0 if room(before, in_bar=False) else 1) if here else 0
        may[first : BAR_UNITS[note[TIME_SIGNATURE]]] = True
    elif attribute == INSTRUMENT:
        may[: VALUES[INSTRUMENT]] = cast.instruments
        if here and note[POSITION] == before[POSITION]:
            may[: before[INSTRUMENT] + (0 if before[PITCH] < top(before[INSTRUMENT]) else 1)] = False
    elif attribute == PITCH:
        same = here and (note[[POSITION, INSTRUMENT]] == before[[POSITION, INSTRUMENT]]).all()
        lowest = bottom(note[INSTRUMENT])
        may[max(lowest, before[PITCH] + 1 if same else 0) : top(note[INSTRUMENT]) + 1] = True
        if (may[: VALUES[PITCH]] & cast.pitches).any():  # or nothing of the key is left above the last note
            may[: VALUES[PITCH]] &= cast.pitches
    elif attribute == TEMPO:
        may[: VALUES[TEMPO]] = cast.tempi
    else:
        may[1 if attribute == DURATION else 0 : VALUES[attribute]] = True
    return may


def bar_over(note: IntArray) -> IntArray:
    """A note (8,) in the bar of another, after which nothing else fits into that bar."""
    last = note.copy()
    last[POSITION], last[PITCH] = BAR_UNITS[note[TIME_SIGNATURE]] - 1, top(note[INSTRUMENT])
    return last


def levelled(written: IntArray, prompt: IntArray) -> IntArray:
    """Written notes (M, 8) with the velocities of a prompt (N, 8): each instrument's softest as soft as there, its
    loudest as loud, and in between as it was written."""
    found = written.copy()
    for instrument in np.unique(written[:, INSTRUMENT]):
        there = prompt[prompt[:, INSTRUMENT] == instrument, VELOCITY]
        rows = np.flatnonzero(written[:, INSTRUMENT] == instrument)
        own = written[rows, VELOCITY]
        ordered = np.sort(own)
        middle = 0.5 * (np.searchsorted(ordered, own) + np.searchsorted(ordered, own, side="right")) / len(own)
        found[rows, VELOCITY] = np.quantile(there if len(there) else prompt[:, VELOCITY], middle, method="nearest")
    return found


def top(instrument: int) -> int:
    """The highest pitch id of an instrument."""
    return VALUES[PITCH] - 1 if instrument == PERCUSSION else KEYS[1] if instrument < PIANOS else 127


def bottom(instrument: int) -> int:
    """The lowest pitch id of an instrument."""
    return 128 if instrument == PERCUSSION else KEYS[0] if instrument < PIANOS else 0


def room(before: IntArray, *, in_bar: bool) -> bool:
    """Whether a note may follow at the same position, or anywhere in the same bar."""
    if before[PITCH] < top(before[INSTRUMENT]):
        return True
    return in_bar and bool(before[POSITION] + 1 < BAR_UNITS[before[TIME_SIGNATURE]])


def nucleus(logits: npt.NDArray[np.float64], may: BoolArray, temperature: float, share: float) -> IntArray:
    """Chances (n,) that add up to one: zero where not allowed, and beyond the likeliest that make up `share`."""
    scaled = np.where(may, logits / temperature, -np.inf)
    chances = np.exp(scaled - scaled.max())
    chances /= chances.sum()
    if share < 1.0:
        order = np.argsort(-chances, kind="stable")
        sums = np.cumsum(chances[order])
        # the one that crosses the share still belongs to it
        chances[order[sums - chances[order] > share]] = 0.0
        chances /= chances.sum()
    return chances
