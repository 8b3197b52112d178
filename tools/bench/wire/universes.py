"""How many universes can one process send while a show, with its model, runs in others?

A whole show runs on the bundled song. Beside it one process after another sends sixty-four universes forty times a
second: ours by Art-Net and by sACN, and the packages stupidArtnet and sacn in the same loop.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from tools.bench.run.processes import python, running
from tools.bench.run.result import Figures, Options
from tools.bench.run.staging import START_TIMEOUT_S, staged_show
from tools.bench.run.waiting import pause, wait_for
from tools.bench.run.wire import Wire

UNIVERSES = 64
FULL_S, QUICK_S = 15, 5
TIMEOUT_S = 60.0
AIMS = {
    f"followspot.{protocol}.{group}": "p99 < 10"
    for protocol in ("artnet", "sacn")
    for group in ("lateness_ms", "sent_after_deadline_ms")
}
PACKAGES = {"artnet": "stupidArtnet", "sacn": "sacn"}


def measure(options: Options) -> Figures:
    """Lateness of cycles and of their last packet, CPU of one core in all and for each universe."""
    seconds = options.pick(FULL_S, QUICK_S)
    figures: Figures = {"universes": UNIVERSES, "followspot": {}, "packages": {}}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, wire = Path(name), Wire()
        try:
            with staged_show(folder, wire.port, "--web", "off") as show:
                wait_for(lambda: _sends(wire) or show.over, START_TIMEOUT_S, "the first packet")
                for protocol, package in PACKAGES.items():
                    figures["followspot"][protocol] = fanning(folder, "followspot", protocol, UNIVERSES, seconds)
                    if find_spec(package) is not None:
                        figures["packages"][package] = fanning(folder, "package", protocol, UNIVERSES, seconds)
                show.check_alive()
        finally:
            wire.close()
    return figures


def fanning(folder: Path, by: str, protocol: str, universes: int, seconds: float) -> Figures:
    """One sender in a process of its own."""
    words = ("--by", by, "--protocol", protocol, "--universes", str(universes), "--seconds", str(seconds))
    with running(python("tools.bench.wire.fanning", *words), folder, f"{by}-{protocol}") as program:
        pause(seconds, f"universes: {protocol} by {by}")
        return program.finish(TIMEOUT_S)


def _sends(wire: Wire) -> bool:
    wire.read()
    return bool(wire.arrivals)
