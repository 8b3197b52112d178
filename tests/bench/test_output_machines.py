"""The ruler of the output machines: packets as the standards lay them out, gaps, losses and rates."""

import struct
from types import SimpleNamespace
from uuid import UUID

import pytest

from controller.lighting.protocol import artnet, sacn
from tools.bench.run.result import Options, SkippedError
from tools.bench.wire import output_machines
from tools.bench.wire.feeding import wiring
from tools.bench.wire.output_machines import Feed, apart_s, missing, rate_hz
from tools.bench.wire.watching import Got, cycle_s, longest_gap_s, parsed, stamp


def ip(payload, protocol=17):
    return bytes([0x45]) + bytes(8) + bytes([protocol]) + bytes(10) + bytes(8) + payload


def test_levels_are_read_out_of_both_protocols_and_nothing_else():
    slots = stamp(12.5) + bytes(504)
    packet = sacn.data_template(512, 300, UUID(int=1), source_name="x", priority=90)
    packet[sacn.SEQUENCE_AT], packet[sacn.DATA_HEADER_BYTES :] = 7, slots
    assert parsed(ip(bytes(packet))) == (300, 7, slots)
    dmx = artnet.artdmx_template(512, 5)
    dmx[artnet.SEQUENCE_AT], dmx[artnet.DMX_HEADER_BYTES :] = 9, slots
    assert parsed(ip(bytes(dmx))) == (5, 9, slots)
    assert cycle_s(slots) == 12.5
    (page,) = sacn.encode_discovery(list(range(1, 40)), UUID(int=1), "x")
    for other in (ip(page), ip(bytes(packet), protocol=6), ip(b""), b"", ip(struct.pack("<4s", b"Art-"))):
        assert parsed(other) is None


def test_gaps_losses_and_rates_are_those_of_each_universe():
    steady = [Got(n / 40, 1, n % 256, 0.0) for n in range(400)]
    holes = [Got(n / 40, 2, n % 256, 0.0) for n in range(400) if n not in (100, 101, 255)]
    both = sorted(steady + holes)
    assert missing(steady) == 0
    assert missing(both) == 3
    assert longest_gap_s(both) == pytest.approx(0.075)
    assert longest_gap_s(both, from_s=5.0) == pytest.approx(0.05)
    assert rate_hz(both, 2) == pytest.approx(39.7, abs=0.05)
    assert rate_hz(both, 3) == 0.0  # one got nothing at all


def test_machines_are_apart_by_the_cycles_that_all_of_them_have():
    def machine(universe, *times):
        updates = [Got(t_s, universe, -1, cycle) for cycle, t_s in times]
        return SimpleNamespace(olad=SimpleNamespace(universes=[universe]), updates=updates)

    one, other = machine(1, (0.0, 0.001), (1.0, 1.001)), machine(9, (0.0, 0.004), (2.0, 2.0))
    assert apart_s([one, other]) == pytest.approx([0.003])
    assert apart_s([one]) == []


def test_universes_are_dealt_out_machine_by_machine():
    sent = wiring(["10.0.0.11", "10.0.0.12"], 2, "sacn", "unicast")
    assert [(one["universe"], one["host"]) for one in sent.values()] == [
        (1, "10.0.0.11"), (2, "10.0.0.11"), (3, "10.0.0.12"), (4, "10.0.0.12"),
    ]  # fmt: skip
    assert [Feed(2, 2).universes(n) for n in (0, 1)] == [[1, 2], [3, 4]]
    assert "host" not in wiring(["10.0.0.11"], 1, "sacn", "multicast")[1]
    by_artnet = wiring(["10.0.0.11", "10.0.0.12"], 2, "artnet", "unicast")
    assert [one["port_address"] for one in by_artnet.values()] == [1, 2, 1, 2]
    assert Feed(2, 2, "artnet").universes(1) == [1, 2]


def test_where_no_namespace_may_be_made_it_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr(output_machines, "possible", lambda: False)
    with pytest.raises(SkippedError, match="no network namespaces here"):
        output_machines.measure(Options(quick=True))
