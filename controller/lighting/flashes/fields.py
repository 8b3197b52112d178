"""The fields of a rig that can flash, and how bright each of them is in parts of its own full light. Pure.

A field is one head, or an area: the rig, its thirds, its rows and groups, and neighbourhoods as they are seen from the
seats (WCAG 2.3.1 and ITU-R BT.1702 speak of a part of the visual field). Three measures of each, so that no colour
gets past:

    luminance   light as the eye weighs it (IEC 61966-2-1)
    strength    the strongest component: full blue has a fourteenth of white's luminance, and is a head that is on
    red         that of saturated red alone (BT.1702-3: R / (R + G + B) of 0.8 or more), judged head by head

An area's are the means of its heads', each in parts of what that head gives.
"""

import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array
from controller.colour import strongest
from controller.metrics.safety import FLASH_DARK, LUMINANCE
from controller.rig.observe import Observer
from controller.rig.patch.lanes import EMITTERS, FLAGS, RESTING, Lane
from controller.rig.patch.patch import Patch
from controller.rig.patch.render import coarse_ends

MEASURES = ("light", "strength", "red")
SATURATED_RED = 0.8
ZONES = ("the left", "the middle", "the right")
ROW_M = 0.7
"""Heads whose depth and height differ by less hang in one row."""
SEATS_M = (0.0, -6.0, 1.5)
"""Where an eye is, from the middle of the rig's front edge: people stand anywhere, and in the middle of them is one."""
SEEN_DEG = 10.0
"""Half the width of a neighbourhood: those within the 20 degrees around one head."""
MOST_NEIGHBOURHOODS = 24
TINY = 1e-6
LIT = 0.05
"""A wheel's place that lets less through is a dark one."""


class Fields:
    """Measures the fields of one rig: A areas, then N heads.

    Args:
        patch: the rig.

    Attributes:
        names: of all A + N. weights: (A, N) float32, rows of sum 1: who counts how much in each area.
        within: (A, N) bool, the same as yes or no. dark: (3, A + N) float32, below which a darker state is dark.
    """

    def __init__(self, patch: Patch) -> None:
        names, self.weights = areas(patch)
        self.names = (*names, *(patch.head_name(head) for head in range(patch.heads)))
        self.within: BoolArray = self.weights > 0.0
        self._turned = np.ascontiguousarray(self.weights.T)
        white, most = _full(patch)
        unit = white * _allowed(patch)
        self._scale = np.where(white > TINY, 1.0 / np.maximum(unit, TINY), 0.0).astype(np.float32)
        lamps = FLASH_DARK * np.maximum(most * self._scale, 1.0)
        self.dark: Float32Array = np.concatenate([lamps @ self._turned, lamps], axis=1).astype(np.float32)
        self._areas = len(names)

    def __len__(self) -> int:
        return len(self.names)

    def measure(self, light: Float32Array) -> Float32Array:
        """(3, A + N) float32, 0..1 of what each field may give, in the order of `MEASURES`.

        Args:
            light: (N, 3) linear RGB of each head.
        """
        red, green, blue = np.ascontiguousarray(light.T)
        found = np.empty((len(MEASURES), len(self)), np.float32)
        lamps = found[:, self._areas :]
        np.matmul(light, LUMINANCE, out=lamps[0])
        np.maximum(np.maximum(red, green), blue, out=lamps[1])
        # red / (red + green + blue) >= 0.8, without a division
        np.multiply(red, red * (1.0 - SATURATED_RED) >= SATURATED_RED * (green + blue) - TINY, out=lamps[2])
        lamps *= self._scale
        np.matmul(lamps, self._turned, out=found[:, : self._areas])
        return found


def areas(patch: Patch) -> tuple[list[str], Float32Array]:
    """What is seen as one: the rig, its thirds, rows and groups, and overlapping neighbourhoods.

    Returns:
        Names, and (areas, N) rows of sum 1. A bar of cells counts as one fixture; what gives no light counts nowhere.
    """
    of_fixture = np.array([fixture.heads for fixture in patch.fixtures], np.float32)[patch.fixture_of]
    weight = np.where([role == "hazer" for role in patch.roles], 0.0, 1.0 / of_fixture).astype(np.float32)
    everyone = np.ones(patch.heads, np.bool_)
    found = {"the rig": everyone, **_zones(patch), **_rows(patch)}
    for name, heads in patch.groups.items():
        found[f"group {name}"] = np.isin(np.arange(patch.heads), heads)
    found |= _neighbourhoods(patch)
    kept: dict[bytes, str] = {}
    for name, members in found.items():
        if np.count_nonzero(weight * members) > 1 or name == "the rig":  # one head is a field already
            kept.setdefault(members.tobytes(), name)
    rows = np.array([weight * np.frombuffer(members, np.bool_) for members in kept], np.float32)
    return list(kept.values()), rows / np.maximum(rows.sum(axis=1, keepdims=True), TINY)


