"""sACN packets (ANSI E1.31-2018): bytes in, bytes out, nothing else.

Three PDUs lie inside each other: root (ACN, who sends), framing (which universe, how urgent), DMP (start code and
slots). All numbers are big-endian. Tables 4-1 (data), 4-2 (synchronization) and 4-3 (universe discovery).
"""

import struct
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from controller.arrays import ByteArray
from controller.lighting.protocol.malformed import MalformedError

PORT = 5568
DISCOVERY_UNIVERSE = 64214
DISCOVERY_EVERY_S = 10.0
"""E131_UNIVERSE_DISCOVERY_INTERVAL."""
DATA_LOSS_S = 2.5
"""E131_NETWORK_DATA_LOSS_TIMEOUT."""
TERMINATIONS = 3
"""Section 6.2.6: the terminated bit leaves in three packets."""
PREVIEW, TERMINATED, FORCE_SYNC = 0x80, 0x40, 0x20
PREAMBLE = b"\x00\x10\x00\x00ASC-E1.17\x00\x00\x00"
ROOT_DATA, ROOT_EXTENDED = 4, 8
START_PRIORITIES = 0xDD
"""Start code of packets that tell a priority for each slot instead of levels: 1..200, 0: this source does not send it.

Registered with ESTA by ETC; the rules are in the documentation of ETC's sACN library, "Per Address Priority".
"""
MOST_URGENT = 200
FRAME_DATA, FRAME_SYNC, FRAME_DISCOVERY = 2, 1, 2
ROOT = struct.Struct(">16sHI16s")
FRAMING = struct.Struct(">HI64sBHBBH")
DMP = struct.Struct(">HBBHHH")
SYNC = struct.Struct(">HIBHH")
DISCOVERY = struct.Struct(">HI64sIHIBB")
DATA_HEADER_BYTES = ROOT.size + FRAMING.size + DMP.size + 1  # 126: the start code is the last of them
PRIORITY_AT, SEQUENCE_AT, OPTIONS_AT, START_CODE_AT = 108, 111, 112, DATA_HEADER_BYTES - 1
UNIVERSES_IN_PAGE = 512


@dataclass(frozen=True, slots=True)
class SacnData:
    """One data packet: `slots` (n,) uint8, n 0..512, without the start code."""

    cid: bytes
    universe: int
    priority: int
    sequence: int
    slots: ByteArray = field(compare=False)
    options: int = 0
    start_code: int = 0
    sync_universe: int = 0
    source_name: str = ""


