"""One line on the terminal while a show runs: how it is, what it hears, what it does. Edge: the terminal, the bus."""

import contextlib
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np
import zmq
from rich.console import Console
from rich.live import Live
from rich.text import Text

from controller.bus.news import PartnerStatus, StageNews
from controller.bus.sockets import Newest
from controller.bus.topics import PULSES, STAGE, TOKENS
from controller.colour import encoded_from_hue
from controller.messages import LightToken, Pulse
from controller.text_out import Drawing

STYLES = {
    "live": "bold green",
    "fallback": "bold yellow",
    "talk": "bold cyan",
    "quiet": "bold blue",
    "house": "bold red",
}
METER_CELLS = 20
METER_FLOOR_DB = -60.0


class Readers(NamedTuple):
    """What is read."""

    stage: Newest[StageNews]
    tokens: Newest[LightToken]
    pulses: Newest[Pulse]


class Seen(NamedTuple):
    """What was published last."""

    stage: StageNews | None = None
    token: LightToken | None = None
    pulse: Pulse | None = None


class StatusLine:
    """Shows itself on a terminal and nowhere else.

    Args:
        folder: the run's private folder. terminal: where it is drawn; one that takes nothing is not waited for.
    """

    def __init__(self, folder: Path, terminal: Drawing) -> None:
        self._folder, self._terminal = folder, terminal
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._readers: Readers | None = None
        self._seen = Seen()
        self._live = Live(console=Console(file=cast("IO[str]", self._terminal)), auto_refresh=False, transient=True)

    def __enter__(self) -> "StatusLine":
        if self._terminal.isatty():  # nothing is opened that nobody would read
            at = self._context, self._folder
            self._readers = Readers(Newest(*at, STAGE), Newest(*at, TOKENS), Newest(*at, PULSES))
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        for reader in self._readers or ():
            reader.close()
        self._context.term()

    def update(self, elapsed_s: float) -> None:
        """Draw what is new."""
        if self._readers is None:
            return
        stage, tokens, pulses = self._readers
        seen = self._seen
        self._seen = Seen(stage.take() or seen.stage, tokens.take() or seen.token, pulses.take() or seen.pulse)
        with contextlib.suppress(OSError):  # a terminal that is gone takes nothing with it
            self._live.update(status_text(self._seen, elapsed_s), refresh=True)


def status_text(seen: Seen, elapsed_s: float) -> Text:
    """The line for what was published last; parts that are not there yet are left out."""
    text = Text(f"{int(elapsed_s) // 60:d}:{int(elapsed_s) % 60:02d}  ")
    stage = seen.stage
    if stage is not None:
        text.append(stage.health.upper(), style=STYLES.get(stage.health, "bold"))
        for wish in ("blackout", "hold", "quiet"):
            if getattr(stage.operator, wish):
                text.append(f"  {wish.upper()}", style="bold reverse")
        taken = len(stage.status.takeovers.active)
        if taken:
            text.append(f"  {taken} IN HAND", style="bold magenta")
        text.append(_standby(stage.status.standby), style="bold cyan")
        text.append(f"  {stage.status.output_hz:.1f} Hz  ")
    token = seen.token
    if token is not None:
        red, green, blue = np.rint(encoded_from_hue(np.array([2.0 * token.hue], np.float32))[0] * 255).astype(int)
        text.append("█" * (1 + token.value // 32), style=f"rgb({red},{green},{blue})")
        text.append(" " * (8 - token.value // 32))
    pulse = seen.pulse
    if pulse is not None:
        share = min(1.0, max(0.0, 1.0 - pulse.level_db / METER_FLOOR_DB))
        cells = round(share * METER_CELLS)
        text.append("▮" * cells + "▯" * (METER_CELLS - cells))
        text.append(f" {pulse.level_db:5.1f} dBFS")
    return text


def _standby(standby: PartnerStatus | None) -> str:
    """How this machine and the other one stand, where there is another one."""
    if standby is None:
        return ""
    if standby.role == "backup":
        return f"  BACKUP, {standby.state}"
    return "  main, backup follows" if standby.followed else "  MAIN, NO BACKUP"
