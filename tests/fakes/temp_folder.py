"""The temporary folder of one run of the tests: whatever is left in it goes when the run ends, and with the next one.

Browsers, sound servers, `torchrun` and shows whose supervisor is killed leave folders behind them, and a worker of
pytest-xdist ends without a word to anybody. What starts pytest therefore makes one folder, to which TMPDIR points in
all that it starts, and removes it; a run that was itself killed is cleaned away by the next one, which finds nobody
holding the folder's lock. pytest's own `tmp_path` stays where it always is.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "fs-tests-"
"""Short: sockets in it have names of at most 107 bytes."""
LOCK = ".lock"
YOUNG_S = 60.0
"""Whoever has only just made its folder may not hold its lock yet."""


class TempFolder:
    """Made, and named by TMPDIR, until it is removed.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        outside = Path(tempfile.gettempdir())
        sweep(outside)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(outside))
        self._before, self._owner = os.environ.get("TMPDIR"), os.getpid()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path.chmod(0o1777)  # as the one that it stands for: olad is another user
        os.environ["TMPDIR"] = str(self.path)
        tempfile.tempdir = None

    def remove(self) -> None:
        """All of it; in a process that only inherited it: nothing."""
        if os.getpid() != self._owner:
            return
        if self._before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = self._before
        tempfile.tempdir = None
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep(outside: Path) -> None:
    """Remove the folders of runs that are no more."""
    for folder in outside.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime < YOUNG_S:  # noqa: TID251 - files have wall-clock times
                continue
            lock = os.open(folder / LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
