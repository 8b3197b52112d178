"""ABC text to bars of notes, with every fault where it is; and bars of notes to ABC text. Pure.

One voice, the part of ABC 2.1 that O'Neill, Aird and Ryan use: notes, rests, chords (their highest note counts),
tuplets, broken rhythms, ties, grace notes, decorations, inline fields, repeats and endings. Whatever is not read is a
fault with bar, line and column; nothing raises, nothing is guessed silently, and no text can end the process. That is
why this is the first gate, and programs written in C the second (docs/decisions/0031).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

MOST_LETTERS = 20_000
"""Longer texts than this are no tune."""
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MODES = {"": 0, "maj": 0, "ion": 0, "m": 9, "min": 9, "aeo": 9, "mix": 7, "dor": 2, "phr": 4, "lyd": 5, "loc": 11}
"""Mode to the semitones from its relative major's tonic up to its own."""
ACCIDENTALS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
SHARPS, FLATS = "FCGDAEB", "BEADGCF"
FIFTHS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 5: -1, 10: -2, 3: -3, 8: -4, 1: -5}
"""Pitch class of a major key to its number of sharps, negative: flats."""

TOKEN = re.compile(
    r"""
      (?P<space>[ \t`\\*y]+)
    | (?P<text>"[^"\n]*")
    | (?P<sign>![^!\n]{1,30}!|\+[^+\n]{1,30}\+)
    | (?P<grace>\{[^}\n]*\})
    | (?P<field>\[[A-Za-z]:[^\]\n]*\])
    | (?P<bar>(?:\[\||:*\|[\]|:]*|::+)(?:[ ]*\[?[1-9](?:[,-][1-9])*)?|\[[1-9])
    | \((?P<tuplet>[2-9])(?::(?P<inside>[1-9]?)(?::(?P<over>[1-9]?\d?))?)?
    | (?P<chord>\[(?:[_^=]*[A-Ga-g][,']*\d*/*\d*)+\](?P<chord_length>\d*/*\d*))
    | (?P<rest>[zx])(?P<rest_length>\d*/*\d*)
    | (?P<accidental>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d*/*\d*)
    | (?P<broken>>{1,3}|<{1,3})
    | (?P<tie>-)
    | (?P<other>[().~HJLMOPRSTuv])
    """,
    re.VERBOSE,
)
MODE_FIFTHS = {"maj": 0, "mix": -1, "dor": -2, "min": -3, "phr": -4, "loc": -5, "lyd": 1}
"""Mode to the sharps that its signature has more than that of the major key on the same tonic."""
CLEF = re.compile(r"^(clef=)?(treble|bass|alto|tenor|perc|none|[GFC])\d?$|"
                  r"^(middle|m|stafflines|style|score|name|nm|sname|snm)=\S+$")  # fmt: skip
"""Words of a key that change how a tune looks and not how it sounds."""
QUOTED = re.compile(r'"[^"]*"')
ELSEWHERE = re.compile(
    r"^(?:%%)?\s*(?:propagate-accidentals\s+(?!pitch\b)|(?:MIDI\s+)?(?:r?transpose|octave)\b[\s=]*[-+]?[1-9])"
)
"""Instructions (I: and %%) after which other notes sound than are written."""
MARKS = re.compile(r"(\^\^?|__?|=)([A-Ga-g])")
FIELD_LINE = re.compile(r"^([A-Za-z]):(?!\|)(.*)$")
NOTE = re.compile(r"(\^\^?|__?|=)?([A-Ga-g])([,']*)(\d*/*\d*)")


@dataclass(frozen=True, slots=True)
class Key:
    """A key: `tonic` 0..11 (C is 0), `sharps` -7..7, `mode` one of the values of `MODES`' names, three letters.

    `marks`: accidentals that the key names besides, letter and semitones; they count before the signature's.
    """

    tonic: int
    sharps: int
    mode: str
    marks: tuple[tuple[str, int], ...] = ()

    @property
    def signature(self) -> dict[str, int]:
        """What it does to letters, such as {"F": 1}."""
        return {**accidentals_of(self.sharps), **dict(self.marks)}

    @property
    def minor(self) -> bool:
        """Whether its third is the small one."""
        return self.mode in ("min", "dor", "phr", "loc")


