"""Whether our ABC reader and abc2midi hear the same notes: `python -m tools.train.image2music.agreement FOLDER`.

Both are given what is written, once through: repeats become plain bar lines; chord symbols, grace notes and signs,
which abc2midi plays in a way of its own, are taken out; of a chord the highest note counts. Broken rhythms are 3:1 (ABC
2.1, 4.4; abc2midi needs -RS for that). Edge: reads files, starts a program.
"""

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import symusic

from tools.train.image2music.gate import LIMIT_S, second_opinion
from tools.train.image2music.notation import FIELD_LINE, TOKEN, Tune, read_tune

SAME = Fraction(1, 96)
"""Of a quarter: onsets that lie nearer than this are the same; abc2midi rounds to a 480th."""
TAKEN_OUT = ("text", "sign", "grace", "other")
LEFT_OUT = "PIRwWm"
"""Fields that say in which order parts are played, or how (abc2midi swings hornpipes), or nothing about notes."""
STRAIGHT = "%%MIDI chordattack 0\n"
"""Or abc2midi breaks chords."""

Heard = list[tuple[Fraction, int]]


@dataclass(slots=True)
class Agreement:
    """How many tunes there are, how many both read, and the names of those that they hear differently."""

    tunes: int = 0
    both: int = 0
    apart: list[str] = field(default_factory=list)


def tunes_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every tune in the ABC files below a folder."""
    for path in sorted(folder.rglob("*.abc")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, part in enumerate(part for part in re.split(r"(?m)^(?=X:)", text) if part.startswith("X:")):
            yield f"{path.relative_to(folder)}#{number + 1}", part


def once_through(abc: str) -> str:
    """The text without what both readers may play differently though they read the same."""
    lines = []
    for whole in abc.splitlines():
        line = whole.split("%", 1)[0].rstrip()
        match = FIELD_LINE.match(line)
        if match is not None:
            lines += [] if match[1] in LEFT_OUT else [line]
        elif line:
            lines.append(_music(line))
    return "\n".join(lines) + "\n"


def _music(line: str) -> str:
    found, at = "", 0
    while at < len(line):
        match = TOKEN.match(line, at)
        if match is None:
            found, at = found + line[at], at + 1
            continue
        groups = match.groupdict()
        if groups["bar"] is not None:
            found += " | "
        elif not any(groups[name] is not None for name in TAKEN_OUT):
            found += match[0]
        at = match.end()
    return found


def ours(tune: Tune) -> Heard:
    """Onset in quarters and pitch of each note that sounds; tied ones once."""
    found, begun, tied = [], Fraction(0), None
    for bar in tune.bars:
        for note in bar.notes:
            if note.pitch is not None and note.pitch != tied:
                found.append((begun + note.onset, note.pitch))
            tied = note.pitch if note.tied else None
        begun += bar.length
    return found


def theirs(abc: str, program: str) -> Heard | None:
    """The same by abc2midi; None where it finds an error."""
    with tempfile.TemporaryDirectory(prefix="followspot-agreement-") as folder:
        text, midi = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        first, _, rest = abc.partition("\n")
        text.write_text(f"{first}\n{STRAIGHT}{rest}", encoding="utf-8")
        command = [program, str(text), "-o", str(midi), "-RS"]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False, cwd=folder)
        if b"Error" in done.stdout + done.stderr or not midi.is_file():
            return None
        score = symusic.Score.from_midi(midi.read_bytes())
    highest: dict[int, int] = {}
    for track in score.tracks:
        for note in track.notes:
            highest[note.time] = max(highest.get(note.time, 0), note.pitch)
    return [(Fraction(tick, score.ticks_per_quarter), pitch) for tick, pitch in sorted(highest.items())]


def same(one: Heard, other: Heard) -> bool:
    """Whether two hearings are the same notes at the same times."""
    return len(one) == len(other) and all(
        a[1] == b[1] and abs(a[0] - b[0]) <= SAME for a, b in zip(one, other, strict=True)
    )


def agreement(folder: Path, program: str) -> Agreement:
    """Compare both readers on every tune below a folder."""
    found = Agreement()
    for name, abc in tunes_in(folder):
        found.tunes += 1
        text = once_through(abc)
        tune = read_tune(text)
        heard = None if tune.faults else theirs(text, program)
        if heard is not None:
            found.both += 1
            if not same(ours(tune), heard):
                found.apart.append(name)
    return found


def main(argv: list[str] | None = None) -> int:
    """Command line; 1 where a tune is heard differently."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.image2music.agreement", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="folders with ABC files")
    options = parser.parse_args(argv)
    program = second_opinion()
    if program is None:
        print("abc2midi is not installed; install the Debian package abcmidi")
        return 1
    print("| collection | tunes | both read | agree |\n|---|---|---|---|")
    apart = []
    for folder in options.folders:
        found = agreement(folder, program)
        share = 1.0 - len(found.apart) / max(found.both, 1)
        print(f"| {folder.name} | {found.tunes} | {found.both} | {share:.2%} |")
        apart += [f"{folder.name}/{name}" for name in found.apart]
    for name in apart[:50]:
        print(name)
    return 1 if apart else 0


if __name__ == "__main__":
    raise SystemExit(main())
