"""Collects what the rig of a rehearsal shows, cycle by cycle. Pure."""

from collections.abc import Sequence

import numpy as np

from controller.arrays import Float32Array
from controller.messages import DmxFrame
from controller.records.rendered import RATE_HZ, RenderedRig
from controller.rehearsal.offline_clock import CLOSE_S
from controller.rig.observe import Observer
from controller.rig.patch.patch import Patch

UNSEEN = ("hazer", "house")
"""Roles that are no part of the picture."""


class Rendering:
    """Twelve bytes for each head ten times a second, and for each role in each cycle.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        self._observer, self._turns = Observer(patch), bool(patch.has("pan").any() or patch.has("tilt").any())
        self.heads = [head for head in range(patch.heads) if patch.roles[head] not in UNSEEN]
        self._names = [patch.head_name(head) for head in self.heads]
        self._roles = [patch.roles[head] for head in self.heads]
        self._places = patch.positions_m[self.heads]
        self._groups = list(dict.fromkeys(self._roles))
        share = np.array([[role == group for role in self._roles] for group in self._groups], np.float32)
        self._share = share / share.sum(axis=1, keepdims=True) if len(share) else np.zeros((0, 0), np.float32)
        self._times_s: list[float] = []
        self._ticks_s: list[float] = []
        self._light, self._turned, self._group_light = bytearray(), bytearray(), bytearray()

    def watch(self, now_s: float, light: Float32Array, frames: Sequence[DmxFrame]) -> None:
        """One output cycle.

        Args:
            now_s: its time. light: (N, 3) read back from its slots. frames: these slots.
        """
        shown = light[self.heads]
        self._ticks_s.append(now_s)
        self._group_light += (self._share @ shown).astype(np.float32).tobytes()
        if now_s < len(self._times_s) / RATE_HZ - CLOSE_S:
            return
        self._times_s.append(now_s)
        self._light += shown.astype(np.float32).tobytes()
        if self._turns:
            turns = self._observer.turned({frame.universe: frame.slots for frame in frames})
            turned = np.stack(turns, axis=1)[self.heads]
        else:
            turned = np.zeros((len(self.heads), 2), np.float32)
        self._turned += turned.astype(np.float32).tobytes()

    def rig(self) -> RenderedRig:
        """Everything so far."""
        n, heads, m, groups = len(self._times_s), len(self.heads), len(self._ticks_s), len(self._groups)
        return RenderedRig(
            time_s=np.array([round(one, 6) for one in self._times_s], np.float64),
            id=np.array(self._names, np.str_),
            role=np.array(self._roles, np.str_),
            position_m=self._places.astype(np.float32),
            light=np.frombuffer(bytes(self._light), np.float32).reshape(n, heads, 3),
            pan_tilt_deg=np.frombuffer(bytes(self._turned), np.float32).reshape(n, heads, 2),
            tick_s=np.array([round(one, 6) for one in self._ticks_s], np.float64),
            group=np.array(self._groups, np.str_),
            group_light=np.frombuffer(bytes(self._group_light), np.float32).reshape(m, groups, 3),
        )
