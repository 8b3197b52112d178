"""Art-Net 4 packets: bytes in, bytes out, nothing else.

Source: Artistic Licence, "Art-Net 4 Protocol Release V1.4": ArtDmx, ArtPoll, ArtPollReply, ArtSync. The standard mixes
byte orders: OpCode is little-endian, protocol version and length are big-endian, the port address is low byte first.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

import numpy as np

from controller.arrays import ByteArray
from controller.lighting.protocol.malformed import MalformedError

PORT = 6454
PROTOCOL_VERSION = 14
OP_POLL = 0x2000
OP_POLL_REPLY = 0x2100
OP_DMX = 0x5000
OP_SYNC = 0x5200
ID = b"Art-Net\0"
HEADER = struct.Struct("<8sH")
VERSION = struct.Struct(">H")
DMX_HEADER_BYTES = 18
SEQUENCE_AT = 12
POLL_EVERY_S = 2.5
"""A controller polls every 2.5 to 3 seconds."""

# ArtPollReply, 239 bytes: (offset) 10 IP, 14 port, 16 firmware, 18 net, 19 sub, 20 OEM, 23 status, 24 ESTA,
# 26 short name, 44 long name, 108 report, 172 number of ports, 174 port types, 178 good input, 182 good output,
# 186 swin, 190 swout, 200 style, 201 MAC, 207 bind IP, 211 bind index, 212 status 2
REPLY = struct.Struct("<8sH4sHHBBHBBH18s64s64sH4s4s4s4s4s6sB6s4sB27s")
REPLY_LEAST_BYTES = 194
"""Old nodes end before the MAC address, or after it; what is missing counts as zeros. Port types and universes must be
there."""
MAY_OUTPUT, DMX512 = 0x80, 0x00
STYLE_NODE, STYLE_CONTROLLER = 0x00, 0x01
ESTA_PROTOTYPE = 0x7FF0
OEM_UNKNOWN = 0xFF00  # 0x00FF, high byte first


@dataclass(frozen=True, slots=True)
class ArtDmx:
    """One universe as it came: `slots` (n,) uint8, n 1..512; `sequence` 0 means that the sender does not count; `lies`
    if the packet promised more slots than it carries or than there are.
    """

    port_address: int
    sequence: int
    slots: ByteArray
    lies: bool = False


@dataclass(frozen=True, slots=True)
class ArtPollReply:
    """What a node says of itself.

    Attributes:
        outputs: port addresses that it turns into DMX. inputs: port addresses that it sends.
        bind_index: which part of a node that answers in several packets; 0 and 1 are its first.
    """

    ip: str
    short_name: str
    outputs: tuple[int, ...]
    inputs: tuple[int, ...] = ()
    long_name: str = ""
    bind_index: int = 1
    style: int = STYLE_NODE


def encode_artdmx(slots: ByteArray, port_address: int, sequence: int) -> bytes:
    """One ArtDmx packet.

    Args:
        slots: (n,) uint8, n even, 2..512.
        port_address: 15 bits, 0..32767.
        sequence: 1..255; 0 would switch the receiver's protection against reordering off.

    Returns:
        18 header bytes and the slots.

    Raises:
        ValueError: an argument is out of range.
    """
    if not 1 <= sequence <= 255:
        raise ValueError(f"sequence {sequence} is not in 1..255")
    packet = artdmx_template(len(slots), port_address)
    packet[SEQUENCE_AT] = sequence
    packet[DMX_HEADER_BYTES:] = np.ascontiguousarray(slots, np.uint8).tobytes()
    return bytes(packet)


def artdmx_template(slots: int, port_address: int) -> bytearray:
    """A packet of so many slots with everything filled in but sequence and levels, to be written into every cycle.

    Raises:
        ValueError: an argument is out of range.
    """
    if not 2 <= slots <= 512 or slots % 2:
        raise ValueError(f"ArtDmx carries 2..512 slots, an even number, not {slots}")
    if not 0 <= port_address <= 0x7FFF:
        raise ValueError(f"port address {port_address} is not in 0..32767")
    sequence = physical = 0
    fields = bytes((sequence, physical)) + struct.pack("<H", port_address) + struct.pack(">H", slots)
    return bytearray(_header(OP_DMX) + fields + bytes(slots))


def next_sequence(sequence: int) -> int:
    """The number after this one: 1..255, then 1 again."""
    return sequence % 255 + 1


def is_late(sequence: int, last: int) -> bool:
    """Whether a packet was overtaken by one that came before it. Counting is 1..255; 0 on either side: not counted.

    The standard gives no window; sACN's of twenty is used. The same number again is taken: some senders never count.
    """
    if sequence == 0 or last == 0:
        return False
    return (sequence - last) % 255 > 255 - 20


def encode_artpoll() -> bytes:
    """One ArtPoll: who is there? Flags 0: answers come unicast, only when asked."""
    flags = priority = 0
    return _header(OP_POLL) + bytes((flags, priority))


def encode_artsync() -> bytes:
    """One ArtSync: show now what came since the last one."""
    return _header(OP_SYNC) + bytes(2)


def encode_poll_reply(reply: ArtPollReply) -> bytes:
    """One ArtPollReply, 239 bytes, of a node with at most four ports that share net and sub-net.

    Raises:
        ValueError: more than four ports in a direction, or ports of different nets.
    """
    ports = (*reply.outputs, *reply.inputs)
    if max(len(reply.outputs), len(reply.inputs)) > 4 or len({port >> 4 for port in ports}) > 1:
        raise ValueError("one ArtPollReply tells of at most four ports of one net and sub-net")
    first = ports[0] if ports else 0
    count = max(len(reply.outputs), len(reply.inputs))
    kinds = [
        (MAY_OUTPUT if index < len(reply.outputs) else 0) | (0x40 if index < len(reply.inputs) else 0) | DMX512
        for index in range(count)
    ]
    return REPLY.pack(
        ID,
        OP_POLL_REPLY,
        IPv4Address(reply.ip).packed,
        PORT,
        0,  # firmware
        first >> 8,
        first >> 4 & 0xF,
        OEM_UNKNOWN,
        0,  # no UBEA
        0b11000000,  # indicators in normal mode
        ESTA_PROTOTYPE,
        _text(reply.short_name, 17),
        _text(reply.long_name, 63),
        b"#0001 [0000] ready",
        count << 8,  # the one number of this packet that comes high byte first
        bytes(kinds),
        bytes(4),
        bytes([0x80] * len(reply.outputs)),
        bytes(port & 0xF for port in reply.inputs),
        bytes(port & 0xF for port in reply.outputs),
        bytes(6),
        reply.style,
        bytes(6),
        IPv4Address(reply.ip).packed,
        reply.bind_index,
        b"\x08",  # 15-bit port addresses
    )


def opcode(packet: bytes) -> int:
    """What kind of packet this is.

    Raises:
        MalformedError: it is no Art-Net, or of a version before this one.
    """
    if len(packet) < HEADER.size or not packet.startswith(ID):
        raise MalformedError("no Art-Net header")
    code = packet[8] | packet[9] << 8
    # a reply carries an IP address where others carry the version, which never changed and may only grow
    if code != OP_POLL_REPLY and (len(packet) < 12 or VERSION.unpack_from(packet, 10)[0] < PROTOCOL_VERSION):
        raise MalformedError("no Art-Net version 14 or later")
    return code


def decode_artdmx(packet: bytes) -> ArtDmx:
    """Read an ArtDmx. An odd number of slots is against the standard and no reason to leave a room dark, and neither is
    a length that counts the start code in or promises more than is carried: what is there is taken, and `lies` says so.

    Raises:
        MalformedError: anything else is wrong.
    """
    if opcode(packet) != OP_DMX:
        raise MalformedError("no ArtDmx")
    if len(packet) < DMX_HEADER_BYTES:
        raise MalformedError("ArtDmx ends before its slots")
    port_address = (packet[14] | packet[15] << 8) & 0x7FFF
    said = VERSION.unpack_from(packet, 16)[0]
    length = min(said, 512, len(packet) - DMX_HEADER_BYTES)
    if not length:
        raise MalformedError(f"ArtDmx says {said} slots and carries {len(packet) - DMX_HEADER_BYTES}")
    slots = np.frombuffer(packet, np.uint8, length, DMX_HEADER_BYTES)
    return ArtDmx(port_address, packet[SEQUENCE_AT], slots, lies=said > length)


def decode_poll_reply(packet: bytes) -> ArtPollReply:
    """Read an ArtPollReply. All four places are read: some nodes count the ports in use, some leave the number at 0.

    Raises:
        MalformedError: it is none.
    """
    if opcode(packet) != OP_POLL_REPLY:
        raise MalformedError("no ArtPollReply")
    if len(packet) < REPLY_LEAST_BYTES:
        raise MalformedError(f"ArtPollReply of {len(packet)} bytes")
    whole = packet.ljust(REPLY.size, b"\0")[: REPLY.size]
    base = (whole[18] & 0x7F) << 8 | (whole[19] & 0xF) << 4
    kinds, inputs, outputs = whole[174:178], whole[186:190], whole[190:194]
    return ArtPollReply(
        ip=str(IPv4Address(whole[10:14])),
        short_name=_words(whole[26:44]),
        outputs=tuple(base | outputs[i] & 0xF for i in range(4) if kinds[i] & MAY_OUTPUT),
        inputs=tuple(base | inputs[i] & 0xF for i in range(4) if kinds[i] & 0x40),
        long_name=_words(whole[44:108]),
        bind_index=whole[211],
        style=whole[200],
    )


def _header(code: int) -> bytes:
    return HEADER.pack(ID, code) + VERSION.pack(PROTOCOL_VERSION)


def _text(words: str, length: int) -> bytes:
    """Zero-terminated ASCII."""
    return words.encode("ascii", "replace")[:length]


def _words(field: bytes) -> str:
    """What stands before the zero, printable."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in field.split(b"\0")[0])
