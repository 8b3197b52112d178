"""The shelf: every piece of a data folder as octuples in one file, de-duplicated and split so that nothing leaks.

`octuples.npy` int16 (total, 8), bars counting on without end; `classes.npy` int8 (total,), a class for each note or -1;
`pieces.json`. Pieces are split by identity: two performances of one piece, files that are also another corpus's,
near-duplicates found by their notes, and files of one recording (`recording`), go to the same side. What a corpus calls
test is test; where that is not there (`SPLITS`), what it calls validation is test, and a twelfth of the other pieces
becomes the validation set.

Edge: reads and writes files.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from controller.arrays import IntArray
from controller.system import start_method
from tools.train.symbolic.corpora import Found, Source, sources
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.octuple import cut, decode, encode
from tools.train.symbolic.reading import read_score
from tools.train.symbolic.recording import same_recordings
from tools.train.symbolic.vocabulary import BAR, BARS, INSTRUMENT, MASK, PAD, PITCH, VELOCITY

FORMAT = 1
SHINGLE, KEPT, BANDS = 8, 64, 16
ALIKE = 0.5
VALIDATION_SHARE = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece on the shelf: where its notes are, and what it may be used for."""

    name: str
    corpus: str
    identity: str
    performer: str
    official: str
    label: str
    split: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """All pieces of a data folder."""

    pieces: list[Piece]
    notes: np.ndarray
    """int16 (total, 8)."""
    classes: np.ndarray
    """int8 (total,)."""

    def of(self, piece: Piece) -> np.ndarray:
        """Octuples (N, 8) of a piece; bars may go beyond the vocabulary."""
        return self.notes[piece.start : piece.stop]

    def window(self, row: IntArray, length: int) -> np.ndarray:
        """One window as int16 (length, 8): its first bar is bar 0, and PAD fills what is missing."""
        _, start, stop = (int(number) for number in row)
        return padded(self.notes[start:stop], length)


def padded(notes: np.ndarray, length: int) -> np.ndarray:
    """At most `length` octuples with the first bar as bar 0, PAD after them; notes 256 bars later are left out."""
    filled = np.tile(PAD.astype(np.int16), (length, 1))
    notes = notes[:length]
    if len(notes):
        bars = notes[:, BAR] - notes[0, BAR]
        kept = int(np.searchsorted(bars, BARS))
        filled[:kept] = notes[:kept]
        filled[:kept, BAR] = bars[:kept]
    return filled


