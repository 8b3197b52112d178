"""A melody as the models read and write it: notes in bars, heights counted from the tonic. Pure.

PianoBART's octuple has eight attributes; a melody for one instrument, at one loudness and in one metre needs four of
them: bar, position, pitch and duration. The others are the same for a whole tune and stand in its request
(`wish.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tools.train.image2music.notation import FIFTHS, MODES, Key, Tune, write_length, write_pitch

TICKS = 12
"""Of a quarter: sixteenths are 3, triplet eighths 4."""
METRES = {"4/4": 48, "2/4": 24, "3/4": 36, "6/8": 36, "9/8": 54}
"""Metres that are read and written, and how many ticks a bar of each has."""
SAME_METRE = {"2/2": "4/4"}
BEATS = {"4/4": 12, "2/4": 12, "3/4": 12, "6/8": 18, "9/8": 18}
"""Ticks of what a foot taps, and a light changes on."""
TUNE_MODES = ("maj", "mix", "dor", "min")
"""From bright to dark: each has one more lowered degree of the scale than the one before it (maj to dor: two)."""
SCALES = {"maj": (0, 2, 4, 5, 7, 9, 11), "mix": (0, 2, 4, 5, 7, 9, 10), "dor": (0, 2, 3, 5, 7, 9, 10),
          "min": (0, 2, 3, 5, 7, 8, 10)}  # fmt: skip
LENGTHS = (2, 3, 4, 6, 8, 9, 12, 15, 18, 21, 24, 30, 36, 42, 48, 54)
"""Ticks that a note may last."""
WRITTEN = (3, 6, 9, 12, 18, 24, 36, 48)
"""Of these, the ones that are composed: one note value each, and no triplets."""
LOWEST, HIGHEST = -14, 26
"""Semitones from the tonic."""
MOST_NOTES, MOST_BARS = 300, 64


@dataclass(frozen=True, slots=True)
class Sound:
    """A note or rest: `bar` from 0, `position` and `length` in ticks, `height` in semitones from the tonic or None."""

    bar: int
    position: int
    length: int
    height: int | None


@dataclass(frozen=True, slots=True)
class Melody:
    """A tune. `metre` one of METRES, `mode` one of TUNE_MODES, `tonic` as in MIDI: what height 0 sounds like."""

    metre: str
    mode: str
    tonic: int
    sounds: tuple[Sound, ...]

    @property
    def bar_ticks(self) -> int:
        """Ticks of a full bar."""
        return METRES[self.metre]

    @property
    def bars(self) -> int:
        """How many bars it has."""
        return self.sounds[-1].bar + 1

    def in_bars(self) -> list[tuple[Sound, ...]]:
        """Its sounds, bar by bar."""
        bars: list[list[Sound]] = [[] for _ in range(self.bars)]
        for sound in self.sounds:
            bars[sound.bar].append(sound)
        return [tuple(bar) for bar in bars]

    def heights(self) -> list[int]:
        """Heights of all notes, rests left out."""
        return [sound.height for sound in self.sounds if sound.height is not None]


def melody_of(tune: Tune) -> Melody | None:
    """A tune's melody; None if it is in no metre, mode, range or grid that is read here."""
    metre = SAME_METRE.get(tune.metre_name, tune.metre_name)
    odd = metre not in METRES or tune.key.mode not in TUNE_MODES or tune.key.marks
    if odd or not 0 < len(tune.bars) <= MOST_BARS:
        return None
    ticks = METRES[metre]
    tonic = 60 + tune.key.tonic
    sounds: list[Sound] = []
    for number, bar in enumerate(tune.bars):
        upbeat = number == 0 or tune.bars[number - 1].ends.strip() != "|"
        shift = ticks - bar.length * TICKS if upbeat else Fraction(0)
        if bar.length * TICKS > ticks:
            return None
        for note in bar.notes:
            sound = _sound(number, note.onset * TICKS + shift, note.length * TICKS, note.pitch, tonic)
            if sound is None:
                return None
            tied = bool(sounds) and sounds[-1].bar == number and note is not bar.notes[0]
            if tied and _continues(bar.notes, note) and sounds[-1].height == sound.height:
                last = sounds.pop()
                sound = Sound(number, last.position, last.length + sound.length, sound.height)
                if sound.length not in LENGTHS:
                    return None
            sounds.append(sound)
    return Melody(metre, tune.key.mode, tonic, tuple(sounds)) if 0 < len(sounds) <= MOST_NOTES else None


