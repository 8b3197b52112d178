"""From a sound to the Art-Net packet that answers it, with the models running, and where the milliseconds go.

    burst -> null sink -> PortAudio -> block -> onset step -> pulse -> tick -> packet
      |                                 |                      |                  |
      `- Ears, SoundClock              `- pulse.onset_t_s     `- PulseTap        `- Wire

All four moments are on one monotonic clock. The budget of a burst adds up to its latency exactly:

- `delivery`: the sound exists -> the sound card's callback brings the block in which the onset is noticed;
- `hearing`: -> a reader of the bus has the pulse (waking up, the onset step, the message);
- `waiting`: -> the output process begins the cycle (what is left when the others are taken off);
- `render_and_send`: that cycle, by the median of the output process's own stopwatch;
- `rising`: the first packet after the pulse -> the first that is clearly brighter (0 if it is the same).
"""

import contextlib
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zmq

from controller.bus.sockets import Newest
from controller.bus.topics import PULSES
from controller.clock import MonotonicClock
from controller.messages import Pulse
from controller.sound_format import SAMPLE_RATE_HZ
from tools.bench.run.processes import Program, cpu_percent, running, usage
from tools.bench.run.recorder import Recorder
from tools.bench.run.result import FailedError, Figures, Options, percentiles
from tools.bench.run.staging import START_TIMEOUT_S, free_tcp_port, run_folder, staged_show
from tools.bench.run.waiting import pause, wait_for
from tools.bench.run.wire import Wire
from tools.bench.show.live import by_port_address, rss_by_part
from tools.bench.sound.bursts import find_bursts, make_bursts
from tools.bench.sound.rises import Brightness, brightness, first_clear_rise_s
from tools.bench.sound.sound_clock import SoundClock
from tools.bench.sound.sound_server import Ears, require_sound, sound_server

BURSTS = 100
QUICK_BURSTS = 15
SEED = 2
PORT_ADDRESS = 0
SETTLE_S = 3.0
PLAY_MARGIN_S = 3.0
END_TIMEOUT_S = 40.0
ALONE = {"model": {"hearing": "none"}, "look": {"pack": "none"}}
"""Bursts in silence are no band: a show that hears kinds of sound rightly lights none of them (`audio/weighing.py`)."""
PARTS = ("delivery", "hearing", "waiting", "render_and_send", "rising")
AIMS = {
    "first_clear_rise_ms": "p50 < 25, p99 < 45",
    "misses": "0",
    "sound_clock.spacing_error_samples": "0, or nothing counts",
}


def measure(options: Options) -> Figures:
    """Play the bursts to a show that captures `device:pulse`, and compare what was heard with what was sent.

    Raises:
        SkippedError: no PulseAudio or no PortAudio here.
    """
    require_sound()
    samples, onsets = make_bursts(options.pick(BURSTS, QUICK_BURSTS), SEED)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        file = folder / "bursts.wav"
        write_wav(file, samples)
        environment = stack.enter_context(sound_server(folder))
        ears, wire = Ears(environment, folder), Wire()
        stack.callback(ears.close)
        stack.callback(wire.close)
        show_options = ("--audio", "device:pulse", "--web", f"127.0.0.1:{free_tcp_port()}")
        show = stack.enter_context(
            staged_show(folder, wire.port, *show_options, environment=environment, changes=ALONE)
        )
        tap = PulseTap(run_folder(folder, show))
        stack.callback(tap.close)
        with Recorder([tap, ears, wire]):
            played = _play(file, len(samples) / SAMPLE_RATE_HZ, show, tap, environment=environment, folder=folder)
        show.ask_to_end()
        summary = show.finish(END_TIMEOUT_S)
    evidence = _Evidence(ears, wire, tap, summary)
    return evidence.figures(len(onsets), np.diff(onsets)) | played


def _play(
    file: Path, length_s: float, show: Program, tap: "PulseTap", *, environment: dict[str, str], folder: Path
) -> Figures:
    """Play the file once the show hears, and watch what the show uses meanwhile."""
    clock = MonotonicClock()
    wait_for(lambda: tap.pulses > 0 or show.over, START_TIMEOUT_S, "the show to hear its device")
    pause(SETTLE_S, "latency: settling", show.check_alive)
    before, before_s = usage(show.pid), clock.now_s()
    with running(["paplay", str(file)], folder, "paplay", environment) as player:
        pause(length_s, f"latency: {length_s:.0f} s of bursts", show.check_alive)
        after, after_s = usage(show.pid), clock.now_s()
        wait_for(lambda: player.over, PLAY_MARGIN_S + length_s / 10.0, "paplay to end")
    pause(1.0, "latency: the last one", show.check_alive)
    return {"cpu_percent": cpu_percent(before, after, after_s - before_s), "rss_mib": rss_by_part(after)}