def windows(
    shelf: Shelf, split: str, length: int, corpora: Iterable[str] | None = None, hop: int | None = None
) -> IntArray:
    """Windows (n, 3) of piece index, start and stop in the shelf; a rest shorter than an eighth of one is left out.

    Pieces of which attributes are unknown (emopia's) are taken only when their corpus is asked for by name.
    """
    wanted = set(corpora) if corpora is not None else {piece.corpus for piece in shelf.pieces} - {"emopia_cp"}
    rows, hop = [], hop or length
    for index, piece in enumerate(shelf.pieces):
        if piece.split != split or piece.corpus not in wanted:
            continue
        starts = range(piece.start, max(piece.stop - length // 8, piece.start + 1), hop)
        rows.extend((index, start, min(start + length, piece.stop)) for start in starts)
    return np.array(rows, np.int64).reshape(-1, 3)


def read_shelf(folder: Path) -> Shelf:
    """Open a shelf; the notes stay on disk until they are used.

    Raises:
        SymbolicError: no shelf there, or one of another format.
    """
    table = folder / "pieces.json"
    if not table.is_file():
        raise SymbolicError(
            f"{folder}: no shelf; make one with `python -m tools.train.symbolic tokenize --data DIR --out {folder}`"
        )
    content = json.loads(table.read_text(encoding="utf-8"))
    if content.get("format") != FORMAT:
        raise SymbolicError(f"{table}: format {content.get('format')}, this program reads {FORMAT}; tokenize again")
    notes, classes = np.load(folder / "octuples.npy", mmap_mode="r"), np.load(folder / "classes.npy", mmap_mode="r")
    pieces = [Piece(**row) for row in content["pieces"]]
    if notes.shape != (pieces[-1].stop if pieces else 0, 8) or len(classes) != len(notes):
        raise SymbolicError(f"{folder}: octuples.npy does not belong to pieces.json; tokenize again")
    return Shelf(pieces, notes, classes)


def tokenize(data: Path, out: Path, workers: int = 2, corpora: Iterable[str] | None = None) -> dict[str, int]:
    """Read a data folder onto a shelf, checking for every file that its octuples survive a MIDI file and come back.

    Returns:
        How many pieces, notes, duplicates left out and files refused.

    Raises:
        SymbolicError: nothing to read.
    """
    asked = set(corpora) if corpora is not None else None
    found = [source for source in sources(data) if asked is None or source.corpus in asked]
    if not found:
        raise SymbolicError(f"{data}: none of {', '.join(sorted(asked or ()))} is in it")
    read, refused = read_all(found, data, workers)
    kept, duplicates = without_copies(read)
    pieces, start = [], 0
    identities = joined([(source.identity, found.notes) for source, found in kept], [one.strokes for _, one in kept])
    splits = splits_of([source for source, _ in kept], identities)
    for (source, found_in), identity, split in zip(kept, identities, splits, strict=True):
        notes = found_in.notes
        origin = (source.name, source.corpus, identity, source.performer, source.official, source.label)
        pieces.append(Piece(*origin, split, start, start + len(notes)))
        start += len(notes)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "octuples.npy", np.concatenate([one.notes for _, one in kept]))
    np.save(out / "classes.npy", np.concatenate([one.classes for _, one in kept]))
    remarks = {source.name: list(one.remarks) for source, one in kept if one.remarks}
    counts = {"pieces": len(pieces), "notes": start, "copies left out": duplicates, "refused": len(refused),
              "with remarks": len(remarks)}  # fmt: skip
    content = {"format": FORMAT, "counts": counts, "refused": refused, "remarks": remarks,
               "pieces": [asdict(piece) for piece in pieces]}  # fmt: skip
    (out / "pieces.json").write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    return counts


Read = tuple[Source, Found]


def read_all(found: list[Source], data: Path, workers: int) -> tuple[list[Read], dict[str, str]]:
    """Every source with what is in it, and why the others were refused."""
    read, refused = [], {}
    tasks = [(str(data), source.corpus, source.name) for source in found]
    processes = get_context(start_method())
    with ProcessPoolExecutor(workers, processes) if workers > 1 else nullcontext() as pool:
        results = pool.map(_read_one, tasks, chunksize=16) if pool else map(_read_one, tasks)
        pairs = zip(found, results, strict=True)
        for source, result in track(pairs, "reading", total=len(found), console=Console(stderr=True)):
            if isinstance(result, str):
                refused[source.name] = result
            else:
                read.append((source, result))
    return read, refused


_SOURCES: dict[str, dict[str, Source]] = {}


def _read_one(task: tuple[str, str, str]) -> Found | str:
    """What is in one source, by name; a source itself holds a function, which processes cannot hand on."""
    data, _, name = task
    if data not in _SOURCES:
        _SOURCES[data] = {source.name: source for source in sources(Path(data))}
    try:
        found = _SOURCES[data][name].read()
    except SymbolicError as error:
        return str(error)
    notes = found.notes
    if not len(notes):
        return f"{name}: no notes in it"
    if (notes[:, VELOCITY] < MASK[VELOCITY]).all() and not survives(notes):
        return f"{name}: its octuples do not survive a MIDI file; report this"
    return found


def survives(notes: np.ndarray) -> bool:
    """Whether octuples come back the same from a MIDI file, in parts of 256 bars."""
    import symusic  # noqa: PLC0415 - loads a C++ library, which reading a shelf does not need

    for part in cut(notes):
        again = encode(read_score(symusic.Score.from_midi(decode(part).dumps_midi()), "round trip"))
        if not np.array_equal(part, again):
            return False
    return True


def without_copies(read: list[Read]) -> tuple[list[Read], int]:
    """One of each: files whose instruments and pitches are the same in the same order are copies."""
    seen: set[bytes] = set()
    kept = []
    for source, found in read:
        told = np.ascontiguousarray(found.notes[:, [INSTRUMENT, PITCH]]).tobytes()
        key = hashlib.md5(told, usedforsecurity=False).digest()
        if key not in seen:
            seen.add(key)
            kept.append((source, found))
    return kept, len(read) - len(kept)


def sketch(notes: np.ndarray) -> IntArray:
    """The smallest hashes (at most 64) of a piece's runs of eight intervals: alike for alike music in any key."""
    pitches = notes[:, PITCH].astype(np.uint64)
    steps = np.diff(pitches) % np.uint64(12)
    if len(steps) < SHINGLE:
        return np.empty(0, np.int64)
    runs = np.lib.stride_tricks.sliding_window_view(steps, SHINGLE)
    mixed = (runs * (np.uint64(13) ** np.arange(SHINGLE, dtype=np.uint64))).sum(axis=1, dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(15))) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.unique(mixed ^ (mixed >> np.uint64(32)))[:KEPT].astype(np.uint64).view(np.int64)


