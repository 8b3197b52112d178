"""What does an output cycle cost: looks, render, limiter, for small and large rigs?

With `FOLLOWSPOT_CYCLE_BEFORE`, the folder of another checkout, that one's cycle runs in turns with this one's, and the
ratio is given.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import numpy as np

from controller.config import Config, read_config, with_overrides
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.looks.pack import pack_of
from controller.messages import Cue, LightToken, Pulse
from controller.records.cycles import Heard
from controller.rig.patch.configured import patch_of
from tools.bench.run.result import CONFIG, Figures, Options

SECONDS, QUICK_SECONDS = 12.0, 4.0
PERIOD_S, HOP_CYCLES, BEAT_CYCLES, SECTION_S = 0.025, 4, 20, 4.0
BUNDLED = 24
HEADS = (BUNDLED, 512, 4_096)
ROLES = ("pixel", "wash", "back")
PALETTES = ((0.0, 1.0), (240.0, 1.0, 30.0, 0.8), (120.0, 0.9))
BEFORE = "FOLLOWSPOT_CYCLE_BEFORE"
AIMS = {"heads_24.ratio": "≤ 1/2", "heads_512.ratio": "≤ 1/3", "heads_4096.ratio": "≤ 1/3"}


def measure(options: Options) -> Figures:
    """Microseconds of the processor for a cycle, the best of three rounds, by heads of the rig."""
    seconds, before = options.pick(SECONDS, QUICK_SECONDS), os.environ.get(BEFORE)
    return {f"heads_{heads}": _figures(heads, seconds, before) for heads in HEADS}


def rig(heads: int) -> Config:
    """The bundled rig for 24, which is its fixtures; else so many heads of pixel bars in rows, in three roles."""
    config = read_config(CONFIG)
    if heads == BUNDLED:
        return config
    bars = [
        {
            "id": f"bar-{bar}", "profile": "generic/pixel-bar-8", "mode": "26ch", "universe": 1 + bar // 16,
            "address": 1 + 30 * (bar % 16), "role": ROLES[bar % 3],
            "position_m": [1.2 * (bar % 16 - 7.5), bar // 16, 2.0],
        }
        for bar in range(heads // 8)
    ]  # fmt: skip
    outputs = {
        1 + n: {"outputs": [{"type": "artnet", "host": "127.0.0.1", "port_address": n}]}
        for n in range(-(-heads // 128))
    }
    return with_overrides(config, fixtures=bars, universes=outputs)


def band(config: Config, seconds: float) -> Iterator[tuple[float, LightToken | None, Pulse]]:
    """A band that plays, cycle by cycle: time, a token ten times a second, a pulse; a part of the song is a section."""
    rng, looks, value = np.random.default_rng(5), list(pack_of(config).looks), 120.0
    for number in range(round(seconds / PERIOD_S)):
        t_s, token, section = number * PERIOD_S, None, int(number * PERIOD_S // SECTION_S)
        if number % HOP_CYCLES == 0:
            value = float(np.clip(value + 12.0 * rng.standard_normal(), 20.0, 240.0))
            cue = Cue(
                looks[section % len(looks)], section * SECTION_S, label="ABC"[section % 3],
                section_s=section * SECTION_S, confidence=0.8, level=(0.3, 0.6, 1.0)[section % 3],
                palette=PALETTES[section % 3], spend="blinder" if section % 3 == 2 else "",
                beat_s=0.5, beat_t_s=t_s // 0.5 * 0.5, number=1,
            )  # fmt: skip
            token = LightToken(t_s, number // HOP_CYCLES, section * 37 % 180, int(value), 0.5, 0.5, cue)
        hits = 1 + number // BEAT_CYCLES
        struck_s = number // BEAT_CYCLES * BEAT_CYCLES * PERIOD_S
        yield (
            t_s,
            token,
            Pulse(t_s, number, -20.0 + 5.0 * float(np.sin(t_s)), 0.6, 0.0, hits, struck_s, 0.9, (), "band"),
        )


def cost_us(heads: int, seconds: float) -> tuple[float, str]:
    """Microseconds of the processor for one cycle, and a checksum of all that would be sent."""
    config = rig(heads)
    patch, sent = patch_of(config), hashlib.sha256()
    cycle, spent_s, cycles = OutputCycle(config, patch, ConsoleMerge(config, patch, UUID(int=0))), 0.0, 0
    for t_s, token, pulse in list(band(config, seconds)):
        began_s = time.process_time()
        cycle.hear_pulse(pulse, t_s)
        tick = cycle.run(t_s, Heard(token=token))
        spent_s += time.process_time() - began_s
        cycles += 1
        for frame in tick.frames:
            sent.update(frame.slots.tobytes())
    return 1e6 * spent_s / cycles, sent.hexdigest()


def _figures(heads: int, seconds: float, before: str | None) -> Figures:
    # late: where this file is run with an older checkout, that one has no such module, and this is not called
    from tools.bench.stages.beside import in_turns  # noqa: PLC0415

    ours, theirs = in_turns(__file__, (str(heads), str(seconds)), before, lambda: cost_us(heads, seconds), _printed)
    figures: Figures = {"us": round(min(ours)[0], 1)}
    if theirs:
        figures["before_us"] = round(min(theirs)[0], 1)
        figures["ratio"] = round(min(ours)[0] / min(theirs)[0], 2)
        figures["same_bytes"] = "yes" if ours[0][1] == theirs[0][1] else "no"
    return figures


def _printed(text: str) -> tuple[float, str]:
    us, sent = text.split()
    return float(us), sent


def _main(arguments: Sequence[str]) -> None:
    print(*cost_us(int(arguments[0]), float(arguments[1])))


if __name__ == "__main__":
    _main(sys.argv[1:])
