"""One universe of olad as RDM sees it: who is there, and a question or a wish to one of them.

A device that needs longer says so and is asked again (ACK_TIMER, E1.20 section 6.3.2); one that is silent is asked
once more, since a wire loses packets. Time is passed in.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from controller.clock import Clock
from controller.counted import counted
from controller.errors import RdmError
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.ola_rdm import (
    Kind,
    OlaUniverse,
    RdmAnswer,
    decode_response,
    decode_uids,
    decode_universes,
    encode_command,
    encode_discovery,
    encode_universe,
)  # fmt: skip
from controller.lighting.protocol.rdm import EVERY_STATUS, Parameter, Uid, refusal, unsigned

T = TypeVar("T")
SEARCH_S = 120.0
"""A full search of a long line with many fixtures takes a minute."""
TRIES = 2
LATEST_S = 15.0
"""A device that has put us off for so long is given up."""
WAIT_S = 0.1


class RdmRefusedError(RdmError):
    """A device understood, and will not."""


class RdmSilentError(RdmError):
    """Nothing was heard of a device."""


class Caller(Protocol):
    """Calls olad; see `Olad`."""

    def call(self, method: str, data: bytes, within_s: float = ...) -> bytes:
        """The reply's message."""
        ...


def universes(olad: Caller) -> list[OlaUniverse]:
    """Every universe that olad has, by number."""
    return sorted(_read(decode_universes, olad.call("GetUniverseInfo", encode_universe())), key=lambda one: one.number)


class Wire:
    """A universe.

    Args:
        olad: who speaks on it. universe: its number there. clock: for devices that put us off.
    """

    def __init__(self, olad: Caller, universe: int, clock: Clock) -> None:
        self._olad, self.universe, self._clock = olad, universe, clock

    def search(self, *, full: bool = True) -> list[Uid]:
        """Who is there, by UID; without `full` only what olad already knows.

        Raises:
            RdmError: olad refuses, as it does where the universe has no port with RDM.
        """
        if not full:
            return _read(decode_uids, self._olad.call("GetUIDs", encode_universe(self.universe)))
        asked = encode_discovery(self.universe, full=True)
        return _read(decode_uids, self._olad.call("ForceDiscovery", asked, SEARCH_S))

    def get(self, uid: Uid, parameter: Parameter, data: bytes = b"", sub_device: int = 0) -> bytes:
        """What a device says of a parameter.

        Raises:
            RdmRefusedError, RdmSilentError: it refuses, or is not heard. RdmError: something else went wrong.
        """
        return self._ask(uid, parameter, data, sub_device, is_set=False)

    def set(self, uid: Uid, parameter: Parameter, data: bytes, sub_device: int = 0) -> None:
        """Tell a device.

        Raises:
            RdmRefusedError, RdmSilentError: it refuses, or is not heard. RdmError: something else went wrong.
        """
        self._ask(uid, parameter, data, sub_device, is_set=True)

    def _ask(self, uid: Uid, parameter: Parameter, data: bytes, sub_device: int, *, is_set: bool) -> bytes:
        answer = self._command(uid, parameter, data, sub_device, is_set=is_set)
        if answer.kind is Kind.ACK_TIMER:
            answer = self._put_off(uid, parameter, answer)
        about = f"{uid}{f', sub-device {sub_device}' if sub_device else ''}: {parameter.name}"
        if answer.silent:
            raise RdmSilentError(f"{about}: {answer.failed}")
        if answer.failed:
            raise RdmError(f"{about}: {answer.failed}")
        if answer.kind is Kind.NACK:
            raise RdmRefusedError(f"{about}: refused, {refusal(answer.data)}")
        return answer.data

    def _command(self, uid: Uid, parameter: Parameter, data: bytes, sub_device: int, *, is_set: bool) -> RdmAnswer:
        asked = encode_command(self.universe, uid, parameter, data, sub_device=sub_device, is_set=is_set)
        for _ in range(TRIES):
            answer: RdmAnswer = _read(decode_response, self._olad.call("RDMCommand", asked))
            if not answer.failed:
                break
        return answer

    def _put_off(self, uid: Uid, parameter: Parameter, answer: RdmAnswer) -> RdmAnswer:
        """Wait as long as the device says, and fetch what it has queued until our own answer is among it."""
        end_s = self._clock.now_s() + LATEST_S
        wait_s = unsigned(answer.data[:2]) / 10
        while self._clock.now_s() + wait_s < end_s:
            self._clock.sleep_until(self._clock.now_s() + max(WAIT_S, wait_s))
            answer = self._command(uid, Parameter.QUEUED_MESSAGE, bytes([EVERY_STATUS]), 0, is_set=False)
            later = answer.kind is Kind.ACK_TIMER
            if answer.failed or (answer.parameter == parameter and not later):
                return answer
            wait_s = unsigned(answer.data[:2]) / 10 if later else 0.0
        raise RdmSilentError(f"{uid}: {parameter.name}: it put us off for {counted(round(LATEST_S), 'second')}")


def _read(decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except MalformedError as error:
        raise RdmError(f"olad's answer cannot be read: {error}") from error
