"""Keeps packets instead of sending them, behind the same interface as the real sink."""

from controller.lighting.output.streams import Packet


class MemorySink:
    """Packets with the times they would have left at."""

    def __init__(self) -> None:
        self.errors = 0
        self.sent: list[tuple[float, Packet]] = []

    def send(self, packet: Packet, now_s: float) -> None:
        """Remember one packet."""
        self.sent.append((now_s, packet))

    def status(self) -> dict[str, dict[str, object]]:
        """Nothing is known of outputs."""
        return {}

    def ports(self) -> frozenset[int]:
        """Nothing leaves."""
        return frozenset()

    def release(self) -> None:
        """Nothing is held."""
