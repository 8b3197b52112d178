"""Messages to an Enttec DMX USB Pro and its many relatives. Bytes in, bytes out, nothing else.

Source: ENTTEC, "DMX USB Pro Widget API Specification 1.44": 0x7E, label, length (low byte first), data, 0xE7; label 6.
The baud rate of the virtual port means nothing. The widget repeats the last frame by itself until it gets another.

Second port of a DMX USB Pro Mk2: ENTTEC gives its key to registered developers only and publishes no table. Label 13
with the key, label 203 (port assignment) and label 169 (send on port 2) are what open-source programs use
(openFrameworks' ofxDmx among them). UNCERTAIN: never tried here on a Mk2; a device that knows none of these labels
ignores them.
"""

import numpy as np

from controller.arrays import ByteArray

START, END = 0x7E, 0xE7
SEND_DMX, SET_API_KEY, SEND_DMX_2, ASSIGN_PORTS = 6, 13, 169, 203
API_KEY = bytes((0xAD, 0x88, 0xD0, 0xC8))
MOST_BYTES = 600
LEAST_SLOTS = 24
"""Data of label 6 is 25..513 bytes, the start code included."""


def encode_message(label: int, data: bytes = b"") -> bytes:
    """One message.

    Raises:
        ValueError: more than 600 bytes of data.
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"a widget takes at most {MOST_BYTES} bytes, not {len(data)}")
    return bytes((START, label, len(data) & 0xFF, len(data) >> 8)) + data + bytes((END,))


def encode_dmx(slots: ByteArray, output: int = 1) -> bytes:
    """One frame: start code 0 and the slots, filled up to 24. Leaving the start code out is the classic mistake.

    Args:
        slots: (n,) uint8, n at most 512. output: 1, or 2 for the second port of a Mk2.
    """
    data = b"\0" + np.ascontiguousarray(slots, np.uint8).tobytes().ljust(LEAST_SLOTS, b"\0")
    return encode_message(SEND_DMX if output == 1 else SEND_DMX_2, data)


def encode_second_port() -> bytes:
    """What a Mk2 is told once before its second port takes DMX: the key, and both ports for DMX."""
    return encode_message(SET_API_KEY, API_KEY) + encode_message(ASSIGN_PORTS, b"\x01\x01")
