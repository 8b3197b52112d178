"""Which Art-Net nodes are there: a table that grows with each ArtPollReply and forgets who stopped answering.

Source: Art-Net 4, "ArtPoll": the controller polls every 2.5 to 3 s; ArtDmx goes unicast to nodes that subscribe.
"""

import logging
from dataclasses import dataclass

from controller.lighting.protocol.artnet import POLL_EVERY_S, ArtPollReply

log = logging.getLogger(__name__)

LOST_AFTER_S = 3 * POLL_EVERY_S + 1.0
"""Three polls without an answer; one lost packet must not darken a node."""
MOST_PARTS = 128
"""Answers can be forged, and each is a destination for forty packets a second."""


@dataclass(slots=True)
class _Part:
    """One packet's worth of one node."""

    outputs: frozenset[int]
    heard_s: float


class Nodes:
    """Nodes by the address they answered from: what they write into the packet may be wrong."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int], _Part] = {}
        self._addresses: dict[int, tuple[str, ...]] = {}

    def hear(self, reply: ArtPollReply, ip: str, now_s: float) -> None:
        """Take one answer. A node with more than four ports sends several, told apart by their bind index.

        What style it says it is does not count: visualisers call themselves controllers. Ports do.
        """
        key = (ip, reply.bind_index)
        known = self._parts.get(key)
        if known is None:
            if len(self._parts) >= MOST_PARTS:
                return
            log.info("Art-Net node %s (%s) puts out port addresses %s", ip, reply.short_name, _listed(reply.outputs))
        elif known.outputs == frozenset(reply.outputs):
            known.heard_s = now_s
            return
        self._parts[key] = _Part(frozenset(reply.outputs), now_s)
        self._addresses = {}

    def forget_lost(self, now_s: float) -> None:
        """Drop who has not answered for a while."""
        for ip, part in [key for key, one in self._parts.items() if now_s - one.heard_s > LOST_AFTER_S]:
            del self._parts[(ip, part)]
            self._addresses = {}
            log.info("Art-Net node %s does not answer any more", ip)

    def addresses(self, port_address: int) -> tuple[str, ...]:
        """Who puts this port address out."""
        if port_address not in self._addresses:
            found = {ip for (ip, _), one in self._parts.items() if port_address in one.outputs}
            self._addresses[port_address] = tuple(sorted(found))
        return self._addresses[port_address]


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(one) for one in numbers) or "none"
