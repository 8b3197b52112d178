"""The songs of the night: one that is played again is known from how it begins, and goes on as it was kept. Pure."""

from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import Float64Array
from controller.listening.form.lines import apart
from controller.listening.form.memory import BEGINS, SongMemory

MOST_SONGS = 60
"""A night of four bands has fewer; the oldest are forgotten."""
MOST_PASSAGES = 60
"""Of a song that is played again and again."""
LEAST_BEATS = 64
"""What was shorter was no song."""
OPENING_BEATS = 16
ASKED_BEATS = (32, 48, 64)
"""After so many beats of a song it is compared with those before."""
SAME, CLEAR = 0.55, 0.75
"""Openings nearer than this are of one song, if they are no further than this share of the next best."""
TEMPO = 0.06


@dataclass
class KeptSong:
    """A song that was played: its number tonight, its memory, and seconds of a beat."""

    number: int
    memory: SongMemory
    beat_s: float


class Night:
    """Keeps songs and knows them again."""

    def __init__(self) -> None:
        self._songs: list[KeptSong] = []

    def keep(self, number: int, memory: SongMemory, beat_s: float) -> None:
        """A song is over; one that was known again takes the place of what was kept of it."""
        if sum(len(one.sounds) for one in memory.passages) < LEAST_BEATS:
            return
        self._songs = [one for one in self._songs if one.number != number][-MOST_SONGS + 1 :]
        memory.passages = [one for one in memory.passages if one.sounds][-MOST_PASSAGES:]
        self._songs.append(KeptSong(number, memory, beat_s))

    def known(self, memory: SongMemory, beat_s: float, scale: Float64Array) -> KeptSong | None:
        """The song that this one is, from its first bars; None where it is none of tonight's, or nobody can tell.

        Args:
            memory: of the song so far. beat_s: seconds of a beat. scale: see `lines.spread`.
        """
        heard = [sound for one in memory.passages for sound in one.sounds]
        far = {at: _apart(heard, one, scale) for at, one in enumerate(self._songs) if _same_tempo(beat_s, one.beat_s)}
        if not far:
            return None
        best, *others = sorted(far, key=lambda at: far[at])
        clear = not others or far[best] <= CLEAR * far[others[0]]
        return self._songs[best] if far[best] <= SAME and clear else None


def goes_on(memory: SongMemory, kept: KeptSong) -> SongMemory:
    """A memory that goes on from a song that was kept: its parts, then what was heard of it just now.

    The passages of now have no label yet.
    """
    joined = SongMemory()
    joined.chorus = kept.memory.chorus
    joined.passages = [*kept.memory.passages, *(replace(one, label="") for one in memory.passages)]
    return joined


def _apart(heard: list[Float64Array], kept: KeptSong, scale: Float64Array) -> float:
    """How far two songs are apart in their first bars, four bars at a time."""
    theirs = [sound for one in kept.memory.passages for sound in one.sounds]
    count = min(len(heard), len(theirs)) // OPENING_BEATS
    parts = [float(BEGINS @ apart(_mean(heard, at), _mean(theirs, at), scale) / BEGINS.sum()) for at in range(count)]
    return float(np.mean(parts)) if parts else np.inf


def _mean(sounds: list[Float64Array], at: int) -> Float64Array:
    return np.asarray(np.mean(sounds[at * OPENING_BEATS : (at + 1) * OPENING_BEATS], axis=0))


def _same_tempo(one_s: float, other_s: float) -> bool:
    """Whether two beats are as long, or one twice the other: the ear may count either way."""
    ways = np.abs(np.log2(one_s / other_s) - np.array([-1.0, 0.0, 1.0]))
    return bool(ways.min() <= np.log2(1.0 + TEMPO))
