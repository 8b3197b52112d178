"""Art-Net bytes: golden packets, the ends of every range, sequence numbers, and independent decoders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.lighting.protocol import artnet
from controller.lighting.protocol.artnet import ArtPollReply, encode_artdmx, next_sequence
from controller.lighting.protocol.malformed import MalformedError


def test_golden_bytes():
    packet = encode_artdmx(np.array([1, 2, 254, 255], np.uint8), port_address=0x1234, sequence=0x56)
    assert packet == bytes.fromhex(
        "41 72 74 2d 4e 65 74 00"  # "Art-Net", zero
        "00 50"  # OpDmx 0x5000, low byte first
        "00 0e"  # protocol version 14, high byte first
        "56"  # sequence
        "00"  # physical port
        "34 12"  # SubUni, Net: port address 0x1234, low byte first
        "00 04"  # length, high byte first
        "01 02 fe ff"
    )


def test_a_full_universe_is_530_bytes():
    packet = encode_artdmx(np.arange(512).astype(np.uint8), 0, 1)
    assert len(packet) == 18 + 512
    assert packet[16:18] == b"\x02\x00"
    assert packet[18:] == bytes(i % 256 for i in range(512))


@pytest.mark.parametrize(
    ("slots", "port_address", "sequence", "said"),
    [
        *((slots, 0, 1, f"ArtDmx carries 2..512 slots, an even number, not {slots}") for slots in (0, 1, 3, 514)),
        *((2, port, 1, f"port address {port} is not in 0..32767") for port in (-1, 32768)),
        *((2, 0, sequence, f"sequence {sequence} is not in 1..255") for sequence in (0, 256)),
    ],
)
def test_what_the_standard_forbids_is_refused(slots, port_address, sequence, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        encode_artdmx(np.zeros(slots, np.uint8), port_address, sequence)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=256), st.integers(0, 32767), st.integers(1, 255))
def test_an_independent_decoder_reads_the_same(half, port_address, sequence):
    """StupidArtnet's server half, which shares no code with us."""
    stupid = pytest.importorskip("stupidArtnet.StupidArtnetServer").StupidArtnetServer
    slots = np.array(half + half, np.uint8)
    packet = encode_artdmx(slots, port_address, sequence)
    assert stupid.validate_header(packet)
    assert int.from_bytes(packet[14:16], "little") == port_address
    assert int.from_bytes(packet[16:18], "big") == len(slots)
    assert list(packet[18:]) == half + half


def test_sequences_run_from_1_to_255_and_start_again():
    seen, sequence = [], 0
    for _ in range(512):
        sequence = next_sequence(sequence)
        seen.append(sequence)
    assert seen[:2] == [1, 2]
    assert seen[254:257] == [255, 1, 2]
    assert 0 not in seen


def test_what_is_encoded_is_decoded():
    slots = np.arange(512).astype(np.uint8)
    packet = artnet.decode_artdmx(encode_artdmx(slots, 0x7FFF, 255))
    assert (packet.port_address, packet.sequence) == (0x7FFF, 255)
    assert np.array_equal(packet.slots, slots)


@pytest.mark.parametrize("port_address", [0, 1, 0x1234, 0x00FF, 0x7F00])
def test_the_port_address_has_fifteen_bits(port_address):
    packet = bytearray(encode_artdmx(np.zeros(2, np.uint8), port_address, 1))
    assert artnet.decode_artdmx(bytes(packet)).port_address == port_address
    packet[15] |= 0x80  # which is no part of it
    assert artnet.decode_artdmx(bytes(packet)).port_address == port_address


