"""Reads what we tell olad: the other half of `controller.lighting.protocol.ola`, which only ever speaks."""

from controller.lighting.protocol.malformed import MalformedError

VARINT, BYTES = 0, 2


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
