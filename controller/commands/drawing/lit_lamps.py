"""The rig lit from the patch page: one step until the next, dark at the end, and never beside a show."""

import contextlib

from controller.clock import Clock
from controller.commands.lit_rig import LitRig
from controller.commands.self_test import kept_lit
from controller.config import Config
from controller.one_show import OneShow
from controller.rig.patch.patch import Patch
from controller.rig.patch.self_test import WalkStep


class LitLamps:
    """Dark until something is shown.

    Args:
        clock: for the cycles.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lit = contextlib.ExitStack()
        self._rig: LitRig | None = None

    @property
    def lit(self) -> bool:
        """Whether frames are sent now."""
        return self._rig is not None

    def light(self, config: Config, patch: Patch, step: WalkStep) -> None:
        """Send this step on the outputs of a configuration, from now on.

        Raises:
            ControllerError: a show is running that sends there.
        """
        self.dark()
        with contextlib.ExitStack() as lit:
            lit.enter_context(contextlib.closing(OneShow(config).hold_places()))
            rig = lit.enter_context(LitRig.on_outputs(config, patch, self._clock))
            rig.show(step)
            lit.enter_context(kept_lit(rig))
            self._lit, self._rig = lit.pop_all(), rig

    def show(self, step: WalkStep) -> None:
        """Another step of the same rig."""
        if self._rig is not None:
            self._rig.show(step)

    def dark(self) -> None:
        """Everything off, and nothing is sent any more."""
        self._rig = None
        self._lit.close()
