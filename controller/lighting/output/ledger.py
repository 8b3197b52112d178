"""How each output is doing: counts, and one line in the log for each change. Shared by all sinks of a process.

Edge: a lock, because sinks count from threads of their own.
"""

import logging
import threading

from controller.bus.news import OutputStatus

log = logging.getLogger(__name__)


class Account:
    """One output: what was sent, what failed, and whether it works now. Used by one thread at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent = self.errors = 0
        self.state = "idle"

    def good(self) -> None:
        """Something left."""
        self.sent += 1
        if self.state != "ok":
            if self.state == "failed":
                log.warning("output %s works again", self.name)
            self.state = "ok"

    def bad(self, reason: object) -> None:
        """Something did not leave. Said once, until it works again."""
        self.errors += 1
        if self.state != "failed":
            self.state = "failed"
            log.warning("output %s failed: %s; trying again", self.name, reason)


class Ledger:
    """All accounts by name."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def account(self, name: str) -> Account:
        """The account of an output, opened at its first mention."""
        found = self._accounts.get(name)
        if found is None:
            with self._lock:
                found = self._accounts.setdefault(name, Account(name))
        return found

    @property
    def errors(self) -> int:
        """All errors so far."""
        return sum(one.errors for one in list(self._accounts.values()))

    def status(self) -> dict[str, OutputStatus]:
        """For people and programs: sent, errors and state of each output."""
        return {name: OutputStatus(one.sent, one.errors, one.state) for name, one in list(self._accounts.items())}
