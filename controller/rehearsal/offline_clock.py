"""The output cycles that lie between two hops, when a song is played faster than real time. Pure."""

from collections import deque
from collections.abc import Iterator, Sequence

from controller.lighting.engine import Tick
from controller.lighting.output_cycle import OutputCycle
from controller.messages import Pulse
from controller.records.cycles import Heard

CLOSE_S = 1e-9
"""Times that differ by less are the same moment."""


class OfflineClock:
    """Runs output cycles up to the end of each hop, and gives each the pulses it would have had.

    Args:
        made: the output cycle. rate_hz: cycles a second.

    Attributes:
        count: cycles so far.
    """

    def __init__(self, made: OutputCycle, rate_hz: float) -> None:
        self._made, self._period_s = made, 1.0 / rate_hz
        self.count = 0

    @property
    def now_s(self) -> float:
        """Time of the next cycle."""
        return self.count * self._period_s

    def until(self, end_s: float, pulses: Sequence[Pulse], first: Heard) -> Iterator[tuple[float, Tick]]:
        """Every cycle up to a hop's end, with its time.

        Args:
            end_s: end of the hop. pulses: that were heard in it, in order. first: what the first of the cycles hears.
        """
        waiting, heard = deque(pulses), first
        while (now_s := self.now_s) <= end_s - CLOSE_S:
            while waiting and waiting[0].t_s <= now_s + CLOSE_S:
                self._made.hear_pulse(waiting.popleft(), now_s)
            yield now_s, self._made.run(now_s, heard)
            self.count += 1
            heard = Heard()
        for pulse in waiting:
            self._made.hear_pulse(pulse, end_s)