@dataclass(frozen=True, slots=True)
class Note:
    """One note: `onset` and `length` in quarters, onset from the bar's beginning; `pitch` as in MIDI, None: a rest."""

    pitch: int | None
    onset: Fraction
    length: Fraction
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One written bar: its `number` from 1, its text, how it `ends` (a bar line), and its `metre` in quarters."""

    number: int
    notes: tuple[Note, ...]
    text: str
    ends: str
    metre: Fraction

    @property
    def length(self) -> Fraction:
        """Quarters that its notes fill."""
        return sum((note.length for note in self.notes), Fraction(0))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: `line` and `column` from 1, `bar` from 1 or 0 for the header, and the offending
    text."""

    bar: int
    line: int
    column: int
    text: str
    problem: str

    def __str__(self) -> str:
        place = f"bar {self.bar}" if self.bar else "header"
        return f"{place} (line {self.line}, column {self.column}): {self.problem}: {self.text!r}"


@dataclass(slots=True)
class Tune:
    """What a text says: header fields, bars and faults. `bpm` is of quarters, None where no tempo is given."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    key: Key = Key(0, 0, "maj")
    metre: Fraction = Fraction(4)
    metre_name: str = "4/4"
    unit: Fraction = Fraction(1, 2)
    bpm: float | None = None
    bars: list[Bar] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The first title, or nothing."""
        return self.fields.get("T", [""])[0]

    def notes(self) -> Iterator[Note]:
        """All notes and rests in the order they are written."""
        for bar in self.bars:
            yield from bar.notes


def parse_key(text: str) -> tuple[Key | None, list[str]]:
    """The key a K: field names, None where it names none, and its words that are not read.

    Bagpipe keys (HP, Hp) count as A mixolydian.
    """
    text = text.split("%", maxsplit=1)[0].strip()
    if text[:2].lower() == "hp":
        return Key(9, 2, "mix"), text[2:].split()
    if text.lower() == "none":
        return Key(0, 0, "maj"), []
    match = re.match(r"^([A-G])([#b]?)(.*)$", text)
    if match is None:
        return None, []
    words = match[3].split()
    name = _mode_of(words[0]) if words else None
    words, name = (words[1:], name) if name else (words, "maj")
    marks = {letter.upper(): ACCIDENTALS[sign] for word in words for sign, letter in MARKS.findall(word)}
    sharps = SHARPS.index(match[1]) - 1 + {"#": 7, "b": -7, "": 0}[match[2]] + MODE_FIFTHS[name]
    explicit = "exp" in words
    rest = [word for word in words if MARKS.sub("", word) and word != "exp" and not CLEF.match(word)]
    if abs(sharps) > len(SHARPS) and not explicit:
        return None, []
    tonic = (LETTERS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]) % 12
    return Key(tonic, 0 if explicit else sharps, name, tuple(sorted(marks.items()))), rest


def _mode_of(word: str) -> str | None:
    """Three letters of the mode that a word names; None where it names none."""
    if not word.isalpha():
        return None
    name = "m" if word == "m" else word[:3].lower()
    return {"ion": "maj", "m": "min", "aeo": "min"}.get(name, name) if name in MODES else None


def parse_metre(text: str) -> tuple[str, Fraction] | None:
    """Name and length in quarters of what an M: field says, None where it says none."""
    text = text.split("%", maxsplit=1)[0].strip()
    text = {"C": "4/4", "C|": "2/2"}.get(text, text)
    match = re.match(r"^(\d{1,2})/(\d{1,2})$", text)
    if match is None or int(match[2]) not in (1, 2, 4, 8, 16) or int(match[1]) == 0:
        return None
    return text, Fraction(4 * int(match[1]), int(match[2]))


def parse_tempo(text: str) -> float | None:
    """Quarters a minute of a Q: field such as 1/4=120, None where it has none."""
    match = re.search(r"(\d+)/(\d+)\s*=\s*(\d+)", text)
    if match and int(match[2]):
        return float(Fraction(4 * int(match[1]), int(match[2])) * int(match[3]))
    match = re.match(r"^\s*(\d+)\s*$", text)
    return float(match[1]) if match else None


