"""A desk that ticks and sends, beside a busy interpreter: `python -m tools.bench.show.ticking --beside thread`.

Run by `jitter` in a process of its own; prints one line of JSON: how late its cycles began and ended.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from controller.clock import Deadlines, MonotonicClock
from controller.config import Config, read_config
from controller.lighting.engine import LookEngine
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import UdpSink
from controller.lighting.process import NICENESS
from controller.messages import LightToken, Pulse
from controller.rig.patch.configured import patch_of
from tools.bench.run.result import percentiles

HOG = "while True: sum(range(1000))"


def main() -> int:
    """Tick for a while; the hog is a thread of this process, another process, or absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its outputs receive the packets")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--beside", choices=("thread", "process", "nothing"), required=True)
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    with contextlib.ExitStack() as stack:
        stopping = threading.Event()
        if arguments.beside == "process":
            stack.enter_context(hog_process())
        elif arguments.beside == "thread":
            hog = threading.Thread(target=hog_until, args=(stopping,))
            hog.start()
            stack.callback(hog.join)
            stack.callback(stopping.set)
        lateness_s, sent_s = tick(config, arguments.seconds)
    spreads = {"lateness_ms": lateness_s, "sent_after_deadline_ms": sent_s}
    print(json.dumps({name: percentiles(one, 50, 95, 99, 100) for name, one in spreads.items()}))
    return 0


def tick(config: Config, seconds: float) -> tuple[list[float], list[float]]:
    """What the output process does in a cycle, with made-up tokens and pulses.

    Returns:
        Seconds from each cycle's deadline to its begin, and to its last packet. They differ by more than the work:
        every send lets go of the interpreter, and a busy thread does not give it back at once.
    """
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)  # of this thread alone, on Linux: the hog keeps its own
    clock, engine, sender, sink = (
        MonotonicClock(),
        LookEngine(config, patch_of(config)),
        Sender(config.universes),
        UdpSink(),
    )
    deadlines = Deadlines(1.0 / config.rates.output_hz, clock.now_s())
    end_s = clock.now_s() + seconds
    lateness_s: list[float] = []
    sent_s: list[float] = []
    while (now_s := clock.now_s()) < end_s:
        clock.sleep_until(deadlines.next_s)
        due_s, now_s = deadlines.next_s, clock.now_s()
        lateness_s.append(deadlines.advance(now_s))
        cycle = len(lateness_s)
        engine.hear_token(LightToken(now_s, cycle, cycle % 180, 128 + cycle % 100, 1.0, 1.0))
        engine.hear_pulse(Pulse(now_s, cycle, -12.0, 0.8, 0.0, cycle // 40, now_s, 0.8, ()), now_s)
        for packet in sender.packets(engine.tick(now_s).frames, now_s):
            sink.send(packet, now_s)
        sent_s.append(clock.now_s() - due_s)
    sink.close()
    return lateness_s, sent_s


def hog_until(stopping: threading.Event) -> None:
    """Pure Python, never waiting for anything."""
    while not stopping.is_set():
        sum(range(1_000))


@contextlib.contextmanager
def hog_process() -> Iterator[None]:
    """The same, in another process."""
    process = subprocess.Popen([sys.executable, "-c", HOG])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
