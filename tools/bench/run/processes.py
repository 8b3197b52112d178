"""Programs that are started, watched and ended: CPU time and memory of whole process trees, from /proc. Edge."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench.run.result import ROOT, FailedError

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table: cpu_ticks is user and system time since its start."""

    name: str
    parent: int
    cpu_ticks: int
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds and wake-ups since the start, and memory, by part of a program.

    Resident memory that two processes share counts in both; in `pss_mib` each has its part of it.
    """

    cpu_s: dict[str, float]
    rss_mib: dict[str, float]
    pss_mib: dict[str, float] = field(default_factory=dict)
    wakeups: dict[str, float] = field(default_factory=dict)


def snapshot() -> dict[int, Process]:
    """All processes by pid; those that end meanwhile are left out."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            process = _read(folder)
            if process is not None:
                found[int(folder.name)] = process
    return found


def _read(folder: Path) -> Process | None:
    try:
        name, rest = (folder / "stat").read_text(encoding="utf-8", errors="replace").split("(", 1)[1].rsplit(")", 1)
        words = (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    fields = rest.split()
    return Process(
        name=_part(words) or name,
        parent=int(fields[1]),
        cpu_ticks=int(fields[11]) + int(fields[12]),
        rss_bytes=int(fields[21]) * PAGE_BYTES,
    )


def _part(words: list[bytes]) -> str:
    """What a Python process runs (`controller.lighting.process`, `pytest`), which says more than `python3`."""
    if len(words) > 1 and not any(words[1:]):  # what a copy says that it is stands in one piece (controller/copies.py)
        words = words[0].split(b" ")
    if not Path(words[0].decode(errors="replace")).name.startswith("python"):
        return ""
    if b"-m" in words[:-1]:
        return words[words.index(b"-m") + 1].decode(errors="replace")
    if b"-c" in words:
        return ""
    scripts = [word for word in words[1:] if word and not word.startswith(b"-")]
    return Path(scripts[0].decode(errors="replace")).name if scripts else ""


def descendants(root: int, processes: dict[int, Process]) -> set[int]:
    """Pids of a process and of everything below it."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found & processes.keys()


def ancestry(pid: int, processes: dict[int, Process]) -> set[int]:
    """Pids of a process and of everything above it."""
    found: set[int] = set()
    while pid in processes and pid not in found:
        found.add(pid)
        pid = processes[pid].parent
    return found


def usage(root: int) -> Usage:
    """What a process and everything below it have used, by name of the part."""
    processes = snapshot()
    cpu_s: dict[str, float] = {}
    rss_mib: dict[str, float] = {}
    pss_mib: dict[str, float] = {}
    wakeups: dict[str, float] = {}
    for pid in descendants(root, processes):
        process = processes[pid]
        cpu_s[process.name] = cpu_s.get(process.name, 0.0) + process.cpu_ticks / TICKS_PER_S
        rss_mib[process.name] = rss_mib.get(process.name, 0.0) + process.rss_bytes / 2**20
        pss_mib[process.name] = pss_mib.get(process.name, 0.0) + _of_status(pid, "smaps_rollup", "Pss:") / 1024.0
        waited = sum(_of_status(f"{pid}/task/{task}", "status", "voluntary_ctxt_switches:") for task in _tasks(pid))
        wakeups[process.name] = wakeups.get(process.name, 0.0) + waited
    return Usage(cpu_s, rss_mib, pss_mib, wakeups)


def _of_status(of: int | str, file: str, name: str) -> float:
    """A number that the system tells of a process or thread; 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{of}/{file}").read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return float(line.split()[1])
    return 0.0


def _tasks(pid: int) -> list[str]:
    with suppress(OSError):
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names are enough
    return []


def per_s(before: Usage, after: Usage, seconds: float) -> dict[str, float]:
    """Wake-ups a second between two moments, by part, and in all."""
    found = {part: (after.wakeups[part] - before.wakeups.get(part, 0.0)) / seconds for part in sorted(after.wakeups)}
    return {"all": round(sum(found.values())), **{part: round(one) for part, one in found.items()}}


def cpu_percent(before: Usage, after: Usage, seconds: float) -> dict[str, float]:
    """Percent of one core between two moments, by part, and in all."""
    used = {part: after.cpu_s[part] - before.cpu_s.get(part, 0.0) for part in sorted(after.cpu_s)}
    return {"all": round(100.0 * sum(used.values()) / seconds, 1)} | {
        part: round(100.0 * cpu_s / seconds, 1) for part, cpu_s in used.items()
    }


class Program:
    """A program in a session of its own, with its output in files.

    Args:
        arguments: command line. folder: where its output goes. name: of those files, and in messages.
        environment: all variables; None passes ours on.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, name: str, environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._said, self._complained = folder / f"{name}.out", folder / f"{name}.err"
        with self._said.open("wb") as said, self._complained.open("wb") as complained:
            self._process = subprocess.Popen(
                list(arguments),
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id, which is that of its session too."""
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def check_alive(self) -> None:
        """Raise FailedError with its last words if it has ended."""
        if self.over:
            raise FailedError(f"{self.name} ended early with code {self._process.returncode}: {self._last_words()}")

    def finish(self, timeout_s: float) -> dict[str, Any]:
        """Wait for its good end.

        Returns:
            The last line it printed, which is JSON.

        Raises:
            FailedError: it does not end, or not well.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise FailedError(f"{self.name} was still running after {timeout_s:.0f} s") from error
        lines = self._said.read_text(encoding="utf-8").splitlines()
        if code or not lines:
            raise FailedError(f"{self.name} ended with code {code}: {self._last_words()}")
        summary: dict[str, Any] = json.loads(lines[-1])
        return summary

    def ask_to_end(self) -> None:
        """Tell the program, and not what it started, that it is time."""
        if not self.over:
            self._process.terminate()

    def stop(self) -> None:
        """End it and whatever is left of its session."""
        self.ask_to_end()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def _last_words(self) -> str:
        lines = self._complained.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"


@contextmanager
def running(
    arguments: Sequence[str], folder: Path, name: str, environment: dict[str, str] | None = None
) -> Iterator[Program]:
    """A program that has ended when the block is left."""
    program = Program(arguments, folder, name, environment)
    try:
        yield program
    finally:
        program.stop()


def python(*words: str) -> list[str]:
    """A command line for a module of this repository, with the Python that runs now."""
    return [sys.executable, "-m", *words]
