"""A show's log, played again and cut into songs: what each looked like, and what people did in it. Pure.

A song is what the set list said it was. Where nobody said so, it is what lies between two long rests.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from controller.lighting.output_cycle import AGES_S, OutputCycle
from controller.messages import Command, Cue, Pulse, SongWish
from controller.people.commands import is_audited, row_of
from controller.records.cycles import Cycle
from controller.records.told_form import ToldForm
from controller.rehearsal.night.cutting import Cutting
from controller.rehearsal.rendering import Rendering
from controller.rig.observe import Observer
from controller.rig.patch.patch import Patch
from controller.sound_format import HOP_S

LEVEL_HZ = 20.0
FLOOR_DB = -60.0
GAP_S = 0.1
"""A cycle that comes later than this after the one before is a gap."""
HANDS = ("hand", "scene", "hues", "forbidden", "intensity", "energy", "pace", "spread")
"""Commands by which people light themselves: what a model can learn from."""


@dataclass
class PlayedSong:
    """One song, talk or changeover.

    Many attributes: one for each thing that is drawn or counted.

    Attributes:
        title: of the set list, or a number. kind: song, talk, changeover. wish: what was wished.
        from_s, to_s: of the log. levels: loudest level dBFS of each twentieth of a second.
        tokens: (hue, value). form: sections and looks. rendering: the rig. limited_s: when flashes were taken out.
        bars_s: ones that were heard. done: what people did, counted. taken: heads taken in hand, counted.
    """

    title: str
    kind: str
    wish: SongWish
    from_s: float
    rendering: Rendering
    to_s: float = 0.0
    levels: list[float] = field(default_factory=list)
    tokens: list[tuple[int, int]] = field(default_factory=list)
    form: ToldForm = field(default_factory=ToldForm)
    limited_s: list[float] = field(default_factory=list)
    bars_s: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)

    @property
    def length_s(self) -> float:
        """Seconds."""
        return self.to_s - self.from_s


@dataclass
class PlayedNight:
    """A whole log.

    Attributes:
        songs: in order. cycles: output cycles. gaps_s: (when, how long) of each pause between two cycles.
        flashes: how often the limiter stepped in. states: seconds in each state of health.
        different: cycles that did not come out as they were sent.
    """

    songs: list[PlayedSong] = field(default_factory=list)
    cycles: int = 0
    longest_gap_s: float = 0.0
    gaps_s: list[tuple[float, float]] = field(default_factory=list)
    flashes: int = 0
    states: Counter[str] = field(default_factory=Counter)
    different: int = 0
    from_s: float = 0.0
    to_s: float = 0.0


class Playing:
    """Plays the cycles of a log and keeps what they showed.

    Args:
        cycle: as it was in the show. patch: the rig.
    """

    def __init__(self, cycle: OutputCycle, patch: Patch) -> None:
        self._cycle, self._patch, self._observer = cycle, patch, Observer(patch)
        self.night = PlayedNight()
        self._cutting = Cutting()
        self._song: PlayedSong | None = None
        self._began_s: float | None = None
        self._last_s = 0.0
        self._limited = 0

    def take(self, one: Cycle, *, different: bool = False) -> None:
        """Play the next cycle. `different`: whoever checks found that other bytes were sent."""
        night = self.night
        if self._began_s is None:
            self._began_s = self._last_s = one.now_s
        tick = self._cycle.replay(one.now_s, one.heard)
        if one.now_s - self._last_s > AGES_S / 2.0:
            return  # the farewell's last frames, which are made as if an hour had passed
        now_s = one.now_s - self._began_s
        gap_s = one.now_s - self._last_s
        self._last_s = one.now_s
        night.longest_gap_s = max(night.longest_gap_s, gap_s)
        if gap_s > GAP_S:
            night.gaps_s.append((now_s, gap_s))
        night.cycles, night.to_s, night.different = night.cycles + 1, now_s, night.different + different
        night.states[tick.health] += 1
        song = self._cut(one, tick.health, now_s)
        self._hear(song, one, now_s)
        light = self._observer.observe({frame.universe: frame.slots for frame in tick.frames}).light
        song.rendering.watch(now_s - song.from_s, light, tick.frames)
        if self._cycle.limiter.interventions > self._limited:
            self._limited = self._cycle.limiter.interventions
            song.limited_s.append(now_s - song.from_s)
            night.flashes += 1

    def _cut(self, one: Cycle, health: str, now_s: float) -> PlayedSong:
        """The song that this cycle is part of."""
        wishes = [command.wish for command in one.heard.commands if command.name == "wish" and command.wish]
        begins = self._cutting.step(wishes[-1] if wishes else None, health, now_s)
        if self._song is None or begins:
            if self._song is not None:
                self._song.to_s = now_s
            wish = self._cutting.wish
            title = wish.title or f"Song {sum(one.kind == 'song' for one in self.night.songs) + 1}"
            self._song = PlayedSong(title, wish.kind or "song", wish, now_s, Rendering(self._patch))
            self.night.songs.append(self._song)
        self._song.to_s = now_s
        return self._song

    def _hear(self, song: PlayedSong, one: Cycle, now_s: float) -> None:
        at_s = now_s - song.from_s
        _level(song, (pulse for _, pulse in one.heard.pulses), at_s)
        token = one.heard.token
        if token is not None:
            hops = round(at_s / HOP_S)
            song.tokens += [(token.hue, token.value)] * max(1, min(hops - len(song.tokens), 20))
            cue = token.cue
            if cue is not None and self._began_s is not None:
                _bar(song, cue, at_s, token.t_s)
                song.form.take(_within(cue, self._began_s + song.from_s), at_s)
        for command in one.heard.commands:
            _count(song, command)


def _level(song: PlayedSong, pulses: Iterable[Pulse], at_s: float) -> None:
    loudest = max((pulse.level_db for pulse in pulses), default=None)
    place = int(at_s * LEVEL_HZ)
    if loudest is None or place < 0:
        return
    song.levels += [FLOOR_DB] * (place + 1 - len(song.levels))
    song.levels[place] = max(song.levels[place], loudest)


def _bar(song: PlayedSong, cue: Cue, at_s: float, t_s: float) -> None:
    """The newest one that was heard, once."""
    if cue.beat_s <= 0.0 or cue.number <= 0:
        return
    one_s = at_s - (t_s - cue.beat_t_s) - (cue.number - 1) * cue.beat_s
    if one_s >= 0.0 and (not song.bars_s or one_s - song.bars_s[-1] > 0.5 * cue.metre * cue.beat_s):
        song.bars_s.append(one_s)


def _within(cue: Cue, from_s: float) -> Cue:
    """The cue with its times counted from the song's beginning."""
    return replace(cue, start_s=max(0.0, cue.start_s - from_s), section_s=max(0.0, cue.section_s - from_s))


def _count(song: PlayedSong, command: Command) -> None:
    row = row_of(command.name)
    if row is None or row.who is None or command.name == "wish":
        return
    if command.name == "hand" and command.amount > 0.5:
        song.taken[command.target] += 1
    if command.name in HANDS or is_audited(command.name) or row.kind == "held":
        song.done[row.title] += 1


def waveform(song: PlayedSong) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(n, 2) lowest and highest of each twentieth of a second, as a picture shows them, out of levels."""
    levels = np.array(song.levels or [FLOOR_DB], np.float32)
    high = np.clip(10.0 ** (levels / 40.0), 0.0, 1.0)
    return np.stack([-high, high], axis=1).astype(np.float32)
