"""The report of the night so far, made by a process of its own beside the show. Edge: a process.

It plays the log again, which takes a minute or two for an evening; it is nice to the show, and one is made at a time.
"""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from controller.bus.news import LogStatus

log = logging.getLogger(__name__)

NICENESS = 19
FOLDER, FILE = "report", "night.html"


class NightReport:
    """Starts the maker, and says how far it is.

    Args:
        folder: of the run; the report is kept in it until the show ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._maker: subprocess.Popen[bytes] | None = None
        self._failed = ""
        self._said: IO[bytes] | None = None

    def start(self, written: LogStatus | None) -> None:
        """Make it anew, unless it is being made.

        Raises:
            ValueError: this show is not being recorded.
        """
        if self._maker is not None and self._maker.poll() is None:
            return
        if written is None:
            raise ValueError("this show is not being recorded (record.enabled), so there is nothing to report")
        self._failed = ""
        nice = [] if sys.platform == "win32" else ["nice", "-n", str(NICENESS)]
        asked = [*nice, sys.executable, "-m", "controller", "night", written.file, "--out", str(self._folder)]
        self._forget()
        try:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  a pipe nobody reads would stop it
            self._maker = subprocess.Popen(
                asked, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said, env=os.environ
            )
        except OSError as error:
            raise ValueError(f"the report cannot be made: {error}") from error

    @property
    def state(self) -> str:
        """`none`, `working`, `ready`, or why it failed."""
        if self._maker is None:
            return self._failed or "none"
        code = self._maker.poll()
        if code is None:
            return "working"
        if code != 0 and not self._failed and self._said is not None:
            self._said.seek(0)
            said = self._said.read().decode("utf-8", "replace").strip().splitlines()
            self._failed = said[-1] if said else f"the report's process ended with {code}"
        return self._failed or "ready"

    def page(self) -> str | None:
        """The report as HTML, None before there is one."""
        try:
            return (self._folder / FILE).read_text(encoding="utf-8") if self.state == "ready" else None
        except OSError as error:
            log.warning("the report cannot be read: %s", error)
            return None

    def close(self) -> None:
        """Stop making it."""
        if self._maker is not None:
            self._maker.kill()
            self._maker.wait()
        self._forget()

    def _forget(self) -> None:
        if self._said is not None:
            self._said.close()
