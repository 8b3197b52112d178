"""The song so far: its sections, which of them are alike, and how it usually goes on. Pure."""

from dataclasses import dataclass, field

import numpy as np

from controller.arrays import Float64Array
from controller.listening.form.beat_sounds import DRUM, LEVEL, NUMBERS
from controller.listening.form.lines import apart

BEGINS, WHOLE, ALIKE = np.array([0.6, 0.3, 0.5, 0.1, 0.3]), np.array([1.6, 0.2, 0.7, 1.0, 0.3]), 3.6
"""How surely a passage is one of before: ALIKE, less so much for timbre, harmony, drums, level and voice in which its
first beats are unlike that one's first beats, and unlike the whole of it. After a logistic regression on pairs of
sections (`tools/train/form/pairs.py`); harmony counts more than there, where labels were guessed without it."""
RECALL, SURE_RECALL, GIVE_UP = 0.5, 0.7, 0.5
"""How sure it must be that a passage is a part of before; how sure where more is asked; when it is not any more."""
GOES_ON, USUAL_SHARE, FULL_BEATS = 0.15, 0.2, 4
"""How likely the part before goes on, whatever was heard; how much what is usual adds to what is heard; and after how
many beats what is heard counts fully."""
FIRST = 0.35
"""Rank of a song that has hardly begun: something must be left for later."""
SMALLEST = 0.2
"""Rank of the smallest part: it is played, too."""
KNOWN_BEATS = 64
"""Until so many beats have been heard, a song's first rank counts, too."""
LEAST_RANGE = 0.12
"""In mean bands: parts that differ by less are not the smallest and the biggest."""
BELOW_CHORUS = 0.75
"""Rank of all other parts once somebody said which is the chorus."""
LEAST_BEATS, MOST_BEATS = 2, 32
HIT_SIZE = 0.04
"""What a drum hit in each beat adds to the level, in mean bands."""


@dataclass
class Passage:
    """One passage from a boundary to the next.

    Attributes:
        label: of the section that it is, or is a part of. start_s: of its one. known_s: when it was known, which label.
        stage: by which judgement. sure: 0..1 of the label. bars: whole ones. said: a person named it.
        opens: 0..1, how sure it is that something begins there. sounds: of its beats.
    """

    label: str
    start_s: float
    known_s: float
    stage: str
    sure: float = 0.0
    bars: int = 0
    said: bool = False
    opens: float = 1.0
    sounds: list[Float64Array] = field(default_factory=list)
    _mean: Float64Array = field(default_factory=lambda: np.zeros(NUMBERS), repr=False, compare=False)
    _mean_of: Float64Array | None = field(default=None, repr=False, compare=False)
    _table: Float64Array = field(default_factory=lambda: np.zeros((0, NUMBERS)), repr=False, compare=False)

    @property
    def table(self) -> Float64Array:
        """(beats, NUMBERS) of its beats; made anew only when there are others."""
        count = len(self.sounds)
        if len(self._table) != count or (count and not np.array_equal(self._table[-1], self.sounds[-1])):
            self._table = np.array(self.sounds).reshape(count, NUMBERS)
        return self._table

    @property
    def mean(self) -> Float64Array:
        """(NUMBERS,) of the whole."""
        table = self.table
        if self._mean_of is not table:
            self._mean_of, self._mean = table, np.asarray(table.mean(axis=0))
        return self._mean

    def opening(self, beats: int) -> Float64Array:
        """(NUMBERS,) of its first beats."""
        return np.asarray(self.table[:beats].mean(axis=0))


