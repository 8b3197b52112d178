"""How a person leans on the model: logits are tilted and temperatures changed, and the model still chooses.

Intensity tilts values, spread tilts hues towards the palette, pace weighs changes of colour against staying, energy
and spread set temperatures and reach. Hues that a person asked for, or forbade, are the only hard limits. In the middle
nothing is touched, to the bit.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, Float32Array
from controller.listening.decode.cueing import SMALL_STEP
from controller.listening.decode.sampling import Choice
from controller.listening.decode.vocabulary import HUES, VALUES
from controller.messages import Steering

VALUE_TILT = 5.0
"""Nats between dark and full at the end of the intensity fader: likelier by e to the 2.5 for each half."""
PACE_TILT = 3.0
"""Nats for or against a new colour at the ends of the pace fader: twenty times as often, or as seldom."""
SPREAD_TILT = 8.0
"""Nats against the far side of the colour wheel, seen from the palette, at the narrow end of the spread fader."""
LOOK_TILT = 40.0
"""Nats against the far side of the colour wheel, seen from the main gel of the look: the tokens keep near to it."""
NEVER = -1e9
NEAR = 8
"""Ids of two degrees: as near as a hue must be to one that a person asked for."""
CLEAR = 12
"""And as far from one that a person forbade."""
NEUTRAL = Steering()


@dataclass(frozen=True, slots=True)
class Palette:
    """Hue ids of the venue's palette, at least one."""

    hues: tuple[int, ...]


def distance(hues: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """(180,) steps from each hue to the nearest of `hues`."""
    steps = np.abs(np.arange(HUES)[:, None] - np.array(hues)[None, :])
    return np.asarray(np.minimum(steps, HUES - steps).min(axis=1))


def allowed_hues(steering: Steering) -> BoolArray | None:
    """(180,) what a person lets through; None where all of it may be shown, or where nothing would be left."""
    if not (steering.hues or steering.forbidden):
        return None
    allowed = np.ones(HUES, bool)
    if steering.hues:
        allowed &= distance(steering.hues) <= NEAR
    if steering.forbidden:
        allowed &= distance(steering.forbidden) > CLEAR
    return allowed if allowed.any() else None


def nearest_allowed(hue: int, steering: Steering) -> int:
    """The hue id 0..179 nearest to `hue` that a person lets through; `hue` itself if it is one."""
    allowed = allowed_hues(steering)
    if allowed is None or allowed[hue]:
        return hue
    through = np.flatnonzero(allowed)
    return int(through[np.argmin(distance((hue,))[through])])


def steer_hue(
    logits: Float32Array, choice: Choice, previous: int, steering: Steering, palette: Palette
) -> tuple[Float32Array, Choice]:
    """Logits (181,) and choice of the next hue, as a person leans on them; `previous` 0..179."""
    if steering == NEUTRAL or not np.isfinite(logits).all():
        return logits, choice
    tilted = logits.astype(np.float32).copy()
    tilted[:HUES] += PACE_TILT * (2.0 * steering.pace - 1.0) * (distance((previous,)) > SMALL_STEP)
    if steering.spread < 0.5:
        tilted[:HUES] -= SPREAD_TILT * (1.0 - 2.0 * steering.spread) * distance(palette.hues) / (HUES / 2)
    choice = replace(choice, temperature=choice.temperature * 2.0 ** (2.0 * max(steering.spread, 0.5) - 1.0))
    allowed = allowed_hues(steering)
    if allowed is None:
        return tilted, choice
    tilted[:HUES][~allowed] = NEVER
    within = np.flatnonzero(allowed & (distance((previous,)) <= choice.reach))
    return tilted, choice if len(within) else replace(choice, reach=HUES // 2)


def towards(logits: Float32Array, hue: int) -> Float32Array:
    """Logits (181,) that lean to the hue 0..179 of the look that hangs."""
    if not np.isfinite(logits).all():
        return logits
    tilted = logits.astype(np.float32).copy()
    tilted[:HUES] -= LOOK_TILT * distance((hue,)) / (HUES / 2)
    return tilted


def steer_value(logits: Float32Array, choice: Choice, steering: Steering) -> tuple[Float32Array, Choice]:
    """Logits (257,) and choice of the next value, as a person leans on them."""
    if steering == NEUTRAL or not np.isfinite(logits).all():
        return logits, choice
    tilted = logits.astype(np.float32).copy()
    tilted[:VALUES] += np.float32(VALUE_TILT * (2.0 * steering.intensity - 1.0)) * np.arange(VALUES) / (VALUES - 1)
    restless = 2.0 * steering.energy - 1.0
    reach = choice.reach if restless >= 0 else max(4, round(choice.reach * (1.0 + 0.9 * restless)))
    return tilted, replace(choice, temperature=choice.temperature * 2.0**restless, reach=reach)
