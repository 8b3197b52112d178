"""The stage of a song, made anew only where something changed. Pure.

The output cycle remembers (fades, figures, the flash limiter's window), so a change acts on what comes after it. On the
way its whole state is kept at marks; the next time the work begins at the last mark before the first change.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from controller.colour import to_encoded
from controller.config import Config
from controller.lighting.engine import Tick
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.messages import Pulse
from controller.records.cycles import Heard
from controller.rehearsal.offline_clock import OfflineClock
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.sound_format import HOP_S

STAGE_EVERY = 2
"""Ticks of 40 Hz between two pictures of the stage."""
MARK_HOPS, MOST_MARKS = 40, 60
"""Hops between two marks, at least; a mark takes about two megabytes."""
Rows = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Mark:
    """The state before a hop. `rows`: pictures so far."""

    made: OutputCycle
    cycles: OfflineClock
    rows: int


@dataclass
class Staging:
    """Makes the stage of one song.

    Args:
        config: rig and looks. pulses: of each hop.

    Attributes:
        limited: how often the flash limiter stepped in. done: hops that were played the last time.
    """

    config: Config
    pulses: Sequence[Sequence[Pulse]]
    limited: int = 0
    done: int = 0
    _heard: list[Heard] = field(default_factory=list)
    _rows: Rows = field(default_factory=lambda: np.zeros((0, 0, 5), np.uint8))
    _marks: dict[int, Mark] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patch = patch_of(self.config)

    def ticks(self, heard: Sequence[Heard]) -> Iterator[tuple[float, Tick]]:
        """Every output cycle of a song from its beginning, and its time; `heard`: what each hop begins with."""
        start = self._start()
        for hop, one in enumerate(heard):
            yield from start.cycles.until((hop + 1) * HOP_S, self.pulses[hop], one)
        self.limited = start.made.limiter.interventions

    def rows(self, heard: Sequence[Heard], progress: Callable[[float], None]) -> Rows:
        """(F, N, 5) uint8 of the whole song, as in `Studio.rows`.

        Args:
            heard: what each hop begins with. progress: told the share that is done.
        """
        now = list(heard)
        differs = [hop for hop, (one, was) in enumerate(zip(now, self._heard, strict=False)) if one != was]
        if len(now) != len(self._heard):
            self._marks, differs = {}, [0, len(now)]
        if not differs:
            return self._rows
        begin = max((hop for hop in self._marks if hop <= differs[0]), default=0)
        mark = self._marks.get(begin)
        now_at = self._start() if mark is None else _copied(mark, self._shared())
        try:
            made = self._played(now, begin, now_at, progress)
        except BaseException:
            self._heard, self._marks = [], {}
            raise
        self._rows = np.concatenate([self._rows[: now_at.rows], *made]) if now_at.rows else np.concatenate(made)
        self._heard = now
        return self._rows

    def _played(self, now: list[Heard], begin: int, at: Mark, progress: Callable[[float], None]) -> list[Rows]:
        """The pictures from hop `begin` on."""
        observer, found, rows = Observer(self._patch), list[Rows](), at.rows
        step = max(MARK_HOPS, -(-len(now) // MOST_MARKS))
        for hop in range(begin, len(now)):
            progress((hop - begin) / (len(now) - begin))
            self.done = hop - begin
            if hop % step == 0 and hop > begin:
                self._marks[hop] = _copied(Mark(at.made, at.cycles, rows), self._shared())
            for _, tick in at.cycles.until((hop + 1) * HOP_S, self.pulses[hop], now[hop]):
                if at.cycles.count % STAGE_EVERY == 0:
                    found.append(_row(observer, tick)[None])
                    rows += 1
        self.done = len(now) - begin
        self.limited = at.made.limiter.interventions
        return found

    def _start(self) -> Mark:
        made = OutputCycle(self.config, self._patch, ConsoleMerge(self.config, self._patch, NOBODY))
        return Mark(made, OfflineClock(made, self.config.rates.output_hz), 0)

    def _shared(self) -> dict[int, object]:
        """What no copy has of its own."""
        return {id(self.config): self.config, id(self._patch): self._patch}


def _copied(mark: Mark, shared: dict[int, object]) -> Mark:
    return copy.deepcopy(mark, dict(shared))


def _row(observer: Observer, tick: Tick) -> Rows:
    stage = observer.observe({frame.universe: frame.slots for frame in tick.frames})
    place = np.column_stack([(stage.pan_deg % 360.0) / 360.0, stage.tilt_deg / 180.0])
    return np.rint(np.hstack([to_encoded(stage.light), np.clip(place, 0.0, 1.0)]) * 255.0).astype(np.uint8)
