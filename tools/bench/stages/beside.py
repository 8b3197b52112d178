"""The same measurement with this checkout and with another one, in turns. Edge: processes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROUNDS = 3
T = TypeVar("T")


def in_turns(
    script: str, arguments: tuple[str, ...], before: str | None, ours: Callable[[], T], read: Callable[[str], T]
) -> tuple[list[T], list[T]]:
    """What this checkout and the other one take, three rounds each; in turns, so that other work falls on both.

    Args:
        script: file of the benchmark, which prints what it measured when it is run with these arguments; of the other
            checkout's modules it may only import those that have long been there.
        before: folder of the other checkout; None: only this one is measured.
        ours: measures this one. read: what the script printed, as `ours` gives it.
    """
    mine: list[T] = []
    theirs: list[T] = []
    for _ in range(ROUNDS):
        mine.append(ours())
        if before:
            theirs.append(read(_run(script, arguments, Path(before))))
    return mine, theirs


def _run(script: str, arguments: tuple[str, ...], folder: Path) -> str:
    """In a process of its own, with the code of the other checkout."""
    here = Path(__file__).parents[3]
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a script may load NumPy before the program sets them
    env = {**os.environ, **one, "PYTHONPATH": f"{folder}{os.pathsep}{here}"}
    done = subprocess.run([sys.executable, script, *arguments], env=env, capture_output=True, text=True, check=True)
    return done.stdout
