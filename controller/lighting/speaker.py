"""Frames to packets on the wire, as far as this process and this machine may speak."""

from controller.config import Config
from controller.lighting.failover.election import Election
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Sink
from controller.lighting.protocol.artnet import ArtPollReply
from controller.lighting.standby.partner import Partner
from controller.messages import DmxFrame


class Speaker:
    """The last stage before the sockets.

    Args:
        sender: makes packets. sink: takes them. election: whether this process speaks. partner: the other machine.
    """

    def __init__(self, sender: Sender, sink: Sink, election: Election, partner: Partner) -> None:
        self._sender, self.sink = sender, sink
        self._election, self._partner = election, partner
        self._quiet, self._lift = False, 0

    @staticmethod
    def discovers(config: Config) -> bool:
        """Whether any output asks the network for its nodes."""
        return Sender(config.universes).discovers

    def hear(self, reply: ArtPollReply, ip: str, now_s: float) -> None:
        """A node answered."""
        self._sender.hear(reply, ip, now_s)

    def take_over(self) -> None:
        """Go on with the sequence numbers of the process that led."""
        self._sender.go_on_after(self._election.sent_cycles)

    def release(self) -> None:
        """Let go of sockets and devices: another process speaks."""
        self.sink.release()

    def send(self, frames: list[DmxFrame], now_s: float, *, well: bool = True) -> bool:
        """Let the frames leave, if this process speaks; True if it did.

        Args:
            frames: of all universes. now_s: time.
            well: False: a process that only repeats itself, which changes nothing between the machines.
        """
        if not self._election.speaks():
            return False
        if well:
            self._yield_to_main()
        for packet in self._sender.packets(frames, now_s, quiet=self._quiet):
            self.sink.send(packet, now_s)
        return True

    def _yield_to_main(self) -> None:
        """Where another machine lights: what only one may hold is let go of; where none does: sACN above its last."""
        if self._partner.quiet and not self._quiet:
            self.sink.release()
        if self._partner.lift != self._lift:
            self._sender.lift(self._partner.lift)
        self._quiet, self._lift = self._partner.quiet, self._partner.lift

    def leave_artnet_dark(self, frames: list[DmxFrame], now_s: float) -> None:
        """Dark frames to Art-Net alone: its nodes would merge our last ones with those of the machine that goes on."""
        for packet in self._sender.packets(frames, now_s) if self._election.speaks() else ():
            if packet.output.split(", ")[-1].startswith("Art-Net"):
                self.sink.send(packet, now_s)

    def farewell(self, now_s: float) -> None:
        """Say to those receivers that have a word for it that this source is gone."""
        for packet in self._sender.farewell() if self._election.speaks() else ():
            self.sink.send(packet, now_s)
