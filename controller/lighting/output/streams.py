"""One output's frames as its protocol's bytes, cycle after cycle: templates, sequence numbers, and nothing else. Pure.

A packet is filled in once and only its sequence number and its levels are written each cycle: with 64 universes the
encoding is what a cycle would otherwise spend most of its time on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from controller.arrays import ByteArray
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
    """E1.31 data, multicast or to one host.

    Sequence numbers count each universe (section 6.7.2). Several outputs of one universe count in step, so that whoever
    gets it by both ways sees the second as a repetition.
    """

    shared = True

    def __init__(self, route: Route, output: SacnConfig, network: NetworkConfig, cid: UUID) -> None:
        self._name, self._output = route.name, output
        self.address: Address = (output.host or sacn.multicast_address(output.universe), output.port)
        self._packet = sacn.data_template(
            SLOTS,
            output.universe,
            cid,
            source_name=network.source_name,
            priority=output.priority,
            sync_universe=output.sync_universe,
        )
        self._sequence = -1

    def packets(self, slots: ByteArray) -> Iterator[Packet]:
        """One packet."""
        self._packet[sacn.DATA_HEADER_BYTES :] = slots.data
        yield self._numbered()

    def farewell(self) -> Iterator[Packet]:
        """Stream terminated, three times, with the last levels: receivers fall back at once instead of after 2.5 s."""
        self._packet[sacn.OPTIONS_AT] |= sacn.TERMINATED
        for _ in range(sacn.TERMINATIONS):
            yield self._numbered()

    def lift(self, by: int) -> None:
        """See `Stream`."""
        self._packet[sacn.PRIORITY_AT] = min(200, self._output.priority + by)

    def go_on_after(self, cycles: int) -> None:
        """See `Stream`: 0..255, round and round."""
        self._sequence = (cycles - 1) & 0xFF

    def _numbered(self) -> Packet:
        self._sequence = (self._sequence + 1) & 0xFF
        self._packet[sacn.SEQUENCE_AT] = self._sequence
        return Packet(self.address, bytes(self._packet), self._name)


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


def stream_of(route: Route, network: NetworkConfig, cid: UUID, nodes: Nodes) -> Stream:
    """The stream for an output."""
    match route.output:
        case ArtNetConfig() as output:
            return ArtNetStream(route, output, nodes)
        case SacnConfig() as output:
            return SacnStream(route, output, network, cid)
        case OlaConfig() as output:
            return OlaStream(route, output)
        case DdpConfig() as output:
            return DdpStream(route, output)
        case EnttecProConfig() as output:
            return EnttecProStream(route, output)
        case OpenDmxConfig() as output:
            return OpenDmxStream(route, output)