def test_an_odd_number_of_slots_and_a_trailer_are_heard_all_the_same():
    packet = bytearray(encode_artdmx(np.array([1, 2, 3, 4], np.uint8), 0, 1))
    packet[17] = 3
    assert artnet.decode_artdmx(bytes(packet)).slots.tolist() == [1, 2, 3]
    assert artnet.decode_artdmx(bytes(packet) + b"xyz").slots.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p[:17], "ArtDmx ends before its slots"),
        (lambda p: p[:18], "ArtDmx says 512 slots and carries 0"),
        (lambda p: b"Art-Nat" + p[7:], "no Art-Net header"),
        (lambda p: p[:9], "no Art-Net header"),
        (lambda p: p[:8] + b"\0\x21" + p[10:], "no ArtDmx"),
        (lambda p: p[:10], "no Art-Net version 14 or later"),
        (lambda p: p[:11], "no Art-Net version 14 or later"),
        (lambda p: p[:11] + b"\x0d" + p[12:], "no Art-Net version 14 or later"),
        (lambda p: p[:16] + b"\0\0" + p[18:], "ArtDmx says 0 slots and carries 512"),
        (lambda p: b"", "no Art-Net header"),
    ],
)
def test_what_is_no_artdmx_is_refused(spoil, said):
    with pytest.raises(MalformedError, match=f"^{said}$"):
        artnet.decode_artdmx(spoil(encode_artdmx(np.zeros(512, np.uint8), 0, 1)))


@pytest.mark.parametrize(("said", "carried", "taken"), [(514, 514, 512), (514, 512, 512), (36, 34, 34), (600, 1, 1)])
def test_r27_a_length_that_does_not_fit_is_taken_as_far_as_it_is_carried(said, carried, taken):
    packet = encode_artdmx(np.full(512, 77, np.uint8), 0, 1)[:16] + said.to_bytes(2, "big") + bytes([77]) * carried
    read = artnet.decode_artdmx(packet)
    assert (read.slots.tolist(), read.lies) == ([77] * taken, True)
    assert not artnet.decode_artdmx(encode_artdmx(np.zeros(512, np.uint8), 0, 1)).lies


