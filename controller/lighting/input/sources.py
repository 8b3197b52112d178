"""Several sources of one universe: whom to follow. Pure: packets and time are passed in.

sACN (ANSI E1.31-2018): the highest priority wins the universe outright (6.2.3); equal ones are merged, highest level
first. Consoles may tell a priority for each slot as well (start code 0xDD); then each slot has its own winner. A
source that says it ends is dropped at once (6.2.6), a silent one after 2.5 s (6.7.1).
Art-Net 4: sources are told apart by address; two are merged, a third is ignored; a silent one is dropped after 10 s.

When several sources fall silent together, the highest must not be dropped while a lower one is still believed in only
because its own time is not up: its last levels would flash for a moment. So a silent source is kept until every other
one either was heard after the silent one's time was up, or is silent too (as ETC's sACN library does).
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from controller.arrays import ByteArray, IntArray
from controller.lighting.protocol import artnet, sacn

ARTNET_LOSS_S = 10.0
ARTNET_SOURCES = 2
SACN_SOURCES = 8
SLOTS = 512

SourceKey = TypeVar("SourceKey", bytes, str)


@dataclass(slots=True)
class Source:
    """One sender of a universe: `slots` (512,) uint8; slots that its packets do not carry keep their level.

    `urgent`: priority of each slot (512,), if it tells them (start code 0xDD), heard at `urgent_s`.
    """

    sequence: int
    priority: int
    heard_s: float
    slots: ByteArray = field(default_factory=lambda: np.zeros(SLOTS, np.uint8))
    urgent: IntArray | None = None
    urgent_s: float = 0.0

    def urgency(self, now_s: float) -> IntArray:
        """Priority of each of its slots (512,); -1 where it wants no say. Those it told last hold for 2.5 s."""
        if self.urgent is None or now_s - self.urgent_s >= sacn.DATA_LOSS_S:
            self.urgent = None
            return np.full(SLOTS, self.priority)
        return self.urgent

    def hear_priorities(self, told: ByteArray, now_s: float) -> None:
        """It tells how urgent each slot is: 1..200; 0, and slots that it does not tell of: not its business."""
        urgent = np.full(SLOTS, -1, np.int64)
        meant = np.flatnonzero((told > 0) & (told <= sacn.MOST_URGENT))
        urgent[meant] = told[meant]
        self.urgent, self.urgent_s = urgent, now_s

    def take(self, slots: ByteArray) -> None:
        """New levels."""
        self.slots[: len(slots)] = slots


class Sources(Generic[SourceKey]):
    """Live sources of one universe by what tells them apart.

    Args:
        loss_s: silence after which a source is lost.
    """

    def __init__(self, loss_s: float) -> None:
        self._loss_s = loss_s
        self.by_key: dict[SourceKey, Source] = {}
        self._leaders: set[SourceKey] = set()
        self.turns = 0
        """How often the lead changed hands: levels jump then, though nobody moved a fader."""

    def levels(self, now_s: float) -> ByteArray | None:
        """Merged levels (512,) of the sources with the highest priority, or None without any source."""
        self._forget(now_s)
        if any(one.urgent is not None for one in self.by_key.values()):
            return self._slot_by_slot(now_s)
        top = max((one.priority for one in self.by_key.values()), default=0)
        leaders = {key for key, one in self.by_key.items() if one.priority == top}
        if leaders != self._leaders:
            self._leaders = leaders
            self.turns += 1
        if not leaders:
            return None
        merged: ByteArray = np.maximum.reduce([self.by_key[key].slots for key in leaders])
        return merged

    def _slot_by_slot(self, now_s: float) -> ByteArray:
        """Merged levels (512,) where a source says how urgent each slot is: each slot from the most urgent for it."""
        keys = list(self.by_key)
        urgency = np.stack([self.by_key[key].urgency(now_s) for key in keys])
        leads = (urgency == urgency.max(axis=0)) & (urgency >= 0)
        leaders = {key for key, slots in zip(keys, leads, strict=True) if slots.any()}
        if leaders != self._leaders:
            self._leaders = leaders
            self.turns += 1
        levels = np.stack([self.by_key[key].slots for key in keys])
        merged: ByteArray = np.where(leads, levels, 0).max(axis=0).astype(np.uint8)
        return merged

    def _forget(self, now_s: float) -> None:
        """Drop silent sources, but none in favour of one whose life is not certain."""
        silent = {key for key, one in self.by_key.items() if now_s - one.heard_s >= self._loss_s}
        others = [one for key, one in self.by_key.items() if key not in silent]
        for key in silent:
            up_s = self.by_key[key].heard_s + self._loss_s
            if all(one.heard_s >= up_s for one in others):
                del self.by_key[key]


class SacnSources(Sources[bytes]):
    """Sources of one sACN universe, by CID."""

    def __init__(self) -> None:
        super().__init__(sacn.DATA_LOSS_S)

    def hear(self, packet: sacn.SacnData, now_s: float) -> bool:
        """Take one packet; False if it does not count: late, preview, another start code, or one source too many."""
        if packet.options & sacn.PREVIEW:
            return False
        known = self.by_key.get(packet.cid)
        if known is not None and sacn.is_late(packet.sequence, known.sequence):
            return False
        if packet.options & sacn.TERMINATED:
            self.by_key.pop(packet.cid, None)
            return known is not None
        if known is None:
            # start code 0xDD, priorities for each slot, comes with its own packets: they alone make no source
            if packet.start_code != 0 or not self._make_room(packet.priority):
                return False
            known = self.by_key[packet.cid] = Source(packet.sequence, packet.priority, now_s)
        known.sequence = packet.sequence
        if packet.start_code == sacn.START_PRIORITIES:
            known.hear_priorities(packet.slots, now_s)
        if packet.start_code != 0:
            return False
        known.priority, known.heard_s = packet.priority, now_s
        known.take(packet.slots)
        return True

    def _make_room(self, priority: int) -> bool:
        """With too many sources, the least urgent one goes, if the newcomer is more urgent."""
        if len(self.by_key) < SACN_SOURCES:
            return True
        least = min(self.by_key, key=lambda key: self.by_key[key].priority)
        if self.by_key[least].priority >= priority:
            return False
        del self.by_key[least]
        return True


class ArtNetSources(Sources[str]):
    """Sources of one Art-Net port address, by IP address: two programs on one machine count as one, and alternate."""

    def __init__(self) -> None:
        super().__init__(ARTNET_LOSS_S)

    def hear(self, packet: artnet.ArtDmx, ip: str, now_s: float) -> bool:
        """Take one packet; False if it does not count: late, or of a third source."""
        known = self.by_key.get(ip)
        if known is None:
            self._forget(now_s)
            if len(self.by_key) >= ARTNET_SOURCES:
                return False
            known = self.by_key[ip] = Source(packet.sequence, 0, now_s)
        elif artnet.is_late(packet.sequence, known.sequence):
            return False
        known.sequence, known.heard_s = packet.sequence, now_s
        known.take(packet.slots)
        return True
