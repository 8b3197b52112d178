"""Art-Net 4 packets: bytes in, bytes out, nothing else.

Source: Artistic Licence, "Art-Net 4 Protocol Release V1.4", ArtDmx. The standard mixes byte orders: OpCode is
little-endian, protocol version and length are big-endian, the port address is low byte first.
"""

import struct

import numpy as np

from controller.messages import ByteArray

PORT = 6454
PROTOCOL_VERSION = 14
OP_DMX = 0x5000
HEADER = struct.Struct("<8sH")
DMX_FIELDS = struct.Struct(">HBB")


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
    if not 2 <= len(slots) <= 512 or len(slots) % 2:
        raise ValueError(f"ArtDmx carries 2..512 slots, an even number, not {len(slots)}")
    if not 0 <= port_address <= 0x7FFF:
        raise ValueError(f"port address {port_address} is not in 0..32767")
    if not 1 <= sequence <= 255:
        raise ValueError(f"sequence {sequence} is not in 1..255")
    physical = 0
    return b"".join(
        (
            HEADER.pack(b"Art-Net\0", OP_DMX),
            DMX_FIELDS.pack(PROTOCOL_VERSION, sequence, physical),
            struct.pack("<H", port_address),
            struct.pack(">H", len(slots)),
            np.ascontiguousarray(slots, np.uint8).tobytes(),
        )
    )


def next_sequence(sequence: int) -> int:
    """The number after this one: 1..255, then 1 again."""
    return sequence % 255 + 1
