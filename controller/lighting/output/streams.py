"""One output's frames as its protocol's bytes, cycle after cycle: templates, sequence numbers, and nothing else. Pure.

A packet is filled in once and only its sequence number and its levels are written each cycle: with 64 universes the
encoding is what a cycle would otherwise spend most of its time on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from controller.arrays import BoolArray, ByteArray
from controller.config import (
    ArtNetConfig,
    DdpConfig,
    EnttecProConfig,
    NetworkConfig,
    OlaConfig,
    OpenDmxConfig,
    SacnConfig,
)
from controller.lighting.output.nodes import Nodes
from controller.lighting.output.routes import DISCOVER, Route
from controller.lighting.protocol import artnet, ddp, enttec_pro, ola, open_dmx, sacn

Address = tuple[str, int]
SLOTS = 512
TOLD_EVERY = 8
"""Priorities of slots leave once in so many cycles: five times a second at 40 Hz, once in 0.8 s at the slowest rate.
ETC's rule is 0.8 to 1 s; its consoles send one after five to sixteen packets of levels."""
FIRST_TOLD = 4
"""And in so many first cycles: one and three more, since a receiver waits for them before it believes the levels."""
CHANGED_TOLD = 2
"""Priorities that changed are told at once, so often."""


@dataclass(slots=True)
class Packet:
    """Bytes for one destination: host and port, or a device and 0. `output` is the name of who sends it."""

    address: Address
    payload: bytes
    output: str = ""


class Stream:
    """The frames of one output.

    Attributes:
        shared: others may send the same universe, and receivers choose by priority.
    """

    shared = False

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """What one frame (512,) becomes."""
        raise NotImplementedError

    def lift(self, by: int) -> None:
        """Send so much above the configured priority, where the protocol has one that receivers choose by."""

    def go_on_after(self, cycles: int) -> None:
        """Number what comes as if this stream had sent so many cycles itself; nothing for protocols without numbers."""

    def farewell(self) -> Iterator[Packet]:
        """What is sent last, when the show ends in order."""
        return iter(())


class ArtNetStream(Stream):
    """ArtDmx to one host, or to every node that puts the port address out.

    Args:
        route: whose `output` is Art-Net. nodes: who was discovered.

    Attributes:
        synchronized: an ArtSync is wanted after it. discovers: nodes are looked for.
    """

    def __init__(self, route: Route, output: ArtNetConfig, nodes: Nodes) -> None:
        self._name, self._output, self._nodes = route.name, output, nodes
        self._packet = artnet.artdmx_template(SLOTS, output.port_address)
        self._fixed: Address = (output.host, output.port)
        self._sequence = 0
        self.synchronized, self.discovers = output.sync, output.host == DISCOVER

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One packet, or one for each node; all carry the same number, which each node sees counted by one."""
        self._sequence = artnet.next_sequence(self._sequence)
        self._packet[artnet.SEQUENCE_AT] = self._sequence
        self._packet[artnet.DMX_HEADER_BYTES :] = slots.data
        payload = bytes(self._packet)
        if not self.discovers:
            yield Packet(self._fixed, payload, self._name)
            return
        for address in self.addresses():
            # a name of its own for each node: one that fails must not hide that the others work
            yield Packet(address, payload, f"{self._name} at {address[0]}")

    def go_on_after(self, cycles: int) -> None:
        """See `Stream`: 1..255, round and round."""
        self._sequence = (cycles - 1) % 255 + 1 if cycles else 0

    def addresses(self) -> list[Address]:
        """Where this output goes now."""
        if not self.discovers:
            return [self._fixed]
        return [(ip, self._output.port) for ip in self._nodes.addresses(self._output.port_address)]


class SacnStream(Stream):
    """E1.31 data, multicast or to one host; with `per_address` also what priority each slot has.

    Sequence numbers count all packets of a universe (section 6.7.2). Several outputs of one universe count in step, so
    that whoever gets it by both ways sees the second as a repetition. When priorities leave is counted in cycles, so
    that a new leader knows how many packets the old one has numbered.

    Args:
        ours: (512,) the slots that fixtures of the patch use; of all others it says that it does not send them.
    """

    shared = True

    def __init__(self, route: Route, output: SacnConfig, network: NetworkConfig, cid: UUID, ours: BoolArray) -> None:
        self._name, self._output, self._ours = route.name, output, ours
        self.address: Address = (output.host or sacn.multicast_address(output.universe), output.port)
        self._packet = sacn.data_template(
            SLOTS,
            output.universe,
            cid,
            source_name=network.source_name,
            priority=output.priority,
            sync_universe=output.sync_universe,
        )
        self._urgent = sacn.priorities_template(
            self._urgency(output.priority),
            output.universe,
            cid,
            source_name=network.source_name,
            priority=output.priority,
        )
        self._sequence, self._cycles = -1, 0
        self._extra = self._ahead = 0

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One packet of levels, and after some of them one of priorities."""
        self._packet[sacn.DATA_HEADER_BYTES :] = slots.data
        yield self._numbered(self._packet)
        self._cycles += 1
        if self._output.per_address and self._tells():
            yield self._numbered(self._urgent)

    def _tells(self) -> bool:
        """Whether priorities follow the levels of this cycle: in time, or ahead of it because they have changed."""
        due = _has_priorities(self._cycles)
        if due and self._ahead and not self._extra:
            self._ahead -= 1
            return False
        if not due and self._extra:
            self._extra -= 1
            self._ahead += 1
            return True
        return due

    def farewell(self) -> Iterator[Packet]:
        """Stream terminated, three times, with the last levels: receivers fall back at once instead of after 2.5 s."""
        self._packet[sacn.OPTIONS_AT] |= sacn.TERMINATED
        for _ in range(sacn.TERMINATIONS):
            yield self._numbered(self._packet)

    def lift(self, by: int) -> None:
        """See `Stream`; the new priorities of slots are told at once, and those that are due next are left out."""
        priority = min(sacn.MOST_URGENT, self._output.priority + by)
        self._packet[sacn.PRIORITY_AT] = self._urgent[sacn.PRIORITY_AT] = priority
        self._urgent[sacn.DATA_HEADER_BYTES :] = self._urgency(priority).tobytes()
        self._extra = CHANGED_TOLD

    def go_on_after(self, cycles: int) -> None:
        """See `Stream`: 0..255, round and round."""
        self._cycles, self._ahead = cycles, 0
        told = min(cycles, FIRST_TOLD) + cycles // TOLD_EVERY if self._output.per_address else 0
        self._sequence = (cycles + told - 1) & 0xFF

    def _urgency(self, priority: int) -> ByteArray:
        """(512,) priority of each slot; a backup whose priority is 0 still says which slots it sends."""
        return np.where(self._ours, max(1, priority), 0).astype(np.uint8)

    def _numbered(self, packet: bytearray) -> Packet:
        self._sequence = (self._sequence + 1) & 0xFF
        packet[sacn.SEQUENCE_AT] = self._sequence
        return Packet(self.address, bytes(packet), self._name)


