"""Chords under a melody: one a bar, of the melody's own mode, chosen along the best path. Pure.

Source: the Viterbi algorithm; how well a chord fits is the share of the bar's time that lies on its notes, the first
beat twice; how chords follow each other are the plain rules of song books, as costs.
"""

from dataclasses import dataclass

import numpy as np

from tools.train.image2music.form import SECTION
from tools.train.image2music.melody import BEATS, SCALES, Melody, Sound, key_of

DEGREES = {"maj": (0, 3, 4, 5, 1), "mix": (0, 6, 3, 4), "dor": (0, 6, 3, 2), "min": (0, 6, 5, 3, 2)}
"""Degrees of the scale, from 0, on which chords stand, by mode."""
STAY, MOVE, HOME, AWAY = 0.22, 0.04, 0.3, 0.3
AWAY_FROM_HOME = {"maj": 2, "mix": 1, "dor": 1, "min": 1}
"""Which of them leads back: the fifth degree of major, the seventh of the others; liked before a section's last bar."""
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad: `name` such as Am, and pitches as in MIDI, root first, the root between 48 and 59."""

    name: str
    pitches: tuple[int, int, int]


def _triad(mode: str, degree: int) -> tuple[int, int, int]:
    scale = SCALES[mode]
    root, third, fifth = (scale[(degree + step) % 7] + 12 * ((degree + step) // 7) for step in (0, 2, 4))
    return root, third, fifth


def _fit(bar: tuple[Sound, ...], triad: tuple[int, int, int], beat: int) -> float:
    classes = {one % 12 for one in triad}
    weights = [(one.length * (2.0 if one.position < beat else 1.0), one.height % 12 in classes)
               for one in bar if one.height is not None]  # fmt: skip
    total = sum(weight for weight, _ in weights)
    return sum(weight for weight, inside in weights if inside) / total if total else 0.5


def harmonise(melody: Melody) -> list[Chord]:
    """A chord for each bar; the last bar has the tonic's."""
    degrees, bars = DEGREES[melody.mode], melody.in_bars()
    triads = [_triad(melody.mode, one) for one in degrees]
    fits = np.array([[_fit(bar, triad, BEATS[melody.metre]) for triad in triads] for bar in bars])
    fits[::SECTION, 0] += HOME
    fits[SECTION - 1 :: SECTION, 0] += HOME
    fits[SECTION - 2 :: SECTION, AWAY_FROM_HOME[melody.mode]] += AWAY
    fits[-1, 0] += 100.0
    cost = np.full((len(triads), len(triads)), -MOVE)
    np.fill_diagonal(cost, -STAY)
    best, back = fits[0], []
    for row in fits[1:]:
        paths = best[:, None] + cost
        back.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + row
    path = [int(best.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return [_named(melody, triads[at]) for at in reversed(path)]


def _named(melody: Melody, triad: tuple[int, int, int]) -> Chord:
    names = FLAT_NAMES if key_of(melody).sharps < 0 else SHARP_NAMES
    root = (melody.tonic + triad[0]) % 12
    third, fifth = triad[1] - triad[0], triad[2] - triad[0]
    kind = "dim" if fifth == 6 else "m" if third == 3 else ""
    low = 48 + root
    return Chord(names[root] + kind, (low, low + third, low + fifth))
