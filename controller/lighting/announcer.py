"""What the page and the spare are told of each cycle, at the page's own rate. Edge: the bus."""

from collections.abc import Callable

import numpy as np

from controller.bus.news import LightingStatus, ShownNews, StageNews
from controller.bus.run import Run
from controller.bus.sockets import Publisher
from controller.bus.topics import SHOWN, STAGE
from controller.lighting.engine import Tick
from controller.lighting.look.manual import rows_of
from controller.messages import HeldRow
from controller.people.operator import OperatorState

STATUS_S = 0.5


class Announcer:
    """Publishes the stage.

    Args:
        run: context, folder and rates. end: of the socket's name. status: counts everything; asked twice a second.
    """

    def __init__(self, run: Run, end: str, status: Callable[[], LightingStatus]) -> None:
        self._stage = Publisher(run.context, run.folder, STAGE, end=end)
        self._shown = Publisher(run.context, run.folder, SHOWN, end=end)
        self._period_s = 1.0 / run.config.rates.page_hz
        self._status = status
        self._due_s = self._counted_s = -np.inf
        self._counted: LightingStatus | None = None

    def tell(self, tick: Tick, now_s: float, people: OperatorState, held: tuple[HeldRow, ...]) -> None:
        """Say what just left, if it is time for it."""
        if now_s < self._due_s - 0.002:
            return
        self._due_s = (
            max(self._due_s, now_s - self._period_s) + self._period_s
        )  # on the average: cycles are longer apart
        self._stage.send(
            StageNews(
                t_s=now_s,
                frames={frame.universe: frame.slots.tobytes() for frame in tick.frames},
                health=tick.health,
                operator=people.operator,
                status=self._status_now(now_s),
                held=held,
                rows=b"" if tick.look is None else rows_of(tick.look).tobytes(),
                asked={
                    asked.universe: asked.slots.tobytes()
                    for asked, sent in zip(tick.asked, tick.frames, strict=False)
                    if not np.array_equal(asked.slots, sent.slots)
                },
                marks=tuple(people.marks),
                moment=tick.moment,
                moment_by=tick.moment_by,
            )
        )

    def foretell(self, standing: bytes, now_s: float) -> None:
        """Say what leaves, before it does: who has to go on from there must know of the last packet, too."""
        self._shown.send(ShownNews(now_s, standing))

    def _status_now(self, now_s: float) -> LightingStatus:
        """The status, counted twice a second and not at every cycle."""
        if self._counted is None or now_s - self._counted_s >= STATUS_S:
            self._counted_s, self._counted = now_s, self._status()
        return self._counted

    def close(self) -> None:
        """Close the sockets."""
        self._stage.close()
        self._shown.close()
