"""What does the flash limiter cost a cycle, beside the light that it has to read back from the slots?

Small and large rig; a show that stands still, one that nobody limits and one that flashes all the time. With
`FOLLOWSPOT_LIMITER_BEFORE`, the folder of another checkout, that one's limiter runs in turns with this one's, and the
ratio is given.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from controller.config import Config, read_config, with_overrides
from controller.lighting.limiter import Limiter
from controller.messages import DmxFrame
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from tools.bench.run.result import CONFIG, Figures, Options

CYCLES, QUICK_CYCLES = 1_200, 300
HEADS = 512
BEFORE = "FOLLOWSPOT_LIMITER_BEFORE"
AIMS = {"fixtures_24.ratio": "≤ 1", "heads_512.ratio": "≤ 1"}


def measure(options: Options) -> Figures:
    """Microseconds of a cycle's limiter, the best of three rounds, for the bundled rig and for 512 heads."""
    cycles = options.pick(CYCLES, QUICK_CYCLES)
    rigs = {"fixtures_24": read_config(CONFIG), "heads_512": many()}
    return {name: _figures(name, config, cycles) for name, config in rigs.items()}


def many() -> Config:
    """Sixty-four pixel bars of eight cells, in rows."""
    config = read_config(CONFIG)
    bars = [
        {
            "id": f"bar-{bar}", "profile": "generic/pixel-bar-8", "mode": "26ch", "universe": 1 + bar // 16,
            "address": 1 + 30 * (bar % 16), "role": "pixel", "position_m": [1.2 * (bar % 16 - 7.5), bar // 16, 2.0],
        }
        for bar in range(HEADS // 8)
    ]  # fmt: skip
    outputs = {1 + n: {"outputs": [{"type": "artnet", "host": "127.0.0.1", "port_address": n}]} for n in range(4)}
    return with_overrides(config, fixtures=bars, universes=outputs)


def shows(patch: Patch, cycles: int) -> dict[str, list[list[DmxFrame]]]:
    """A show that stands still, a calm one of slow waves, and one that flashes everything ten times a second."""
    rng = np.random.default_rng(1)
    phase = rng.uniform(0, 6.28, (len(patch.universes), 512))
    calm = [np.rint(128 + 90 * np.sin(phase + 2.5 * cycle / 40)).astype(np.uint8) for cycle in range(cycles)]
    flashing = [np.full_like(calm[0], 255 * (cycle // 2 % 2)) for cycle in range(cycles)]
    return {
        name: [[DmxFrame(0.0, 0, u, row) for u, row in zip(patch.universes, slots, strict=True)] for slots in show]
        for name, show in (("still", [calm[0]] * cycles), ("calm", calm), ("flashing", flashing))
    }


def cost_us(config: Config, cycles: int) -> dict[str, float]:
    """Microseconds of the processor for one cycle of each show; what else the machine does costs none of them."""
    patch = patch_of(config)
    found = {}
    for name, show in shows(patch, cycles).items():
        limiter = Limiter(patch)
        began_s = time.process_time()
        for cycle, frames in enumerate(show):
            limiter.limit(frames, cycle / 40.0)
        found[name] = 1e6 * (time.process_time() - began_s) / cycles
    return found


def _figures(name: str, config: Config, cycles: int) -> Figures:
    # late: where this file is run with an older checkout, that one has no such module, and this is not called
    from tools.bench.stages.beside import in_turns  # noqa: PLC0415

    ours, theirs = in_turns(
        __file__, (name, str(cycles)), os.environ.get(BEFORE), lambda: cost_us(config, cycles), _printed
    )
    figures: Figures = {f"{show}_us": round(_best(ours, show), 1) for show in ours[0]}
    if theirs:
        figures |= {f"{show}_before_us": round(_best(theirs, show), 1) for show in theirs[0]}
        figures["ratio"] = round(max(_best(ours, show) / _best(theirs, show) for show in ours[0]), 2)
    return figures


def _best(rounds: Sequence[dict[str, float]], show: str) -> float:
    return min(one[show] for one in rounds)


def _printed(text: str) -> dict[str, float]:
    return {show: float(us) for show, us in (line.split() for line in text.splitlines())}


def _main(arguments: Sequence[str]) -> None:
    made: dict[str, Callable[[], Config]] = {"fixtures_24": lambda: read_config(CONFIG), "heads_512": many}
    for show, us in cost_us(made[arguments[0]](), int(arguments[1])).items():
        print(show, us)


if __name__ == "__main__":
    _main(sys.argv[1:])
