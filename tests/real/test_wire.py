"""The cable itself: sixteen universes frame by frame, a judge of packets, and a cable that is pulled.

`make chaos` sends a minute of them.
"""

import shutil
import socket
import time
from itertools import pairwise
from uuid import uuid4

import numpy as np
import pytest
from lab import CONSOLE, NODE, Ear, wait_for
from promise import HANG_S, STRICT, kept

from controller.config import DeskConfig
from controller.lighting.input import listener as listening
from controller.lighting.input.feed import DeskFeed
from controller.lighting.input.listener import Listener
from controller.lighting.protocol import artnet

OTHER_PORT = 7454
"""Not Art-Net's own, which olad has on the node."""
MINUTE = 2_400 if STRICT else 160
UNIVERSES = range(1, 17)


@pytest.fixture
def hear():
    """Makes ears that close with the test."""
    ears = []

    def make(*arguments, **options):
        ears.append(Ear(*arguments, **options))
        return ears[-1]

    yield make
    for one in ears:
        one.close()


def levels(universe, cycle):
    """512 slots that no other cycle or universe has: the cycle's number, then noise that follows from both."""
    slots = np.random.Generator(np.random.PCG64(universe << 20 | cycle)).integers(0, 256, 512, dtype=np.uint8)
    slots[:3] = cycle >> 8, cycle & 0xFF, universe
    return slots


def test_sixteen_universes_arrive_frame_for_frame(lab, show, hear):
    """Every frame of 16 universes by sACN multicast and by Art-Net, all 512 slots of each, in order, none missing.

    What is compared: all slots of each packet at two plain sockets, split by offsets of the standards and by the reader
    of the benchmarks, which share no code with our encoders. olad hears the same sACN beside them and is asked each
    second for a universe: whatever it says must be a whole frame of ours.
    """
    from sacn.messages.data_packet import DataPacket, calculate_multicast_addr

    from tools.bench.run.wire import parse_artdmx

    lab, olad = lab
    ears = (
        hear(lab.node, 5568, groups=[calculate_multicast_addr(number) for number in UNIVERSES]),
        hear(lab.node, OTHER_PORT),
    )
    outputs = {
        number: [
            {"type": "sacn", "universe": number},
            {"type": "artnet", "host": NODE, "port": OTHER_PORT, "port_address": 0x7F0 + number - 1},
        ]
        for number in UNIVERSES
    }
    made = {cycle: {number: levels(number, cycle) for number in UNIVERSES} for cycle in range(MINUTE)}
    sending = show(lab.console, outputs, lambda cycle: made[min(cycle, MINUTE - 1)], interface=CONSOLE)
    asked = 0
    while sending.cycles < MINUTE:
        time.sleep(1.0 if STRICT else 0.2)  # noqa: TID251 - now and then
        number = 1 + asked % 16
        said = olad.levels(number)
        assert said == made[said[0] << 8 | said[1]][number].tolist()
        asked += 1
    sending.end()
    for ear in ears:
        ear.close()
    sacn_frames, artnet_frames = {}, {}
    for _, payload in ears[0].heard:
        if payload[21] == 4 and not payload[112]:
            slots = payload[126:]
            sacn_frames.setdefault(payload[113] << 8 | payload[114], []).append(slots)
    for _, payload in ears[1].heard:
        port_address, slots = parse_artdmx(payload)
        artnet_frames.setdefault(port_address - 0x7F0 + 1, []).append(slots)
    theirs = DataPacket.make_data_packet(tuple(ears[0].heard[-1][1]))
    assert bytes(theirs.dmxData) in {one.tobytes() for one in made[MINUTE - 1].values()}
    for frames in (sacn_frames, artnet_frames):
        assert sorted(frames) == list(UNIVERSES)
        for number in UNIVERSES:
            sent = [made[cycle][number].tobytes() for cycle in range(MINUTE)]
            assert frames[number][:MINUTE] == sent
    assert asked > MINUTE / 60
    assert sending.outputs.errors == 0
    print(f"{MINUTE} cycles of 16 universes, twice: {len(ears[0].heard) + len(ears[1].heard)} packets, none missing")