def accidentals_of(sharps: int) -> dict[str, int]:
    """What a key signature does to letters, such as {"F": 1} for one sharp."""
    return dict.fromkeys(SHARPS[:sharps], 1) if sharps > 0 else dict.fromkeys(FLATS[:-sharps], -1) if sharps else {}


def _length(text: str) -> Fraction | None:
    """The factor that a length such as 2, /2, 3/2 or // means; None for a division by zero."""
    numerator, slashes, denominator = re.match(r"^(\d*)(/*)(\d*)$", text).groups()  # type: ignore[union-attr]
    below = int(denominator) if denominator else 2 ** len(slashes)
    return None if below == 0 or numerator == "0" else Fraction(int(numerator or 1), below)


def _pitch(letter: str, octave: str, alter: int) -> int:
    height = 60 + LETTERS[letter.upper()] + (12 if letter.islower() else 0)
    return height + 12 * (octave.count("'") - octave.count(",")) + alter


class _Reader:
    """Reads one tune, line after line."""

    def __init__(self) -> None:
        self.tune = Tune()
        self.in_body = False
        self.unit_given = False
        self.line = 0
        self._voices: frozenset[str] = frozenset()
        self._header_beats = 4
        self._fresh_bar()
        self._altered: dict[str, int] = {}
        self._broken: Fraction | None = None
        self._tuplet: tuple[int, Fraction] = (0, Fraction(1))

    def _fresh_bar(self) -> None:
        self._notes: list[Note] = []
        self._texts: list[str] = []
        self._onset = Fraction(0)
        self._altered = {}

    def fault(self, column: int, text: str, problem: str) -> None:
        bar = len(self.tune.bars) + 1 if self.in_body else 0
        self.tune.faults.append(Fault(bar, self.line, column, text[:40], problem))

    def read_field(self, name: str, text: str) -> None:
        """A field, in the header or the body."""
        text = text.strip()
        self.tune.fields.setdefault(name, []).append(text)
        if name == "K":
            self._read_key(text)
        elif name == "M" and text.lower() != "none":
            metre = parse_metre(text)
            if metre is None:
                self.fault(1, text, "unknown metre; write such as M:4/4")
            else:
                self.tune.metre_name, self.tune.metre = metre
                self._header_beats = self._header_beats if self.in_body else int(metre[0].split("/")[0])
                if not self.unit_given and not self.in_body:  # ABC 2.1, 3.1.7: inside the tune the unit stays
                    self.tune.unit = Fraction(1, 2) if self.tune.metre >= 3 else Fraction(1, 4)
        elif name == "L":
            match = re.match(r"^1/(\d+)", text)
            if match is None or not 1 <= int(match[1]) <= 64:
                self.fault(1, text, "unknown unit length; write such as L:1/8")
            else:
                self.tune.unit, self.unit_given = Fraction(4, int(match[1])), True
        elif name == "Q":
            self._read_tempo(text)
        elif name == "V":
            self._read_voice(text)
        elif name == "I":
            self.read_instruction(text)
        elif name == "m":
            self.fault(1, text, "macros are not read; write the notes out")

    def _read_tempo(self, text: str) -> None:
        """The first one is the tune's; a text alone ("Slow") is none."""
        bpm = parse_tempo(text)
        if bpm is None and re.search(r"\d", QUOTED.sub("", text)):
            self.fault(1, text, "unknown tempo; write such as Q:1/4=120")
        elif bpm is not None and self.tune.bpm not in (None, bpm) and self.in_body:
            self.fault(1, text, "a tempo that changes inside the tune is not read")
        elif not self.in_body or self.tune.bpm is None:
            self.tune.bpm = bpm

    def read_instruction(self, text: str) -> None:
        """What programs are told besides; what changes the notes is not read."""
        if ELSEWHERE.search(text):
            self.fault(1, text, "an instruction that changes the notes is not read")

    def _read_voice(self, text: str) -> None:
        """One voice may have any name."""
        name = (text.split() or [""])[0]
        self._voices |= {name}
        if len(self._voices) > 1:
            self.fault(1, text, "more than one voice is not read")
        elif re.search(r"\b(transpose|octave|t|shift)=|[a-z1-5][+-]8\b", text):
            self.fault(1, text, "a voice that sounds elsewhere than it is written is not read")

    def _read_key(self, text: str) -> None:
        key, rest = parse_key(text)
        if key is not None:
            self.tune.key = key
        elif text and not (self.in_body and all(CLEF.match(word) for word in text.split())):
            self.fault(1, text, "unknown key; write such as K:D or K:Edor")
        if rest:
            self.fault(1, " ".join(rest), "not read in a key")
        self.in_body = True

    def read_music(self, line: str) -> None:
        """A line of music."""
        at = 0
        while at < len(line):
            match = TOKEN.match(line, at)
            if match is None:
                self.fault(at + 1, line[at : at + 12], "cannot be read")
                at += 1
                continue
            self._take(match)
            at = match.end()

    def _take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup or ""
        groups = match.groupdict()
        if groups["bar"] is not None:
            self.end_bar(groups["bar"])
            return
        self._texts.append(match[0])
        if groups["letter"] is not None:
            pitch = self._sounding(groups["accidental"], groups["letter"], groups["octave"])
            self._add(pitch, groups["length"], match)
        elif groups["rest"] is not None:
            self._add(None, groups["rest_length"], match)
        elif groups["chord"] is not None:
            self._take_chord(match)
        elif groups["tuplet"] is not None:
            self._take_tuplet(groups)
        elif groups["broken"] is not None:
            self._take_broken(groups["broken"], match.start() + 1)
        elif groups["field"] is not None:
            self.read_field(match[0][1], match[0][3:-1])
        elif kind == "tie" and self._notes:
            last = self._notes[-1]
            self._notes[-1] = Note(last.pitch, last.onset, last.length, tied=True)

    def _sounding(self, accidental: str | None, letter: str, octave: str) -> int:
        """An accidental counts for its letter in every octave until the bar ends (ABC 2.1, 11.3)."""
        name = letter.upper()
        if accidental is not None:
            self._altered[name] = ACCIDENTALS[accidental]
        return _pitch(letter, octave, self._altered.get(name, self.tune.key.signature.get(name, 0)))

    def _take_chord(self, match: re.Match[str]) -> None:
        inside = NOTE.findall(match["chord"].rsplit("]", 1)[0])
        pitches = [self._sounding(one[0] or None, one[1], one[2]) for one in inside]
        first, outer = _length(inside[0][3]), _length(match["chord_length"])
        if first is None or outer is None:
            self.fault(match.start() + 1, match[0], "a length of zero")
            return
        self._place(max(pitches), first * outer)

    def _take_tuplet(self, groups: dict[str, str]) -> None:
        count = int(groups["tuplet"])
        compound = self._header_beats % 3 == 0  # 3/4 as well, and the header's metre, as abc2midi has it
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, 3 if compound else 2)
        inside = int(groups["inside"] or usual)
        self._tuplet = (int(groups["over"] or count), Fraction(inside, count))

    def _take_broken(self, signs: str, column: int) -> None:
        if not self._notes:
            self.fault(column, signs, "a broken rhythm without a note before it")
            return
        short = Fraction(1, 2 ** len(signs))
        before, after = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        last = self._notes.pop()
        self._onset = last.onset
        self._notes.append(Note(last.pitch, last.onset, last.length * before, last.tied))
        self._onset += last.length * before
        self._broken = after

    def _add(self, pitch: int | None, length: str, match: re.Match[str]) -> None:
        factor = _length(length)
        if factor is None:
            self.fault(match.start() + 1, match[0], "a length of zero")
        elif pitch is not None and not 24 <= pitch <= 108:
            self.fault(match.start() + 1, match[0], "a note that nothing plays")
        else:
            self._place(pitch, factor)

    def _place(self, pitch: int | None, factor: Fraction) -> None:
        length = factor * self.tune.unit
        left, ratio = self._tuplet
        if left:
            length *= ratio
            self._tuplet = (left - 1, ratio)
        if self._broken is not None:
            length, self._broken = length * self._broken, None
        self._notes.append(Note(pitch, self._onset, length))
        self._onset += length

    def end_bar(self, line: str) -> None:
        """A bar line: what came before is a bar if it holds notes."""
        if self._broken is not None:
            self.fault(1, line, "a broken rhythm without a note after it")
            self._broken = None
        self._tuplet = (0, Fraction(1))
        if self._notes:
            number, text = len(self.tune.bars) + 1, "".join(self._texts).strip()
            self.tune.bars.append(Bar(number, tuple(self._notes), text, line, self.tune.metre))
            self._fresh_bar()
        elif self.tune.bars and line not in ("|", ""):
            last = self.tune.bars[-1]
            self.tune.bars[-1] = Bar(last.number, last.notes, last.text, last.ends + line, last.metre)


