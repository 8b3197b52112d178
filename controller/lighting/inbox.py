"""What reaches the output process from the other processes, cycle by cycle. Edge: the bus."""

from collections import deque

import zmq

from controller.bus.news import ShownNews, StageNews
from controller.bus.run import Run
from controller.bus.sockets import Commands, Newest
from controller.bus.topics import PULSES, SHOWN, STAGE, TOKENS
from controller.messages import Command, LightToken, Pulse

RECENT_S = 0.3
"""Commands that a leader may have taken with it."""


class Inbox:
    """Tokens, pulses, commands, and what the leader says.

    Args:
        run: context and folder. end: of the command socket's name. follows: whether there may be a leader to follow.
    """

    def __init__(self, run: Run, end: str, *, follows: bool) -> None:
        self.tokens = Newest(run.context, run.folder, TOKENS)
        self._pulses = Newest(run.context, run.folder, PULSES)
        self._commands = Commands(run.context, run.folder, end)
        self._leaders = Newest(run.context, run.folder, STAGE) if follows else None
        self._shown = Newest(run.context, run.folder, SHOWN) if follows else None
        self._last_shown: ShownNews | None = None
        self._lately: deque[tuple[float, Command]] = deque(maxlen=50)
        self._taken: list[tuple[float, Pulse]] = []
        self._poller = zmq.Poller()
        self._poller.register(self._pulses.socket, zmq.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Until a pulse is there (True), for so long at most."""
        return bool(self._poller.poll(int(1e3 * seconds)))

    def token(self) -> LightToken | None:
        """The newest, if there is a new one."""
        return self.tokens.take()

    def pulse(self, now_s: float) -> Pulse | None:
        """The newest, if there is a new one; it is kept for `pulses`."""
        pulse = self._pulses.take()
        if pulse is not None:
            self._taken.append((now_s, pulse))
        return pulse

    def pulses(self) -> tuple[tuple[float, Pulse], ...]:
        """All that were taken since the last call, each with the moment at which it was."""
        taken, self._taken = tuple(self._taken), []
        return taken

    def leader(self) -> StageNews | None:
        """The leader's last word; who leads hears itself, and reads it all the same: see `Newest`."""
        return None if self._leaders is None else self._leaders.take()

    def shown(self, now_s: float) -> bytes:
        """What the leader said last was about to leave; empty if it never did, or long ago."""
        news = None if self._shown is None else self._shown.take()
        self._last_shown = self._last_shown if news is None else news
        known = self._last_shown is not None and not SHOWN.stale(now_s - self._last_shown.t_s)
        return self._last_shown.standing if known and self._last_shown is not None else b""

    def commands(self, now_s: float, *, leading: bool) -> tuple[Command, ...]:
        """What people sent since the last cycle, with what a leader that died may not have obeyed any more.

        Who follows gets nothing: it stands as its leader stands, and keeps what came in case it has to step in.
        """
        given = self._commands.take_all()
        if not leading:
            self._lately.extend((now_s, command) for command in given)
            return ()
        late = [command for at_s, command in self._lately if now_s - at_s < RECENT_S]
        self._lately.clear()
        return (*late, *given)

    def close(self) -> None:
        """Close the sockets."""
        for one in (self.tokens, self._pulses, self._commands, self._leaders, self._shown):
            if one is not None:
                one.close()
