"""What an eye sees of DMX bytes, and how often it flashes: from the standards' text, with no code of the limiter.

ITU-R BT.1702-3, annex 1: a flash is a pair of opposing changes in luminance, a rise and a fall or the other way round;
no more than three in any one-second period. Luminance, since we know no cd/m2, as WCAG 2.3.1 has it: "a pair of
opposing changes in relative luminance of 10% or more of the maximum relative luminance where the relative luminance of
the darker image is below 0.80". Saturated red: R / (R + G + B) of 0.8 or more; a red flash is a pair of opposing
transitions involving it. And, because a room of deep blue lamps has almost no luminance and still goes on and off, each
lamp's strongest component in parts of its own most.

The bytes are read after the profile alone: dimmer times the sum of all emitters, 8 bits, in parts of one of them at
full; white adds to all three, and a lamp without colours is white.
"""

from dataclasses import dataclass

import numpy as np

from controller.rig.profiles.profile import ColourChannel, Intensity, Shutter

RGB = {
    "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "white": (1, 1, 1), "warm_white": (1, 1, 1),
    "cold_white": (1, 1, 1), "amber": (1, 0.5, 0), "lime": (0.5, 1, 0), "uv": (0.1, 0, 0.3),
}  # fmt: skip
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
TENTH, DARK, SECOND_S = 0.1, 0.8, 1.0
EXACT = 1e-6


@dataclass
class Lamp:
    """Slots of one head: of its dimmers, and of each colour."""

    dimmers: list[int]
    emitters: list[tuple[int, tuple[float, float, float]]]
    shutter: tuple[int, frozenset[int]] | None


class Eye:
    """Reads frames of a patch of plain lamps (no wheels, no filters).

    Args:
        patch: for addresses and profiles alone.
    """

    def __init__(self, patch):
        self.lamps = []
        for head in range(patch.heads):
            lamp = Lamp([], [], None)
            for lane in patch.lanes:
                if head not in lane.heads:
                    continue
                if isinstance(lane.channel, Intensity):
                    lamp.dimmers.append(lane.slots[0])
                elif isinstance(lane.channel, ColourChannel) and lane.channel.emitter in RGB:
                    lamp.emitters.append((lane.slots[0], RGB[lane.channel.emitter]))
                elif isinstance(lane.channel, Shutter):
                    opened = [range(r.dmx[0], r.dmx[1] + 1) for r in lane.channel.ranges if r.shutter == "open"]
                    lamp.shutter = lane.slots[0], frozenset(level for one in opened for level in one)
            self.lamps.append(lamp)
        self.shine = np.array([bool(one.dimmers or one.emitters) for one in self.lamps])

    def see(self, slots):
        """(T, N, 3) light 0..1 of each lamp's own most, of (T, universes * 512) bytes."""
        level = slots.astype(np.float32) / 255.0
        found = np.zeros((len(slots), len(self.lamps), 3), np.float32)
        for head, lamp in enumerate(self.lamps):
            colour = np.ones((len(slots), 3), np.float32)
            if lamp.emitters:
                colour = sum(level[:, slot, None] * np.array(rgb, np.float32) for slot, rgb in lamp.emitters)
                colour = colour / max(max(rgb) for _, rgb in lamp.emitters)
            for slot in lamp.dimmers:
                colour = colour * level[:, slot, None]
            if lamp.shutter is not None:
                slot, opened = lamp.shutter
                colour = colour * np.isin(slots[:, slot], list(opened))[:, None]
            found[:, head] = colour if self.shine[head] else 0.0
        return found


def curves(light):
    """(T, 3 K) luminance, strongest component and saturated red of light (T, K, 3)."""
    total = light.sum(axis=2)
    red = np.where((total > 0) & (light[..., 0] >= 0.8 * total - EXACT), light[..., 0], 0.0)
    return np.concatenate([light @ WEIGHTS.astype(np.float32), light.max(axis=2), red], axis=1)


class Counter:
    """Opposing changes of K curves, as they come; two of them are a flash. Before the first it was dark.

    Args:
        count: K. dark: below which a darker state is dark.

    Attributes:
        worst: (K,) most changes in any second so far.
    """

    def __init__(self, count, dark=DARK, kept=16):
        self.dark = dark
        self.turning, self.way = np.zeros(count), np.zeros(count)
        self.times = np.full((kept, count), -np.inf)
        self.worst = np.zeros(count, int)
        self.changes = 0

    def add(self, seen, times):
        """The next of (T, K) at (T,) seconds."""
        for row, now in zip(seen, times, strict=True):
            self._one(row, now)

    def _one(self, row, now):
        moved = row - self.turning
        counts = (np.abs(moved) >= TENTH - EXACT) & (np.minimum(row, self.turning) < self.dark + EXACT)
        counts &= moved * self.way <= 0.0
        further = moved * self.way > 0.0
        if counts.any():
            which = np.flatnonzero(counts)
            self.way[which] = np.sign(moved[which])
            self.times[:, which] = np.roll(self.times[:, which], 1, axis=0)
            self.times[0, which] = now
            self.worst[which] = np.maximum(self.worst[which], (now - self.times[:, which] < SECOND_S).sum(axis=0))
            self.changes += len(which)
        self.turning = np.where(counts | further, row, self.turning)

    @property
    def flashes(self):
        """Most flashes of any curve in any second; halves are changes without their opposite."""
        return float(self.worst.max(initial=0)) / 2.0


def most_flashes(patch, slots, times_s):
    """Of any lamp in any second, of (T, universes * 512) bytes at (T,) seconds."""
    eye = Eye(patch)
    counter = Counter(3 * patch.heads)
    counter.add(curves(eye.see(slots)), times_s)
    return counter.flashes
