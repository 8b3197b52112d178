"""olad's calls about RDM: which devices are on a universe, and one question or wish to one of them. Bytes, both ways.

Source: OLA's `common/protocol/Ola.proto` (GetUIDs, ForceDiscovery, RDMCommand, GetUniverseInfo).
"""

from dataclasses import dataclass
from enum import IntEnum

from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.protobuf import content, fields, fixed, number, payloads, whole
from controller.lighting.protocol.rdm import Uid


class Kind(IntEnum):
    """How a device answered."""

    ACK = 0
    ACK_TIMER = 1
    NACK = 2


NOT_SENT = {
    2: "olad could not send it",
    3: "it does not answer",
    5: "olad does not know it (search again)",
    18: "the adapter does no RDM",
}
"""Response codes of olad that are not an answer; every other one means that something on the wire was damaged."""
NO_ANSWER = 3


@dataclass(frozen=True, slots=True)
class RdmAnswer:
    """What one device said.

    Attributes:
        kind: acknowledged, later, or refused. parameter: which one it is about (a queued message is about another).
        sub_device: 0 for the device itself. data: of the parameter. failed: why there was no answer, or empty.
        silent: nothing was heard at all.
    """

    kind: Kind
    parameter: int
    sub_device: int
    data: bytes
    failed: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class OlaUniverse:
    """A universe of olad: its number and name, whether a port sends it, and whether one of those does RDM."""

    number: int
    name: str
    sends: bool
    rdm: bool


def encode_universe(universe: int | None = None) -> bytes:
    """What GetUIDs and GetUniverseInfo ask about; None: all universes."""
    return b"" if universe is None else number(1, universe)


def encode_discovery(universe: int, *, full: bool) -> bytes:
    """ForceDiscovery: search anew, or only for what is new."""
    return number(1, universe) + number(2, int(full))


def encode_command(
    universe: int, uid: Uid, parameter: int, data: bytes = b"", *, sub_device: int = 0, is_set: bool = False
) -> bytes:
    """RDMCommand: get a parameter, or set it.

    Args:
        parameter: its number in E1.20. data: at most 231 bytes. sub_device: 0 for the device itself.
    """
    message = (
        number(1, universe),
        content(2, number(1, uid.maker) + fixed(2, uid.device)),
        number(3, sub_device),
        number(4, parameter),
        content(5, data),
        number(6, int(is_set)),
    )
    return b"".join(message)


def decode_uids(data: bytes) -> list[Uid]:
    """The answer of GetUIDs and ForceDiscovery.

    Raises:
        MalformedError: these bytes are no such answer.
    """
    found = [fields(one) for one in payloads(fields(data), 2)]
    return sorted(Uid(whole(one, 1) & 0xFFFF, whole(one, 2) & 0xFFFFFFFF) for one in found)


def decode_response(data: bytes) -> RdmAnswer:
    """The answer of RDMCommand.

    Raises:
        MalformedError: these bytes are no such answer.
    """
    message = fields(data)
    code, kind = whole(message, 1), whole(message, 2)
    if kind not in list(Kind):
        raise MalformedError(f"a response of type {kind}")
    failed = "" if code == 0 else NOT_SENT.get(code, f"its answer was damaged on the way (olad's code {code})")
    payload = b"".join(payloads(message, 4)[-1:])
    return RdmAnswer(Kind(kind), whole(message, 5), whole(message, 7), payload, failed, code == NO_ANSWER)


def decode_universes(data: bytes) -> list[OlaUniverse]:
    """The answer of GetUniverseInfo.

    Raises:
        MalformedError: these bytes are no such answer.
    """
    found = []
    for one in map(fields, payloads(fields(data), 1)):
        ports = [fields(port) for port in payloads(one, 8)]
        name = b"".join(payloads(one, 2)[-1:]).decode("utf-8", "replace")
        found.append(OlaUniverse(whole(one, 1), name, bool(ports), any(whole(port, 8) for port in ports)))
    return found
