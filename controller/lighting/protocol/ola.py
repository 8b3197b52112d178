"""Remote calls to `olad`: StreamDmxData, which a show needs, and calls that are answered. Bytes in, bytes out.

Source: OLA's `common/protocol/Ola.proto` and `common/rpc/Rpc.proto`. Written here instead of a dependency: olad's own
Python client breaks with protobuf 6.30 and later (OpenLightingProject/ola#2008). Nothing answers a stream request.
"""

import struct
import sys
from dataclasses import dataclass

import numpy as np

from controller.arrays import ByteArray
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.protobuf import content, fields, number, payloads, whole

PORT = 9010
PROTOCOL_VERSION = 1
REQUEST, RESPONSE, STREAM_REQUEST = 1, 2, 10
STREAM_DMX = b"StreamDmxData"
# olad reads the header in its own byte order: it only ever listens on this machine
HEADER = struct.Struct("<I" if sys.byteorder == "little" else ">I")
MOST_BYTES = 1 << 20
"""Of one answer: a whole universe of devices is a tenth of that."""


@dataclass(frozen=True, slots=True)
class OlaAnswer:
    """What olad says to a call.

    Attributes:
        call: number of the request. data: the reply's message. failed: why there is none, or empty.
    """

    call: int
    data: bytes
    failed: str = ""


def encode_stream_dmx(slots: ByteArray, universe: int, priority: int, call: int) -> bytes:
    """One StreamDmxData request with its header.

    Args:
        slots: (n,) uint8, n 1..512. universe: of olad. priority: 0..200. call: number of the request, any.
    """
    data = b"".join(
        (
            number(1, universe),
            content(2, np.ascontiguousarray(slots, np.uint8).tobytes()),
            number(3, priority),
        )
    )
    return _request(STREAM_REQUEST, STREAM_DMX, data, call)


def encode_call(method: str, data: bytes, call: int) -> bytes:
    """One request that is answered, with its header.

    Args:
        method: of OlaServerService. data: its message. call: number of the request; the answer has it, too.
    """
    return _request(REQUEST, method.encode("ascii"), data, call)


def size_of(header: bytes) -> int:
    """How many bytes follow a header of four bytes.

    Raises:
        MalformedError: it is of another protocol, or of an answer that is too long.
    """
    (word,) = HEADER.unpack(header)
    if word >> 28 != PROTOCOL_VERSION or word & 0x0FFFFFFF > MOST_BYTES:
        raise MalformedError("this is not olad, or not one that is known")
    return int(word & 0x0FFFFFFF)


def decode_answer(message: bytes) -> OlaAnswer:
    """What came back, without its header.

    Raises:
        MalformedError: these bytes are no message.
    """
    outer = fields(message)
    data = b"".join(payloads(outer, 4)[-1:])
    if whole(outer, 1) == RESPONSE:
        return OlaAnswer(whole(outer, 2), data)
    return OlaAnswer(whole(outer, 2), b"", data.decode("utf-8", "replace") or "olad cannot do that")


def _request(kind: int, method: bytes, data: bytes, call: int) -> bytes:
    message = b"".join((number(1, kind), number(2, call), content(3, method), content(4, data)))
    return HEADER.pack(PROTOCOL_VERSION << 28 | len(message)) + message
