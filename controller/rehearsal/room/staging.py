"""The stage of a song, made anew only where something changed. Pure.

The output cycle remembers (fades, figures, the flash limiter's window), so a change acts on what comes after it. On the
way its whole state is kept at marks; the next time the work begins at the last mark before the first change.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.config import Config
from controller.lighting.engine import Tick
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.messages import Pulse
from controller.records.cycles import Heard
from controller.rehearsal.camera import stage_row
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


class Staging:
    """Makes the stage of one song.

    Args:
        config: rig and looks. pulses: of each hop.

    Attributes:
        limited: how often the flash limiter stepped in, in the stage that was made last.
    """

    def __init__(self, config: Config, pulses: Sequence[Sequence[Pulse]]) -> None:
        self._config, self._pulses, self._patch = config, pulses, patch_of(config)
        self._observer = Observer(self._patch)
        self._rows: Rows = np.zeros((0, self._patch.heads, 5), np.uint8)
        self._heard: list[Heard] = []
        self._marks: dict[int, Mark] = {}
        self.limited = 0

    def ticks(self, heard: Sequence[Heard]) -> Iterator[tuple[float, Tick]]:
        """Every output cycle of a song from its beginning, and its time; `heard`: what each hop begins with."""
        start = self._start()
        for hop, one in enumerate(heard):
            yield from start.cycles.until((hop + 1) * HOP_S, self._pulses[hop], one)

    def rows(self, heard: Sequence[Heard], progress: Callable[[float], None]) -> Rows:
        """(F, N, 5) uint8 of the whole song, as in `Studio.rows`.

        Args:
            heard: what each hop begins with. progress: told the share that is done.
        """
        known = len(self._heard)
        first = next((hop for hop, one in enumerate(heard) if hop >= known or one != self._heard[hop]), None)
        if first is None:
            return self._rows
        begin = max((hop for hop in self._marks if hop <= first), default=0)
        self._marks = {hop: mark for hop, mark in self._marks.items() if hop <= begin}
        at = self._copied(self._marks[begin]) if begin else self._start()
        self._rows, self._heard = self._rows[: at.rows], self._heard[:begin]
        found, step = list[Rows](), max(MARK_HOPS, -(-len(heard) // MOST_MARKS))
        try:
            for hop in range(begin, len(heard)):
                progress((hop - begin) / (len(heard) - begin))
                self._play(hop, heard[hop], at, found, step)
                self._heard.append(heard[hop])
        finally:  # whoever breaks off goes on from there
            self._rows = np.concatenate([self._rows, *found])
        self.limited = at.made.limiter.interventions
        return self._rows

    def _play(self, hop: int, heard: Heard, at: Mark, found: list[Rows], step: int) -> None:
        """The pictures of a hop, and a mark now and then."""
        if hop % step == 0 and hop and hop not in self._marks:
            self._marks[hop] = self._copied(Mark(at.made, at.cycles, len(self._rows) + len(found)))
        for _, tick in at.cycles.until((hop + 1) * HOP_S, self._pulses[hop], heard):
            if at.cycles.count % STAGE_EVERY == 0:
                stage = self._observer.observe({frame.universe: frame.slots for frame in tick.frames})
                found.append(stage_row(stage.light, stage.pan_deg, stage.tilt_deg)[None])

    def _start(self) -> Mark:
        made = OutputCycle(self._config, self._patch, ConsoleMerge(self._config, self._patch, NOBODY))
        return Mark(made, OfflineClock(made, self._config.rates.output_hz), 0)

    def _copied(self, mark: Mark) -> Mark:
        """A state of its own; the configuration and the patch are shared."""
        return copy.deepcopy(mark, {id(self._config): self._config, id(self._patch): self._patch})
