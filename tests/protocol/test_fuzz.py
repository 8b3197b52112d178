"""A hundred thousand bad packets: a decoder may refuse them, in its own words, and nothing else.

Seeded, so that a failure can be had again: each case is a good packet with bytes flipped, cut, inserted or repeated, or
noise. Hypothesis would find them more cleverly and a hundred times more slowly.
"""

from collections.abc import Callable, Iterator
from uuid import UUID

import numpy as np
import pytest
from enttec import WidgetReader

from controller.config import DeskArtNetConfig, DeskSacnConfig
from controller.lighting.input.feed import Datagram, DeskFeed
from controller.lighting.protocol import artnet, enttec_pro, sacn
from controller.lighting.protocol.malformed import MalformedError

CASES = 25_000
CID = UUID(int=7)
SLOTS = np.arange(512).astype(np.uint8)
GOOD = {
    "artdmx": artnet.encode_artdmx(SLOTS, 3, 1),
    "poll reply": artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.1", "x", (1, 2, 3, 4), (5,))),
    "sacn": sacn.encode_data(SLOTS, 3, 1, CID),
    "widget": enttec_pro.encode_message(3, bytes(5)) + enttec_pro.encode_message(10, b"\1\2\3\4"),
}


def mutations(good: bytes, seed: int, count: int) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    kinds, sizes = rng.integers(0, 5, count), rng.integers(1, 9, count)
    places, levels = rng.random((count, 8)), rng.integers(0, 256, (count, 8), dtype=np.uint8)
    header = min(len(good), 130)  # mutations of levels would find nothing
    for kind, size, place, level in zip(kinds.tolist(), sizes.tolist(), places, levels, strict=True):
        packet = bytearray(good)
        if kind <= 1:
            for at, byte in zip((place[:size] * header).astype(int).tolist(), level.tolist(), strict=False):
                packet[at] = byte
        elif kind == 2:
            del packet[int(place[0] * (len(good) + 1)) :]
        elif kind == 3:
            at = int(place[0] * header)
            packet[at:at] = level[:size].tobytes()
        else:
            packet = bytearray(level.tobytes() * size)
            if place[0] < 0.5:
                packet = bytearray(good[: int(place[1] * 24)]) + packet
        yield bytes(packet)


@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("artdmx", artnet.decode_artdmx),
        ("artdmx", artnet.opcode),
        ("poll reply", artnet.decode_poll_reply),
        ("sacn", sacn.decode_data),
    ],
)
def test_decoders_raise_nothing_but_malformed(name: str, decode: Callable[[bytes], object]):
    refused = 0
    for packet in mutations(GOOD[name], len(name), CASES):
        try:
            decode(packet)
        except MalformedError:
            refused += 1
    assert refused > 0


def test_a_stream_of_broken_messages_still_gives_the_good_ones():
    reader, good = WidgetReader(), enttec_pro.encode_message(10, b"\x11\x22\x33\x44")
    found = 0
    for packet in mutations(GOOD["widget"], 1, CASES):
        reader.feed(packet)
        assert len(reader._buffer) <= enttec_pro.MOST_BYTES + 5
    for _ in range(200):  # whatever half message was left: in the end good ones are seen again
        found += len(reader.feed(good))
    assert found > 100


def test_the_feed_survives_anything_on_both_ports():
    inputs = [
        DeskArtNetConfig(type="artnet", universe=1, port_address=3),
        DeskSacnConfig(type="sacn", universe=1, sacn_universe=3),
    ]
    feed = DeskFeed(inputs, UUID(int=1), "Spot")
    for port, names in ((artnet.PORT, ("artdmx", "poll reply", "sacn")), (sacn.PORT, ("sacn", "artdmx"))):
        for name in names:
            for number, packet in enumerate(mutations(GOOD[name], port, 5_000)):
                feed.hear(Datagram(port, f"10.0.0.{number % 200}", packet), number * 1e-3)
                if number % 100 == 0:
                    feed.levels(number * 1e-3)
                    feed.take_replies()
                    feed.take_polls()
    assert feed.malformed > 0
    assert feed.taken > 0
