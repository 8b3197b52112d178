"""Haze by the clock, where `look.haze` asks for it: a little, seldom, while a band plays. Pure."""

from controller.config import HazeConfig


class HazePlan:
    """Counts the time that a band has played.

    Args:
        config: how much, for how long, how often.
    """

    def __init__(self, config: HazeConfig) -> None:
        self._config = config
        self._played_s = 0.0

    def step(self, elapsed_s: float, *, plays: bool) -> float:
        """0..1 that hazers blow now.

        Args:
            elapsed_s: since the last step. plays: whether a band does, and nobody forbids haze.
        """
        if not plays or not self._config.level:
            return 0.0
        self._played_s += elapsed_s
        return self._config.level if self._played_s % self._config.every_s < self._config.for_s else 0.0
