"""Which packets leave for which destination, with which sequence number. Frames in, bytes out; no socket, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.config import UniverseConfig
from controller.messages import DmxFrame
from controller.output.artnet import encode_artdmx, next_sequence

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes for one destination."""

    address: Address
    payload: bytes


class Sender:
    """Turns each cycle's frames into packets: every universe, every cycle, so that a node that was just switched on
    is right within one cycle.

    Args:
        universes: outputs of each universe.
    """

    def __init__(self, universes: dict[int, UniverseConfig]) -> None:
        self._universes = universes
        self._sequences: dict[tuple[Address, int], int] = {}

    def packets(self, frames: list[DmxFrame]) -> Iterator[Packet]:
        """Packets of one cycle, in the order of the frames."""
        for frame in frames:
            for output in self._universes[frame.universe].outputs:
                address = (output.host, output.port)
                # one counter for each port address of each node, as the standard asks
                sequence = next_sequence(self._sequences.get((address, output.port_address), 0))
                self._sequences[(address, output.port_address)] = sequence
                yield Packet(address, encode_artdmx(frame.slots, output.port_address, sequence))


class SendBudget:
    """When a cycle may leave ahead of time, for an accent, without ever exceeding the rate a universe can carry.

    Args:
        max_per_s: cycles allowed in any second; DMX512 itself ends at 44.
        least_gap_s: shortest time between two cycles.
    """

    def __init__(self, max_per_s: float, least_gap_s: float) -> None:
        self._max = int(max_per_s)
        self._least_gap_s = least_gap_s
        self._sent_s: list[float] = []

    def note(self, now_s: float) -> None:
        """A cycle left now."""
        self._sent_s = [*self._recent_s(now_s), now_s]

    def earliest_s(self, now_s: float) -> float | None:
        """When one more may leave at the earliest, now or a little later; None while the second's budget is spent."""
        recent = self._recent_s(now_s)
        if len(recent) >= self._max:
            return None
        return max(now_s, recent[-1] + self._least_gap_s) if recent else now_s

    def _recent_s(self, now_s: float) -> list[float]:
        """When cycles left within the last second."""
        return [one for one in self._sent_s if now_s - one < 1.0]
