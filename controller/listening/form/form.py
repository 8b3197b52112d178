"""Sections as they are played: where one begins, which it is, and how it goes on. Pure.

beats, frames, hits ──► BeatSummer ──► at each bar line: Boundary ──► SongMemory ──► Section

A bar line is judged four times: before it sounds, so that the look can be there on the one; a tenth of a second after
it, when a crash was heard or not; after two beats; after a bar. Once it is taken for a boundary, that stays.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

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
RECALL = 0.5
"""How sure it must be that a section is one of before."""
EARLY_RECALL, GIVE_UP = 0.7, 0.5
"""And after two beats, which tell less; and when it is not any more."""
GOES_ON, USUAL_SHARE, FULL_BEATS = 0.35, 0.3, 4
"""How likely the part before goes on, whatever was heard; how much what is usual adds to what is heard; and after how
many beats what is heard counts fully."""
RELABEL_BARS = (1, 2)
"""After so many bars of a section its label is settled anew."""
TWO = 2
LEAD_S = 0.3
"""A line is judged so long before it sounds: a hop, the time it takes to decide, and a cycle of output are shorter."""
EARLY_S = 0.06
"""A drummer is ahead of the beat by no more."""


@dataclass(frozen=True, slots=True)
class Section:
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
        bars: whole bars of the section at that line. beats: of the song.
    """

    song: int = 0
    section: Section | None = None
    rank: float = 0.4
    risen: float = 0.0
    biggest: bool = False
    bars: int = 0
    line_s: float = -np.inf
    beats: int = 0


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
        self._sounds = np.zeros((0, NUMBERS))
        self._summer, self._first = BeatSummer(), BeatSummer()
        self._coming: deque[Beat] = deque()
        self._hits: list[DrumHit] = []
        self._open: Beat | None = None
        self._number = 0
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
            self._ahead(frame.t_s, known_s)
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
    def sections(self) -> list[Section]:
        """Of the song that is played now."""
        found: list[Section] = []
        seen = {one.label for one in self.memory.passages[: self._before]}
        for one in self.memory.passages[self._before :]:
            if not found or found[-1].label != one.label:
                again = one.label in seen
                found.append(Section(one.start_s, one.known_s, one.label, one.sure, again, one.stage, one.opens))
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
        self.now = SongNow(self._song, section, rank, risen, biggest, bars, line_s, len(self._sounds))

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

    def _ahead(self, now_s: float, known_s: float) -> None:
        """Shortly before the next bar opens its line is judged, so that the look can be there on the one."""
        beat = self._open
        if beat is None or self._next is not None or self._number != beat.metre:
            return
        line_s = beat.t_s + beat.beat_s
        if now_s < line_s - LEAD_S:
            return
        passage = self.memory.passages[-1]
        self._next, self._changed = Line(line_s), True
        if passage.start_s > now_s or len(passage.sounds) + 1 < beat.metre:
            self._next.stage = len(STAGES)
            return
        sounds = np.array([*passage.sounds, self._summer.peek(self._within(beat.t_s, line_s))])
        since, metre = round(len(sounds) / beat.metre), beat.metre
        lengths, of_label = self.memory.lengths(), self.memory.lengths(passage.label)
        self._next.numbers = lines.ahead(sounds, lines.Count(since, metre), lengths, of_label, self._build)
        self._ask(self._next, known_s)

    def _within(self, from_s: float, to_s: float) -> list[DrumHit]:
        """Hits of a beat; a drummer may be a little ahead of it."""
        return [one for one in self._hits if from_s - EARLY_S <= one.t_s < to_s - EARLY_S]

    def _turn(self, beat: Beat, known_s: float) -> None:
        """A beat begins: the one before is over."""
        number = self._number_of(beat)
        if self._open is not None:
            self._close(self._open, beat.t_s)
        self._open, self._number = beat, number
        if not self.memory.passages:
            self._begin(Line(beat.t_s, 0), known_s, "first")
        if len(self.memory.passages[-1].sounds) == TWO:
            self._settle(known_s, early=True)
        line = self._line
        if line is not None and number == 1:
            line.stage = max(line.stage, STAGES.index("bar"))
            self._after(line, beat.metre, known_s)
        elif line is not None and len(self._sounds) - line.first == TWO and line.stage == STAGES.index("two"):
            self._after(line, beat.metre, known_s)
        if number == 1:
            self._open_line(beat, known_s)

    def _open_line(self, beat: Beat, known_s: float) -> None:
        passage = self.memory.passages[-1]
        passage.bars = round(len(passage.sounds) / beat.metre)
        if passage.bars in RELABEL_BARS:
            self._settle(known_s, early=False)
        near = self._next is not None and abs(self._next.start_s - beat.t_s) < 0.5 * beat.beat_s
        line = self._next if self._next is not None and near else Line(beat.t_s, stage=len(STAGES))
        line.start_s, line.first, self._first = beat.t_s, len(self._sounds), BeatSummer()
        if near and passage.start_s > beat.t_s - 0.5 * beat.beat_s:
            passage.start_s = beat.t_s
        self._line, self._next = line, None

    def _close(self, beat: Beat, end_s: float) -> None:
        mine = self._within(beat.t_s, end_s)
        self._hits = [one for one in self._hits if one.t_s >= end_s - EARLY_S]
        sound = self._summer.take(mine)
        self._sounds = np.concatenate([self._sounds, sound[None]])
        passages = self.memory.passages
        ahead = len(passages) > 1 and passages[-1].start_s > beat.t_s + 0.5 * beat.beat_s
        whose = passages[-2] if ahead else passages[-1]
        whose.sounds.append(sound)
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
        if line.stage >= len(STAGES) or len(now) == 0 or len(rest) < metre:
            return
        rest = rest[len(rest) % metre :].reshape(-1, metre, NUMBERS)[:, : len(now)].reshape(-1, NUMBERS)
        scale = lines.spread(self._sounds)
        far = lines.apart(now.mean(axis=0), rest.mean(axis=0), scale)
        usual = np.where(np.isnan(self._usual), far, self._usual)
        if STAGES[line.stage] == "bar":
            self._usual = usual + lines.USUAL * (far - usual)
        likely = lines.like_a_start(now, [one.sounds for one in self.memory.passages[:-1]], scale)
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
        passage.label, passage.sure = self._label(passage, before.label) if before is not None else ("A", 1.0)

    def _know_again(self, beat_s: float) -> None:
        """Is it a song that was played tonight? Then its parts, and how it goes on, are known."""
        kept = self._night.known(self.memory, beat_s, lines.spread(self._sounds))
        if kept is None:
            return
        self._song, self._known, self.memory = kept.number, True, goes_on(self.memory, kept)
        self._before = len(kept.memory.passages)
        for passage in self.memory.passages[self._before :]:
            passage.label, passage.sure = self._label(passage, "")

    def _likely(self, passage: Passage, before: str) -> dict[str, float]:
        """0..1 for each known part: how likely the passage is that one, by what is heard of it and what is usual.

        A part goes on more often than not; after it comes what came after it before. One or two beats tell little.
        """
        usual = self.memory.after(before)
        usual[before] = max(usual.get(before, 0.0), GOES_ON)
        if not passage.sounds:
            return usual
        trust = min(1.0, len(passage.sounds) / FULL_BEATS)
        heard = self.memory.likeness(passage, lines.spread(self._sounds), len(passage.sounds))
        return {
            name: trust * min(1.0, sure + USUAL_SHARE * usual.get(name, 0.0)) + (1.0 - trust) * usual.get(name, 0.0)
            for name, sure in heard.items()
        }

    def _label(self, passage: Passage, before: str) -> tuple[str, float]:
        """Label and how sure it is."""
        likely = self._likely(passage, before)
        best = max(likely, key=lambda name: likely[name], default="")
        if best and likely[best] >= RECALL:
            return best, likely[best]
        return self.memory.new_label(), 1.0 - likely.get(best, 0.0)

    def _settle(self, known_s: float, *, early: bool) -> None:
        """Early in a passage: is it the part that it was taken for? What was known before needs more to be given up."""
        passages = self.memory.passages
        passage, others = passages[-1], {one.label for one in passages[:-1]}
        if len(passages) < 2 or passage.said:
            return
        own, passage.label = passage.label, ""
        likely = self._likely(passage, passages[-2].label)
        best = max(likely, key=lambda name: likely[name], default="")
        passage.label, passage.sure = own, likely.get(own, 1.0 - likely.get(best, 0.0))
        if own in others and (early or likely.get(own, 0.0) >= GIVE_UP):
            return
        if best and likely[best] >= (EARLY_RECALL if early else RECALL):
            passage.label, passage.sure = best, likely[best]
        elif own in others:
            passage.label, passage.sure = self.memory.new_label(), 1.0 - likely[best]
        if passage.label != own:
            passage.known_s, self._changed = known_s, True