class PulseTap:
    """A reader of the run's `pulses`, beside the output process: when each new onset got to it.

    Attributes:
        pulses: how many came. onsets: (monotonic s of reception, pulse) of each that brought a new onset.
    """

    def __init__(self, run: Path) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._newest = Newest(self._context, run, PULSES)
        self._clock = MonotonicClock()
        self._count = 0
        self.pulses = 0
        self.onsets: list[tuple[float, Pulse]] = []

    @property
    def socket(self) -> "zmq.Socket[bytes]":
        """For a poller."""
        return self._newest.socket

    def read(self) -> None:
        """Take the newest pulse, if there is one."""
        pulse = self._newest.take()
        if pulse is None:
            return
        self.pulses += 1
        if pulse.onsets > self._count:
            self.onsets.append((self._clock.now_s(), pulse))
        self._count = pulse.onsets

    def close(self) -> None:
        """Close the socket."""
        self._newest.close()
        self._context.term()


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of one burst; monotonic seconds, None for what never came.

    Attributes:
        onset_s: its first sample. noticed_s: the block that gave it away came from the sound card.
        told_s: a reader had the pulse. packet_s: the next packet. risen_s: the first clearly brighter one.
    """

    onset_s: float
    noticed_s: float | None
    told_s: float | None
    packet_s: float | None
    risen_s: float | None

    def parts_s(self, render_and_send_s: float) -> tuple[float, ...] | None:
        """Its budget in the order of PARTS; None if a moment is missing or the light rose before the block came.

        The light may have answered before our own reader of the bus woke up: then the pulse was told one cycle's work
        before the packet at the latest, and nothing waited.
        """
        if self.noticed_s is None or self.told_s is None or self.packet_s is None or self.risen_s is None:
            return None
        told_s = min(self.told_s, self.risen_s - render_and_send_s)
        packet_s = self.packet_s if told_s == self.told_s else self.risen_s
        if told_s < self.noticed_s:
            return None
        return (
            self.noticed_s - self.onset_s,
            told_s - self.noticed_s,
            packet_s - told_s - render_and_send_s,
            render_and_send_s,
            self.risen_s - packet_s,
        )


class _Evidence:
    """All that was recorded, and what follows from it."""

    def __init__(self, ears: Ears, wire: Wire, tap: PulseTap, summary: dict[str, Any]) -> None:
        self._heard = find_bursts(ears.heard())
        if len(self._heard) == 0:
            raise FailedError("no burst came back from PulseAudio's monitor")
        self._clock = SoundClock(*ears.deliveries())
        self._wire, self._tap, self._summary = wire, tap, summary
        self._light = brightness(wire.arrivals, PORT_ADDRESS)
        self.bursts = [
            self._burst(onset_s, until_s)
            for onset_s, until_s in _with_next([self._clock.time_of(int(one)) for one in self._heard])
        ]

    def _burst(self, onset_s: float, until_s: float) -> Burst:
        pulse = next(((told_s, one) for told_s, one in self._tap.onsets if onset_s <= told_s < until_s), None)
        risen_s = first_clear_rise_s(self._light, onset_s, until_s)
        if pulse is None:
            return Burst(onset_s, None, None, None, risen_s)
        told_s, noticed_s = pulse[0], pulse[1].onset_t_s
        return Burst(onset_s, noticed_s, told_s, next_packet_s(self._light, told_s), risen_s)

    def figures(self, wanted: int, spacings: np.ndarray[Any, np.dtype[np.int64]]) -> Figures:
        """Latency, budget and how far the measurement itself can be trusted."""
        delays_s = [one.risen_s - one.onset_s for one in self.bursts if one.risen_s is not None]
        lighting, listening = self._summary["lighting"], self._summary["listening"]
        span_s = (self.bursts[0].onset_s, self.bursts[-1].onset_s)
        during = [one for one in self._wire.arrivals if span_s[0] <= one.t_s <= span_s[1]]
        return {
            "bursts": wanted,
            "bursts_heard": len(self.bursts),
            "misses": wanted - len(delays_s),
            "first_clear_rise_ms": percentiles(delays_s, 0, 50, 95, 99, 100),
            "budget": self._budget(lighting["timings_ms"]["tick"][0] / 1e3),
            "onset_step_ms": dict(zip(("p50", "p95", "p99"), listening["timings_ms"]["accent"], strict=True)),
            "wire": by_port_address(during),
            "pulled_cycles": lighting["pulled_cycles"],
            "overruns": listening["overruns"],
            "sound_clock": self._trust(spacings),
        }

    def _budget(self, render_and_send_s: float) -> Figures:
        whole = [parts for one in self.bursts if (parts := one.parts_s(render_and_send_s)) is not None]
        if not whole:
            return {"bursts": 0}
        table = np.array(whole)
        shares: Figures = {
            f"{part}_ms": {"mean": round(float(column.mean()) * 1e3, 2), **percentiles(column, 50, 95, 100)}
            for part, column in zip(PARTS, table.T, strict=True)
        }
        return {"bursts": len(whole), **shares, "sum_ms": {"mean": round(float(table.sum(axis=1).mean()) * 1e3, 2)}}

    def _trust(self, spacings: np.ndarray[Any, np.dtype[np.int64]]) -> Figures:
        """`spacing_error_samples` not 0: sound was lost on the way, and the latencies mean nothing."""
        heard = np.diff(self._heard)
        starts_s = [self._clock.start_s(int(one)) for one in self._heard]
        complete = len(heard) == len(spacings)
        return {
            "spacing_error_samples": int(np.abs(heard - spacings).max(initial=0)) if complete else "bursts lost",
            "envelope_moved_ms": round((max(starts_s) - min(starts_s)) * 1e3, 3),
            "delivery_above_envelope_ms": percentiles(self._clock.lateness_s(), 50, 99),
        }


def _with_next(onsets_s: list[float]) -> list[tuple[float, float]]:
    """Each onset with the one after it."""
    return list(zip(onsets_s, [*onsets_s[1:], float("inf")], strict=True))


def next_packet_s(light: Brightness, after_s: float) -> float | None:
    """The first packet after a moment."""
    index = int(np.searchsorted(light.times_s, after_s, side="right"))
    return float(light.times_s[index]) if index < len(light.times_s) else None


def write_wav(file: Path, samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """A stereo WAV of 16 bits with the same samples (n,) float32 on both sides."""
    words = np.rint(samples * 32_767).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(np.stack([words, words], axis=1).tobytes())
