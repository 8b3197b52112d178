"""Two training workers under `torchrun`, one of which may be killed on the way."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from promise import HANG_S

ROOT = Path(__file__).parents[2]
PATIENCE_S, LOOK_S = 2 * HANG_S, 0.02


def torchrun(*words: object, kill_when: Path | None = None) -> str:
    """Run `python -m WORDS` on two workers of this machine; returns what they printed.

    Args:
        kill_when: as soon as this file is there the second worker is killed; torchrun begins both again.
    """
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
               "--max-restarts", "1" if kill_when else "0", "-m", *map(str, words)]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # fmt: skip
        try:
            if kill_when is not None:
                os.kill(_second_worker(process, kill_when), signal.SIGKILL)
            said, wrong = process.communicate(timeout=PATIENCE_S)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, wrong[-6000:]
    return said


def _second_worker(run: subprocess.Popen[str], when: Path) -> int:
    """The process of rank 1 among the children of a run, once a file is there."""
    for _ in range(round(PATIENCE_S / LOOK_S)):
        found = _child_of_rank(run.pid, 1) if when.is_file() else None
        if found is not None:
            return found
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"ended with {run.wait(LOOK_S)} before {when} came")
    raise AssertionError(f"{when} never came")


def _child_of_rank(parent: int, rank: int) -> int | None:
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                return int(child)
        except OSError:
            continue
    return None