def _continues(notes: Sequence, note: object) -> bool:
    at = next(i for i, one in enumerate(notes) if one is note)
    return at > 0 and notes[at - 1].tied


def _sound(bar: int, position: Fraction, length: Fraction, pitch: int | None, tonic: int) -> Sound | None:
    if position.denominator != 1 or length.denominator != 1 or int(length) not in LENGTHS:
        return None
    height = None if pitch is None else pitch - tonic
    if height is not None and not LOWEST <= height <= HIGHEST:
        return None
    return Sound(bar, int(position), int(length), height)


def steps(melody: Melody) -> list[tuple[int, int]]:
    """(interval in semitones, length in ticks) from each note to the next: the same in every key; rests are joined."""
    found, before = [], None
    for sound in melody.sounds:
        if sound.height is not None:
            if before is not None:
                found.append((sound.height - before.height, before.length))
            before = sound
    return found


def key_of(melody: Melody) -> Key:
    """The key that a melody is written in."""
    tonic = melody.tonic % 12
    return Key(tonic, FIFTHS[(tonic - MODES["" if melody.mode == "maj" else melody.mode]) % 12], melody.mode)


NAMES = {0: "C", 7: "G", 2: "D", 9: "A", 4: "E", 11: "B", 6: "F#", 5: "F", 10: "Bb", 3: "Eb", 8: "Ab", 1: "Db"}


def key_name(melody: Melody) -> str:
    """Such as D, Bm or Ador, as a K: field has it."""
    key = key_of(melody)
    names = NAMES if key.sharps >= 0 else {**NAMES, 6: "Gb"}
    if key.sharps >= 0:
        names = {**NAMES, 8: "G#", 1: "C#", 3: "D#"}
    return names[key.tonic] + {"maj": "", "min": "m", "mix": "mix", "dor": "dor"}[melody.mode]


def write_abc(
    melody: Melody, title: str, bpm: int, notes: Iterable[str] = (), sections: Sequence[tuple[str, int]] = ()
) -> str:
    """ABC text of a melody whose bars are full, four bars a line.

    Args:
        bpm: of the beat (a quarter, or three eighths where the metre is compound).
        notes: lines N: of the header. sections: names, and the first bar of each, from 0.
    """
    beat = "3/8" if BEATS[melody.metre] == 18 else "1/4"
    words = [f"T:{_field(title)}", *(f"N:{_field(one)}" for one in notes)]
    header = ["X:1", *words, f"M:{melody.metre}", "L:1/8", f"Q:{beat}={bpm}"]
    bars = [_write_bar(bar, melody) for bar in melody.in_bars()]
    names = {at: name for name, at in sections}
    lines, line = [], ""
    for at, bar in enumerate(bars):
        if at in names:
            lines, line = [*lines, *([line] if line else []), f"P:{names[at]}"], ""
        double = at + 1 in names or at + 1 == len(bars)
        line += f"{bar} {'|]' if at + 1 == len(bars) else '||' if double else '|'} "
        if at % 4 == 3:
            lines, line = [*lines, line], ""
    body = [one.rstrip() for one in (*lines, line) if one.strip()]
    return "\n".join([*header, f"K:{key_name(melody)}", *body]) + "\n"


def _field(text: str) -> str:
    """A text as a field of ABC may hold it: on one line, without what ABC reads as a comment or a continuation."""
    return " ".join(text.replace("\\", "/").split()).replace("%", "\\%")


def _write_bar(sounds: Sequence[Sound], melody: Melody) -> str:
    """Notes of one bar, those of a beat joined under a beam."""
    key, altered, text = key_of(melody), {}, ""
    beat = BEATS[melody.metre]
    for sound in sounds:
        gap = " " if text and (sound.position % beat == 0 or sound.length >= TICKS) else ""
        name = "z" if sound.height is None else write_pitch(melody.tonic + sound.height, key, altered)
        text += gap + name + write_length(Fraction(sound.length, TICKS), Fraction(1, 2))
    return text
