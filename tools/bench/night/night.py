"""A whole night in a time of its own: decider, desk, person and limiter, three simulated hours, memory and pace.

`make bench ARGS="--only night"`; some twenty minutes for the three hours.
"""

from dataclasses import asdict, replace

import numpy as np

from controller.clock import ManualClock, MonotonicClock
from controller.config import read_config
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.listening.audio.source import open_recorded
from controller.listening.audio.windows import Windows
from controller.listening.decider import Decider
from controller.messages import AudioBlock, Pulse, Window
from controller.records.cycles import Heard
from controller.rig.patch.configured import patch_of
from controller.sound_format import HOP_S, HOP_SAMPLES
from tools.bench.night.endless import rss_bytes, slope
from tools.bench.run.result import CONFIG, Figures, Options
from tools.bench.run.staging import bundled_song
from tools.bench.run.waiting import progress

SLICES = 18
HEARD_HOPS = 600
CYCLES_A_HOP = 4
AIMS = {"memory_growth_percent": "< 1", "pace_drift_percent": "about 0"}


def measure(options: Options) -> Figures:
    """Hops of music, four output cycles in each, as fast as it goes; in slices, the first of which warms up."""
    config = read_config(CONFIG)
    patch, clock, real = patch_of(config), ManualClock(1_000.0), MonotonicClock()
    decider, made = (
        Decider(config, clock, patient=True),
        OutputCycle(config, patch, ConsoleMerge(config, patch, NOBODY)),
    )
    windows = _windows()
    hops = round(options.night_minutes * 60.0 / HOP_S / SLICES)
    rss_mib, seconds = np.zeros(SLICES), np.zeros(SLICES)
    with progress() as bar:
        task = bar.add_task("night", total=SLICES * hops)
        for one in range(SLICES):
            begun_s = real.now_s()
            for hop in range(one * hops, (one + 1) * hops):
                _hop(windows[hop % len(windows)], hop, clock, decider, made)
                bar.update(task, advance=1)
            rss_mib[one], seconds[one] = rss_bytes() / 2**20, real.now_s() - begun_s
    return {
        "simulated_minutes": options.night_minutes,
        "times_real_time": round(options.night_minutes * 60.0 / float(seconds.sum()), 1),
        "rss_mib_by_slice": [round(float(mib), 1) for mib in rss_mib],
        "memory_growth_percent": round(100.0 * slope(rss_mib) * (SLICES - 2) / float(rss_mib[1:].mean()), 3),
        "pace_drift_percent": round(100.0 * slope(seconds) * (SLICES - 2) / float(seconds[1:].mean()), 1),
        "limiter": asdict(made.limiter.status()),
    }


def _windows() -> list[Window]:
    """The first minute of the bundled song."""
    song, windows = open_recorded(bundled_song(), read_config(CONFIG)), Windows()
    try:
        blocks = [AudioBlock(hop * HOP_S, hop, song.read(HOP_SAMPLES)[:, :1]) for hop in range(HEARD_HOPS)]
    finally:
        song.close()
    return [window for block in blocks for window in windows.feed(block)]


def _hop(window: Window, hop: int, clock: ManualClock, decider: Decider, made: OutputCycle) -> None:
    """One decision and the cycles until the next; an onset twice a second."""
    now_s = clock.now_s()
    token = decider.step(replace(window, t_s=now_s, seq=hop))
    pulse = Pulse(now_s, hop, -18.0, 0.7, 0.0, hop // 5, now_s - hop % 5 * HOP_S, 0.8, ())
    made.hear_pulse(pulse, now_s)
    for cycle in range(CYCLES_A_HOP):
        clock.sleep_until(now_s + cycle * HOP_S / CYCLES_A_HOP)
        made.run(clock.now_s(), Heard(token=token if cycle == 0 else None))
    clock.sleep_until(now_s + HOP_S)
