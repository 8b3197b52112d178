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
MOST_PARTS_OF_ONE = 64
"""Parts that answer from one address: 256 universes."""
REMEMBERED_S = 3_600.0
"""A node that was there keeps its place for so long: strangers must not have it when it comes back."""
MOST_PORTS = 256
"""Port addresses of one part that answers in many packets."""


@dataclass(slots=True)
class _Part:
    """One part of one node: each port address it puts out, and when it last said so."""

    heard_s: dict[int, float]
    answered_s: float
    lost: bool = False


class Nodes:
    """Nodes by the address they answered from: what they write into the packet may be wrong."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int], _Part] = {}
        self._addresses: dict[int, tuple[str, ...]] = {}

    def hear(self, reply: ArtPollReply, ip: str, now_s: float) -> None:
        """Take one answer. A node with more than four ports sends several, told apart by their bind index.

        Where the index does not tell them apart (0 and 1 both mean the first) answers add up, and what is no longer
        said is forgotten like a node that is lost. What style it says it is does not count: visualisers call
        themselves controllers. Ports do.
        """
        key = (ip, max(1, reply.bind_index))
        part = self._parts.get(key)
        if part is None:
            of_one = sum(one == ip for one, _ in self._parts)
            if len(self._parts) >= MOST_PARTS or of_one >= MOST_PARTS_OF_ONE:
                return
            part = self._parts[key] = _Part({}, now_s)
        new = [port for port in reply.outputs if port not in part.heard_s][: max(0, MOST_PORTS - len(part.heard_s))]
        if new or not part.heard_s:
            log.info("Art-Net node %s (%s) puts out port addresses %s", ip, reply.short_name, _listed(reply.outputs))
        gone = part.heard_s.keys() - set(reply.outputs) if reply.bind_index > 1 else set()
        said = {port for port in reply.outputs if port in part.heard_s or port in new}
        kept = {port: heard_s for port, heard_s in part.heard_s.items() if port not in gone}
        part.heard_s = kept | dict.fromkeys(said, now_s)
        part.answered_s, part.lost = now_s, False
        if new or gone:
            self._addresses = {}

    def forget_lost(self, now_s: float) -> None:
        """Drop who has not answered for a while, and ports that nobody names any more."""
        for key, part in list(self._parts.items()):
            lost = [port for port, heard_s in part.heard_s.items() if now_s - heard_s > LOST_AFTER_S]
            for port in lost:
                del part.heard_s[port]
            if now_s - part.answered_s > LOST_AFTER_S and not part.lost:
                part.lost = True
                log.info("Art-Net node %s does not answer any more", key[0])
            if now_s - part.answered_s > REMEMBERED_S:
                del self._parts[key]
            if lost:
                self._addresses = {}

    def addresses(self, port_address: int) -> tuple[str, ...]:
        """Who puts this port address out."""
        if port_address not in self._addresses:
            found = {ip for (ip, _), one in self._parts.items() if port_address in one.heard_s}
            self._addresses[port_address] = tuple(sorted(found))
        return self._addresses[port_address]


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(one) for one in numbers) or "none"
