"""The rig lit by a command and by no show: one step over and over, since nodes go dark when nothing comes."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from controller.clock import Clock, Deadlines
from controller.config import Config
from controller.errors import PatchError
from controller.lighting.output.cid import source_cid
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs, Sink
from controller.messages import DmxFrame, Picture
from controller.rig.patch.patch import SLOTS, Fixture, Patch
from controller.rig.patch.render import Renderer
from controller.rig.patch.self_test import WalkStep
from controller.state_folder import state_folder

CYCLE_S = 0.025
DARK_CYCLES = 10
"""How often darkness is sent at the end: a lost packet must not leave a light on."""


class LitRig:
    """Sends one step until the next one; it ends dark, however that comes.

    Args:
        patch: the rig. sender, sink, clock: where frames go, and when.
    """

    def __init__(self, patch: Patch, sender: Sender, sink: Sink, clock: Clock) -> None:
        self._sender, self._sink, self._clock = sender, sink, clock
        self._renderer = Renderer(patch)
        self._deadlines = Deadlines(CYCLE_S, clock.now_s())
        middle = np.full(patch.heads, 0.5, np.float32)
        dark = Picture(0.0, 0, np.zeros(patch.heads, np.float32), np.ones((patch.heads, 3), np.float32), middle, middle)
        self._step = self._dark = WalkStep("dark", "", dark)

    @staticmethod
    @contextlib.contextmanager
    def on_outputs(config: Config, patch: Patch, clock: Clock) -> "Iterator[LitRig]":
        """On what is configured."""
        cid = source_cid(config.network.cid, config.venue, state_folder())
        sender = Sender(config.universes, config.network, cid, ours=patch.used)
        sink = Outputs(config.universes, config.network.interface)
        with contextlib.closing(sink), LitRig(patch, sender, sink, clock) as rig:
            yield rig

    def __enter__(self) -> "LitRig":
        return self

    def __exit__(self, *_: object) -> None:
        self.show(self._dark)
        for _cycle in range(DARK_CYCLES):
            self.cycle()
        for packet in self._sender.farewell():
            self._sink.send(packet, self._clock.now_s())

    def show(self, step: WalkStep) -> None:
        """From the next cycle on."""
        self._step = step

    def cycle(self) -> None:
        """Wait for the next cycle, and send it."""
        self._clock.sleep_until(self._deadlines.next_s)
        now_s, step = self._clock.now_s(), self._step
        self._deadlines.advance(now_s)
        frames = self._renderer.render(replace(step.look, t_s=now_s))
        self._send([over(one, row, step) for row, one in enumerate(frames)], now_s)

    def cycle_of(self, frames_at: Callable[[float], list[DmxFrame]]) -> None:
        """Wait for the next cycle, and send what somebody else makes for its moment."""
        self._clock.sleep_until(self._deadlines.next_s)
        now_s = self._clock.now_s()
        self._deadlines.advance(now_s)
        self._send(frames_at(now_s), now_s)

    def _send(self, frames: list[DmxFrame], now_s: float) -> None:
        for packet in self._sender.packets(frames, now_s):
            self._sink.send(packet, now_s)


def over(frame: DmxFrame, row: int, step: WalkStep) -> DmxFrame:
    """The frame with the levels that a step puts over what was rendered."""
    mine = {slot - row * SLOTS: level for slot, level in step.levels.items() if slot // SLOTS == row}
    if not mine:
        return frame
    slots = frame.slots.copy()
    slots[list(mine)] = list(mine.values())
    return DmxFrame(frame.t_s, frame.seq, frame.universe, slots)


def fixtures_named(config: Config, patch: Patch, names: list[str]) -> list[Fixture]:
    """Fixtures by their ids, in the order of the names.

    Raises:
        PatchError: one that is not there; names those that are.
    """
    known = {one.config.id: one for one in patch.fixtures}
    for name in names:
        if name not in known:
            raise PatchError(f"{config.where(('fixtures',))}: no fixture '{name}'; there are {', '.join(known)}")
    return [known[name] for name in names]
