"""sACN bytes: golden packets, ranges, the sequence rule, and the `sacn` package as an independent reader and writer."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.lighting.protocol import sacn
from controller.lighting.protocol.malformed import MalformedError

CID = UUID("00112233-4455-6677-8899-aabbccddeeff")


def test_golden_bytes():
    slots = np.array([1, 2, 254], np.uint8)
    packet = sacn.encode_data(slots, 0x1234, 0x56, CID, source_name="Spot", priority=90, options=0x40, sync_universe=7)
    assert (
        packet
        == bytes.fromhex(
            "0010 0000 4153432d45312e3137000000"  # preamble, postamble, ACN packet identifier
            "7071 00000004"  # flags, length of what follows: 129 - 16 = 0x71; vector: data
            "00112233445566778899aabbccddeeff"  # CID
            "705b 00000002"  # framing: 129 - 38 = 0x5b; vector: data packet
            + b"Spot".hex().ljust(128, "0")
            + "5a 0007 56 40 1234"  # priority 90, synchronization universe, sequence, terminated, universe
            "700e 02 a1 0000 0001 0004"  # DMP: set property, first 0, increment 1, four values
            "00 01 02 fe"  # start code and slots
        )
    )


def test_golden_bytes_of_priorities_of_slots():
    packet = sacn.priorities_template(np.array([90, 0, 200], np.uint8), 0x1234, CID, source_name="Spot", priority=90)
    packet[sacn.SEQUENCE_AT] = 0x57
    assert (
        packet
        == bytes.fromhex(
            "0010 0000 4153432d45312e3137000000 7071 00000004 00112233445566778899aabbccddeeff 705b 00000002"
            + b"Spot".hex().ljust(128, "0")
            + "5a 0000 57 00 1234"  # the priority for those who do not know the start code; not synchronized
            "700e 02 a1 0000 0001 0004"
            "dd 5a 00 c8"  # the start code that ETC registered, and three priorities, of which 0: not ours
        )
    )
    read = sacn.decode_data(bytes(packet))
    assert (read.start_code, read.priority, read.slots.tolist()) == (0xDD, 90, [90, 0, 200])
    with pytest.raises(ValueError, match="from 0 to 200, not to 201"):
        sacn.priorities_template(np.array([201], np.uint8), 1, CID, source_name="x", priority=90)
    with pytest.raises(ValueError, match=r"^sACN carries 1..512 slots, not 0$"):
        sacn.priorities_template(np.zeros(0, np.uint8), 1, CID, source_name="x", priority=90)


def test_the_sacn_package_reads_priorities_of_slots_as_such():
    messages = pytest.importorskip("sacn.messages.data_packet")
    urgent = np.arange(201).astype(np.uint8)
    packet = sacn.priorities_template(urgent, 9, CID, source_name="Spot", priority=120)
    theirs = messages.DataPacket.make_data_packet(tuple(packet))
    assert (theirs.dmxStartCode, theirs.universe, theirs.priority) == (0xDD, 9, 120)
    assert theirs.dmxData[:201] == tuple(range(201))


def test_a_full_universe_is_638_bytes():
    assert len(sacn.encode_data(np.zeros(512, np.uint8), 1, 0, CID)) == 638


def test_sync_and_discovery():
    assert sacn.encode_sync(7999, 3, CID) == bytes.fromhex(
        "0010 0000 4153432d45312e3137000000 7021 00000008 00112233445566778899aabbccddeeff700b 00000001 03 1f3f 0000"
    )
    (page,) = sacn.encode_discovery([3, 1, 3], CID, "Spot")
    assert page[38:] == bytes.fromhex(
        "7056 00000002" + b"Spot".hex().ljust(128, "0") + "00000000 700c 00000001 00 00 0001 0003"
    )
    pages = sacn.encode_discovery(list(range(1, 1026)), CID, "Spot")
    assert [page[118:120] for page in pages] == [b"\0\2", b"\1\2", b"\2\2"]
    assert [len(page) for page in pages] == [1144, 1144, 122]


@pytest.mark.parametrize(
    ("universe", "group"),
    [(1, "239.255.0.1"), (255, "239.255.0.255"), (256, "239.255.1.0"), (63999, "239.255.249.255")],
)
def test_groups_are_the_universes_two_bytes(universe, group):
    assert sacn.multicast_address(universe) == group
    assert sacn.multicast_address(sacn.DISCOVERY_UNIVERSE) == "239.255.250.214"


@pytest.mark.parametrize(
    ("slots", "universe", "priority", "sync", "said"),
    [
        (0, 1, 100, 0, "sACN carries 1..512 slots, not 0"),
        (513, 1, 100, 0, "sACN carries 1..512 slots, not 513"),
        (1, 0, 100, 0, "sACN universe 0 is not in 1..63999"),
        (1, 64000, 100, 0, "sACN universe 64000 is not in 1..63999"),
        (1, 1, 201, 0, "sACN priority 201 is not in 0..200"),
        (1, 1, -1, 0, "sACN priority -1 is not in 0..200"),
        (1, 1, 0, 64000, "sACN synchronization universe 64000 is not in 0..63999"),
        (1, 1, 0, -1, "sACN synchronization universe -1 is not in 0..63999"),
    ],
)
def test_what_the_standard_forbids_is_refused(slots, universe, priority, sync, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        sacn.data_template(slots, universe, CID, source_name="x", priority=priority, sync_universe=sync)


def test_a_long_name_is_not_cut_inside_a_character():
    packet = sacn.encode_data(np.zeros(1, np.uint8), 1, 0, CID, source_name="é" * 40)
    assert sacn.decode_data(packet).source_name == "é" * 31


@given(
    st.binary(min_size=1, max_size=512),
    st.integers(1, 63999),
    st.integers(0, 255),
    st.integers(0, 200),
    st.integers(0, 255),
)
def test_the_sacn_package_reads_and_writes_the_same(levels, universe, sequence, priority, options):
    messages = pytest.importorskip("sacn.messages.data_packet")
    slots = np.frombuffer(levels, np.uint8)
    packet = sacn.encode_data(slots, universe, sequence, CID, source_name="Spot", priority=priority, options=options)
    theirs = messages.DataPacket.make_data_packet(tuple(packet))
    assert (theirs.universe, theirs.sequence, theirs.priority) == (universe, sequence, priority)
    assert theirs.sourceName.rstrip("\0") == "Spot"
    assert bytes(theirs.dmxData[: len(levels)]) == levels
    assert theirs.option_StreamTerminated == bool(options & sacn.TERMINATED)
    assert theirs.option_PreviewData == bool(options & sacn.PREVIEW)
    ours = sacn.decode_data(bytes(theirs.getBytes()))
    assert (ours.cid, ours.universe, ours.sequence, ours.priority) == (CID.bytes, universe, sequence, priority)
    assert bytes(ours.slots[: len(levels)]) == levels
    again = sacn.decode_data(packet)
    assert (again.universe, again.sequence, again.options, bytes(again.slots)) == (universe, sequence, options, levels)


def test_late_is_the_signed_byte_of_section_6_7_2():
    late = [gap for gap in range(256) if sacn.is_late((100 + gap) & 0xFF, 100)]
    assert late == [0, *range(237, 256)]  # 0, -19 .. -1
    assert not sacn.is_late(0, 255)
    assert sacn.is_late(255, 0)


def test_other_sound_packets_are_no_data_and_no_mistake():
    assert sacn.decode_data(sacn.encode_sync(1, 1, CID)) is None
    assert sacn.decode_data(sacn.encode_discovery([1], CID, "x")[0]) is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p[:37], "no sACN preamble"),
        (lambda p: p[:125], "sACN data of 125 bytes"),
        (lambda p: p[:-1], "sACN says 512 slots and carries 511"),
        (lambda p: b"x" + p[1:], "no sACN preamble"),
        (lambda p: p[:18] + b"\0\0\0\5" + p[22:], "root vector 5"),
        (lambda p: p[:40] + b"\0\0\0\3" + p[44:], "not the framing of DMX data"),
        (lambda p: p[:118] + b"\xa2" + p[119:], "not the framing of DMX data"),
        (lambda p: p[:108] + b"\xc9" + p[109:], "priority 201, universe 1"),
        (lambda p: p[:113] + b"\0\0" + p[115:], "priority 100, universe 0"),
        (lambda p: p[:113] + b"\xfa\0" + p[115:], "priority 100, universe 64000"),
        (lambda p: p[:123] + b"\2\2" + p[125:], "sACN says 513 slots and carries 512"),
        (lambda p: p[:123] + b"\0\0" + p[125:], "sACN says -1 slots and carries 512"),
    ],
)
def test_what_is_no_sacn_is_refused(spoil, said):
    packet = sacn.encode_data(np.zeros(512, np.uint8), 1, 0, CID)
    with pytest.raises(MalformedError, match=f"^{said}$"):
        sacn.decode_data(spoil(packet))


def test_a_packet_says_everything_of_its_header():
    slots = np.array([9, 8], np.uint8)
    sent = sacn.encode_data(slots, 63999, 255, CID, source_name="Spot", priority=200, options=0xE0, sync_universe=63999)
    assert sacn.decode_data(sent) == sacn.SacnData(CID.bytes, 63999, 200, 255, slots, 0xE0, 0, 63999, "Spot")
    plain = sacn.decode_data(sacn.encode_data(slots, 1, 0, CID))
    assert plain == sacn.SacnData(CID.bytes, 1, 100, 0, slots, 0, 0, 0, "Followspot")
    none = bytearray(sacn.encode_data(slots, 1, 0, CID))
    none[124] = 1  # a start code and no slot
    assert sacn.decode_data(bytes(none)).slots.tolist() == []
