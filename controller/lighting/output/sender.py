"""Which packets leave for which destination, when, with which number. Frames in, bytes out; no socket, no clock.

Every universe leaves every cycle, so that a node that was just switched on is right within one cycle, and so that a
receiver which falls back to us from another sACN source finds us at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import numpy as np

from controller.arrays import BoolArray
from controller.config import NetworkConfig, SacnConfig, UniverseConfig
from controller.lighting.output.nodes import Nodes
from controller.lighting.output.routes import Route, routes
from controller.lighting.output.streams import SLOTS, Address, ArtNetStream, Packet, stream_of
from controller.lighting.protocol import artnet, sacn
from controller.messages import DmxFrame

NOBODY = UUID(int=0)


class Sender:
    """Turns each cycle's frames into packets.

    Args:
        universes: outputs of each universe.
        network: name of this source. cid: what sACN receivers know it by.
        poll_to: addresses that ArtPoll goes to while some output says `discover`.
        ours: (512,) of each universe, the slots that fixtures use; all of a universe that is not in it.
    """

    def __init__(
        self,
        universes: dict[int, UniverseConfig],
        network: NetworkConfig | None = None,
        cid: UUID = NOBODY,
        poll_to: Iterable[str] = ("255.255.255.255",),
        ours: Mapping[int, BoolArray] | None = None,
    ) -> None:
        network = network or NetworkConfig()
        self._nodes = Nodes()
        known = routes(universes)
        every, ours = np.ones(SLOTS, bool), ours or {}
        streams = [
            (one.universe, stream_of(one, network, cid, self._nodes, ours.get(one.universe, every))) for one in known
        ]
        self._streams = {number: [one for universe, one in streams if universe == number] for number in universes}
        artnet_streams = [one for _, one in streams if isinstance(one, ArtNetStream)]
        self._art_syncs = [one for one in artnet_streams if one.synchronized]
        self._discovers = any(one.discovers for one in artnet_streams)
        self._sacn_syncs = SacnSyncs(known, cid)
        self._poll_to = tuple(poll_to)
        sacn_universes = [one.output.universe for one in known if isinstance(one.output, SacnConfig)]
        pages = sacn.encode_discovery(sacn_universes, cid, network.source_name) if sacn_universes else []
        there = (sacn.multicast_address(sacn.DISCOVERY_UNIVERSE), sacn.PORT)
        self._pages = [Packet(there, page, "sACN discovery") for page in pages]
        self._polled_s = self._announced_s = float("-inf")

    def packets(self, frames: list[DmxFrame], now_s: float = 0.0, *, quiet: bool = False) -> Iterator[Packet]:
        """Packets of one cycle: levels in the order of the frames, then what makes nodes show them, then questions.

        Args:
            frames: one for each universe. now_s: time.
            quiet: another machine lights; only what receivers choose by its priority leaves, and questions.
        """
        for frame in frames:
            for stream in self._streams[frame.universe]:
                if stream.shared or not quiet:
                    yield from stream.packets(frame.slots)
        if not quiet:
            yield from self._art_sync_packets()
        yield from self._sacn_syncs.packets()
        yield from self._questions(now_s)

    def farewell(self) -> list[Packet]:
        """The last packets of a show that ends in order: sACN streams say that they are over."""
        last = [list(stream.farewell()) for streams in self._streams.values() for stream in streams]
        # round by round: a burst that loses a packet must not lose all three of one universe
        return [packets[turn] for turn in range(sacn.TERMINATIONS) for packets in last if turn < len(packets)]

    def lift(self, by: int) -> None:
        """From now on, sACN leaves so much above its configured priority."""
        for streams in self._streams.values():
            for stream in streams:
                stream.lift(by)

    def go_on_after(self, cycles: int) -> None:
        """Go on with the sequence numbers of another process, which has sent so many cycles."""
        for streams in self._streams.values():
            for stream in streams:
                stream.go_on_after(cycles)
        self._sacn_syncs.go_on_after(cycles)

    def hear(self, reply: artnet.ArtPollReply, ip: str, now_s: float) -> None:
        """An Art-Net node answered."""
        self._nodes.hear(reply, ip, now_s)

    @property
    def discovers(self) -> bool:
        """Whether answers to ArtPoll are wanted."""
        return self._discovers

    def _art_sync_packets(self) -> Iterator[Packet]:
        """One for each place, after all of its levels."""
        there = dict.fromkeys(address for stream in self._art_syncs for address in stream.addresses())
        for address in there:
            yield Packet(address, artnet.encode_artsync(), f"ArtSync to {address[0]}")

    def _questions(self, now_s: float) -> Iterator[Packet]:
        if self._discovers and now_s - self._polled_s >= artnet.POLL_EVERY_S:
            self._polled_s = now_s
            self._nodes.forget_lost(now_s)
            for host in self._poll_to:
                yield Packet((host, artnet.PORT), artnet.encode_artpoll(), f"Art-Net discovery {host}")
        if self._pages and now_s - self._announced_s >= sacn.DISCOVERY_EVERY_S:
            self._announced_s = now_s
            yield from self._pages


class SacnSyncs:
    """Synchronization packets (E1.31 section 6.3): one for each synchronization universe and place, after the levels.

    Args:
        known: all outputs. cid: of this source.
    """

    def __init__(self, known: list[Route], cid: UUID) -> None:
        self._cid = cid
        self._sequence = 0
        self._places: dict[tuple[int, Address], None] = {}
        for route in known:
            output = route.output
            if isinstance(output, SacnConfig) and output.sync_universe:
                host = output.host or sacn.multicast_address(output.sync_universe)
                self._places[(output.sync_universe, (host, output.port))] = None

    def go_on_after(self, cycles: int) -> None:
        """See `Sender`."""
        self._sequence = cycles & 0xFF

    def packets(self) -> Iterator[Packet]:
        """Those of one cycle."""
        if not self._places:
            return
        for universe, address in self._places:
            yield Packet(
                address, sacn.encode_sync(universe, self._sequence, self._cid), f"sACN synchronization {universe}"
            )
        self._sequence = (self._sequence + 1) & 0xFF


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
