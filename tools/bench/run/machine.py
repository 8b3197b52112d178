"""What the machine is, and what else it was doing: no figure means anything without both."""

import importlib.metadata
import os
import platform
import subprocess
import threading
from pathlib import Path
from typing import Any

from tools.bench.run.processes import TICKS_PER_S, ancestry, snapshot
from tools.bench.run.result import ROOT

PACKAGES = ("numpy", "onnxruntime", "pyzmq", "aiohttp", "msgpack", "sounddevice", "soxr", "av")
SURVEY_S = 0.5
BUSY_PERCENT = 20.0


def describe() -> dict[str, Any]:
    """CPU, memory, system and versions: what does not change during a run."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "commit": _commit(),
    }


def activity() -> dict[str, Any]:
    """Load averages, and who else takes more than a fifth of a core right now (watched for half a second)."""
    before = snapshot()
    threading.Event().wait(SURVEY_S)
    after = snapshot()
    ours = ancestry(os.getpid(), after)
    busy = []
    for pid, process in after.items():
        if pid in ours or pid not in before:
            continue
        percent = 100.0 * (process.cpu_ticks - before[pid].cpu_ticks) / TICKS_PER_S / SURVEY_S
        if percent > BUSY_PERCENT:
            busy.append({"name": process.name, "cpu_percent": round(percent)})
    return {"load": [round(load, 2) for load in os.getloadavg()], "busy": busy}


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str:
    """The commit that was measured, with a plus sign if files differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
