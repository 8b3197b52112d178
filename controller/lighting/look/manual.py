"""What people hold at the page, over what the model does: taken at once, given back softly."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, Float32Array
from controller.colour import encoded_from_hue, strongest, to_linear
from controller.lighting.look.roles import Target
from controller.messages import Hand, Picture, Scene

TAKE_S = 0.05
"""Time constant with which a head goes to what a hand asks: at once for the eye, without a click."""
BACK_S = 0.7
"""Time constant with which it goes back to the model: two seconds until it is there."""
SCENE_S = 0.5
"""Time constant of a crossfade to a scene and back."""
NUMBERS = 6
HERE = 1e-3


class HandValues:
    """Values that take the place of a look's, by a weight 0..1 for each head that comes and goes.

    Args:
        shape: (N, k).

    Attributes:
        weight: (N, 1) 0..1. rests: all of it is 0.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._value = np.zeros(shape, np.float32)
        self.weight = np.zeros((shape[0], 1), np.float32)
        self.rests = True

    def step(self, goal: Float32Array, heads: BoolArray, elapsed_s: float, take_s: float, back_s: float) -> None:
        """Heads (N,) that are held gain weight and move to the goal (N, k), the others lose weight."""
        if self.rests and not heads.any():
            return
        held = heads[:, None]
        share = np.float32(1.0 - np.exp(-elapsed_s / take_s))
        fresh = held & (self.weight <= 0.0)
        self._value = np.where(fresh, goal, self._value)
        self._value += np.where(held, (goal - self._value) * share, 0.0).astype(np.float32)
        way = held.astype(np.float32) - self.weight
        self.weight = self.weight + way * np.where(held, share, 1.0 - np.exp(-elapsed_s / back_s)).astype(np.float32)
        self.weight[(self.weight < HERE) & ~held] = 0.0
        self.rests = not self.weight.any()

    def over(self, shown: Float32Array) -> Float32Array:
        """What is shown (N, k) with what is held over it."""
        return np.asarray(shown + (self._value - shown) * self.weight, np.float32)


class Manual:
    """Applies scenes to targets and hands to looks.

    Args:
        targets: heads (N,) of everything that can be held, by name. heads: N.
    """

    def __init__(self, targets: Mapping[str, BoolArray], heads: int) -> None:
        self._targets, self._heads = targets, heads
        self._scene = HandValues((heads, NUMBERS))
        self._rows = np.zeros((heads, NUMBERS), np.float32)
        self._shown: Scene | None = None
        self._intensity, self._colour = HandValues((heads, 1)), HandValues((heads, 3))

    def scene(self, target: Target, scene: Scene | None, elapsed_s: float) -> Target:
        """The target with a scene over it; heads go there at their own speed. One for another rig is none."""
        held = scene is not None and len(scene.rows) == self._heads * NUMBERS
        if scene is not None and held and scene != self._shown:
            self._rows = np.array(scene.rows, np.float32).reshape(-1, NUMBERS)
        self._shown = scene
        if not held and self._scene.rests:
            return target
        self._scene.step(self._rows, np.full(self._heads, held), elapsed_s, SCENE_S, SCENE_S)
        if self._scene.rests:
            return target
        ours = np.column_stack([target.intensity, target.colour, target.pan, target.tilt]).astype(np.float32)
        rows = self._scene.over(ours)
        flash = target.flash * (1.0 - self._scene.weight[:, 0])
        return Target(rows[:, 0], flash, rows[:, 1:4], rows[:, 4], rows[:, 5], target.beam)

    def apply(self, look: Picture, hands: tuple[Hand, ...], elapsed_s: float) -> Picture:
        """The look with what is in people's hands; of two hands on one head, the later one's word counts."""
        if not hands and self._intensity.rests and self._colour.rests:
            return look
        intensity, colour = np.zeros((self._heads, 1), np.float32), np.ones((self._heads, 3), np.float32)
        bright, coloured = np.zeros(self._heads, bool), np.zeros(self._heads, bool)
        for hand in hands:
            heads = self._targets.get(hand.target)
            if heads is None:
                continue
            if hand.intensity >= 0:
                bright |= heads
                intensity[heads] = hand.intensity
            if hand.hue_deg >= 0:
                coloured |= heads
                colour[heads] = _colour_of(hand)
        self._intensity.step(intensity, bright, elapsed_s, TAKE_S, BACK_S)
        self._colour.step(colour, coloured, elapsed_s, TAKE_S, BACK_S)
        if self._intensity.rests and self._colour.rests:
            return look
        mixed = self._colour.over(look.colour)
        mixed /= np.maximum(strongest(mixed), np.float32(1e-6))[:, None]
        return replace(look, intensity=self._intensity.over(look.intensity[:, None])[:, 0], colour=mixed)


def _colour_of(hand: Hand) -> Float32Array:
    """Linear RGB (3,) of a hue, mixed with white where it is not saturated."""
    pure = to_linear(encoded_from_hue(np.array([hand.hue_deg], np.float32)))[0]
    return np.asarray(1.0 + (pure - 1.0) * hand.saturation, np.float32)


def rows_of(look: Picture) -> npt.NDArray[np.float16]:
    """A look as the rows of a scene: (N, 6)."""
    rows = np.column_stack([look.intensity, look.colour, look.pan, look.tilt])
    return np.clip(rows, 0.0, 1.0).astype("<f2")
