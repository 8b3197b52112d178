"""One sender of several output machines: `python -m tools.bench.wire.feeding --to 10.0.0.11 10.0.0.12 --each 8`.

Run by `output_machines` in a process of its own; prints one line of JSON. The output process's own path, forty cycles a
second; each universe begins with the moment at which its cycle began (`watching.stamp`).
"""

import argparse
import contextlib
import json
import os
from uuid import uuid4

import numpy as np

from controller.clock import MonotonicClock
from controller.config import NetworkConfig, UniverseConfig
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs
from controller.lighting.process import NICENESS
from controller.messages import DmxFrame
from tools.bench.wire.fanning import Send, fan
from tools.bench.wire.watching import stamp


def main() -> int:
    """Send for a while and tell how late and how dear that was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", nargs="+", required=True, metavar="ADDRESS", help="of each output machine")
    parser.add_argument("--each", type=int, default=8, help="universes of a machine")
    parser.add_argument("--protocol", choices=("artnet", "sacn"), default="sacn")
    parser.add_argument("--way", choices=("unicast", "multicast"), default="unicast")
    parser.add_argument("--interface", help="address of the card to send by")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    wired = wiring(arguments.to, arguments.each, arguments.protocol, arguments.way)
    universes = {number: UniverseConfig.model_validate({"outputs": [one]}) for number, one in wired.items()}
    network = NetworkConfig(interface=arguments.interface)
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)  # as the output process does
    sender, outputs = Sender(universes, network, uuid4()), Outputs(universes, arguments.interface)
    told = fan(stamping(sender, outputs), list(wired), arguments.seconds)
    print(json.dumps({**told, "errors": outputs.errors}))
    outputs.close()
    return 0


def wiring(to: list[str], each: int, protocol: str, way: str) -> dict[int, dict[str, object]]:
    """The output of each universe, as in a configuration: the first `each` go to the first machine, and so on.

    sACN keeps the universe's number. Art-Net's port addresses are 1 to `each` on every machine.
    """
    found: dict[int, dict[str, object]] = {}
    for number in range(1, len(to) * each + 1):
        host = to[(number - 1) // each]
        if protocol == "artnet":
            found[number] = {"type": "artnet", "host": host, "port_address": (number - 1) % each + 1}
        else:
            found[number] = {"type": "sacn", "universe": number, **({"host": host} if way == "unicast" else {})}
    return found


def stamping(sender: Sender, outputs: Outputs) -> Send:
    """Sends frames with the moment in their first slots."""
    clock = MonotonicClock()

    def send(frames: list[DmxFrame]) -> None:
        now_s = clock.now_s()
        began = np.frombuffer(stamp(now_s), np.uint8)
        for frame in frames:
            frame.slots[: len(began)] = began
        for packet in sender.packets(frames, now_s):
            outputs.send(packet, now_s)

    return send


if __name__ == "__main__":
    raise SystemExit(main())
