"""Which lamp is this? One fixture at full white, everything else dark, heads at home, on the configured outputs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controller.clock import Clock, Deadlines
from controller.config import Config
from controller.errors import PatchError
from controller.lighting.output.cid import source_cid
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs, Sink
from controller.messages import DmxFrame, Look
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from controller.rig.patch.render import Renderer
from controller.state_folder import state_folder

CYCLE_S = 0.025
DARK_CYCLES = 10
"""How often darkness is sent at the end: a lost packet must not leave a lamp on."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """One fixture lit, the others dark."""

    patch: Patch
    heads: range

    @staticmethod
    def of(config: Config, patch: Patch, name: str) -> "Highlight":
        """The fixture with an id.

        Raises:
            PatchError: there is none.
        """
        fixture = next((one for one in patch.fixtures if one.config.id == name), None)
        if fixture is None:
            known = ", ".join(one.config.id for one in patch.fixtures)
            raise PatchError(f"{config.where(('fixtures',))}: no fixture '{name}'; there are {known}")
        return Highlight(patch, range(fixture.first_head, fixture.first_head + fixture.heads))

    def look(self, t_s: float, *, lit: bool) -> Look:
        """Full white on its heads, or darkness; every head at home."""
        heads = self.patch.heads
        intensity = np.zeros(heads, np.float32)
        intensity[list(self.heads)] = float(lit)
        home = np.full(heads, 0.5, np.float32)
        return Look(t_s, 0, intensity, np.ones((heads, 3), np.float32), home, home)


def identify(
    config: Config, name: str, clock: Clock, started: Callable[[], None], seconds: float | None = None
) -> None:
    """Light a fixture until somebody has seen it: `seconds`, or until Ctrl-C. It ends dark.

    Raises:
        PatchError: no such fixture.
    """
    highlight = Highlight.of(config, patch_of(config), name)
    started()
    sink = Outputs(config.universes, config.network.interface)
    cid = source_cid(config.network.cid, config.venue, state_folder())
    sender = Sender(config.universes, config.network, cid)
    try:
        show(highlight, sender, sink, clock, seconds=seconds)
    finally:
        sink.close()


def show(highlight: Highlight, sender: Sender, sink: Sink, clock: Clock, *, seconds: float | None) -> None:
    """The cycles, and darkness after them however they end."""
    renderer = Renderer(highlight.patch)
    deadlines = Deadlines(CYCLE_S, clock.now_s())
    end_s = clock.now_s() + seconds if seconds is not None else float("inf")

    def cycle(*, lit: bool) -> None:
        clock.sleep_until(deadlines.next_s)
        now_s = clock.now_s()
        deadlines.advance(now_s)
        frames: list[DmxFrame] = renderer.render(highlight.look(now_s, lit=lit))
        for packet in sender.packets(frames, now_s):
            sink.send(packet, now_s)

    try:
        while clock.now_s() < end_s:
            cycle(lit=True)
    finally:
        for _ in range(DARK_CYCLES):
            cycle(lit=False)
        for packet in sender.farewell():
            sink.send(packet, clock.now_s())
