"""Host names to addresses without ever making a cycle wait. Edge: the resolver, a thread while a name is unknown."""

import contextlib
import ipaddress
import socket
import threading

RETRY_S = 5.0


class Names:
    """Addresses of hosts. Those that are written as addresses need no asking; names are asked for in a thread."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def address(self, host: str) -> str | None:
        """The host's address, or None while it is not known."""
        found = self._known.get(host)
        if found is None and _is_address(host):
            self._known[host] = found = host
        elif found is None:
            self._ask(host)
        return found

    def _ask(self, host: str) -> None:
        self._wanted.add(host)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="names", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while self._wanted and not self._stopping.is_set():
            for host in list(self._wanted):
                with contextlib.suppress(OSError, UnicodeError):
                    self._known[host] = socket.gethostbyname(host)
                    self._wanted.discard(host)
            if self._wanted:
                self._stopping.wait(RETRY_S)

    def close(self) -> None:
        """Stop asking."""
        self._stopping.set()


def _is_address(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
