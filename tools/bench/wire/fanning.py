"""Many universes from one process: `python -m tools.bench.wire.fanning --by followspot --protocol artnet`.

Run by `universes` in a process of its own; prints one line of JSON. All senders get the same frames in the same loop,
paced by the same deadlines; what differs is who makes the packets and sends them. That is kinder to the packages than
their own threads are: stupidArtnet starts one for each frame, sacn paces by the wall clock.
"""

import argparse
import contextlib
import gc
import json
import os
import socket
import time
from collections.abc import Callable
from uuid import uuid4

import numpy as np

from controller.clock import Deadlines, MonotonicClock
from controller.config import NetworkConfig, UniverseConfig
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs
from controller.lighting.process import NICENESS
from controller.messages import DmxFrame
from tools.bench.run.result import percentiles

HOST = "127.0.0.1"
RATE_HZ = 40.0
LOOKS = 16
Send = Callable[[list[DmxFrame]], None]


def main() -> int:
    """Send for a while and tell how late and how dear that was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by", choices=("followspot", "package"), required=True)
    parser.add_argument("--protocol", choices=("artnet", "sacn"), required=True)
    parser.add_argument("--universes", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    numbers = list(range(1, arguments.universes + 1))
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)  # as the output process does
    with contextlib.ExitStack() as stack:
        for port in (6454, 5568):
            stack.enter_context(absorber(port))
        send = MAKERS[(arguments.by, arguments.protocol)](numbers, stack)
        print(json.dumps(fan(send, numbers, arguments.seconds)))
    return 0


def absorber(port: int) -> socket.socket:
    """Somebody to send to who reads nothing: otherwise each packet would be answered by an ICMP error."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    return sock


def fan(send: Send, numbers: list[int], seconds: float) -> dict[str, object]:
    """Forty cycles a second of changing frames."""
    looks = np.random.default_rng(1).integers(0, 256, (LOOKS, len(numbers), 512), dtype=np.uint8)
    clock = MonotonicClock()
    gc.collect()
    gc.freeze()  # as the output process does
    deadlines = Deadlines(1.0 / RATE_HZ, clock.now_s())
    begun_s, cpu_s = clock.now_s(), time.process_time()
    lateness_s: list[float] = []
    sent_s: list[float] = []
    while (now_s := clock.now_s()) < begun_s + seconds:
        clock.sleep_until(deadlines.next_s)
        due_s, now_s = deadlines.next_s, clock.now_s()
        lateness_s.append(deadlines.advance(now_s))
        look, cycle = looks[len(sent_s) % LOOKS], len(sent_s)
        send([DmxFrame(now_s, cycle, number, slots) for number, slots in zip(numbers, look, strict=True)])
        sent_s.append(clock.now_s() - due_s)
    used = (time.process_time() - cpu_s) / (clock.now_s() - begun_s)
    return {
        "cycles": len(sent_s),
        "skipped_cycles": deadlines.skipped,
        "lateness_ms": percentiles(lateness_s, 50, 99, 100),
        "sent_after_deadline_ms": percentiles(sent_s, 50, 99, 100),
        "cpu_percent": round(used * 100, 2),
        "cpu_percent_of_a_universe": round(used * 100 / len(numbers), 4),
    }


def followspot(protocol: str, numbers: list[int], stack: contextlib.ExitStack) -> Send:
    """The output process's own path: sender and sinks."""
    kinds: dict[str, Callable[[int], dict[str, object]]] = {
        "artnet": lambda number: {"type": "artnet", "host": HOST, "port_address": number},
        "sacn": lambda number: {"type": "sacn", "host": HOST, "universe": number},
    }
    universes = {number: UniverseConfig.model_validate({"outputs": [kinds[protocol](number)]}) for number in numbers}
    sender, outputs, clock = Sender(universes, NetworkConfig(), uuid4()), Outputs(universes), MonotonicClock()
    stack.callback(outputs.close)

    def send(frames: list[DmxFrame]) -> None:
        now_s = clock.now_s()
        for packet in sender.packets(frames, now_s):
            outputs.send(packet, now_s)

    return send


def stupid_artnet(numbers: list[int], stack: contextlib.ExitStack) -> Send:
    """StupidArtnet, one object for each universe, as its manual says."""
    from stupidArtnet import StupidArtnet  # noqa: PLC0415 - only where it is installed

    senders = [StupidArtnet(HOST, number, 512, 40, True, False) for number in numbers]
    for one in senders:
        stack.callback(one.close)

    def send(frames: list[DmxFrame]) -> None:
        for one, frame in zip(senders, frames, strict=True):
            one.set(bytearray(frame.slots))
            one.show()

    return send


def sacn_package(numbers: list[int], stack: contextlib.ExitStack) -> Send:
    """The `sacn` package in its manual-flush mode, which sends one cycle of all universes when told to."""
    import sacn  # noqa: PLC0415 - only where it is installed

    sender = sacn.sACNsender(bind_port=0, universeDiscovery=False)
    sender.start()
    stack.callback(sender.stop)
    sender.manual_flush = True
    for number in numbers:
        sender.activate_output(number)
        sender[number].destination = HOST

    def send(frames: list[DmxFrame]) -> None:
        for frame in frames:
            sender[frame.universe].dmx_data = tuple(frame.slots.tolist())
        sender.flush(numbers)

    return send


MAKERS: dict[tuple[str, str], Callable[[list[int], contextlib.ExitStack], Send]] = {
    ("followspot", "artnet"): lambda numbers, stack: followspot("artnet", numbers, stack),
    ("followspot", "sacn"): lambda numbers, stack: followspot("sacn", numbers, stack),
    ("package", "artnet"): stupid_artnet,
    ("package", "sacn"): sacn_package,
}


if __name__ == "__main__":
    raise SystemExit(main())
