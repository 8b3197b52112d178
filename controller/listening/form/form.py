"""Sections as they are played: where one begins, which it is, and how it goes on. Pure.

beats, frames, hits ──► BeatSummer ──► at each bar line: Boundary ──► SongMemory ──► SongSection

A bar line is judged four times: before it sounds, so that the look can be there on the one; a tenth of a second after
it, when a crash was heard or not; after two beats; after a bar. Once it is taken for a boundary, that stays.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from controller.arrays import Float64Array
from controller.listening.form import lines
from controller.listening.form.beat_sounds import NUMBERS, BeatSummer
from controller.listening.form.memory import Passage, SongMemory
from controller.listening.form.night import ASKED_BEATS, Night, goes_on
from controller.listening.time.beats import Beat
from controller.listening.time.drums import DrumHit
from controller.listening.time.hearing import HeardFrame, Hearing
from controller.messages import Operator

STAGES = ("ahead", "hit", "two", "bar")
HIT_S = 0.12
BAR_SURE = 0.6
MOST_BEATS = 4_000
"""Half an hour of a fast song; who plays longer is remembered from then on."""
NEW_SONG_S = 6.0
RELABEL_BARS = (1, 2)
"""After so many bars of a passage, and after two beats, its label is settled anew."""
TWO = 2
JUDGED_AFTER = (STAGES.index("two"), STAGES.index("bar"))
LEAD_S, LEAD_BEATS = 0.4, 0.75
"""A line is judged so long before it, or that share of a beat: a hop and the time to decide are shorter, and accents
and steps then leave room for a look."""
NEAR_S = 0.25
"""A line that was foreseen and the beat that it became are no further apart."""
EARLY_S = 0.06
"""A drummer is ahead of the beat by no more."""


@dataclass(frozen=True, slots=True)
class SongSection:
    """One section, as far as it is known.

    Attributes:
        start_s: when it began, or will. known_s: when that was known, time of the sound. label: "A", "B", ...
        confidence: 0..1 of the label. again: whether the label came before. stage: by which judgement.
        opens: 0..1, how sure it is that something begins here.
    """

    start_s: float
    known_s: float
    label: str
    confidence: float
    again: bool
    stage: str
    opens: float = 1.0


@dataclass(frozen=True, slots=True)
class SongNow:
    """Where the song is, at the newest beat.

    Attributes:
        song: number of the song tonight. section: the newest, which may lie ahead; None before the first.
        rank: 0..1, how big the section is, between the smallest and the biggest of the song so far.
        risen: by how much its rank is above that of the section before. biggest: no part was bigger, and there are two.
        line_s: the bar line that comes next, once that is near, else the last; -inf before the first.
        bars: whole bars of the section at that line. beats: of the song. parts: how many it has had so far.
        share: 0..1, of its beats that were of this part. phrase_s: when its newest passage began, or will.
    """

    song: int = 0
    section: SongSection | None = None
    rank: float = 0.4
    risen: float = 0.0
    biggest: bool = False
    bars: int = 0
    line_s: float = -np.inf
    beats: int = 0
    parts: int = 1
    share: float = 1.0
    phrase_s: float = -np.inf


class Judge(Protocol):
    """Says whether a bar line is a boundary, and how surely."""

    def __call__(self, stage: str, numbers: Sequence[float], line_s: float) -> float:
        """0: it is none; else 0..1, from the numbers of `lines.NAMES` that are known at a stage of `STAGES`."""
        ...


@dataclass
class Line:
    """A bar line that is judged: when, its number among the beats (-1: before it sounds), what is known, next stage."""

    start_s: float
    first: int = -1
    numbers: list[float] = field(default_factory=list)
    stage: int = 0


class FormWatch:
    """Follows one song.

    Many attributes: what is heard of the open beat, the two lines that are judged, and the song.

    Args:
        judge: of bar lines.

    Attributes:
        sections: all of the song, each as it was settled last; neighbours with one label are one.
        now: where the song is; a new object each time, so that any thread may read it.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._night, self._songs = Night(), 0
        self._people = self._wanted = Operator()
        self._played_s = -np.inf
        self.reset()

    def reset(self) -> None:
        """Another song."""
        self._songs += 1
        self._song, self._known = self._songs, False
        self.memory = SongMemory()
        self.now = SongNow(self._song)
        self._sounds = self._scale_of = self._spread = np.zeros((0, NUMBERS))
        self._summer, self._first = BeatSummer(), BeatSummer()
        self._coming: deque[Beat] = deque()
        self._hits: list[DrumHit] = []
        self._open: Beat | None = None
        self._number, self._foreseen = 0, False
        self._line: Line | None = None
        self._next: Line | None = None
        self._usual = np.full(len(lines.PARTS), np.nan)
        self._build = 0.0
        self._before, self._changed = 0, False

    def hear(self, heard: Hearing, known_s: float) -> None:
        """What the newest block made known.

        Args:
            heard: the ear's networks, after that block. known_s: time of its last sample.
        """
        if self._wanted is not self._people:
            self._heed(self._wanted, known_s)
        self._notice(heard.kind, known_s)
        self._build = 0.0 if heard.energy is None else heard.energy.build
        self._hits.extend(heard.hits)
        self._coming.extend(heard.told)
        for frame in heard.frames:
            while self._coming and frame.t_s >= self._coming[0].t_s:
                self._turn(self._coming.popleft(), known_s)
            self._summer.add(frame)
            self._foresee(frame.t_s, known_s)
            self._strike(frame, known_s)
        if heard.told or self._changed:
            self._tell()

    def obey(self, people: Operator) -> None:
        """What people say of the part that is played. From any thread; the next block heeds it."""
        self._wanted = people

    def _heed(self, people: Operator, known_s: float) -> None:
        before, self._people = self._people, people
        if people.part_t_s == before.part_t_s or not people.part or not self.memory.passages:
            return
        passage = self.memory.passages[-1]
        match people.part:
            case "new_part" if self._line is not None and passage.sounds:
                self._begin(self._line, known_s, "said")
                self._relabel(self.memory.new_label(), known_s)
            case "same_part" if len(self.memory.passages) > 1:
                self._relabel(self.memory.passages[-2].label, known_s)
            case "chorus" if self.memory.chorus and passage.label != self.memory.chorus:
                self._relabel(self.memory.chorus, known_s)
            case "chorus":
                self.memory.chorus = passage.label
        self._tell()

    def _relabel(self, label: str, known_s: float) -> None:
        """A person knows which part this is."""
        passage = self.memory.passages[-1]
        passage.label, passage.sure, passage.said, passage.known_s = label, 1.0, True, known_s

    @property
    def sections(self) -> list[SongSection]:
        """Of the song that is played now."""
        found: list[SongSection] = []
        seen = {one.label for one in self.memory.passages[: self._before]}
        for one in self.memory.passages[self._before :]:
            if not found or found[-1].label != one.label:
                again = one.label in seen
                found.append(SongSection(one.start_s, one.known_s, one.label, one.sure, again, one.stage, one.opens))
                seen.add(one.label)
        return found

    def _tell(self) -> None:
        self._changed = False
        sections = self.sections
        rank, risen, biggest = self.memory.rank()
        line_s = -np.inf if self._line is None else self._line.start_s
        bars = self.memory.bars
        if self._next is not None and self._open is not None:
            newest = self.memory.passages[-1]
            beats = 0 if newest.start_s >= self._next.start_s else len(newest.sounds) + 1
            line_s, bars = self._next.start_s, bars - newest.bars + round(beats / self._open.metre)
        section = sections[-1] if sections else None
        parts, share = len(self.memory.labels), self.memory.share
        phrase_s = self.memory.passages[-1].start_s if sections else -np.inf
        beats = len(self._sounds)
        self.now = SongNow(self._song, section, rank, risen, biggest, bars, line_s, beats, parts, share, phrase_s)

    def _notice(self, kind: str, known_s: float) -> None:
        """After talk, applause or silence of some seconds the next music is another song."""
        if kind not in ("band", "solo"):
            return
        if known_s - self._played_s > NEW_SONG_S and self.memory.passages:
            if self._open is not None:
                self._night.keep(self._song, self.memory, self._open.beat_s)
            self.reset()
        self._played_s = known_s

    def _number_of(self, beat: Beat) -> int:
        """Place in the bar of a beat that follows the newest: as told where that is sure, else counted on."""
        return beat.number if beat.bar_confidence >= BAR_SURE else self._number % beat.metre + 1

    def _foresee(self, now_s: float, known_s: float) -> None:
        """Shortly before a beat is over: what it will have told is weighed, so that a look can be there on the next."""
        beat = self._open
        if beat is None or self._foreseen or now_s < beat.t_s + beat.beat_s - min(LEAD_S, LEAD_BEATS * beat.beat_s):
            return
        self._foreseen = True
        end_s, sounds = beat.t_s + beat.beat_s, self._sounds
        passage = self._passage_at(beat.t_s)
        peek = self._summer.peek(self._within(beat.t_s, end_s))
        passage.sounds.append(peek)
        self._sounds = np.concatenate([sounds, peek[None]])
        self._weigh(beat, known_s)
        if self._number == beat.metre:
            self._ahead(end_s, beat.metre, known_s)
        # the beat is not over: what it told so far makes room for the whole of it
        self._sounds = sounds
        for one in self.memory.passages[-3:]:
            if one.sounds and one.sounds[-1] is peek:
                one.sounds.pop()

    def _scale(self) -> Float64Array:
        """How much each number varies in the song so far; counted once for each beat."""
        if self._scale_of is not self._sounds:
            self._scale_of, self._spread = self._sounds, lines.spread(self._sounds)
        return self._spread

    def _passage_at(self, t_s: float) -> Passage:
        """The passage that a moment belongs to: the newest may lie ahead."""
        passages = self.memory.passages
        return passages[-2] if len(passages) > 1 and passages[-1].start_s > t_s + NEAR_S else passages[-1]

    def _weigh(self, beat: Beat, known_s: float) -> None:
        """With the beat that ends: the line before it, and what the passage was taken for."""
        line, last = self._line, self._number == beat.metre
        if line is not None and last:
            line.stage = max(line.stage, STAGES.index("bar"))
        if line is not None and (last or len(self._sounds) - line.first == TWO):
            self._after(line, beat.metre, known_s)
        passage = self.memory.passages[-1]
        bars = round(len(passage.sounds) / beat.metre) if last else 0
        if len(passage.sounds) == TWO or bars in RELABEL_BARS:
            sure = bars != RELABEL_BARS[0]
            self._changed |= self.memory.settle(self._scale(), known_s, sure=sure)

    def _ahead(self, line_s: float, metre: int, known_s: float) -> None:
        """The line that comes, before it sounds."""
        passage = self.memory.passages[-1]
        self._next, self._changed = Line(line_s), True
        if len(passage.sounds) < metre:
            self._next.stage = len(STAGES)
            return
        count = lines.Count(round(len(passage.sounds) / metre), metre)
        lengths, of_label = self.memory.lengths(), self.memory.lengths(passage.label)
        self._next.numbers = lines.ahead(passage.table, count, lengths, of_label, self._build)
        self._ask(self._next, known_s)

    def _within(self, from_s: float, to_s: float) -> list[DrumHit]:
        """Hits of a beat; a drummer may be a little ahead of it."""
        return [one for one in self._hits if from_s - EARLY_S <= one.t_s < to_s - EARLY_S]

    def _turn(self, beat: Beat, known_s: float) -> None:
        """A beat begins: the one before is over."""
        number = self._number_of(beat)
        if self._open is not None:
            self._close(self._open, beat.t_s)
        self._open, self._number, self._foreseen = beat, number, False
        if not self.memory.passages:
            self._begin(Line(beat.t_s, 0), known_s, "first")
        if number == 1:
            self._open_line(beat)

    def _open_line(self, beat: Beat) -> None:
        passage = self.memory.passages[-1]
        passage.bars = round(len(passage.sounds) / beat.metre)
        near = self._next is not None and abs(self._next.start_s - beat.t_s) < 0.5 * beat.beat_s
        line = self._next if self._next is not None and near else Line(beat.t_s, stage=len(STAGES))
        if abs(passage.start_s - line.start_s) < NEAR_S:
            passage.start_s = beat.t_s
        line.start_s, line.first, self._first = beat.t_s, len(self._sounds), BeatSummer()
        self._line, self._next = line, None

    def _close(self, beat: Beat, end_s: float) -> None:
        mine = self._within(beat.t_s, end_s)
        self._hits = [one for one in self._hits if one.t_s >= end_s - EARLY_S]
        sound = self._summer.take(mine)
        self._sounds = np.concatenate([self._sounds, sound[None]])
        self._passage_at(beat.t_s).sounds.append(sound)
        if len(self._sounds) in ASKED_BEATS and not self._known:
            self._know_again(beat.beat_s)
        if len(self._sounds) > MOST_BEATS:
            self.reset()

    def _strike(self, frame: HeardFrame, known_s: float) -> None:
        """The first tenth of a second of a bar."""
        line = self._line
        if line is None or line.stage != STAGES.index("hit") or not len(self._sounds):
            return
        self._first.add(frame)
        if frame.t_s < line.start_s + HIT_S:
            return
        near = [one for one in self._hits if abs(one.t_s - line.start_s) <= HIT_S]
        crash = max((one.strength for one in near if one.drum == "cymbal"), default=0.0)
        kick = max((one.strength for one in near if one.drum == "kick"), default=0.0)
        line.numbers += lines.hit(crash, kick, self._first.take(()), self._sounds[-1])
        self._ask(line, known_s)

    def _after(self, line: Line, metre: int, known_s: float) -> None:
        """Two beats, or the whole bar, since the line have been heard."""
        # only with bars of the same section: what was before it is unlike its second bar, too
        begun = len(self._sounds) - len(self.memory.passages[-1].sounds)
        first = max(begun, line.first - lines.BEFORE_BARS * metre)
        now, rest = self._sounds[line.first :], self._sounds[first : line.first]
        if line.stage not in JUDGED_AFTER or len(now) == 0 or len(rest) < metre:
            return
        rest = rest[len(rest) % metre :].reshape(-1, metre, NUMBERS)[:, : len(now)].reshape(-1, NUMBERS)
        scale = self._scale()
        far = lines.apart(now.mean(axis=0), rest.mean(axis=0), scale)
        usual = np.where(np.isnan(self._usual), far, self._usual)
        if STAGES[line.stage] == "bar":
            self._usual = usual + lines.USUAL * (far - usual)
        likely = lines.like_a_start(now, [one.table for one in self.memory.passages[:-1]], scale)
        line.numbers = [*line.numbers[: lines.KNOWN_AT_HIT], *lines.after(now, rest, far / (usual + 0.2)), likely]
        self._ask(line, known_s)

    def _ask(self, line: Line, known_s: float) -> None:
        stage = STAGES[line.stage]
        line.stage += 1
        late = line.start_s < self.memory.passages[-1].start_s  # something began since
        opens = 0.0 if late else float(self._judge(stage, line.numbers, line.start_s))
        if opens > 0.0:
            line.stage = len(STAGES)
            self._begin(line, known_s, stage)
            self.memory.passages[-1].opens = opens

    # -- sections ------------------------------------------------------------------------------------------------

    def _begin(self, line: Line, known_s: float, stage: str) -> None:
        """A section begins at the line: its first beats, where they are over, are its own."""
        start_s, before = line.start_s, self.memory.passages[-1] if self.memory.passages else None
        passage = Passage("", start_s, known_s, stage)
        late = len(self._sounds) - line.first if line.first >= 0 else 0
        if before is not None and late:
            passage.sounds, before.sounds = before.sounds[-late:], before.sounds[:-late]
        self.memory.passages.append(passage)
        self._changed = True
        if before is None:
            passage.label, passage.sure = "A", 1.0
        else:
            passage.label, passage.sure = self.memory.label(passage, before.label, self._scale())

    def _know_again(self, beat_s: float) -> None:
        """Is it a song that was played tonight? Then its parts, and how it goes on, are known."""
        scale = self._scale()
        kept = self._night.known(self.memory, beat_s, scale)
        if kept is None:
            return
        self._song, self._known, self.memory = kept.number, True, goes_on(self.memory, kept)
        self._before = len(kept.memory.passages)
        for passage in self.memory.passages[self._before :]:
            passage.label, passage.sure = self.memory.label(passage, "", scale)
