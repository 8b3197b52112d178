"""A song on the rig: every output cycle of it, written down, and what it showed. Edge: a file."""

from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.bus.news import LimiterStatus
from controller.clock import Clock
from controller.colour import strongest
from controller.lighting.limiter import Step
from controller.lighting.output_cycle import OutputCycle
from controller.messages import LightToken
from controller.records.cycles import Heard
from controller.records.rendered import RenderedRig
from controller.records.show_file import ShowFile
from controller.rehearsal.listened import UNPACK
from controller.rehearsal.offline_clock import OfflineClock
from controller.rehearsal.rendering import Rendering
from controller.rig.patch.patch import Patch
from controller.sound_format import HOP_S
from controller.timing import Percentiles, Timings

KEEP_TIMINGS = 20_000


def floats() -> "array[float]":
    """An empty array of 32-bit floats: four bytes for each of the many numbers of a long song."""
    return array("f")


@dataclass(frozen=True, slots=True)
class LitSong:
    """What was shown.

    Attributes:
        rig: as it was seen. areas: (cycles, 2 A) float32 as the limiter counts: luminance of each, then red.
        power: (cycles,) float32, mean over the heads. states: how many cycles in each.
        limiter: how often it stepped in. steps: the last thousand times. timings_ms: of its stages.
    """

    rig: RenderedRig
    areas: Float32Array
    power: Float32Array
    states: dict[str, int]
    limiter: LimiterStatus
    steps: list[Step]
    timings_ms: dict[str, Percentiles]


@dataclass
class _Traces:
    """A few bytes for each cycle."""

    levels: "array[float]" = field(default_factory=floats)
    power: "array[float]" = field(default_factory=floats)
    states: dict[str, int] = field(default_factory=dict)


class Lit:
    """The output half of a rehearsal.

    Args:
        made: the output cycle. patch: the rig. rate_hz: cycles a second. file: for the frames. clock: for durations.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, made: OutputCycle, patch: Patch, rate_hz: float, file: Path, clock: Clock) -> None:
        self._made, self._clock, self._rate_hz = made, clock, rate_hz
        self._file = file.open("w", encoding="ascii", newline="\n")
        self._cycles, self._recorder = OfflineClock(made, rate_hz), ShowFile(self._file, patch)
        self._rendering, self._traces = Rendering(patch), _Traces()
        self._timings = Timings(keep=KEEP_TIMINGS)
        self._token: LightToken | None = None
        self._hops = 0

    def take(self, hop: tuple[bytes, LightToken]) -> None:
        """The cycles of a hop, by its pulses as they come and the token of the hop before; its own token comes then."""
        packed, token = hop
        pulses = UNPACK(packed)
        self._hops += 1
        started_s = self._clock.now_s()
        for now_s, tick in self._cycles.until(self._hops * HOP_S, pulses, Heard(token=self._token)):
            self._timings.add("tick", self._clock.now_s() - started_s)
            self._recorder.write(tick.frames, now_s)
            light, traces = self._made.limiter.light, self._traces  # read back from the very slots of this tick
            self._rendering.watch(now_s, light, tick.frames)
            traces.levels.extend(self._made.limiter.levels)
            traces.power.append(float(strongest(light).mean()))
            traces.states[tick.health] = traces.states.get(tick.health, 0) + 1
            started_s = self._clock.now_s()
        self._token = token

    def result(self) -> LitSong:
        """All of it, at its end."""
        self._recorder.close(1.0 / self._rate_hz)
        self._file.close()
        limiter, traces = self._made.limiter, self._traces
        return LitSong(
            self._rendering.rig(),
            np.array(traces.levels, np.float32).reshape(-1, len(limiter.levels)),
            np.array(traces.power, np.float32),
            traces.states,
            limiter.status(),
            list(limiter.steps),
            self._timings.percentiles_ms(),
        )