def _has_priorities(cycle: int) -> bool:
    """Whether priorities of slots are due after the levels of this cycle, counted from 1."""
    return cycle <= FIRST_TOLD or cycle % TOLD_EVERY == 0


class OlaStream(Stream):
    """StreamDmxData calls to olad."""

    def __init__(self, route: Route, output: OlaConfig) -> None:
        self._name, self._output = route.name, output
        self._calls = 0

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One call."""
        self._calls = (self._calls + 1) & 0x7FFFFFFF
        payload = ola.encode_stream_dmx(slots, self._output.universe, self._output.priority, self._calls)
        yield Packet((self._output.host, self._output.port), payload, self._name)


class DdpStream(Stream):
    """DDP to one pixel controller."""

    def __init__(self, route: Route, output: DdpConfig) -> None:
        self._name, self._output = route.name, output
        self._number = 0

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One packet of the slots that are pixels."""
        self._number = ddp.next_number(self._number)
        output = self._output
        levels, has_white = slots[: output.slots], output.colours == "rgbw"
        payload = ddp.encode_ddp(levels, output.offset, self._number, has_white=has_white)
        yield Packet((output.host, output.port), payload, self._name)

    def go_on_after(self, cycles: int) -> None:
        """See `Stream`: 1..15, round and round."""
        self._number = (cycles - 1) % ddp.LAST_NUMBER + 1 if cycles else 0


class EnttecProStream(Stream):
    """Label 6 messages."""

    def __init__(self, route: Route, output: EnttecProConfig) -> None:
        self._name, self._output = route.name, output

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One message."""
        yield Packet((self._output.device, 0), enttec_pro.encode_dmx(slots, self._output.output), self._name)


class OpenDmxStream(Stream):
    """Start code and slots, as they stand on the line after the break."""

    def __init__(self, route: Route, output: OpenDmxConfig) -> None:
        self._name, self._output = route.name, output

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One frame."""
        yield Packet((self._output.device, 0), open_dmx.encode_open_dmx(slots), self._name)


def stream_of(route: Route, network: NetworkConfig, cid: UUID, nodes: Nodes, ours: BoolArray) -> Stream:
    """The stream for an output; `ours`: (512,) the slots of its universe that fixtures use."""
    match route.output:
        case ArtNetConfig() as output:
            return ArtNetStream(route, output, nodes)
        case SacnConfig() as output:
            return SacnStream(route, output, network, cid, ours)
        case OlaConfig() as output:
            return OlaStream(route, output)
        case DdpConfig() as output:
            return DdpStream(route, output)
        case EnttecProConfig() as output:
            return EnttecProStream(route, output)
        case OpenDmxConfig() as output:
            return OpenDmxStream(route, output)
