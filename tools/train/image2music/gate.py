"""The gate that every tune passes before it is judged, played or written: our own reader, then abc2midi.

abc2midi's exit code is always 0, so its text is read. It runs as a process of its own with a time limit: nothing that
may
crash on odd text runs inside this one. Where it is not installed the gate says so and stands on its own reader alone.
Edge: starts a program.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.train.image2music.notation import Fault, bar_faults, read_tune

LIMIT_S = 10.0
LINE = re.compile(r"^(Error|Warning) in line-char (\d+)-(\d+)\s*:\s*(.*)$")
PLAIN = re.compile(r"^(Error|Warning)\s*:?\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: `faults`, and by which programs it was `judged`."""

    faults: tuple[Fault, ...]
    judged: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the tune passes."""
        return not self.faults

    def words(self) -> str:
        """The faults as one would tell them to a composer, at most eight."""
        said = [str(one) for one in self.faults[:8]]
        more = len(self.faults) - len(said)
        return "\n".join([*said, f"and {more} more"] if more else said)


def second_opinion() -> str | None:
    """Where abc2midi is, or None."""
    return shutil.which("abc2midi")


def judge(abc: str, *, bars: int | None = None, program: bool = True) -> Verdict:
    """What is wrong with a tune's text.

    Args:
        bars: how many it must have. program: ask abc2midi, too, if our own reader found nothing.
    """
    tune = read_tune(abc)
    faults = [*tune.faults, *bar_faults(tune)]
    if bars is not None and len(tune.bars) != bars and not tune.faults:
        faults.append(Fault(len(tune.bars), 0, 0, "", f"{len(tune.bars)} bars instead of {bars}"))
    where = second_opinion() if program and not faults else None
    if where is None:
        return Verdict(tuple(faults), ("own reader",))
    return Verdict(tuple(_ask(where, abc)), ("own reader", "abc2midi"))


def _ask(program: str, abc: str) -> list[Fault]:
    with tempfile.TemporaryDirectory(prefix="followspot-gate-") as folder:
        tune = Path(folder) / "tune.abc"
        tune.write_text(abc, encoding="utf-8")
        try:
            done = subprocess.run([program, str(tune), "-o", str(Path(folder) / "tune.mid")], capture_output=True,
                                  timeout=LIMIT_S, check=False, cwd=folder)  # fmt: skip
        except subprocess.TimeoutExpired:
            return [Fault(0, 0, 0, "", f"abc2midi did not end within {LIMIT_S:g} s")]
        said = (done.stdout + done.stderr).decode("utf-8", errors="replace")
        faults = faults_in(said)
        if done.returncode != 0 and not faults:
            faults = [Fault(0, 0, 0, "", f"abc2midi ended with code {done.returncode}")]
        return faults


def faults_in(said: str) -> list[Fault]:
    """What abc2midi complains of in its output: every error and every warning."""
    found = []
    for line in said.splitlines():
        placed, plain = LINE.match(line.strip()), PLAIN.match(line.strip())
        if placed:
            found.append(Fault(0, int(placed[2]), int(placed[3]), "", f"abc2midi: {placed[4]}"))
        elif plain:
            found.append(Fault(0, 0, 0, "", f"abc2midi: {plain[2]}"))
    return found
