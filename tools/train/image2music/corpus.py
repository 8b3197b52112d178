"""The tunes that are searched, learnt from and never copied: O'Neill 1850, Aird, Ryan. Edge: reads files.

They come with the package `music21`, whose own notice says that it assumes no rights and that some files may carry
limits: a tune whose text claims any is left out, and so is every other collection of that package.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.train.image2music.errors import OpeningError
from tools.train.image2music.melody import Melody, melody_of, steps
from tools.train.image2music.notation import bar_faults, read_tune

COLLECTIONS = {
    "oneills1850": "O'Neill's Music of Ireland (1903)",
    "ryansMammoth": "Ryan's Mammoth Collection (1883)",
    "airdsAirs": "Aird's Airs (1778-1801)",
}
CLAIMS = re.compile(r"copyright|©|\(c\)\s*\d{4}|non-?commercial|all rights|permission", re.IGNORECASE)
NOT_WORDS = re.compile(
    r"collected|contributed|setting|tilde|denote|source|added|rest\b|version|bars?\b|book|printed|"
    r"wrapping|\[jc\]|transcri|http|www|@|title|o.?neill|reilly|\d|"
    r"fermata|sharps?\b|flats?\b|repeat|marked|phrasing|segno|collec|"
    r"aka\b|upbeat|check|da capo|wrong|original|pencil|\?|^.{0,2}$",
    re.IGNORECASE,
)
RUN = 8
ALIKE = 0.3
"""Share of common runs of RUN notes from which on two tunes are settings of one."""


@dataclass(frozen=True, slots=True)
class CorpusTune:
    """One tune: where it is from, the words printed with it, its text and its melody.

    Attributes:
        name: collection, file and number. words: expression such as "tenderly", rhythm such as "reel".
        identity: the same for all settings of a tune.
    """

    name: str
    title: str
    words: str
    rhythm: str
    abc: str
    melody: Melody
    identity: str = ""

    @property
    def collection(self) -> str:
        """The book's name."""
        return COLLECTIONS[self.name.split("/")[0]]

    @property
    def caption(self) -> str:
        """What text retrieval reads."""
        return ". ".join(one for one in (self.title, self.words, self.rhythm) if one)


def corpus_folder(given: Path | None = None) -> Path:
    """The folder that holds the collections: `given`, or that of the installed music21, which is not imported.

    Raises:
        OpeningError: neither is there.
    """
    if given is None:
        found = importlib.util.find_spec("music21")
        if found is None or found.origin is None:
            raise OpeningError(
                "the package music21, which brings the tunes, is not installed; install the extra `image`, "
                "or name a folder with --corpus DIR"
            )
        given = Path(found.origin).parent / "corpus"
    if not any((given / name).is_dir() for name in COLLECTIONS):
        raise OpeningError(f"{given}: none of {', '.join(COLLECTIONS)} in it; name the folder that holds them")
    return given


def corpus_version() -> str:
    """The version of music21, or a dash."""
    try:
        return importlib.metadata.version("music21")
    except importlib.metadata.PackageNotFoundError:
        return "-"


def read_corpus(folder: Path) -> list[CorpusTune]:
    """All tunes that are read without a fault, in a fixed order, with their identities."""
    tunes = []
    for collection in COLLECTIONS:
        for file in sorted((folder / collection).glob("*.abc")):
            text = file.read_text(encoding="utf-8", errors="replace")
            parts = (part for part in re.split(r"(?m)^(?=X:)", text) if part.startswith("X:"))
            tunes += [one for part in parts if (one := _tune(f"{collection}/{file.stem}", part)) is not None]
    if not tunes:
        raise OpeningError(f"{folder}: no tune in it can be read")
    return _identified(tunes)


def _tune(place: str, text: str) -> CorpusTune | None:
    if CLAIMS.search(text):
        return None
    tune = read_tune(text)
    if tune.faults or bar_faults(tune, strict=False):
        return None
    melody = melody_of(tune)
    if melody is None or melody.bars < 6:
        return None
    number = tune.fields.get("X", ["0"])[0].split()[0] if tune.fields.get("X", [""])[0] else "0"
    return CorpusTune(f"{place}/{number}", _title(tune.title), _words(tune.fields.get("N", [])),
                      " ".join(tune.fields.get("R", [])[:1]).lower(), text.strip(), melody)  # fmt: skip


def _title(printed: str) -> str:
    text = re.sub(r"\s+", " ", printed.split("--", maxsplit=1)[0]).strip(" .")
    match = re.match(r"^(.*), (The|A|An)$", text, re.IGNORECASE)
    text = f"{match[2]} {match[1]}" if match else text
    return text.title().replace("'S", "'s") if text.isupper() else text


def _words(notes: Iterable[str]) -> str:
    found = []
    for note in notes:
        for one in re.findall(r'"([^"]+)"', note) or [note]:
            text = one.strip(' ".')
            if text and len(text) < 32 and text.count(" ") < 4 and not NOT_WORDS.search(text):
                found.append(text.lower())
    return ", ".join(dict.fromkeys(found))


def runs_of(melody: Melody, length: int) -> set[tuple[tuple[int, int], ...]]:
    """All runs of `length` notes as intervals and rhythm."""
    row = steps(melody)
    return {tuple(row[at : at + length]) for at in range(len(row) - length + 1)}


def _identified(tunes: list[CorpusTune]) -> list[CorpusTune]:
    """Settings of one tune get one identity: those of one title, and those that share much."""
    parent = list(range(len(tunes)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    titles: dict[str, int] = {}
    having: dict[tuple, list[int]] = defaultdict(list)
    counts = []
    for at, tune in enumerate(tunes):
        plain = re.sub(r"[^a-z]", "", re.sub(r"\b(the|a|an|jig|reel|hornpipe|first|second)\b", "", tune.title.lower()))
        if plain:
            parent[root(at)] = root(titles.setdefault(plain, at))
        runs = runs_of(tune.melody, RUN)
        counts.append(len(runs))
        for run in runs:
            having[run].append(at)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for those in having.values():
        for i, one in enumerate(those[:20]):
            for other in those[i + 1 : 20]:
                shared[one, other] += 1
    for (one, other), count in shared.items():
        if count > ALIKE * min(counts[one], counts[other]):
            parent[root(one)] = root(other)
    return [
        CorpusTune(t.name, t.title, t.words, t.rhythm, t.abc, t.melody, tunes[root(at)].name)
        for at, t in enumerate(tunes)
    ]


def part_of(tune: CorpusTune) -> str:
    """`train` (8 of 10), `validation` or `test`: by identity, so that no setting of a held-out tune is learnt.

    Remainder 9 was the test part until the critic's parts had been chosen by looking at it. It is learnt from now, and
    the tunes of remainder 7, which nobody had measured anything on, took its place.
    """
    number = int(hashlib.sha256(tune.identity.encode()).hexdigest()[:8], 16) % 10
    return {8: "validation", 7: "test"}.get(number, "train")
