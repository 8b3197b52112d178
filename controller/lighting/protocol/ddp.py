"""DDP packets (Distributed Display Protocol), as WLED and other pixel controllers take them: bytes out, nothing else.

Source: the protocol's public description (version 1). Ten bytes of header: flags, a number from 1 to 15, type of data,
destination, and in big-endian order the byte of the display that the data begins at, and its length.
"""

import struct

import numpy as np

from controller.arrays import ByteArray

PORT = 4048
HEADER = struct.Struct(">BBBBIH")
VERSION_1, PUSH = 0x40, 0x01
"""Push: show it now."""
RGB, RGBW = 0x0B, 0x1B
"""Standard types: three or four colours of 8 bits."""
DEFAULT_OUTPUT = 1
LAST_NUMBER = 15


def encode_ddp(levels: ByteArray, offset: int, number: int, *, has_white: bool = False) -> bytes:
    """One packet that shows its data at once.

    Args:
        levels: (n,) uint8, colour after colour. offset: byte of the display. number: 1..15; 0: not numbered.
        has_white: four colours a pixel instead of three.
    """
    kind = RGBW if has_white else RGB
    head = HEADER.pack(VERSION_1 | PUSH, number, kind, DEFAULT_OUTPUT, offset, len(levels))
    return head + np.ascontiguousarray(levels, np.uint8).tobytes()


def next_number(number: int) -> int:
    """1 to 15, round and round."""
    return number % LAST_NUMBER + 1
