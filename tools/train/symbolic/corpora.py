"""The corpora: which files there are, which piece each is of, who plays, and where its bars truly are.

A data folder holds any of `pop909`, `maestro`, `asap`, `pianist8`, `pop1k7`, `emopia_cp` and `freedoom`, each in its
published layout.
Bars come from the file's tempo map in pop1k7, pianist8 and freedoom; from the annotated beats in pop909 (whose headers
say 1/4) and asap; maestro and asap's unannotated files carry a nominal grid of 120, and no better one is known.

Edge: reads files.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from controller.arrays import IntArray
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.grid import Grid, grid_of_beats
from tools.train.symbolic.octuple import encode_with_order
from tools.train.symbolic.reading import COMMON_TIME, Score, read_midi
from tools.train.symbolic.recording import strokes
from tools.train.symbolic.vocabulary import (
    BAR,
    DURATION,
    MASK,
    PITCH,
    POSITION,
    TEMPO,
    TIME_SIGNATURE,
    VELOCITY,
    duration_codes,
    time_signature_code,
)

MELODY_CLASSES = ("melody", "bridge", "piano")
EMOTIONS = ("happy, excited", "tense, angry", "sad, down", "calm, content")
"""Russell's quadrants, Q1 to Q4."""
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds: octuples `notes` int16 (N, 8), a class of each note `classes` int8 (N,) or -1, its `strokes`
    (`recording.strokes`; none where it is no performance), and the reader's `remarks`."""

    notes: np.ndarray
    classes: np.ndarray
    strokes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One file (or one clip of a token file) before it is read.

    Attributes:
        name: within the data folder, unique. corpus. identity: what it is a performance of, equal for two performances
            of one piece. performer: who plays, or "". official: the corpus's own split of it, or "".
        label: class of the whole piece, or "".
        read: gives what is in it.
    """

    name: str
    corpus: str
    identity: str
    read: Callable[[], Found] = field(repr=False)
    performer: str = ""
    official: str = ""
    label: str = ""


def sources(data: Path) -> list[Source]:
    """Everything that a data folder holds, in a fixed order.

    Raises:
        SymbolicError: none of the corpora is there.
    """
    found = [source for name, reader in READERS.items() if (data / name).is_dir() for source in reader(data / name)]
    if not found:
        raise SymbolicError(f"{data}: none of {', '.join(READERS)} is in it")
    return found


def plain(path: Path, grid: Callable[[], Grid | None] | None = None) -> Found:
    """A file by its own grid, or, in seconds, by another one."""
    return found_in(read_midi(path), grid() if grid else None)[0]


def found_in(score: Score, beats: Grid | None) -> tuple[Found, IntArray]:
    """What a score holds, and which of its notes each octuple is."""
    times = (score.seconds(score.onsets), score.seconds(score.ends)) if beats else None
    notes, order = encode_with_order(score, beats, times)
    played = strokes(score.onsets, score.pitches % 128, score.velocities)
    return Found(notes, np.full(len(notes), -1, np.int8), played, score.remarks), order


def pop909(folder: Path) -> Iterator[Source]:
    """Songs with a melody, a bridge and a piano track."""
    official = _official(folder / "midibert_split.json", lambda name: Path(name).stem)
    for path in sorted(folder.glob("*/[0-9]*.mid")):
        yield Source(
            f"pop909/{path.stem}", "pop909", f"pop909/{path.stem}", lambda path=path: _pop909(path),
            official=official.get(path.stem, ""),
        )  # fmt: skip


def _pop909(path: Path) -> Found:
    score = read_midi(path)
    found, order = found_in(score, beats_of_pop909(path.with_name("beat_midi.txt")))
    words = [word.upper() for word in MELODY_CLASSES]
    named = [next((n for n, word in enumerate(words) if word in name.upper()), -1) for name in score.names]
    classes = np.array(named, np.int8)
    return replace(found, classes=classes[score.tracks[order]])


def beats_of_pop909(path: Path) -> Grid | None:
    """The grid of `beat_midi.txt`: time, first of a short bar, first of a long bar. None: no such file.

    Long bars of four beats are 4/4; long bars of six are two of 3/4 each, which the short ones count.
    """
    if not path.is_file():
        return None
    rows = np.array(
        [[float(word) for word in line.split()[:3]] for line in path.read_text().splitlines() if line.strip()]
    )
    short, long = np.flatnonzero(rows[:, 1] == 1), np.flatnonzero(rows[:, 2] == 1)
    four = len(long) < 2 or np.median(np.diff(long)) == 4
    firsts = long if four and len(long) else short
    code = COMMON_TIME if four else int(time_signature_code(3, 4) or 0)
    return grid_of_beats(rows[:, 0], firsts, np.full(len(firsts), code))


def maestro(folder: Path) -> Iterator[Source]:
    """Competition performances with the official split."""
    for row in _maestro_rows(folder):
        path = folder / row["midi_filename"]
        if path.is_file():
            name = f"maestro/{row['midi_filename']}"
            yield Source(
                name, "maestro", _maestro_piece(row), lambda path=path: plain(path),
                performer=path.stem, official=_maestro_split(row),
            )  # fmt: skip


def _maestro_piece(row: dict[str, str]) -> str:
    return f"maestro/{row['canonical_composer']}|{row['canonical_title']}"


def _maestro_split(row: dict[str, str]) -> str:
    return "valid" if row["split"] == "validation" else row["split"]


def _maestro_rows(folder: Path) -> list[dict[str, str]]:
    table = next(iter(sorted(folder.glob("maestro-*.csv"))), None) or next(iter(sorted(folder.glob("*.csv"))), None)
    if table is None:
        raise SymbolicError(f"{folder}: no maestro-*.csv in it, which names the pieces and their split")
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def asap(folder: Path) -> Iterator[Source]:
    """Performances and scores with annotated beats; recordings that are maestro's too are of maestro's piece."""
    table = folder / "metadata.csv"
    known: dict[str, dict[str, str]] = {}
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as stream:
            known = {row["midi_performance"]: row for row in csv.DictReader(stream)}
    pieces = {row["midi_filename"]: row for row in _maestro_rows(folder.parent / "maestro")} if (
        folder.parent / "maestro").is_dir() else {}  # fmt: skip
    joined: dict[str, tuple[str, str]] = {}
    for name, row in known.items():
        same = pieces.get((row.get("maestro_midi_performance") or "").removeprefix("{maestro}/"))
        if same:
            joined[str(Path(name).parent)] = (_maestro_piece(same), _maestro_split(same))
    for path in sorted(folder.rglob("*.mid")):
        name = path.relative_to(folder).as_posix()
        piece, split = joined.get(str(Path(name).parent), (f"asap/{Path(name).parent.as_posix()}", ""))
        beats = path.with_name(f"{path.stem}_annotations.txt")
        performer = "score" if path.stem == "midi_score" else re.sub(r"\d+.*$", "", path.stem)
        yield Source(
            f"asap/{name}", "asap", piece, lambda path=path, beats=beats: plain(path, lambda: beats_of_asap(beats)),
            performer=performer, official=split, label=name.split("/", maxsplit=1)[0],
        )  # fmt: skip


def beats_of_asap(path: Path) -> Grid | None:
    """The grid of an annotation file: start, end, and `db` or `b` with time and key signature changes."""
    if not path.is_file():
        return None
    times, firsts, codes, code = [], [], [], COMMON_TIME
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split("\t")
        if len(words) < 3:
            continue
        mark = words[2].split(",")
        if len(mark) > 1 and "/" in mark[1]:
            numerator, _, denominator = mark[1].partition("/")
            code = time_signature_code(int(numerator), int(denominator)) or code
        if mark[0] == "db":
            firsts.append(len(times))
            codes.append(code)
        times.append(float(words[0]))
    kept = np.array(times)
    if len(kept) < 2 or not firsts or (np.diff(kept) <= 0).any():
        return None
    return grid_of_beats(kept, np.array(firsts), np.array(codes))


def pianist8(folder: Path) -> Iterator[Source]:
    """Pieces by eight artists."""
    official = _official(folder / "midibert_split.json", lambda name: name)
    for path in sorted((folder / "midi").rglob("*.mid")):
        name = path.relative_to(folder / "midi").as_posix()
        yield Source(
            f"pianist8/{name}", "pianist8", f"pianist8/{name}", lambda path=path: plain(path),
            performer=path.parent.name, official=official.get(name, ""), label=path.parent.name,
        )  # fmt: skip


def pop1k7(folder: Path) -> Iterator[Source]:
    """Piano covers of pop songs, with a beat-tracked tempo map."""
    for path in sorted(folder.rglob("*.mid")):
        name = f"pop1k7/{path.relative_to(folder).as_posix()}"
        yield Source(name, "pop1k7", name, lambda path=path: plain(path))


def freedoom(folder: Path) -> Iterator[Source]:
    """Music of a game for whole bands, drums included."""
    for path in sorted(folder.glob("*.mid")):
        yield Source(f"freedoom/{path.stem}", "freedoom", f"freedoom/{path.stem}", lambda path=path: plain(path))


def emopia(folder: Path) -> Iterator[Source]:
    """Clips with an emotion, published as tokens of bar, position, pitch and duration; no velocity and no tempo.

    A clip longer than 512 tokens goes on in the next row of the table; both are one source.
    """
    path = folder / "emopia_cp.npz"
    if not path.is_file():
        return
    with np.load(path, allow_pickle=False) as table:
        arrays = {key: table[key] for key in table.files}
    for split in SPLITS:
        if f"{split}_x" not in arrays:
            continue
        rows, labels = arrays[f"{split}_x"].astype(np.int64), arrays[f"{split}_y"]
        first = 0
        while first < len(rows):
            end = first + 1
            while end < len(rows) and rows[end - 1, -1, 0] < CP_BAR_PAD and labels[end] == labels[first]:
                end += 1
            tokens = np.concatenate(rows[first:end])
            name = f"emopia_cp/{split}/{first:04d}"
            yield Source(
                name, "emopia_cp", name, lambda tokens=tokens: Found(*octuples_of_cp(tokens)), official=split,
                label=str(int(labels[first])),
            )  # fmt: skip
            first = end


CP_BAR_PAD, CP_LOWEST_PITCH = 2, 22
UNITS_OF_A_SIXTEENTH, UNITS_OF_CP_DURATION = 4, 2


def octuples_of_cp(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CP tokens (N, 4) of MidiBERT to octuples: 4/4, piano; velocity and tempo are MASK, they are not known.

    Bar 0 begins a bar, 1 goes on; position 0..15 sixteenths; pitch from 22; duration n is n + 1 thirty-seconds.
    """
    tokens = np.asarray(tokens, np.int64)
    tokens = tokens[tokens[:, 0] < CP_BAR_PAD]
    notes = np.zeros((len(tokens), 8), np.int64)
    bars = np.cumsum(tokens[:, 0] == 0)
    notes[:, BAR] = bars - bars[0] if len(bars) else bars
    notes[:, POSITION] = tokens[:, 1] * UNITS_OF_A_SIXTEENTH
    notes[:, PITCH] = tokens[:, 2] + CP_LOWEST_PITCH
    notes[:, DURATION] = duration_codes((tokens[:, 3] + 1) * UNITS_OF_CP_DURATION)
    notes[:, VELOCITY], notes[:, TEMPO], notes[:, TIME_SIGNATURE] = MASK[VELOCITY], MASK[TEMPO], COMMON_TIME
    notes = notes[np.lexsort(notes.T[::-1])].astype(np.int16)
    return notes, np.full(len(notes), -1, np.int8)


READERS: dict[str, Callable[[Path], Iterator[Source]]] = {
    "pop909": pop909,
    "maestro": maestro,
    "asap": asap,
    "pianist8": pianist8,
    "pop1k7": pop1k7,
    "freedoom": freedoom,
    "emopia_cp": emopia,
}


def _official(path: Path, key: Callable[[str], str]) -> dict[str, str]:
    """Split by piece of a file with `train_data`, `valid_data`, `test_data` (or the same without `_data`)."""
    if not path.is_file():
        return {}
    lists = json.loads(path.read_text(encoding="utf-8"))
    return {key(name): split for split in SPLITS for name in lists.get(f"{split}_data", lists.get(split, []))}
