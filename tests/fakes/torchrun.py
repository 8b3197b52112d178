"""Two training workers under `torchrun`, one of which may be killed on the way."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from promise import HANG_S, STRICT

ROOT = Path(__file__).parents[2]
PATIENCE_S, LOOK_S = 2 * HANG_S, 0.02
OURS = Path(__file__).with_name("forked_torchrun.py")


def torchrun(*words: object, kill_when: Path | None = None, itself: bool = STRICT) -> str:
    """Run `python -m WORDS` on two workers of this machine; returns what they printed.

    Args:
        kill_when: as soon as this file is there the second worker is killed; both begin again.
        itself: `torchrun` and nothing less, whose workers load PyTorch each for itself (`forked_torchrun.py`).
    """
    python, restarts, own = (
        [sys.executable, "-W", "ignore"],
        str(int(kill_when is not None)),
        [str(one) for one in words],
    )
    with tempfile.TemporaryDirectory() as folder:
        if itself:
            options = ["--standalone", "--nproc-per-node", "2", "--max-restarts", restarts]
            command = [*python, "-m", "torch.distributed.run", *options, "-m", *own]
        else:
            command = [*python, str(OURS), folder, restarts, *own]
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # fmt: skip
            try:
                if kill_when is not None:
                    os.kill(_second_worker(process, kill_when, Path(folder)), signal.SIGKILL)
                said, wrong = process.communicate(timeout=PATIENCE_S)
            except BaseException:
                process.kill()
                raise
    assert process.returncode == 0, wrong[-6000:]
    return said


def _second_worker(run: subprocess.Popen[str], when: Path, folder: Path) -> int:
    """The process of rank 1 among the workers of a run, once a file is there."""
    for _ in range(round(PATIENCE_S / LOOK_S)):
        found = (_said(folder) or _child_of_rank(run.pid, 1)) if when.is_file() else None
        if found is not None:
            return found
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"ended with {run.wait(LOOK_S)} before {when} came")
    raise AssertionError(f"{when} never came")


def _said(folder: Path) -> int | None:
    """What the worker of rank 1 left of itself."""
    with contextlib.suppress(OSError, ValueError):
        return int((folder / "1").read_text())
    return None


def _child_of_rank(parent: int, rank: int) -> int | None:
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                return int(child)
        except OSError:
            continue
    return None
