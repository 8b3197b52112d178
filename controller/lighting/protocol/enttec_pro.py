"""Messages to and from an Enttec DMX USB Pro and its many relatives. Bytes in, bytes out, nothing else.

Source: ENTTEC, "DMX USB Pro Widget API Specification 1.44": 0x7E, label, length (low byte first), data, 0xE7; labels
3, 4, 6, 10. Labels 77 (manufacturer) and 78 (device name) are the ESTA widget extensions of compatible devices.
The baud rate of the virtual port means nothing. The widget repeats the last frame by itself until it gets another.

Second port of a DMX USB Pro Mk2: ENTTEC gives its key to registered developers only and publishes no table. Label 13
with the key, label 203 (port assignment) and label 169 (send on port 2) are what open-source programs use
(openFrameworks' ofxDmx among them). UNCERTAIN: never tried here on a Mk2; a device that knows none of these labels
ignores them.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import ByteArray
from controller.lighting.protocol.malformed import MalformedError

START, END = 0x7E, 0xE7
GET_PARAMETERS, SET_PARAMETERS, SEND_DMX, GET_SERIAL, MANUFACTURER, DEVICE_NAME = 3, 4, 6, 10, 77, 78
SET_API_KEY, SEND_DMX_2, ASSIGN_PORTS = 13, 169, 203
API_KEY = bytes((0xAD, 0x88, 0xD0, 0xC8))
MOST_BYTES = 600
LEAST_SLOTS = 24
"""Data of label 6 is 25..513 bytes, the start code included."""
TICK_US = 10.67


@dataclass(frozen=True, slots=True)
class WidgetMessage:
    """One message of a widget."""

    label: int
    data: bytes


@dataclass(frozen=True, slots=True)
class WidgetParameters:
    """Answer to label 3. `rate_hz` 0: as fast as it can."""

    firmware: int
    break_us: float
    mab_us: float
    rate_hz: int


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


def encode_set_parameters(break_us: float, mab_us: float, rate_hz: int) -> bytes:
    """Label 4: the widget's own timing. Break 9..127 and mark 1..127 ticks of 10.67 us, 0..40 frames a second.

    No user configuration follows (length 0).
    """
    ticks = (min(127, max(9, round(break_us / TICK_US))), min(127, max(1, round(mab_us / TICK_US))))
    return encode_message(SET_PARAMETERS, bytes((0, 0, *ticks, min(40, max(0, rate_hz)))))


def decode_parameters(data: bytes) -> WidgetParameters:
    """Answer to label 3.

    Raises:
        MalformedError: too short.
    """
    if len(data) < 5:
        raise MalformedError(f"widget parameters of {len(data)} bytes")
    return WidgetParameters(data[0] | data[1] << 8, data[2] * TICK_US, data[3] * TICK_US, data[4])


def decode_serial(data: bytes) -> int:
    """Answer to label 10: eight decimal digits, two in a byte, low byte first.

    Raises:
        MalformedError: not four bytes of digits.
    """
    digits = data[3::-1].hex()
    if len(data) != 4 or not digits.isdecimal():
        raise MalformedError("no serial number")
    return int(digits)


def decode_name(data: bytes) -> tuple[int, str]:
    """Answer to labels 77 and 78: a number (ESTA or device) and a name.

    Raises:
        MalformedError: too short.
    """
    if len(data) < 2:
        raise MalformedError("no widget name")
    return data[0] | data[1] << 8, data[2:].split(b"\0")[0].decode("ascii", "replace")


class WidgetReader:
    """Finds messages in a stream that may begin anywhere and lose bytes: what is no message is skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    def feed(self, received: bytes) -> list[WidgetMessage]:
        """Messages that are whole now. Never raises."""
        self._buffer += received
        found: list[WidgetMessage] = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> WidgetMessage | None:
        buffer = self._buffer
        while buffer:
            start = buffer.find(START)
            self._skip(len(buffer) if start < 0 else start)
            if len(buffer) < 4:
                return None
            length = buffer[2] | buffer[3] << 8
            if length > MOST_BYTES:
                self._skip(1)
            elif len(buffer) < length + 5:
                return None
            elif buffer[length + 4] != END:
                self._skip(1)
            else:
                message = WidgetMessage(buffer[1], bytes(buffer[4 : length + 4]))
                del buffer[: length + 5]
                return message
        return None

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._buffer[:count]
