"""Datagrams of a person's desk to levels of our universes. Pure: datagrams and time are passed in."""

import logging
from dataclasses import dataclass
from ipaddress import IPv4Address
from uuid import UUID

import numpy as np

from controller.arrays import ByteArray
from controller.config import DeskArtNetConfig, DeskInputConfig, DeskSacnConfig
from controller.lighting.input.sources import ArtNetSources, SacnSources
from controller.lighting.protocol import artnet, sacn
from controller.lighting.protocol.malformed import MalformedError

log = logging.getLogger(__name__)

REPLIES_KEPT = 64
ASKERS_KEPT = 64
SENDERS_NAMED = 16
ANSWER_EVERY_S = 1.0
"""An answer is seventeen times as long as the question, and the asker's address may be forged."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What a socket received: `port` is the well-known one it came in by, `ip` who sent it."""

    port: int
    ip: str
    payload: bytes


class DeskFeed:
    """Everything that is heard on the ports of Art-Net and sACN.

    Args:
        inputs: which of their universes are ours. cid: our own, so that we never follow ourselves.
        source_name: what desks that look for nodes are told.
    """

    def __init__(self, inputs: list[DeskInputConfig], cid: UUID, source_name: str) -> None:
        self._cid, self._source_name = cid.bytes, source_name
        self._artnet: dict[int, ArtNetSources] = {}
        self._sacn: dict[int, SacnSources] = {}
        self._feeding: list[tuple[int, ArtNetSources | SacnSources]] = []
        for one in inputs:
            match one:
                case DeskArtNetConfig(port_address=number):
                    self._feeding.append((one.universe, self._artnet.setdefault(number, ArtNetSources())))
                case DeskSacnConfig(sacn_universe=number):
                    self._feeding.append((one.universe, self._sacn.setdefault(number, SacnSources())))
        self._replies: list[tuple[str, artnet.ArtPollReply]] = []
        self._polled_by: list[str] = []
        self._asked_s: dict[str, float] = {}
        self.taken = self.ignored = self.malformed = self.mended = 0
        self._named: set[str] = set()

    def hear(self, datagram: Datagram, now_s: float) -> None:
        """Take one datagram, whatever it is."""
        try:
            taken = (
                self._hear_artnet(datagram, now_s) if datagram.port == artnet.PORT else self._hear_sacn(datagram, now_s)
            )
        except MalformedError as error:
            self.malformed += 1
            if datagram.port == artnet.PORT:
                self._name_once(datagram.ip, f"cannot be read: {error}")
            return
        self.taken += taken
        self.ignored += not taken

    def _hear_artnet(self, datagram: Datagram, now_s: float) -> bool:
        code = artnet.opcode(datagram.payload)
        if code == artnet.OP_DMX:
            packet = artnet.decode_artdmx(datagram.payload)
            if packet.lies:
                self.mended += 1
                self._name_once(
                    datagram.ip,
                    f"says more than it sends; the {len(packet.slots)} slots it carries are taken",
                )
            sources = self._artnet.get(packet.port_address)
            return sources is not None and sources.hear(packet, datagram.ip, now_s)
        if code == artnet.OP_POLL:
            return self._note_question(datagram.ip, now_s)
        if code == artnet.OP_POLL_REPLY and len(self._replies) < REPLIES_KEPT:
            self._replies.append((datagram.ip, artnet.decode_poll_reply(datagram.payload)))
            return True
        return False

    def _name_once(self, ip: str, why: str) -> None:
        """One line for each sender of Art-Net that sends nonsense, so that a desk that does nothing is understood."""
        if ip not in self._named and len(self._named) < SENDERS_NAMED:
            self._named.add(ip)
            log.info("Art-Net from %s %s", ip, why)

    def _note_question(self, ip: str, now_s: float) -> bool:
        """Whether this asker is answered now."""
        if now_s - self._asked_s.get(ip, float("-inf")) < ANSWER_EVERY_S:
            return False
        if ip not in self._asked_s and len(self._asked_s) >= ASKERS_KEPT:
            self._asked_s = {one: asked_s for one, asked_s in self._asked_s.items() if now_s - asked_s < ANSWER_EVERY_S}
            if len(self._asked_s) >= ASKERS_KEPT:
                return False
        self._asked_s[ip] = now_s
        self._polled_by.append(ip)
        return True

    def _hear_sacn(self, datagram: Datagram, now_s: float) -> bool:
        packet = sacn.decode_data(datagram.payload)
        if packet is None or packet.cid == self._cid:
            return False
        sources = self._sacn.get(packet.universe)
        return sources is not None and sources.hear(packet, now_s)

    def levels(self, now_s: float) -> dict[int, ByteArray]:
        """Levels (512,) of each of our universes that a desk is heard for; by two ways, the higher level."""
        found: dict[int, ByteArray] = {}
        for universe, sources in self._feeding:
            levels = sources.levels(now_s)
            if levels is not None:
                found[universe] = np.maximum(found[universe], levels) if universe in found else levels
        return found

    def turns(self, universe: int) -> int:
        """How often another source took the lead of one of our universes."""
        return sum(sources.turns for number, sources in self._feeding if number == universe)

    def take_replies(self) -> list[tuple[str, artnet.ArtPollReply]]:
        """Nodes that answered since the last call, with the address they answered from."""
        replies, self._replies = self._replies, []
        return replies

    def take_polls(self) -> list[str]:
        """Who asked since the last call what is here."""
        asked, self._polled_by = self._polled_by, []
        return asked

    def answers(self, ip: str) -> list[bytes]:
        """What to tell who asked: the universes that we wish to hear, as a node's outputs; four in a packet.

        Args:
            ip: our own address, as the asker sees it.
        """
        by_net: dict[int, list[int]] = {}
        for number in sorted(self._artnet):
            by_net.setdefault(number >> 4, []).append(number)
        groups = [ports[at : at + 4] for ports in by_net.values() for at in range(0, len(ports), 4)]
        style = artnet.STYLE_NODE if groups else artnet.STYLE_CONTROLLER
        address = str(IPv4Address(ip))
        return [
            artnet.encode_poll_reply(
                artnet.ArtPollReply(
                    address, self._source_name, tuple(ports), long_name=self._source_name, bind_index=index, style=style
                )
            )
            for index, ports in enumerate(groups or [[]], start=1)
        ]
