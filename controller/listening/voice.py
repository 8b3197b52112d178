"""What the sound process says to the others, and how loud it was: pulses, tokens, its own status. Edge: the bus."""

import threading
from dataclasses import replace

from controller.bus.news import ListeningStatus
from controller.bus.run import Run
from controller.bus.sockets import Publisher
from controller.bus.topics import LISTENING, PULSES, TOKENS
from controller.messages import LightToken, Pulse

SILENT_DB = -120.0
PULSE_EVERY = 4
"""Pulses without an onset are published every 20 ms; an onset at once."""
LOST_S = 0.5
"""Longer than any driver rests between blocks: a device that brings nothing for so long is gone."""


class Voice:
    """Speaks on three topics.

    Args:
        run: context and folder.

    Attributes:
        tokens: that were said. onsets: that the newest pulse counted.
    """

    def __init__(self, run: Run) -> None:
        self._pulses = Publisher(run.context, run.folder, PULSES)
        self._tokens = Publisher(run.context, run.folder, TOKENS)
        self._status = Publisher(run.context, run.folder, LISTENING)
        self._speaking = threading.Lock()
        self._published = (0, 0.0)
        self._newest: Pulse | None = None
        self.tokens = 0

    @property
    def onsets(self) -> int:
        """As the newest pulse that was published counts them."""
        return self._published[0]

    def token(self, token: LightToken) -> None:
        """Say a token; from two threads, the conductor's and the analysis."""
        with self._speaking:
            self._tokens.send(token)
        self.tokens += 1

    def pulse(self, pulse: Pulse) -> None:
        """Say a pulse if it brings an onset, or if it is time for one."""
        self._newest = pulse
        news = (pulse.onsets, pulse.onset_strength)
        if news != self._published or pulse.seq % PULSE_EVERY == 0:
            self._published = news
            self._pulses.send(pulse)

    def loss(self, now_s: float) -> None:
        """A device that was heard and is gone is silence: the room gets its quiet look, not that of a dead engine."""
        last = self._newest
        if last is not None and now_s - last.t_s > LOST_S:
            silent_s = last.silent_s + now_s - last.t_s
            self._pulses.send(replace(last, t_s=now_s, level_db=SILENT_DB, loudness=0.0, silent_s=silent_s))

    def status(self, status: ListeningStatus) -> None:
        """Say how this process is."""
        self._status.send(status)

    def close(self) -> None:
        """Close the sockets."""
        for one in (self._pulses, self._tokens, self._status):
            one.close()
