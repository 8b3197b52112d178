"""DMX slots back to light: what the rig shows, read from the bytes that were sent.

The page's virtual rig, the rehearsal report and the safety figures all look at this, never at the intention, so a fault
in rendering is seen. It decodes what `patch/render.py` never uses too: a shutter out of its open range is dark here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from controller.colour import parse_colour, to_linear
from controller.messages import ByteArray, FloatArray
from controller.patch.patch import SLOTS, Patch
from controller.profiles.profile import Pan, Shutter, Tilt, Wheel

EMITTED = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "white": (1.0, 0.93, 0.82),
    "amber": (1.0, 0.45, 0.0),
    "uv": (0.12, 0.0, 0.35),
}
LAMP_COLOUR = (1.0, 0.86, 0.68)
"""Heads that mix no colour: warm white, as blinders and dimmed lamps are."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Light of every head, N in patch order.

    Attributes:
        light: (N, 3) float32 linear RGB, 0..1: colour times power.
        pan_deg: (N,) float32, 0 is straight at the audience. tilt_deg: (N,) float32, 0 is straight down.
    """

    light: FloatArray
    pan_deg: FloatArray
    tilt_deg: FloatArray

    @property
    def power(self) -> FloatArray:
        """(N,) float32: brightest component of each head."""
        return np.asarray(self.light.max(axis=1))


class Observer:
    """Decodes the frames of one patch.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._slots = np.zeros(patch.nowhere + 1, np.uint8)
        self._mixes = np.logical_or.reduce([patch.has(name) for name in EMITTED])
        self._has_dimmer = patch.has("intensity")
        self._pan_range = _degrees(patch, Pan)
        self._tilt_range = _degrees(patch, Tilt)
        self._wheels = [
            (head, int(patch.coarse["wheel"][head]), channel)
            for head in np.flatnonzero(patch.has("wheel"))
            if isinstance(channel := patch.channel_of(int(head), Wheel), Wheel)
        ]
        self._shutters = _shutters(patch)
        self._dark = np.array([role == "hazer" for role in patch.roles])

    def observe(self, frames: Mapping[int, ByteArray]) -> Stage:
        """What the rig shows for these slots by universe; a universe that is missing keeps what it showed."""
        for row, universe in enumerate(self._patch.universes):
            if universe in frames:
                self._slots[row * SLOTS : (row + 1) * SLOTS] = frames[universe]
        power = np.where(self._has_dimmer, self._level("intensity"), 1.0)
        power = np.where(self._has_dimmer | self._mixes, power, 0.0)
        for slot, heads, opened in self._shutters:
            if not opened[self._slots[slot]]:
                power[heads] = 0.0
        power[self._dark] = 0.0
        light = np.clip(self._mixed() * power[:, None], 0.0, 1.0).astype(np.float32)
        pan_deg = (self._level("pan") - 0.5) * self._pan_range
        tilt_deg = (self._level("tilt") - 0.5) * self._tilt_range
        return Stage(light, pan_deg.astype(np.float32), tilt_deg.astype(np.float32))

    def _mixed(self) -> FloatArray:
        colour = np.zeros((self._patch.heads, 3), np.float32)
        for name, emitted in EMITTED.items():
            colour += self._level(name)[:, None] * np.array(emitted, np.float32)
        colour[~self._mixes] = LAMP_COLOUR
        for head, slot, wheel in self._wheels:
            level = int(self._slots[slot])
            inside = [one for one in wheel.slots if one.dmx[0] <= level <= one.dmx[1]]
            colour[head] = to_linear(parse_colour(inside[0].colour)) if inside else 0.0
        return colour

    def _level(self, control: str) -> FloatArray:
        """(N,) 0..1, from one byte or two; 0 where a head lacks the control."""
        coarse, fine = self._patch.coarse[control], self._patch.fine[control]
        nowhere = self._patch.nowhere
        high = np.where(coarse == nowhere, 0, self._slots[coarse]).astype(np.float32)
        low = self._slots[fine].astype(np.float32)
        return np.where(fine == nowhere, high / 255.0, (high * 256.0 + low) / 65535.0).astype(np.float32)


def _degrees(patch: Patch, kind: type[Pan] | type[Tilt]) -> FloatArray:
    channels = [patch.channel_of(head, kind) for head in range(patch.heads)]
    return np.array([c.degrees if isinstance(c, Pan | Tilt) else 0.0 for c in channels], np.float32)


def _shutters(patch: Patch) -> list[tuple[int, list[int], list[bool]]]:
    """Slot of each shutter, the heads behind it, and for each of the 256 levels whether light passes steadily."""
    found = []
    for fixture in patch.fixtures:
        start = patch.universes.index(fixture.config.universe) * SLOTS + fixture.config.address - 1
        for index, (name, fine, head) in enumerate(fixture.profile.layout(fixture.config.mode)):
            channel = fixture.profile.channels[name]
            if isinstance(channel, Shutter) and not fine:
                heads = range(fixture.heads) if head < 0 else [head]
                opened = [
                    any(one.shutter == "open" and one.dmx[0] <= level <= one.dmx[1] for one in channel.ranges)
                    for level in range(256)
                ]
                found.append((start + index, [fixture.first_head + one for one in heads], opened))
    return found
