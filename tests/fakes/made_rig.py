"""A rendered rig of which everything is known: what its lamps show is told as hue, saturation and brightness."""

import numpy as np

from controller.colour import encoded_from_hue, to_linear
from controller.records.rendered import RenderedRig

ROLES = ("wash", "wash", "back", "back", "blinder")
PLACES = ((-1, -1, 3), (1, -1, 3), (-1, 3, 3), (1, 3, 3), (0, 2, 2))


def light_of(hue_deg, brightness, saturation=1.0):
    """Linear RGB of lamps: arrays that broadcast to one shape in, (..., 3) out."""
    hue_deg, brightness, saturation = np.broadcast_arrays(hue_deg, brightness, saturation)
    pure = encoded_from_hue(hue_deg.ravel().astype(np.float32)).reshape(*hue_deg.shape, 3)
    encoded = (1.0 - saturation[..., None] * (1.0 - pure)) * brightness[..., None]
    return to_linear(encoded.astype(np.float32))


def made_rig(light_at, seconds, roles=ROLES, places=PLACES):
    """A rig whose lamps show `light_at(t_s)`: (m, h, 3) linear for (m,) seconds, 40 cycles a second."""
    tick_s = np.arange(round(seconds * 40)) / 40
    every = light_at(tick_s)
    groups = list(dict.fromkeys(roles))
    group_light = np.stack([every[:, [one == group for one in roles]].mean(axis=1) for group in groups], axis=1)
    n = len(tick_s[::4])
    return RenderedRig(
        time_s=tick_s[::4],
        id=np.array([f"lamp-{number}" for number in range(len(roles))]),
        role=np.array(roles),
        position_m=np.array(places, np.float32),
        light=every[::4].astype(np.float32),
        pan_tilt_deg=np.zeros((n, len(roles), 2), np.float32),
        tick_s=tick_s,
        group=np.array(groups),
        group_light=group_light.astype(np.float32),
    )


def lamps(hue_deg, brightness, saturation=1.0, blinder=0.0):
    """(m, 5, 3) for `ROLES`: all washes and backs alike, each argument (m,) or a number; the blinder in white."""
    hue_deg, brightness, saturation, blinder = np.broadcast_arrays(hue_deg, brightness, saturation, blinder)
    same = light_of(hue_deg, brightness, saturation)[:, None, :].repeat(4, axis=1)
    return np.concatenate([same, light_of(0.0 * hue_deg, blinder, 0.0)[:, None, :]], axis=1)
