"""Other people's programs: QLC+ as a visualiser and as the human desk, and three Python packages as desks and nodes."""

import asyncio
import shutil
import socket
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from lab import CONSOLE, NODE, wait_for
from promise import HANG_S

from controller.config import DeskConfig, with_overrides
from controller.lighting.input.feed import DeskFeed
from controller.lighting.input.listener import Listener
from controller.lighting.takeover.console_merge import ConsoleMerge, Situation
from controller.messages import DmxFrame

WORKSPACE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Workspace>
<Workspace xmlns="http://www.qlcplus.org/Workspace" CurrentWindow="VirtualConsole">
 <Engine>
  <InputOutputMap>
   <Universe Name="Universe 1" ID="0" Passthrough="True">
    <Input Plugin="ArtNet" UID="10.66.0.1" Line="0"/>
    <Output Plugin="ArtNet" UID="10.66.0.1" Line="0"><PluginParameters outputIP="10.66.0.2" outputUni="5"/></Output>
   </Universe>
   <Universe Name="Universe 2" ID="1" Passthrough="True">
    <Input Plugin="E1.31" UID="10.66.0.1" Line="0"><PluginParameters universe="2"/></Input>
    <Output Plugin="ArtNet" UID="10.66.0.1" Line="0"><PluginParameters outputIP="10.66.0.2" outputUni="6"/></Output>
   </Universe>
  </InputOutputMap>
 </Engine>
</Workspace>
"""
NOW = Situation("live", None, None)


class Desk:
    """Our desk inputs on a host."""

    def __init__(self, host, *inputs):
        self.host = host
        desk = DeskConfig(inputs=list(inputs), interface=host.address)
        self.listener, self.feed = Listener(desk), DeskFeed(list(desk.inputs), uuid4(), "Spot")
        self.level(1)

    def level(self, universe, slot=0):
        """One slot as heard now, or None."""
        with self.host.here():
            now_s = time.monotonic()
            for datagram in self.listener.receive(now_s, frozenset()):
                self.feed.hear(datagram, now_s)
            for ip in self.feed.take_polls():
                for answer in self.feed.answers(self.listener.address_towards(ip)):
                    self.listener.answer(answer, ip)
        found = self.feed.levels(now_s).get(universe)
        return None if found is None else int(found[slot])

    def levels(self, universe):
        return self.feed.levels(time.monotonic()).get(universe)


@pytest.fixture
def desk(two_hosts):
    """Makes desk inputs on the node that close with the test."""
    made = []

    def make(*inputs, host=None):
        made.append(Desk(host or two_hosts.node, *inputs))
        return made[-1]

    yield make
    for one in made:
        one.listener.close()


def slots(**levels):
    frame = np.zeros(512, np.uint8)
    for slot, level in levels.items():
        frame[int(slot.removeprefix("s")) - 1] = level
    return frame


# ------------------------------------------------------------------- QLC+


@pytest.fixture(scope="module")
def qlcplus(two_hosts, require_real):
    """QLC+ on the console, headless: passes on what it hears, and has faders that a person moves by its web page."""
    require_real("qlcplus", shutil.which("qlcplus"))
    with tempfile.TemporaryDirectory(prefix="followspot-qlc-") as name:
        workspace = Path(name) / "t.qxw"
        workspace.write_text(WORKSPACE)
        environment = {"PATH": "/usr/bin:/bin", "HOME": name, "XDG_RUNTIME_DIR": name, "QT_QPA_PLATFORM": "offscreen"}
        program = two_hosts.console.start("qlcplus", "-m", "-n", "-w", "-p", "-o", str(workspace), env=environment)
        try:

            def serves():
                with two_hosts.console.here():
                    try:
                        socket.create_connection(("127.0.0.1", 9999), 0.2).close()
                    except OSError:
                        return False
                return True

            wait_for(serves, 20, "QLC+")
            yield program
        finally:
            program.terminate()
            program.wait(HANG_S)


def move_fader(host, channel, level):
    """What a finger on QLC+'s web page does. By hand, because QLC+ never answers the end of a WebSocket."""
    words = f"CH|{channel}|{level}".encode()
    with host.here(), socket.create_connection(("127.0.0.1", 9999), HANG_S) as link:
        link.sendall(
            b"GET /qlcplusWS HTTP/1.1\r\nHost: 127.0.0.1:9999\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 101")
        link.sendall(bytes((0x81, 0x80 | len(words), 0, 0, 0, 0)) + words)  # text, masked with zeros
        time.sleep(0.2)  # noqa: TID251 - it reads when it gets to it


@pytest.mark.usefixtures("qlcplus")
def test_qlcplus_hears_us_and_its_fader_takes_over(two_hosts, show, desk, config, patch):
    """Ours to QLC+ by Art-Net and sACN, passed on by it as Art-Net and heard by our desk inputs; then a fader moves."""
    inputs = [
        {"type": "artnet", "universe": 1, "port_address": 5},
        {"type": "artnet", "universe": 2, "port_address": 6},
    ]
    heard = desk(*inputs)
    outputs = {
        1: [{"type": "artnet", "host": CONSOLE, "port_address": 0}],
        2: [{"type": "sacn", "universe": 2}],
    }
    show(two_hosts.node, outputs, {1: slots(s1=42, s2=43, s3=44), 2: slots(s1=91, s2=92)}, interface=NODE)
    # it passes levels on one by one
    wait_for(lambda: [heard.level(1, slot) for slot in range(4)] == [42, 43, 44, 0], 60, "our Art-Net through QLC+")
    wait_for(lambda: [heard.level(2, slot) for slot in range(3)] == [91, 92, 0], 60, "our sACN through QLC+")
    person = ConsoleMerge(with_overrides(config, desk={"inputs": inputs}), patch, uuid4(), _Borrowed(heard))
    ours = [DmxFrame(0.0, 0, universe, np.full(512, 50, np.uint8)) for universe in patch.universes]

    def merged():
        with two_hosts.node.here():
            person.listen(time.monotonic(), frozenset())
        return person.merge(ours, time.monotonic(), NOW, blackout=False)[0].slots

    # both universes: a fader of one whose levels were not heard yet would be where that desk stood from the beginning
    wait_for(lambda: merged() is not None and person._heard[: 2 * 512].all(), 60, "the desk")
    assert person.status().active == ()
    move_fader(two_hosts.console, 1, 177)
    wait_for(lambda: 177 in merged()[:8], 60, "the human fader")
    assert {one.fixture for one in person.status().active} == {"front-1"}
    assert set(merged()[8:].tolist()) == {50}