def multicast_address(universe: int) -> str:
    """239.255 and the universe's two bytes (section 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


def data_template(
    slots: int, universe: int, cid: UUID, *, source_name: str, priority: int, sync_universe: int = 0
) -> bytearray:
    """A data packet with everything filled in but sequence and levels, to be written into every cycle.

    Args:
        slots: 1..512. universe: 1..63999. priority: 0..200. sync_universe: 0: not synchronised.

    Raises:
        ValueError: an argument is out of range.
    """
    if not 1 <= slots <= 512:
        raise ValueError(f"sACN carries 1..512 slots, not {slots}")
    if not 1 <= universe <= 63999:
        raise ValueError(f"sACN universe {universe} is not in 1..63999")
    if not 0 <= priority <= 200:
        raise ValueError(f"sACN priority {priority} is not in 0..200")
    if not 0 <= sync_universe <= 63999:
        raise ValueError(f"sACN synchronization universe {sync_universe} is not in 0..63999")
    dmp = DMP.pack(_flags(DMP.size + 1 + slots), 0x02, 0xA1, 0, 1, slots + 1) + bytes(1 + slots)
    inside = FRAMING.size + len(dmp)
    framing = FRAMING.pack(_flags(inside), FRAME_DATA, _name(source_name), priority, sync_universe, 0, 0, universe)
    return bytearray(_root(ROOT_DATA, cid, inside) + framing + dmp)


def priorities_template(urgent: ByteArray, universe: int, cid: UUID, *, source_name: str, priority: int) -> bytearray:
    """A packet of start code 0xDD with everything filled in but its sequence number.

    Args:
        urgent: (n,) priority of each slot, 0..200. universe, priority: see `data_template`; `priority` counts for
            receivers that do not know this start code.

    Raises:
        ValueError: an argument is out of range.
    """
    if int(urgent.max(initial=0)) > MOST_URGENT:
        raise ValueError(f"sACN priorities of slots go from 0 to {MOST_URGENT}, not to {urgent.max()}")
    packet = data_template(len(urgent), universe, cid, source_name=source_name, priority=priority)
    packet[START_CODE_AT] = START_PRIORITIES
    packet[DATA_HEADER_BYTES:] = np.ascontiguousarray(urgent, np.uint8).tobytes()
    return packet


def encode_data(
    slots: ByteArray,
    universe: int,
    sequence: int,
    cid: UUID,
    *,
    source_name: str = "Followspot",
    priority: int = 100,
    options: int = 0,
    sync_universe: int = 0,
) -> bytes:
    """One data packet of start code 0; see `data_template`. `sequence`: 0..255, counted for each universe."""
    packet = data_template(
        len(slots), universe, cid, source_name=source_name, priority=priority, sync_universe=sync_universe
    )
    packet[SEQUENCE_AT], packet[OPTIONS_AT] = sequence, options
    packet[DATA_HEADER_BYTES:] = np.ascontiguousarray(slots, np.uint8).tobytes()
    return bytes(packet)


def encode_sync(sync_universe: int, sequence: int, cid: UUID) -> bytes:
    """One synchronization packet: show now what came for this synchronization universe. 49 bytes."""
    return _root(ROOT_EXTENDED, cid, SYNC.size) + SYNC.pack(_flags(SYNC.size), FRAME_SYNC, sequence, sync_universe, 0)


def encode_discovery(universes: list[int], cid: UUID, source_name: str) -> list[bytes]:
    """The pages that tell which universes this source sends, in rising order, 512 on a page (section 8)."""
    ordered = sorted(set(universes))
    pages = [ordered[at : at + UNIVERSES_IN_PAGE] for at in range(0, len(ordered), UNIVERSES_IN_PAGE)] or [[]]
    return [_discovery_page(page, number, len(pages) - 1, cid, source_name) for number, page in enumerate(pages)]


def _discovery_page(universes: list[int], page: int, last: int, cid: UUID, source_name: str) -> bytes:
    size = DISCOVERY.size + 2 * len(universes)
    list_flags = _flags(2 + 4 + 2 + 2 * len(universes))
    fixed = DISCOVERY.pack(_flags(size), FRAME_DISCOVERY, _name(source_name), 0, list_flags, 1, page, last)
    return _root(ROOT_EXTENDED, cid, size) + fixed + struct.pack(f">{len(universes)}H", *universes)


def is_late(sequence: int, last: int) -> bool:
    """Section 6.7.2: discard if the difference as a signed byte is above -20 and not above 0."""
    return -20 < ((sequence - last + 128) & 0xFF) - 128 <= 0


def decode_data(packet: bytes) -> SacnData | None:
    """Read a data packet; None if it is sound sACN of another kind (synchronization, discovery).

    Raises:
        MalformedError: it is no sACN, or says other lengths than it has.
    """
    if len(packet) < ROOT.size or not packet.startswith(PREAMBLE):
        raise MalformedError("no sACN preamble")
    _, _, vector, cid = ROOT.unpack_from(packet)
    if vector == ROOT_EXTENDED:
        return None
    if vector != ROOT_DATA:
        raise MalformedError(f"root vector {vector}")
    if len(packet) < DATA_HEADER_BYTES:
        raise MalformedError(f"sACN data of {len(packet)} bytes")
    _, frame_vector, name, priority, sync, sequence, options, universe = FRAMING.unpack_from(packet, ROOT.size)
    _, dmp_vector, kind, first, step, count = DMP.unpack_from(packet, ROOT.size + FRAMING.size)
    if (frame_vector, dmp_vector, kind, first, step) != (FRAME_DATA, 0x02, 0xA1, 0, 1):
        raise MalformedError("not the framing of DMX data")
    slots = count - 1
    if not 0 <= slots <= 512 or len(packet) < DATA_HEADER_BYTES + slots:
        raise MalformedError(f"sACN says {slots} slots and carries {len(packet) - DATA_HEADER_BYTES}")
    if priority > 200 or not 1 <= universe <= 63999:
        raise MalformedError(f"priority {priority}, universe {universe}")
    return SacnData(
        cid=cid,
        universe=universe,
        priority=priority,
        sequence=sequence,
        slots=np.frombuffer(packet, np.uint8, slots, DATA_HEADER_BYTES),
        options=options,
        start_code=packet[START_CODE_AT],
        sync_universe=sync,
        source_name=name.split(b"\0")[0].decode("utf-8", "replace"),
    )


def _root(vector: int, cid: UUID, inside: int) -> bytes:
    return ROOT.pack(PREAMBLE, _flags(ROOT.size - 16 + inside), vector, cid.bytes)


def _flags(length: int) -> int:
    """PDU flags 0x7 and twelve bits of length."""
    return 0x7000 | length


def _name(source_name: str) -> bytes:
    """At most 63 bytes of UTF-8, not cut inside a character; the field's last byte stays zero."""
    return source_name.encode()[:63].decode("utf-8", "ignore").encode()