def reply_of(kinds, outputs, count=0, bind=1):
    whole = bytearray(artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.50", "node", (), bind_index=bind)))
    whole[173], whole[174:178], whole[190:194] = count, bytes(kinds), bytes(outputs)
    return bytes(whole)


@pytest.mark.parametrize(
    ("reply", "outputs"),
    [
        (reply_of((0, 0x80, 0, 0), (0, 3, 0, 0), count=1), (3,)),
        (reply_of((0x80,) * 4, (0, 1, 2, 3)), (0, 1, 2, 3)),
        (reply_of((0x80, 0, 0x80, 0), (5, 9, 7, 9), count=2), (5, 7)),
        (reply_of((0x80, 0, 0, 0), (5, 0, 0, 0), count=1)[:201], (5,)),
    ],
)
def test_r22_a_place_of_a_reply_counts_if_its_type_says_output(reply, outputs):
    assert artnet.decode_poll_reply(reply).outputs == outputs


def test_late_is_behind_by_less_than_twenty_around_the_wrap_at_255():
    assert not artnet.is_late(1, 255)
    assert artnet.is_late(255, 1)
    assert artnet.is_late(99, 100)
    assert not artnet.is_late(100, 100)  # a sender that never counts
    assert not artnet.is_late(80, 100)
    assert artnet.is_late(81, 100)
    assert not artnet.is_late(0, 100)
    assert not artnet.is_late(100, 0)


def test_artpoll_and_artsync_are_fourteen_bytes():
    assert artnet.encode_artpoll() == bytes.fromhex("41 72 74 2d 4e 65 74 00  00 20  00 0e  00  00")
    assert artnet.encode_artsync() == bytes.fromhex("41 72 74 2d 4e 65 74 00  00 52  00 0e  00  00")


def test_a_poll_reply_lays_its_fields_where_the_standard_says():
    reply = ArtPollReply("10.1.2.3", "Followspot", (0x123, 0x124), (0x12F,), "Followspot, the Basement", 2)
    packet = artnet.encode_poll_reply(reply)
    assert len(packet) == 239
    assert packet[:10] == b"Art-Net\0\x00\x21"
    assert packet[10:14] == bytes([10, 1, 2, 3])
    assert packet[14:16] == b"\x36\x19"  # 6454, low byte first
    assert packet[18:20] == b"\x01\x02"  # net, sub-net
    assert packet[20:22] == b"\x00\xff"  # OEM unknown
    assert packet[26:37] == b"Followspot\0"
    assert packet[44:69] == b"Followspot, the Basement\0"
    assert packet[172:174] == b"\x00\x02"
    assert packet[174:178] == b"\xc0\x80\0\0"
    assert packet[186:190] == b"\x0f\0\0\0"
    assert packet[190:194] == b"\x03\x04\0\0"
    assert packet[200] == 0
    assert packet[207:212] == bytes([10, 1, 2, 3, 2])
    assert artnet.decode_poll_reply(packet) == reply
    assert artnet.decode_poll_reply(packet[:207]).outputs == (0x123, 0x124)  # as version 3 sent it


def test_what_is_no_poll_reply_is_refused():
    packet = artnet.encode_poll_reply(ArtPollReply("10.0.0.50", "node", (5,)))
    with pytest.raises(MalformedError, match=r"^no ArtPollReply$"):
        artnet.decode_poll_reply(artnet.encode_artpoll())
    with pytest.raises(MalformedError, match=r"^ArtPollReply of 193 bytes$"):
        artnet.decode_poll_reply(packet[:193])
    assert artnet.decode_poll_reply(packet[:194]) == ArtPollReply("10.0.0.50", "node", (5,), bind_index=0)
    assert artnet.decode_poll_reply(packet + b"more") == artnet.decode_poll_reply(packet)


def test_one_reply_tells_of_four_ports_of_one_sub_net():
    four = tuple(range(0x7FF0, 0x7FF4))
    assert artnet.decode_poll_reply(artnet.encode_poll_reply(ArtPollReply("10.0.0.1", "x", four, four))).outputs == four
    assert artnet.decode_poll_reply(artnet.encode_poll_reply(ArtPollReply("10.0.0.1", "x", ()))).outputs == ()
    for outputs, inputs in (((*four, 0x7FF4), ()), ((), (*four, 0x7FF4)), ((0x0F, 0x10), ()), ((1,), (0x101,))):
        with pytest.raises(ValueError, match=r"^one ArtPollReply tells of at most four ports of one net and sub-net$"):
            artnet.encode_poll_reply(ArtPollReply("10.0.0.1", "x", outputs, inputs))


def test_names_are_cut_and_plain():
    said = artnet.encode_poll_reply(ArtPollReply("10.0.0.1", "Café" + "x" * 20, (1,), long_name="y" * 70, style=1))
    read = artnet.decode_poll_reply(said)
    assert (read.short_name, read.long_name, read.style) == ("Caf?" + "x" * 13, "y" * 63, 1)
    assert said[108:127] == b"#0001 [0000] ready\0"
    assert said[182:186] == b"\x80\0\0\0"
    assert said[23:26] == b"\xc0\xf0\x7f"
    assert said[212] == 8
    odd = said[:26] + b"a\x1f\x20\x7e\x7f" + said[31:]
    assert artnet.decode_poll_reply(odd).short_name.startswith("a? ~?")


def aio_node():
    """aioartnet's protocol object without its sockets."""
    client_module = pytest.importorskip("aioartnet.client")
    client = client_module.ArtNetClient(portName="aio")
    client.unicast_ip = "10.0.0.9"
    client.broadcast_ip = "10.0.0.255"
    return client, client_module.ArtNetClientProtocol(client)


def test_aioartnet_reads_our_poll_reply_as_we_meant_it():
    client, protocol = aio_node()
    ours = ArtPollReply("10.1.2.3", "Followspot", (0x123, 0x124), (0x12F,), "Followspot, the Basement")
    protocol.datagram_received(artnet.encode_poll_reply(ours), ("10.1.2.3", 6454))
    (node,) = client.nodes.values()
    assert (node.ip, node.portName, node.longName) == ("10.1.2.3", "Followspot", "Followspot, the Basement")
    ports = {(port.is_input, port.universe.portaddress) for port in node.ports}
    assert ports == {(False, 0x123), (False, 0x124), (True, 0x12F)}


def test_we_read_aioartnets_poll_reply_and_it_answers_our_poll():
    client, protocol = aio_node()
    client.set_port_config("0:0:5", is_output=True)
    sent = []
    protocol.transport = type("Wire", (), {"sendto": lambda self, data, addr: sent.append(data)})()
    protocol.datagram_received(artnet.encode_artpoll(), ("10.0.0.1", 6454))
    reply = artnet.decode_poll_reply(sent[0])
    assert (reply.ip, reply.short_name) == ("10.0.0.9", "aio")
    assert 5 in (*reply.outputs, *reply.inputs)
