"""Our packets as OLA's daemon understands them, and OLA's as we do: over a cable between two hosts."""

import time

import numpy as np
import pytest
from lab import CONSOLE, NODE, wait_for
from promise import STRICT

from controller.clock import MonotonicClock
from controller.commands.node_search import find_nodes
from controller.config import with_overrides
from controller.lighting.input.listener import Listener
from controller.lighting.takeover.console_merge import ConsoleMerge, Situation
from controller.messages import DmxFrame

ARTNET_5 = {"type": "artnet", "host": NODE, "port_address": 5}
NOW = Situation("live", None, None)


def flat(level):
    return np.full(512, level, np.uint8)


def took_s(condition, seconds, what):
    started_s = time.monotonic()
    wait_for(condition, seconds, what)
    return time.monotonic() - started_s


def test_art_net_sacn_and_calls_are_read_back_slot_for_slot(lab, show, rng):
    lab, olad = lab
    one, two, three = (rng.integers(0, 256, 512, dtype=np.uint8) for _ in range(3))
    show(lab.console, {1: [ARTNET_5], 2: [{"type": "sacn", "universe": 3}]}, {1: one, 2: two}, interface=CONSOLE)
    show(lab.node, {3: [{"type": "ola", "universe": 50}]}, {3: three})
    wait_for(lambda: olad.levels(37) == one.tolist(), 5, "Art-Net")
    wait_for(lambda: olad.levels(3) == two.tolist(), 5, "sACN multicast")
    wait_for(lambda: olad.levels(50) == three.tolist(), 5, "StreamDmxData")


def test_sacn_unicast_is_read_back(lab, show, rng):
    lab, olad = lab
    slots = rng.integers(0, 256, 512, dtype=np.uint8)
    output = {"type": "sacn", "universe": 7, "host": NODE, "per_address": True}
    sends = show(lab.console, {1: [output]}, {1: slots})
    wait_for(lambda: olad.levels(7) == slots.tolist(), 5, "sACN unicast")
    cycles = sends.cycles + 17
    wait_for(lambda: sends.cycles > cycles, 5, "priorities of slots, which olad does not read")
    assert olad.levels(7) == slots.tolist()


def test_a_node_that_answers_our_poll_is_sent_to(lab, show, rng):
    """Nothing but `discover`: olad answers the directed broadcast and gets its port address unicast."""
    lab, olad = lab
    slots = rng.integers(0, 256, 512, dtype=np.uint8)
    from controller.config import DeskConfig

    listener = Listener(DeskConfig(), discover=True, output_interface=CONSOLE)
    output = {"type": "artnet", "host": "discover", "port_address": 0}
    sends = show(lab.console, {1: [output]}, {1: slots}, interface=CONSOLE, listener=listener, poll_to=("10.66.0.255",))
    wait_for(lambda: olad.levels(32) == slots.tolist(), 8, "a discovered node")
    assert any(NODE in name for name in sends.outputs.status())
    sends.end()
    listener.close()


def test_followspot_devices_finds_it(lab):
    lab, _ = lab
    with lab.console.here():
        nodes = find_nodes(MonotonicClock(), CONSOLE)
    assert {(ip, port) for ip, node in nodes for port in node.outputs} >= {(NODE, 0), (NODE, 5)}


def test_olad_holds_the_last_frame_when_its_caller_dies(lab, show):
    """What docs/outputs.md says."""
    lab, olad = lab
    sends = show(lab.node, {3: [{"type": "ola", "universe": 50}]}, {3: flat(123)})
    wait_for(lambda: olad.levels(50)[:1] == [123], 5, "StreamDmxData")
    sends.end()
    time.sleep(3.0)  # noqa: TID251 - longer than any time-out of sources
    assert olad.levels(50)[:1] == [123]