class SongMemory:
    """Remembers one song.

    Attributes:
        passages: in order, the one that is played last. chorus: the label that somebody called so; "": nobody did.
    """

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.chorus = ""

    @property
    def labels(self) -> list[str]:
        """Every label, in the order in which they first came."""
        return list(dict.fromkeys(one.label for one in self.passages if one.label))

    def lengths(self, label: str = "") -> list[int]:
        """Bars of the sections that are over, or of those with this label."""
        return [one.bars for one in self.passages[:-1] if label in ("", one.label)]

    @property
    def bars(self) -> int:
        """Whole bars since the section began that is played: of its newest passages with one label."""
        found = 0
        for one in reversed(self.passages):
            if one.label != self.passages[-1].label:
                break
            found += one.bars
        return found

    @property
    def share(self) -> float:
        """0..1, of all beats that were of the part that is played."""
        beats = sum(len(one.sounds) for one in self.passages)
        mine = sum(len(one.sounds) for one in self.passages if one.label == self.passages[-1].label)
        return mine / beats if beats else 1.0

    def new_label(self) -> str:
        """The next that was not given yet."""
        number, name = len(self.labels), ""
        while True:
            name = chr(ord("A") + number % 26) + name
            number = number // 26 - 1
            if number < 0:
                return name

    def after(self, label: str) -> dict[str, float]:
        """How the song went on after sections with this label: label to share, shrunk while there were few."""
        came: dict[str, float] = {}
        for one, following in zip(self.passages[:-1], self.passages[1:-1], strict=False):
            if one.label == label:
                came[following.label] = came.get(following.label, 0.0) + 1.0
        total = sum(came.values()) + 1.0
        return {name: times / total for name, times in came.items()}

    def rank(self) -> tuple[float, float, bool]:
        """Of the newest passage: 0..1 how big, by how much more than the one before, and whether nothing was bigger.

        A passage that has hardly begun is taken for what its label was before, or for as big as the last one.
        """
        if not self.passages:
            return FIRST, 0.0, False
        sizes = self._sizes()
        low, high = min(sizes.values()), max(sizes.values())
        middle, wide = 0.5 * (low + high), max(high - low, LEAST_RANGE)
        places = {label: float(np.clip(0.5 + (size - middle) / wide, 0.0, 1.0)) for label, size in sizes.items()}
        order = sorted(sizes, key=lambda label: sizes[label])
        for place, label in enumerate(order):  # in a song that is loud throughout one part is the biggest all the same
            places[label] = 0.5 * (places[label] + place / max(1, len(order) - 1)) if len(order) > 1 else places[label]
        ranks = {label: SMALLEST + (1.0 - SMALLEST) * place for label, place in places.items()}
        now = self.passages[-1].label
        before = self.passages[-2].label if len(self.passages) > 1 else now
        beats = sum(len(one.sounds) for one in self.passages)
        trust = min(1.0, beats / KNOWN_BEATS)
        mine = trust * ranks.get(now, ranks.get(before, 0.5)) + (1.0 - trust) * FIRST
        if self.chorus:
            mine = 1.0 if now == self.chorus else min(mine, BELOW_CHORUS)
            return mine, mine - ranks.get(before, mine), now == self.chorus
        biggest = len(sizes) > 1 and sizes.get(now, low) >= high
        return mine, mine - ranks.get(before, mine), biggest

    def _sizes(self) -> dict[str, float]:
        """How big each part of the song is, from all of its passages."""
        found: dict[str, list[Float64Array]] = {}
        for one in self.passages:
            if len(one.sounds) >= LEAST_BEATS or one is self.passages[0]:
                found.setdefault(one.label, []).append(one.table[-MOST_BEATS:])
        return {label: _size(np.concatenate(tables)) for label, tables in found.items()}

    def label(self, passage: Passage, before: str, scale: Float64Array) -> tuple[str, float]:
        """The label of a passage that begins, and how sure it is.

        Args:
            before: label of the passage before it. scale: see `lines.spread`.
        """
        likely = self.likely(passage, before, scale)
        best = max(likely, key=lambda name: likely[name], default="")
        if best and likely[best] >= RECALL:
            return best, likely[best]
        return self.new_label(), 1.0 - likely.get(best, 0.0)

    def settle(self, scale: Float64Array, known_s: float, *, sure: bool) -> bool:
        """Is the newest passage the part that it was taken for? True if it is another one.

        What was known before needs more to be given up.

        Args:
            scale: see `lines.spread`. known_s: now.
            sure: it must be surer than usual, after two beats, which tell little, and where it was settled before.
        """
        passage, others = self.passages[-1], {one.label for one in self.passages[:-1]}
        if not others or passage.said:
            return False
        own, passage.label = passage.label, ""
        likely = self.likely(passage, self.passages[-2].label, scale)
        best = max(likely, key=lambda name: likely[name], default="")
        passage.label, passage.sure = own, likely.get(own, 1.0 - likely.get(best, 0.0))
        if own in others and (sure or likely.get(own, 0.0) >= GIVE_UP):
            return False
        if best and likely[best] >= (SURE_RECALL if sure else RECALL):
            passage.label, passage.sure = best, likely[best]
        elif own in others:
            passage.label, passage.sure = self.new_label(), 1.0 - likely[best]
        if passage.label == own:
            return False
        passage.known_s = known_s
        return True

    def likely(self, passage: Passage, before: str, scale: Float64Array) -> dict[str, float]:
        """0..1 for each known part: how likely the passage is that one, by what is heard of it and what is usual.

        A part goes on more often than not; after it comes what came after it before. One or two beats tell little.
        """
        usual = self.after(before)
        usual[before] = max(usual.get(before, 0.0), GOES_ON)
        if not passage.sounds:
            return usual
        trust = min(1.0, len(passage.sounds) / FULL_BEATS)
        heard = self.likeness(passage, scale, len(passage.sounds))
        return {
            name: trust * min(1.0, sure + USUAL_SHARE * usual.get(name, 0.0)) + (1.0 - trust) * usual.get(name, 0.0)
            for name, sure in heard.items()
        }

    def likeness(self, passage: Passage, scale: Float64Array, beats: int) -> dict[str, float]:
        """0..1 for each earlier label: how surely the passage is one of those, from its first beats.

        Args:
            passage: in question, itself left out. scale: see `lines.spread`. beats: how many of its own count.
        """
        others = [one for one in self.passages if one is not passage and one.sounds and one.label]
        if not others:
            return {}
        mine = passage.opening(beats)
        begins = apart(mine, np.array([one.opening(beats) for one in others]), scale)
        whole = apart(mine, np.array([one.mean for one in others]), scale)
        sure = 1.0 / (1.0 + np.exp(begins @ BEGINS + whole @ WHOLE - ALIKE))
        found: dict[str, float] = {}
        for one, likely in zip(others, sure, strict=True):
            found[one.label] = max(found.get(one.label, 0.0), float(likely))
        return found


def _size(table: Float64Array) -> float:
    if not len(table):
        return 0.0
    return float(table[:, LEVEL].mean() + HIT_SIZE * table[:, DRUM:].sum() / len(table))
