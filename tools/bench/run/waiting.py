"""Waiting where somebody can see it. Edge: progress on standard error."""

import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from controller.clock import MonotonicClock
from tools.bench.run.result import FailedError

STEP_S = 0.1
CONSOLE = Console(stderr=True)


def progress() -> Progress:
    """A progress bar that leaves nothing behind."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=CONSOLE,
        transient=True,
        disable=not CONSOLE.is_terminal,
    )


def pause(seconds: float, label: str, look: Callable[[], object] = lambda: None) -> None:
    """Let a while pass.

    Args:
        seconds: how long. label: beside the bar. look: called ten times a second; it may raise.
    """
    clock, never = MonotonicClock(), threading.Event()
    start_s = clock.now_s()
    with progress() as bar:
        task = bar.add_task(label, total=seconds)
        while (passed_s := clock.now_s() - start_s) < seconds:
            bar.update(task, completed=passed_s)
            look()
            never.wait(min(STEP_S, seconds - passed_s))


def wait_for(ready: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return when `ready` says so.

    Raises:
        FailedError: it did not within `timeout_s`.
    """
    clock, never = MonotonicClock(), threading.Event()
    end_s = clock.now_s() + timeout_s
    while not ready():
        if clock.now_s() > end_s:
            raise FailedError(f"waited {timeout_s:.0f} s in vain for {what}")
        never.wait(0.02)