def joined(named: list[tuple[str, np.ndarray]], performances: list[IntArray] | None = None) -> list[str]:
    """One identity for each piece: equal where the corpora say so, where half of the runs of notes are shared, or where
    one recording lies in both.

    Args:
        named: identity and octuples of each. performances: their `recording.strokes`.
    """
    parent = {identity: identity for identity, _ in named}

    def root(identity: str) -> str:
        while parent[identity] != identity:
            parent[identity] = parent[parent[identity]]
            identity = parent[identity]
        return identity

    def join(one: int, other: int) -> None:
        first, second = sorted((root(named[one][0]), root(named[other][0])))
        parent[second] = first  # of one root already: itself

    sketches = [set(sketch(notes).tolist()) for _, notes in named]
    holders = defaultdict(list)
    for index, hashes in enumerate(sketches):
        for value in sorted(hashes)[:BANDS]:
            holders[value].append(index)
    pairs = Counter(pair for group in holders.values() if 1 < len(group) < KEPT for pair in combinations(group, 2))
    for (one, other), shared in pairs.items():
        if shared >= BANDS // 4 and len(sketches[one] & sketches[other]) >= ALIKE * min(
            len(sketches[one]), len(sketches[other])
        ):
            join(one, other)
    for one, other in same_recordings(performances or []):
        join(one, other)
    return [root(identity) for identity, _ in named]


def splits_of(found: list[Source], identities: list[str]) -> list[str]:
    """`train`, `valid` or `test` of each source; a piece is wholly on one side.

    A piece is test if any of its files is in its corpus's test split, or in its validation split where the corpus's
    test split is not here.
    """
    there = {(source.corpus, source.official) for source in found}
    side: dict[str, str] = {}
    order = {"train": 0, "valid": 1, "test": 2}
    for source, identity in zip(found, identities, strict=True):
        split = source.official or "train"
        if split == "valid" and (source.corpus, "test") not in there:
            split = "test"
        side[identity] = max(side.get(identity, "train"), split, key=order.__getitem__)
    has_validation = {
        source.corpus for source, identity in zip(found, identities, strict=True) if side[identity] == "valid"
    }
    for source, identity in zip(found, identities, strict=True):
        if source.corpus not in has_validation and side[identity] == "train":
            number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4], "big")
            side[identity] = "valid" if number % VALIDATION_SHARE == 0 else "train"
    return [side[identity] for identity in identities]