@pytest.mark.warns("nobody takes it there")  # tshark looks on, and no program listens
def test_tshark_finds_nothing_malformed(two_hosts, show, hear, require_real, tmp_path):
    """Every kind of packet that we send, as Wireshark's own dissectors read it."""
    require_real("tshark", shutil.which("tshark") is not None)
    fields = [
        "artnet.header.opcode", "artnet.output.sequence", "artnet.output.universe", "artnet.output.length",
        "acn.dmx.universe", "acn.dmx.priority", "acn.dmx.option_s", "_ws.malformed",
    ]  # fmt: skip
    with (tmp_path / "seen").open("wb") as seen, (tmp_path / "said").open("wb") as said:
        capture = two_hosts.node.start(
            "tshark", "--enable-heuristic", "acn", "-o", "acn.dmx_enable:TRUE", "-n", "-l", "-i", two_hosts.node.card,
            "-f", "udp port 6454 or udp port 5568", "-T", "fields", "-E", "separator=;",
            *[word for name in fields for word in ("-e", name)],
            stdout=seen, stderr=said,
        )  # fmt: skip
    try:
        wait_for(lambda: b"Capturing" in (tmp_path / "said").read_bytes(), 15, "tshark")
        time.sleep(0.5)  # noqa: TID251 - it says so a little early
        outputs = [
            {"type": "artnet", "host": NODE, "port_address": 0x123, "sync": True},
            {"type": "artnet", "host": "discover", "port_address": 1},
            {"type": "sacn", "universe": 300, "priority": 120, "sync_universe": 9},
        ]
        sends = show(
            two_hosts.console, {1: outputs}, {1: np.arange(512).astype(np.uint8)},
            interface=CONSOLE, poll_to=("10.66.0.255",),
        )  # fmt: skip
        wait_for(lambda: sends.cycles > 45, 10, "cycles")
        sends.end()
        with two_hosts.console.here(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            feed = DeskFeed([{"type": "artnet"}][:0], uuid4(), "Spot")
            for answer in feed.answers(CONSOLE):
                sock.sendto(answer, (NODE, artnet.PORT))
        wait_for(
            lambda: b"8448" in (tmp_path / "seen").read_bytes() or b"0x2100" in (tmp_path / "seen").read_bytes(), 5, ""
        )
    finally:
        capture.terminate()
        capture.wait(HANG_S)
    rows = [line.split(";") for line in (tmp_path / "seen").read_text().splitlines()]
    assert [row for row in rows if row[-1]] == []
    opcodes = [int(row[0], 0) for row in rows if row[0]]
    assert {0x5000, 0x5200, 0x2000, 0x2100} <= set(opcodes)
    dmx = [row for row in rows if row[0] and int(row[0], 0) == 0x5000]
    assert {(int(row[2], 0), int(row[3], 0)) for row in dmx} == {(0x123, 512)}
    numbers = [int(row[1], 0) for row in dmx]
    assert all(b == a % 255 + 1 for a, b in pairwise(numbers))
    data = [row for row in rows if row[4]]
    assert {(int(row[4]), int(row[5])) for row in data} == {(300, 120)}
    assert len([row for row in data if row[6] in ("1", "True")]) == 3
    print(f"tshark: {len(rows)} packets, none malformed")


def gap_s(ear):
    return max(b - a for (a, _), (b, _) in pairwise(ear.heard))


@pytest.mark.warns("Network is unreachable", "works again")
def test_a_cable_that_is_pulled_stops_nothing_else_and_is_said_once(two_hosts, show, hear, caplog):
    outputs = {
        1: [{"type": "artnet", "host": NODE, "port": OTHER_PORT, "port_address": 0}],
        2: [{"type": "sacn", "universe": 2}],
        3: [{"type": "artnet", "host": "127.0.0.1", "port": OTHER_PORT, "port_address": 0}],
    }
    far, near = hear(two_hosts.node, OTHER_PORT), hear(two_hosts.console, OTHER_PORT)
    slots = np.full(512, 9, np.uint8)
    sends = show(two_hosts.console, outputs, dict.fromkeys(outputs, slots))
    wait_for(lambda: len(far.heard) > 40, 5, "frames over the cable")
    two_hosts.console.cable(plugged=False)
    wait_for(lambda: {sends.state(NODE), sends.state("sACN universe 2")} == {"failed"}, 3, "two that fail")
    cycles = sends.cycles
    wait_for(lambda: sends.cycles > cycles + 40, 3, "cycles without a cable")
    failed = sends.state(NODE), sends.state("sACN universe 2"), sends.state("127.0.0.1")
    before = len(far.heard)
    two_hosts.console.cable(plugged=True)
    wait_for(lambda: len(far.heard) > before + 40, 5, "frames after the cable came back")
    wait_for(lambda: sends.state("sACN universe 2") == "ok", 5, "multicast after the cable came back")
    sends.end()
    for ear in (far, near):
        ear.close()
    assert failed == ("failed", "failed", "ok")
    kept("longest gap of the host that stayed", gap_s(near), 0.4)
    said = [one.getMessage() for one in caplog.records]
    for name in (f"Art-Net {NODE}:{OTHER_PORT} port address 0", "sACN universe 2 multicast"):
        assert len([one for one in said if name in one and "failed" in one]) == 1
        assert len([one for one in said if name in one and "works again" in one]) == 1


@pytest.mark.warns("Network is unreachable", "works again")
def test_a_card_that_loses_its_address_is_used_again_when_it_has_it_back(two_hosts, show, hear, caplog):
    outputs = {
        1: [{"type": "artnet", "host": NODE, "port": OTHER_PORT, "port_address": 0}, {"type": "sacn", "universe": 2}]
    }
    far = hear(two_hosts.node, OTHER_PORT)
    console = two_hosts.console
    sends = show(console, outputs, {1: np.full(512, 9, np.uint8)}, interface=CONSOLE)
    wait_for(lambda: len(far.heard) > 40, 5, "frames")
    console.ip("addr", "flush", "dev", console.card)
    wait_for(lambda: {sends.state(NODE), sends.state("sACN universe 2")} == {"failed"}, 3, "two that fail")
    cycles = sends.cycles
    wait_for(lambda: sends.cycles > cycles + 40, 3, "cycles without an address")
    before = len(far.heard)
    console.ip("addr", "add", f"{CONSOLE}/24", "brd", "+", "dev", console.card)
    console.routes()
    wait_for(lambda: len(far.heard) > before + 40, 5, "frames with the address back")
    wait_for(lambda: sends.state("sACN universe 2") == "ok", 5, "multicast with the address back")
    sends.end()
    far.close()
    said = [one.getMessage() for one in caplog.records if "Art-Net" in one.getMessage()]
    assert (len([s for s in said if "failed" in s]), len([s for s in said if "works again" in s])) == (1, 1)


@pytest.mark.warns("nobody takes it there (No route to host)")
def test_hosts_that_are_not_there_are_said_and_do_not_fill_the_buffer_of_the_others(two_hosts, show, hear, caplog):
    """Packets to hosts that answer no ARP wait in the kernel: with one socket for all they would block everybody."""
    outputs = {
        number: [{"type": "artnet", "host": f"10.66.0.{100 + number}", "port_address": number}]
        for number in range(1, 33)
    } | {33: [{"type": "artnet", "host": NODE, "port": OTHER_PORT, "port_address": 0}]}
    far = hear(two_hosts.node, OTHER_PORT)
    slots = np.full(512, 9, np.uint8)
    sends = show(two_hosts.console, outputs, dict.fromkeys(outputs, slots), interface=CONSOLE)
    absent = [f"10.66.0.{100 + number} " for number in range(1, 33)]
    wait_for(lambda: all(sends.state(one) == "failed" for one in absent), 10, "the word that nobody is there")
    sends.end()
    wait_for(lambda: len(far.heard) >= sends.cycles - 1, 2, "all frames")
    far.close()
    good = next(one for name, one in sends.outputs.status().items() if NODE in name)
    assert good.errors == 0
    said = [one.getMessage() for one in caplog.records]
    assert all(len([words for words in said if host in words]) == 1 for host in absent)
    kept("longest gap", gap_s(far), 0.4)


@pytest.mark.warns("nobody takes it there (Connection refused)", "works again")
def test_a_host_where_nobody_listens_is_said_and_has_its_light_as_soon_as_somebody_does(two_hosts, show, hear, caplog):
    """Two ports of one host share a socket: what is told of one says nothing of the other."""
    outputs = {
        1: [{"type": "artnet", "host": NODE, "port": OTHER_PORT, "port_address": 1}],
        2: [{"type": "sacn", "host": NODE, "port": OTHER_PORT + 1, "universe": 2}],
    }
    taken = hear(two_hosts.node, OTHER_PORT)
    sends = show(two_hosts.console, outputs, dict.fromkeys(outputs, np.full(512, 9, np.uint8)), interface=CONSOLE)
    wait_for(lambda: sends.state("sACN universe 2") == "failed", 5, "the word that nobody listens")
    cycles = sends.cycles
    wait_for(lambda: sends.cycles > cycles + 80, 5, "cycles in which it is said again and again")
    late = hear(two_hosts.node, OTHER_PORT + 1)
    heard_from = sends.cycles
    wait_for(lambda: late.heard, 5, "its light")
    lit_after = sends.cycles - heard_from
    wait_for(lambda: sends.state("sACN universe 2") == "ok", 10, "the word that it works")
    sends.end()
    wait_for(lambda: len(taken.heard) >= sends.cycles - 1, 2, "every frame of the port where somebody listens")
    for ear in (taken, late):
        ear.close()
    assert lit_after < 40, "no rest before it is tried again"
    said = [one.getMessage() for one in caplog.records if f"{OTHER_PORT + 1}" in one.getMessage()]
    assert [("failed" in one, "works again" in one) for one in said] == [(True, False), (False, True)]
    assert sends.outputs.status()[f"universe 1, Art-Net {NODE}:{OTHER_PORT} port address 1"].errors == 0


@pytest.fixture
def soon_quiet(monkeypatch):
    """A listener hears that nothing comes any more sooner than in a show."""
    monkeypatch.setattr(listening, "QUIET_S", 0.5)


@pytest.mark.usefixtures("soon_quiet")
@pytest.mark.warns("failed: ", "works again")  # no such device, or no way to the network: both happen
@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ({"type": "sacn", "universe": 1, "sacn_universe": 6}, {"type": "sacn", "universe": 6}),
        ({"type": "artnet", "universe": 1, "port_address": 6}, {"type": "artnet", "host": NODE, "port_address": 6}),
    ],
)
def test_a_desk_is_heard_again_after_our_card_was_unplugged(two_hosts, show, request, inputs, output):
    listener = Listener(DeskConfig(inputs=[inputs], interface=NODE))
    request.addfinalizer(listener.close)
    wrong = []

    def heard():
        with two_hosts.node.here():
            found = list(listener.receive(time.monotonic(), frozenset()))
        wrong.extend(one for one in found if one.ip != CONSOLE)
        return len(found)

    heard()
    sends = show(two_hosts.console, {1: [output]}, {1: np.zeros(512, np.uint8)}, interface=CONSOLE)
    name = NODE if output["type"] == "artnet" else "sACN universe 6"
    wait_for(heard, 5, "a desk")
    two_hosts.pull_out()
    wait_for(lambda: not heard() and sends.state(name) == "failed", 3, "silence, and a desk that says so")
    two_hosts.plug_in()
    wait_for(lambda: heard() and sends.state(name) == "ok", 8, "the desk again")
    assert wrong == []
    said = [one.getMessage() for one in request.getfixturevalue("caplog").records]
    causes = [one for one in said if "failed: " in one]
    unplugged = [one for one in causes if "Network is unreachable" in one or "No such device" in one]
    # after that, where the machine has no time: the cable is in again a moment before the desk listens
    assert causes[: len(unplugged)] == unplugged != []
    assert all("nobody takes it there (Connection refused)" in one for one in causes[len(unplugged) :])
