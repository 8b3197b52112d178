"""One line on the terminal while a show runs: how it is, what it hears, what it does. Edge: the terminal, the bus."""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zmq
from rich.console import Console
from rich.live import Live
from rich.text import Text

from controller.bus.sockets import Newest, revive
from controller.colour import encoded_from_hue
from controller.messages import LightToken, Pulse
from controller.people.replicate import operator_of

STYLES = {"live": "bold green", "fallback": "bold yellow", "quiet": "bold blue", "house": "bold red"}
METER_CELLS = 20
METER_FLOOR_DB = -60.0


class StatusLine:
    """Shows itself on a terminal and nowhere else.

    Args:
        folder: the run's private folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._readers: dict[str, Newest] = {}
        self._seen: dict[str, Any] = {}
        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)

    def __enter__(self) -> "StatusLine":
        if sys.stderr.isatty():  # nothing is opened that nobody would read
            for topic in ("stage", "tokens", "pulses"):
                self._readers[topic] = Newest(self._context, self._folder, topic, spare=topic == "stage")
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        for reader in self._readers.values():
            reader.close()
        self._context.term()

    def update(self, elapsed_s: float) -> None:
        """Draw what is new."""
        if not self._live.is_started:
            return
        for topic, reader in self._readers.items():
            self._seen[topic] = reader.take() or self._seen.get(topic)
        with contextlib.suppress(OSError):  # a terminal that is gone takes nothing with it
            self._live.update(status_text(self._seen, elapsed_s), refresh=True)


def status_text(seen: Mapping[str, Any], elapsed_s: float) -> Text:
    """The line for what was published last; parts that are not there yet are left out."""
    text = Text(f"{int(elapsed_s) // 60:d}:{int(elapsed_s) % 60:02d}  ")
    stage = seen.get("stage")
    if isinstance(stage, dict):
        state = str(stage["health"])
        text.append(state.upper(), style=STYLES.get(state, "bold"))
        operator = operator_of(stage)
        for wish in ("blackout", "hold", "quiet") if operator else ():
            if getattr(operator, wish):
                text.append(f"  {wish.upper()}", style="bold reverse")
        taken = len(stage["status"].get("takeovers", {}).get("active", ()))
        if taken:
            text.append(f"  {taken} IN HAND", style="bold magenta")
        text.append(_standby(stage.get("standby")), style="bold cyan")
        text.append(f"  {stage['status'].get('output_hz', 0.0):.1f} Hz  ")
    token = revive(LightToken, seen.get("tokens"))
    if token is not None:
        red, green, blue = np.rint(encoded_from_hue(np.array([2.0 * token.hue], np.float32))[0] * 255).astype(int)
        text.append("█" * (1 + token.value // 32), style=f"rgb({red},{green},{blue})")
        text.append(" " * (8 - token.value // 32))
    pulse = revive(Pulse, seen.get("pulses"))
    if pulse is not None:
        share = min(1.0, max(0.0, 1.0 - pulse.level_db / METER_FLOOR_DB))
        cells = round(share * METER_CELLS)
        text.append("▮" * cells + "▯" * (METER_CELLS - cells))
        text.append(f" {pulse.level_db:5.1f} dBFS")
    return text


def _standby(standby: object) -> str:
    """How this machine and the other one stand, where there is another one."""
    if not isinstance(standby, dict):
        return ""
    if standby.get("role") == "backup":
        return f"  BACKUP, {standby.get('state', '?')}"
    return "  main, backup follows" if standby.get("followed") else "  MAIN, NO BACKUP"
