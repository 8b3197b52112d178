"""From what a picture suggests to what is asked of the music: each line of it monotone, so that it can be checked.
Pure.

A picture's valence turns mode and height, its arousal turns tempo and density; the retrieved tunes give metre and form.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.train.image2music.melody import TUNE_MODES, Melody
from tools.train.image2music.notation import FIFTHS, MODES
from tools.train.image2music.words import Request

SLOWEST_BPM, FASTEST_BPM = 56, 128
MODE_FROM = {"maj": 0.1, "mix": -0.1, "dor": -0.35, "min": -2.0}
"""The least valence of each mode."""
LOWEST_MEAN, HIGHEST_MEAN = 65.0, 75.0
"""Mean pitch (MIDI) at the ends of valence."""
DENSITIES = {"4/4": (1.15, 2.25), "3/4": (1.0, 2.0), "6/8": (1.2, 1.98)}
"""Notes a quarter at the ends of arousal, by metre."""
PLAYED_AS = {"4/4": "4/4", "2/4": "4/4", "3/4": "3/4", "6/8": "6/8", "9/8": "6/8"}
MOST_SHARPS = 4
LOWEST_NOTE, HIGHEST_NOTE = 55, 88
USUAL_HEIGHT = 6.4
"""Mean height over the tonic in the corpus."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: `bpm` of beats; `mean_pitch` as in MIDI; the rest as the composer reads it."""

    valence: float
    arousal: float
    bpm: int
    mean_pitch: float
    request: Request


def lerp(least: float, most: float, unit: float) -> float:
    """From `least` at -1 to `most` at 1."""
    return least + (most - least) * (float(np.clip(unit, -1, 1)) + 1.0) / 2.0


def mode_for(valence: float) -> str:
    """From bright to dark."""
    return next(mode for mode in TUNE_MODES if valence >= MODE_FROM[mode])


def metre_for(examples: Sequence[Melody], arousal: float) -> str:
    """The metre of most examples; without any, by arousal."""
    counts = Counter(PLAYED_AS[one.metre] for one in examples)
    if counts:
        return max(DENSITIES, key=lambda metre: counts[metre])
    return "3/4" if arousal < -0.4 else "6/8" if arousal > 0.5 else "4/4"


def wish_for(valence: float, arousal: float, examples: Sequence[Melody] = ()) -> Wish:
    """What to ask for, valence and arousal -1..1."""
    metre = metre_for(examples, arousal)
    request = Request(metre, mode_for(valence), round(lerp(*DENSITIES[metre], arousal), 3), USUAL_HEIGHT)
    bpm = round(lerp(SLOWEST_BPM, FASTEST_BPM, arousal))
    return Wish(valence, arousal, bpm, lerp(LOWEST_MEAN, HIGHEST_MEAN, valence), request)


def sharps_of(tonic: int, mode: str) -> int:
    """Number of sharps (negative: flats) of a key."""
    return FIFTHS[(tonic - MODES["" if mode == "maj" else mode]) % 12]


def in_key(melody: Melody, mean_pitch: float) -> Melody:
    """The melody in the readable key, and the octave, that bring its mean pitch nearest to what is wished."""
    heights = melody.heights()
    mean = float(np.mean(heights))
    low, high = LOWEST_NOTE - min(heights), HIGHEST_NOTE - max(heights)
    keys = [one for one in range(low, high + 1) if abs(sharps_of(one % 12, melody.mode)) <= MOST_SHARPS] or [low]
    tonic = min(keys, key=lambda one: (abs(one + mean - mean_pitch), abs(sharps_of(one % 12, melody.mode))))
    return Melody(melody.metre, melody.mode, tonic, melody.sounds)


def beat_s(bpm: int) -> float:
    """Seconds of a beat."""
    return 60.0 / bpm


def second_of(ticks: float, bpm: int, beat_ticks: int) -> float:
    """When in seconds a tick sounds."""
    return ticks / beat_ticks * beat_s(bpm)


def notes_a_second(melody: Melody, bpm: int, beat_ticks: int) -> float:
    """How busy it is to hear."""
    return len(melody.heights()) / second_of(sum(one.length for one in melody.sounds), bpm, beat_ticks)
