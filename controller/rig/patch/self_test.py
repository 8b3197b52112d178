"""The walk through one fixture: what is shown at each step, what is asked, and what may put right a "no". Pure.

Nothing comes back from a fixture without RDM, so a person is the sensor: dim, red, green, blue, white, steady, dark,
ends of pan and tilt, each place of a wheel. Where the answer is no, the channels that nothing drives are tried at other
levels; the one that helps becomes a `rest` in the patch. Levels that the file calls strobe, reset or laser are no try.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from controller.messages import Picture
from controller.rig.patch.lanes import BEAM, HELD, RESTING, Lane
from controller.rig.patch.patch import SLOTS, Fixture, Patch
from controller.rig.profiles.profile import Pan, Shutter, Tilt, Wheel

DIM = 0.35
MOST_TRIES = 6
"""Levels of one channel that a person is asked to look at."""
COLOURS = {"red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One thing to look at.

    Attributes:
        name: one word for the report. question: what a person says yes or no to.
        look: what is rendered. levels: slot (flat index) to level, put over what was rendered.
    """

    name: str
    question: str
    look: Picture
    levels: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Try:
    """A channel that nothing drives, at another level than it rests at."""

    channel: str
    level: int
    step: WalkStep

    @property
    def address(self) -> int:
        """Flat slot index."""
        return next(reversed(self.step.levels))


def lit_alone(patch: Patch, fixture: Fixture) -> WalkStep:
    """One fixture at full white, everything else dark, every head at home."""
    return _Scene(patch, fixture).step("white", "Is it white, and nothing else lit?")


def steps_of(patch: Patch, fixture: Fixture) -> list[WalkStep]:
    """The walk through one fixture, in order."""
    lanes = [lane for lane in patch.lanes if patch.fixtures[lane.fixture] is fixture]
    if not any(lane.control not in RESTING for lane in lanes):
        return []
    scene = _Scene(patch, fixture)
    steps = [
        lit_alone(patch, fixture),
        scene.step("steady", "Is it steady, without flashing, turning or sounding?"),
        scene.step("dim", "Is it dimmer now, and still white?", intensity=DIM),
    ]
    steps += [scene.step(name, f"Is it {name}?", colour=rgb) for name, rgb in COLOURS.items() if _coloured(lanes)]
    if any(isinstance(lane.channel, Pan) for lane in lanes):
        steps += [scene.step(f"pan {end}", f"Did it turn to the {end}, as the audience sees it?", pan=place)
                  for end, place in (("left", 0.0), ("right", 1.0))]  # fmt: skip
    if any(isinstance(lane.channel, Tilt) for lane in lanes):
        steps += [scene.step(f"tilt {end}", f"Did it turn {end}?", tilt=place)
                  for end, place in (("down and back", 0.0), ("up and towards the audience", 1.0))]  # fmt: skip
    for lane in lanes:
        if isinstance(lane.channel, Wheel) and not lane.laser:
            steps += [
                replace(
                    scene.step(f"{lane.name} {one.middle}", f"{lane.name}: is it {one.name or one.colour}?"),
                    levels={lane.slots[0]: one.middle},
                )
                for one in lane.channel.choices
            ]
    return [*steps, scene.step("dark", "Is it dark now?", intensity=0.0)]


def tries(patch: Patch, fixture: Fixture, step: WalkStep) -> Iterator[Try]:
    """What may put a step right: each channel that nothing drives, at the levels that its file does not forbid."""
    for lane in patch.lanes:
        still = lane.control in (HELD, *BEAM, "gate", "wheel")
        idle = still and not isinstance(lane.channel, Pan | Tilt) and not lane.laser
        if patch.fixtures[lane.fixture] is not fixture or not idle or lane.slots[0] in step.levels:
            continue
        for level in _levels(lane):
            levels = {**step.levels, lane.slots[0]: level}
            yield Try(lane.name, level, replace(step, levels=levels))


def address(patch: Patch, slot: int) -> str:
    """A flat slot index as universe.slot."""
    return f"{patch.universes[slot // SLOTS]}.{slot % SLOTS + 1}"


def _levels(lane: Lane) -> list[int]:
    """Levels worth a look, first those that the file describes; none that flashes or resets."""
    channel = lane.channel
    described = [*getattr(channel, "ranges", ()), *getattr(channel, "slots", ())]
    now = channel.open_level if isinstance(channel, Shutter) else lane.at
    never = [*channel.forbidden, *(one.dmx for one in channel.strobe)]
    never += [one.dmx for one in getattr(channel, "ranges", ()) if one.shutter == "strobe"]
    wanted = dict.fromkeys([*(one.middle for one in described), 0, 255, 128, 64, 192, 16])
    free = [one for one in wanted if one != now and not any(low <= one <= high for low, high in never)]
    return free[:MOST_TRIES]


def _coloured(lanes: list[Lane]) -> bool:
    mixing = {"red", "green", "blue", "hue", "cyan_flag", "magenta_flag", "yellow_flag"}
    return any(lane.control in mixing for lane in lanes)


class _Scene:
    """Looks in which one fixture is seen and everything else is dark."""

    def __init__(self, patch: Patch, fixture: Fixture) -> None:
        self._heads = patch.heads
        self._mine = np.zeros(patch.heads, np.bool_)
        self._mine[fixture.first_head : fixture.first_head + fixture.heads] = True

    def step(
        self,
        name: str,
        question: str,
        *,
        intensity: float = 1.0,
        colour: tuple[float, float, float] = (1.0, 1.0, 1.0),
        pan: float = 0.5,
        tilt: float = 0.5,
    ) -> WalkStep:
        colours = np.tile(np.array(colour, np.float32), (self._heads, 1))
        pans, tilts = (np.where(self._mine, place, 0.5).astype(np.float32) for place in (pan, tilt))
        look = Picture(0.0, 0, (intensity * self._mine).astype(np.float32), colours, pans, tilts)
        return WalkStep(name, question, look)
