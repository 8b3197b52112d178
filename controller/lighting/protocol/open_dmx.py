"""Bytes for an FTDI cable without a processor ("Open DMX USB" and its clones), and how long they take on the wire.

Source: ANSI E1.11 (DMX512-A): 250 kbit/s, 8 data bits, 2 stop bits, no parity, so 44 us for each slot; break at least
92 us, mark after break at least 12 us. The computer makes break and mark; the start code is an ordinary first byte.
"""

import numpy as np

from controller.arrays import ByteArray

BAUD = 250_000
SLOT_S = 44e-6
LEAST_SLOTS = 24
"""Breaks lie at least 1204 us apart, which is 24 slots."""


def encode_open_dmx(slots: ByteArray) -> bytes:
    """Start code 0 and the slots, filled up to 24."""
    return b"\0" + np.ascontiguousarray(slots, np.uint8).tobytes().ljust(LEAST_SLOTS, b"\0")


def wire_s(payload: bytes) -> float:
    """How long these bytes take: the next break must not cut into them."""
    return len(payload) * SLOT_S
