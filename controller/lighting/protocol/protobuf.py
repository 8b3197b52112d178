"""The wire format of Protocol Buffers as far as olad uses it: numbers and bytes of one message, both directions.

Source: "Encoding" in the documentation of Protocol Buffers: a key (tag and kind), then a varint, four bytes, or a
length and so many bytes. A few lines instead of a dependency (docs/decisions/0049).
"""

from collections.abc import Mapping

from controller.lighting.protocol.malformed import MalformedError

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
WIDTHS = {EIGHT: 8, FOUR: 4}
MOST_BITS = 70
Fields = Mapping[int, list[int | bytes]]
"""By tag, every value in the order in which they came: numbers, or bytes."""


def number(tag: int, amount: int) -> bytes:
    """A field with a number, 0 and more."""
    return _varint(tag << 3 | VARINT) + _varint(amount)


def fixed(tag: int, amount: int) -> bytes:
    """A field with a number of 32 bits in four bytes."""
    return _varint(tag << 3 | FOUR) + amount.to_bytes(4, "little")


def content(tag: int, payload: bytes) -> bytes:
    """A field with bytes: text, or a message in the message."""
    return _varint(tag << 3 | BYTES) + _varint(len(payload)) + payload


def fields(message: bytes) -> Fields:
    """Everything in a message.

    Raises:
        MalformedError: these bytes are no message.
    """
    found: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_value(message, at, key & 7)
        found.setdefault(key >> 3, []).append(value)
    return found


def whole(message: Fields, tag: int, usual: int = 0) -> int:
    """The number of a field; of several the last counts; `usual` where there is none.

    Raises:
        MalformedError: it holds bytes.
    """
    value = message.get(tag, [usual])[-1]
    if isinstance(value, bytes):
        raise MalformedError(f"field {tag} holds bytes")
    return value


def payloads(message: Fields, tag: int) -> list[bytes]:
    """The bytes of every field with this tag.

    Raises:
        MalformedError: one of them is a number.
    """
    found = message.get(tag, [])
    if any(isinstance(one, int) for one in found):
        raise MalformedError(f"field {tag} holds a number")
    return [one for one in found if isinstance(one, bytes)]


def _read_value(message: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    if kind == VARINT:
        return _read_varint(message, at)
    if kind in WIDTHS:
        end = at + WIDTHS[kind]
    elif kind == BYTES:
        size, at = _read_varint(message, at)
        end = at + size
    else:
        raise MalformedError(f"a field of kind {kind}")
    if end > len(message):
        raise MalformedError("a field past the end")
    return (message[at:end] if kind == BYTES else int.from_bytes(message[at:end], "little")), end


def _varint(amount: int) -> bytes:
    out = bytearray()
    while amount > 0x7F:
        out.append(amount & 0x7F | 0x80)
        amount >>= 7
    out.append(amount)
    return bytes(out)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    amount = 0
    for shift in range(0, MOST_BITS, 7):
        if at >= len(message):
            break
        amount |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return amount, at
    raise MalformedError("a number without an end")
