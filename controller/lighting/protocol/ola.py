"""The one remote call to `olad` that a light controller needs: StreamDmxData. Bytes out, nothing else.

Source: OLA's `common/protocol/Ola.proto` and `common/rpc/Rpc.proto`, wire format of Protocol Buffers (varints and
length-delimited fields). Thirty lines instead of a dependency: olad's own Python client breaks with protobuf 6.30
and later (OpenLightingProject/ola#2008). A stream request is answered by nothing.
"""

import struct
import sys

import numpy as np

from controller.arrays import ByteArray
from controller.lighting.protocol.malformed import MalformedError

PORT = 9010
PROTOCOL_VERSION = 1
STREAM_REQUEST = 10
METHOD = b"StreamDmxData"
# olad reads the header in its own byte order: it only ever listens on this machine
HEADER = struct.Struct("<I" if sys.byteorder == "little" else ">I")
VARINT, BYTES = 0, 2


def encode_stream_dmx(slots: ByteArray, universe: int, priority: int, call: int) -> bytes:
    """One StreamDmxData request with its header.

    Args:
        slots: (n,) uint8, n 1..512. universe: of olad. priority: 0..200. call: number of the request, any.
    """
    data = b"".join(
        (
            _number(1, universe),
            _bytes(2, np.ascontiguousarray(slots, np.uint8).tobytes()),
            _number(3, priority),
        )
    )
    message = b"".join((_number(1, STREAM_REQUEST), _number(2, call), _bytes(3, METHOD), _bytes(4, data)))
    return HEADER.pack(PROTOCOL_VERSION << 28 | len(message)) + message


def decode_message(message: bytes) -> dict[int, int | bytes]:
    """Fields of one message without its header; of a field that stands twice the last counts.

    Raises:
        MalformedError: these bytes are no message.
    """
    fields: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        size, at = _read_varint(message, at)
        if key & 7 == VARINT:
            fields[key >> 3] = size
        elif key & 7 == BYTES and at + size <= len(message):
            fields[key >> 3] = message[at : at + size]
            at += size
        else:
            raise MalformedError("a field of another kind, or past the end")
    return fields


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        number |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return number, at
    raise MalformedError("a number without an end")


def _number(tag: int, number: int) -> bytes:
    return _varint(tag << 3 | VARINT) + _varint(number)


def _bytes(tag: int, content: bytes) -> bytes:
    return _varint(tag << 3 | BYTES) + _varint(len(content)) + content
