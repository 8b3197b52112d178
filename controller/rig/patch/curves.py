"""What fixtures make of their own dimmer, and what has to be sent for the light that is wanted."""

import numpy as np

from controller.arrays import Float64Array

Curve = str | tuple[float, ...]
LEAST = 0.5 / 255.0
"""Below half a step of 8 bits a level is nothing: a fixture's minimum is not added to it."""


def light_of(level: Float64Array, curve: Curve) -> Float64Array:
    """Light 0..1 that a fixture gives at a level 0..1, any shape.

    Args:
        curve: `linear`, `square`, `s` (smoothstep), or the light at evenly spaced levels.
    """
    if curve == "square":
        return np.asarray(np.square(level))
    if curve == "s":
        return np.asarray(level * level * (3.0 - 2.0 * level))
    if isinstance(curve, tuple):
        return np.asarray(np.interp(level, np.linspace(0.0, 1.0, len(curve)), curve))
    return level


def level_for(light: Float64Array, curve: Curve) -> Float64Array:
    """Level 0..1 at which a fixture gives this light, any shape: the inverse of `light_of`."""
    if curve == "square":
        return np.asarray(np.sqrt(light))
    if curve == "s":
        # inverse of smoothstep: the middle root of the cubic, by its trigonometric form
        return np.asarray(0.5 - np.sin(np.arcsin(np.clip(1.0 - 2.0 * light, -1.0, 1.0)) / 3.0))
    if isinstance(curve, tuple):
        rising = np.maximum.accumulate(np.array(curve))  # a table that falls somewhere is read as flat there
        rising = rising + np.arange(len(curve)) * 1e-9
        return np.asarray(np.interp(light * rising[-1], rising, np.linspace(0.0, 1.0, len(curve))))
    return light


def above_minimum(level: Float64Array, minimum: Float64Array) -> Float64Array:
    """Levels moved into `minimum` to 1, where they are anything at all."""
    return np.where((minimum > 0.0) & (level >= LEAST), minimum + (1.0 - minimum) * level, level)


def below_minimum(level: Float64Array, minimum: Float64Array) -> Float64Array:
    """The inverse of `above_minimum`: what lies below is dark."""
    return np.maximum(0.0, (level - minimum) / (1.0 - minimum))