def test_a_desk_above_us_wins_and_gives_back_by_ending_or_by_vanishing(lab, show):
    """Priority 100 of a desk over our 90; terminated: at once; vanished: after the network data loss time-out."""
    lab, olad = lab
    show(lab.console, {1: [{"type": "sacn", "universe": 4}]}, {1: flat(5)}, interface=CONSOLE)
    wait_for(lambda: olad.levels(4)[:1] == [5], 5, "our own sACN")
    desk = {1: [{"type": "sacn", "universe": 4, "priority": 100}]}
    above = show(lab.console, desk, {1: flat(200)}, interface=CONSOLE)
    wait_for(lambda: olad.levels(4)[:1] == [200], 5, "a desk above us")
    above.end()
    terminated_s = took_s(lambda: olad.levels(4)[:1] == [5], 5, "falling back after termination")
    above = show(lab.console, desk, {1: flat(200)}, interface=CONSOLE)
    wait_for(lambda: olad.levels(4)[:1] == [200], 5, "a desk above us")
    above.end(goodbye=False)
    vanished_s = took_s(lambda: olad.levels(4)[:1] == [5], 5, "falling back after a loss")
    print(f"olad fell back {terminated_s:.2f} s after termination, {vanished_s:.2f} s after a loss")
    assert terminated_s < vanished_s, "who says that it ends is not waited for"
    if STRICT:
        assert terminated_s < 1.0
        assert 1.5 < vanished_s < 4.5


def test_equal_priorities_merge_at_olad(lab, show):
    lab, olad = lab
    first, second = flat(0), flat(0)
    first[0], second[1] = 11, 22
    for slots in (first, second):
        show(lab.console, {1: [{"type": "sacn", "universe": 5}]}, {1: slots}, interface=CONSOLE)
    wait_for(lambda: olad.levels(5)[:3] == [11, 22, 0], 5, "highest level of both")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (73, {"type": "artnet", "universe": 1, "port_address": 9}),  # olad sends it to who answers its poll
        (200, {"type": "sacn", "universe": 1, "sacn_universe": 200}),
    ],
)
def test_olad_is_the_desk_that_takes_a_lamp_over(lab, config, patch, source, wanted):
    lab, olad = lab
    changed = with_overrides(config, desk={"inputs": [wanted], "interface": CONSOLE})
    from uuid import uuid4

    listener = Listener(changed.desk)
    person = ConsoleMerge(changed, patch, uuid4(), listener)
    ours = [DmxFrame(0.0, 0, universe, flat(50)) for universe in patch.universes]

    def merged():
        with lab.console.here():
            person.listen(time.monotonic(), frozenset())
        return person.merge(ours, time.monotonic(), NOW, blackout=False)[0].slots

    def heard(level):
        olad.set_levels(source, [level] * 8)
        merged()
        return person._feed.levels(time.monotonic()).get(1, flat(255))[0] == level

    wait_for(lambda: heard(3), 15, "olad's levels")
    assert np.array_equal(merged(), flat(50))  # heard, but nobody moved anything
    olad.set_levels(source, [180] * 8)
    wait_for(lambda: 180 in merged()[:8], 3, "the takeover")
    assert set(merged()[8:].tolist()) == {50}
    assert {one.fixture for one in person.status().active} == {"front-1"}
    assert person.status().packets.malformed == 0
    listener.close()


def test_olads_own_driver_takes_our_widget_for_a_real_one(lab, widget):
    """That is what makes it a judge of our driver in tests/output/test_sinks.py."""
    lab, olad = lab
    ours = "DMX USB PRO, Serial #: 00123456, firmware 1.68"
    wait_for(lambda: ours in lab.node.run("ola_dev_info"), 5, "olad finds the widget")
    devices = lab.node.run("ola_dev_info")
    number = next(line for line in devices.splitlines() if "DMX USB PRO" in line).split()[1].rstrip(":")
    lab.node.run("ola_patch", "-d", number, "-p", "0", "-u", "60")
    before = len(widget.frames)

    def arrived(level):
        olad.set_levels(60, [level, 2, 3])
        return len(widget.frames) > before and widget.frames[-1][2][:4] == bytes([0, level, 2, 3])

    wait_for(lambda: arrived(77), 5, "olad's frames at the widget")
    assert widget.reader.skipped == 0
