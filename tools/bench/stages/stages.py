"""What each stage of the signal path costs, in one process, at full speed, on the bundled song.

Full speed keeps the caches warm, so these are the least the stages cost; `live` reports the same stages at show speed.
"""

import numpy as np

from controller.arrays import Float32Array
from controller.clock import MonotonicClock
from controller.config import read_config
from controller.lighting.engine import LookEngine
from controller.listening.audio.source import open_recorded
from controller.listening.decider import Decider
from controller.listening.networks import open_ear
from controller.messages import AudioBlock, Pulse
from controller.rig.patch.configured import patch_of
from controller.sound_format import HOP_S, HOP_SAMPLES
from controller.timing import Timings
from tools.bench.run.result import CONFIG, Figures, Options
from tools.bench.run.staging import bundled_song
from tools.bench.run.waiting import progress

HOPS = 1_200
QUICK_HOPS = 600
MANY = 1_000_000
AIMS = {"analysis_ms": "p99 < 60", "accent_ms": "p99 < 5", "tick_ms": "p99 < 10"}


def measure(options: Options) -> Figures:
    """Milliseconds of embedding, decoding (with sampling), onset step (5 ms of sound) and tick (look and render)."""
    hops = options.hops or options.pick(HOPS, QUICK_HOPS)
    bench = _Stages(hops)
    song = open_recorded(bundled_song(), bench.config, loop=True)
    try:
        with progress() as bar:
            for hop in bar.track(range(hops), description="stages"):
                bench.hop(hop, song.read(HOP_SAMPLES))
    finally:
        song.close()
    return {"hops": hops, **bench.figures()}


class _Stages:
    """The stages in a row, as rehearsal joins them, with a stopwatch at each."""

    def __init__(self, hops: int) -> None:
        self.config = read_config(CONFIG)
        self._clock = MonotonicClock()
        self._decider = Decider(self.config, self._clock)
        self._decider.timings = Timings(keep=hops)  # its own remember the last minute only
        self._decider.warm_up()
        self._engine = LookEngine(self.config, patch_of(self.config))
        self._ear = open_ear(self.config, ())
        self._timings = Timings(keep=MANY)
        self._block_samples = round(self.config.audio.block_s * 48_000)
        self._period_s = 1.0 / self.config.rates.output_hz
        self._ticks = 0

    def hop(self, hop: int, samples: Float32Array) -> None:
        """0.1 s of the show: fast path in blocks, slow path, then the ticks that fall into it."""
        start_s = hop * HOP_S
        mix = samples[:, :1]
        for first in range(0, len(mix), self._block_samples):
            block = mix[first : first + self._block_samples]
            end_s = start_s + (first + len(block)) / 48_000
            for pulse in self._hear(AudioBlock(end_s, 0, block)):
                self._engine.hear_pulse(pulse, end_s)
                self._tick_until(end_s)
        for window in self._ear.windows(AudioBlock(start_s + HOP_S, hop, mix)):
            self._engine.hear_token(self._decider.step(window))

    def _hear(self, block: AudioBlock) -> list[Pulse]:
        started_s = self._clock.now_s()
        pulses = list(self._ear.pulses(block))
        told_s = self._clock.now_s()
        self._timings.add("accent", told_s - started_s)
        self._ear.listen(block)
        self._timings.add("hearing", self._clock.now_s() - told_s)
        return pulses

    def _tick_until(self, end_s: float) -> None:
        while self._ticks * self._period_s <= end_s:
            started_s = self._clock.now_s()
            self._engine.tick(self._ticks * self._period_s)
            self._timings.add("tick", self._clock.now_s() - started_s)
            self._ticks += 1

    def figures(self) -> Figures:
        """Percentiles of each stage, and the share of a core that the sum of the medians asks for."""
        both = self._decider.timings.percentiles_ms() | self._timings.percentiles_ms()
        figures: Figures = {
            f"{stage}_ms": dict(zip(("p50", "p95", "p99"), three, strict=True)) for stage, three in both.items()
        }
        per_second = {"analysis": 10.0, "accent": 1.0 / self.config.audio.block_s, "tick": 1.0 / self._period_s}
        cost_ms = np.sum([both[stage][0] * times for stage, times in per_second.items() if stage in both])
        return {**figures, "core_percent_of_medians": round(float(cost_ms) / 10.0, 1)}