def read_tune(text: str) -> Tune:
    """What one tune's text says. Faults are in the result, none is raised."""
    reader = _Reader()
    if len(text) > MOST_LETTERS:
        reader.fault(1, text[:20], f"longer than {MOST_LETTERS} letters; this is no tune")
        return reader.tune
    for number, whole in enumerate(text.splitlines(), start=1):
        reader.line = number
        line = whole.split("%", 1)[0].rstrip() if not whole.startswith("%%") else ""
        if whole.startswith("%%"):
            reader.read_instruction(whole)
        match = FIELD_LINE.match(line)
        if match is not None:
            reader.read_field(match[1], match[2])
        elif line and reader.in_body:
            reader.read_music(line)
        elif line.strip():
            reader.fault(1, line, "music before the K: field")
    reader.end_bar("")
    if not reader.in_body:
        reader.fault(1, text[:20], "no K: field; a tune's header ends with its key")
    if not reader.tune.bars:
        reader.fault(1, text[-20:], "no notes")
    return reader.tune


def bar_faults(tune: Tune, *, strict: bool = True) -> list[Fault]:
    """Bars whose notes do not fill them.

    Args:
        strict: every bar; otherwise short ones are let through where tunes have them: an upbeat, and before or after
            a repeat, a double bar or an ending.
    """
    found = []
    for before, bar in zip([None, *tune.bars], tune.bars, strict=False):
        if bar.length == bar.metre:
            continue
        at_edge = before is None or _is_edge(before.ends) or _is_edge(bar.ends) or bar is tune.bars[-1]
        if not strict and at_edge and bar.length < bar.metre:
            continue
        problem = f"{_quarters(bar.length)} instead of {_quarters(bar.metre)}"
        found.append(Fault(bar.number, 0, 0, bar.text[:40], problem))
    return found