class _Borrowed:
    """A desk's sockets for a person."""

    refused = 0

    def __init__(self, desk):
        self._listener = desk.listener

    def receive(self, now_s, own_ports):
        return self._listener.receive(now_s, own_ports)

    def address_towards(self, ip):
        return self._listener.address_towards(ip)

    def answer(self, payload, ip):
        self._listener.answer(payload, ip)

    def status(self):
        return {}


# ---------------------------------------------------------- Python packages


def test_the_sacn_package_is_a_desk_above_us_and_its_end_is_heard(two_hosts, desk):
    """It says that it ends only where an output is deactivated; `bind_port=0`, or it takes receivers' unicast away."""
    import sacn

    heard = desk({"type": "sacn", "universe": 1, "sacn_universe": 300})
    with two_hosts.console.here():
        sender = sacn.sACNsender(bind_address=CONSOLE, bind_port=0, universeDiscovery=False)
        sender.start()
        sender.activate_output(300)
        sender[300].multicast = True
        sender[300].priority = 110
        sender[300].dmx_data = (11, 22, 33)
        wait_for(lambda: heard.level(1) == 11, 5, "the package's levels")
        assert heard.levels(1)[:4].tolist() == [11, 22, 33, 0]
        sender.deactivate_output(300)
        started_s = time.monotonic()
        wait_for(lambda: heard.level(1) is None, 5, "its end")
        ended_s = time.monotonic() - started_s
        sender.stop()
    assert ended_s < 1.0
    assert heard.feed.malformed == 0


def test_the_sacn_package_hears_us_our_priority_and_our_end(two_hosts, show):
    import sacn

    frames, ended = [], []
    with two_hosts.node.here():
        receiver = sacn.sACNreceiver()
        receiver.start()
        receiver.register_listener("universe", frames.append, universe=300)
        receiver.register_listener("availability", lambda universe, changed: ended.append((universe, changed)))
        receiver.join_multicast(300)
    sends = show(
        two_hosts.console, {1: [{"type": "sacn", "universe": 300}]}, {1: slots(s1=9, s512=8)}, interface=CONSOLE
    )
    wait_for(lambda: len(frames) > 0, 5, "our levels at the package")
    sends.end()
    started_s = time.monotonic()
    wait_for(lambda: (300, "timeout") in ended, 5, "our end at the package")
    ended_s = time.monotonic() - started_s
    receiver.stop()
    assert ended_s < 1.0  # not the 2.5 seconds of a source that vanishes
    assert (frames[0].priority, frames[0].sourceName.rstrip("\0")) == (90, "Spot")
    assert (frames[0].dmxData[0], frames[0].dmxData[511]) == (9, 8)


def test_stupid_artnet_is_a_desk_that_never_counts(two_hosts, desk):
    from stupidArtnet import StupidArtnet

    heard = desk({"type": "artnet", "universe": 1, "port_address": 3})
    with two_hosts.console.here():
        sender = StupidArtnet(NODE, 3, 512, 30, True, False)
    sender.set(bytearray(range(256)) * 2)
    for level in (5, 6, 7):  # its sequence is 0 for ever, and that must not stop us from hearing it
        sender.set_single_value(1, level)
        sender.show()
        wait_for(lambda level=level: heard.level(1) == level, 2, "its levels")
    sender.close()


def test_aioartnet_is_found_by_discovery_and_hears_every_slot(two_hosts, show):
    """It broadcasts its answer instead of sending it back, and calls itself a controller: found all the same."""
    from aioartnet import ArtNetClient

    done = {}

    async def listen():
        client = ArtNetClient(interface=two_hosts.node.card)
        client.unicast_ip, client.broadcast_ip = NODE, "10.66.0.255"
        transport = await client.connect()
        universe = client.set_port_config("0:1:2", is_output=True)
        for _ in range(400):
            await asyncio.sleep(0.02)
            if universe.last_data[0]:
                break
        done["levels"] = bytes(universe.last_data)
        client._task.cancel()
        transport.close()

    frame = np.random.default_rng(4).integers(1, 256, 512, dtype=np.uint8)
    listener = Listener(DeskConfig(), discover=True, output_interface=CONSOLE)
    sends = show(
        two_hosts.console, {1: [{"type": "artnet", "host": "discover", "port_address": 0x12}]}, {1: frame},
        interface=CONSOLE, listener=listener, poll_to=("10.66.0.255",),
    )  # fmt: skip
    with two_hosts.node.here():
        asyncio.run(listen())
    sends.end()
    listener.close()
    assert done["levels"] == frame.tobytes()
