"""The one remote call to `olad` that a light controller needs: StreamDmxData. Bytes out, nothing else.

Source: OLA's `common/protocol/Ola.proto` and `common/rpc/Rpc.proto`, wire format of Protocol Buffers (varints and
length-delimited fields). Thirty lines instead of a dependency: olad's own Python client breaks with protobuf 6.30
and later (OpenLightingProject/ola#2008). A stream request is answered by nothing.
"""

import struct
import sys

import numpy as np

from controller.arrays import ByteArray

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


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(tag: int, number: int) -> bytes:
    return _varint(tag << 3 | VARINT) + _varint(number)


def _bytes(tag: int, content: bytes) -> bytes:
    return _varint(tag << 3 | BYTES) + _varint(len(content)) + content