def _zones(patch: Patch) -> dict[str, BoolArray]:
    x = patch.positions_m[:, 0]
    edges = np.linspace(x.min(), x.max(), 4)
    zone = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, 2)
    return {name: zone == number for number, name in enumerate(ZONES)}


def _rows(patch: Patch) -> dict[str, BoolArray]:
    """Heads that hang at one depth and height, front to back: a truss, the floor."""
    place = patch.positions_m[:, 1:]
    row = np.full(patch.heads, -1)
    for head in np.lexsort((place[:, 1], place[:, 0])):
        if row[head] < 0:
            near = (np.abs(place - place[head]) < ROW_M).all(axis=1)
            row[near & (row < 0)] = row.max() + 1
    return {f"row {number + 1}": row == number for number in range(int(row.max()) + 1)}


def _neighbourhoods(patch: Patch) -> dict[str, BoolArray]:
    """Around heads, farthest first, until each head is the middle of one or there are enough."""
    place = patch.positions_m
    eye = np.array([(place[:, 0].min() + place[:, 0].max()) / 2.0, place[:, 1].min(), 0.0]) + np.array(SEATS_M)
    towards = place - eye
    towards = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), TINY)
    nearness = towards @ towards.T
    found: dict[str, BoolArray] = {}
    covered = np.full(patch.heads, -1.0)
    head = 0
    for _ in range(min(MOST_NEIGHBOURHOODS, patch.heads)):
        found[f"the heads around {patch.head_name(head)}"] = nearness[head] >= np.cos(np.radians(SEEN_DEG))
        covered = np.maximum(covered, nearness[head])
        head = int(covered.argmin())
    return found


def _allowed(patch: Patch) -> Float32Array:
    """(N,) the part of its light that a head may give: a limit in the patch counts as a dimmer head."""
    limits = np.array([fixture.config.max_intensity for fixture in patch.fixtures], np.float32)
    return np.maximum(limits[patch.fixture_of], 0.05)


def _full(patch: Patch) -> tuple[Float32Array, Float32Array]:
    """(3, N) each head's full light, its brightest white or colour, and (3, N) all that its emitters give together.

    A wheel's colours differ in strength, and a head that shines through any of them is on: the weakest counts.
    """
    observer, shape = Observer(patch), (len(MEASURES), patch.heads)
    full, most = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    wheels = max(
        (len(getattr(lane.channel, "slots", ())) for lane in patch.lanes if lane.control == "wheel"), default=1
    )
    weakest = np.full(patch.heads, np.inf, np.float32)
    alone = [name for name in EMITTERS if any(lane.control == name for lane in patch.lanes)]
    for only, place in [("", place) for place in range(wheels)] + [(name, 0) for name in alone]:
        light, beyond = observer.light(_opened(patch, only, place))
        strength = strongest(light)
        seen = np.stack([light @ LUMINANCE, strength, light[:, 0]])
        full, most = np.maximum(full, seen), np.maximum(most, seen * beyond)
        weakest = np.where((strength > LIT) & (only == ""), np.minimum(weakest, strength), weakest)
    through = patch.has("wheel") & np.isfinite(weakest)
    full[1, through] = weakest[through]
    return full, most


def _opened(patch: Patch, only: str, place: int) -> ByteArray:
    """Slots at which every head shines: as white as it can, or with one kind of emitter; wheels at a place."""
    slots = np.zeros(patch.nowhere + 1, np.uint8)
    for lane in patch.lanes:
        for byte, slot in enumerate(lane.slots):
            slots[slot] = _level(lane, only, place) if byte == 0 else slots[lane.slots[0]]
    return slots


def _level(lane: Lane, only: str, place: int) -> int:
    """The coarse level of a lane at which it keeps no light back."""
    dark, lit = coarse_ends(lane) if lane.control not in (*RESTING, "wheel") else (lane.at, lane.at)
    if lane.control == "wheel":
        wheel = getattr(lane.channel, "slots", ())
        return int(wheel[place % len(wheel)].middle) if wheel else lane.at
    if lane.control in EMITTERS:
        return lit if only in ("", lane.control) else dark
    return dark if lane.control in (*FLAGS, "saturation") else lit
