"""Which fixture is this? One fixture at full white, everything else dark, heads at home, on the configured outputs."""

from collections.abc import Callable

from controller.clock import Clock
from controller.commands.lit_rig import LitRig, fixtures_named
from controller.config import Config
from controller.rig.patch.configured import patch_of
from controller.rig.patch.self_test import WalkStep, lit_alone


def identify(
    config: Config, name: str, clock: Clock, started: Callable[[], None], seconds: float | None = None
) -> None:
    """Light a fixture until somebody has seen it: `seconds`, or until Ctrl-C. It ends dark.

    Raises:
        PatchError: no such fixture.
    """
    patch = patch_of(config)
    (fixture,) = fixtures_named(config, patch, [name])
    started()
    with LitRig.on_outputs(config, patch, clock) as rig:
        light(rig, lit_alone(patch, fixture), clock, seconds)


def light(rig: LitRig, step: WalkStep, clock: Clock, seconds: float | None) -> None:
    """The cycles, `seconds` of them or without end."""
    end_s = float("inf") if seconds is None else clock.now_s() + seconds
    rig.show(step)
    while clock.now_s() < end_s:
        rig.cycle()