def _is_edge(line: str) -> bool:
    return line.strip() != "|"


def _quarters(length: Fraction) -> str:
    eighths = 2 * length
    return f"{eighths} eighths"


def write_length(length: Fraction, unit: Fraction) -> str:
    """How ABC writes a length, both in quarters: nothing, 3, /2, 3/2."""
    factor = length / unit
    above = "" if factor.numerator == 1 else str(factor.numerator)
    return above if factor.denominator == 1 else f"{above}/{factor.denominator}"


def write_pitch(pitch: int, key: Key, altered: dict[str, int]) -> str:
    """How ABC writes a MIDI pitch in a key; `altered` remembers the accidentals of the bar, and is changed."""
    signature = key.signature
    ways = [
        (abs(alter - signature.get(letter, 0)), alter * (1 if key.sharps < 0 else -1), letter, alter)
        for letter, height in LETTERS.items()
        for alter in (0, 1, -1)
        if (height + alter - pitch) % 12 == 0
    ]
    _, _, letter, alter = min(ways)
    octave = (pitch - LETTERS[letter] - alter - 60) // 12
    name = letter.lower() + "'" * (octave - 1) if octave >= 1 else letter + "," * -octave
    if altered.get(letter, signature.get(letter, 0)) == alter:
        return name
    altered[letter] = alter
    return {1: "^", -1: "_", 0: "="}[alter] + name
