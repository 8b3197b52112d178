"""Calls to olad over TCP, without ever waiting for it. Edge: the network."""

import contextlib
import select
import socket
from errno import EINPROGRESS, EWOULDBLOCK

from controller.lighting.output.ledger import Account, Ledger
from controller.lighting.output.names import Names
from controller.lighting.output.streams import Address, Packet

RETRY_S = (0.5, 1.0, 2.0, 5.0)
CONNECT_S = 3.0
STUCK_S = 2.0
"""An olad that has read nothing for so long is left and called again."""


class OlaSink:
    """One connection to each olad.

    Args:
        ledger: where outputs are counted. names: knows addresses of hosts.
    """

    def __init__(self, ledger: Ledger, names: Names) -> None:
        self._ledger, self._names = ledger, names
        self._links: dict[Address, OlaLink] = {}

    def send(self, packet: Packet, now_s: float) -> None:
        """Hand over one call, or drop it where the connection does not take it now."""
        link = self._links.get(packet.address)
        if link is None:
            link = self._links[packet.address] = OlaLink(packet.address, self._names)
        link.send(packet.payload, self._ledger.account(packet.output), now_s)

    def close(self) -> None:
        """Hang up."""
        for link in self._links.values():
            link.close()


class OlaLink:
    """One connection that is opened again when it breaks, a little later each time."""

    def __init__(self, address: Address, names: Names) -> None:
        self._address, self._names = address, names
        self._socket: socket.socket | None = None
        self._open = False
        self._since_s = self._retry_at_s = float("-inf")
        self._failures = 0
        self._rest = b""
        self._accounts: dict[str, Account] = {}

    def send(self, payload: bytes, account: Account, now_s: float) -> None:
        """Send a call whole, or not at all; a half-sent one is finished first, and newer ones are dropped meanwhile."""
        self._accounts[account.name] = account
        try:
            if not self._ready(now_s):
                return
            self._flush(now_s)
            if self._rest:
                account.errors += 1
                return
            self._rest = payload
            self._flush(now_s)
        except OSError as error:
            self._break(error, now_s)
        else:
            self._failures = 0
            account.good()

    def _ready(self, now_s: float) -> bool:
        """Connected; else one more step towards that."""
        if self._socket is None:
            if now_s >= self._retry_at_s:
                self._call(now_s)
            return False
        if not self._open:
            _, writable, _ = select.select([], [self._socket], [], 0)
            if writable:
                code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    raise OSError(code, "cannot connect to olad")
                self._open = True
            elif now_s - self._since_s > CONNECT_S:
                raise TimeoutError("olad does not answer")
        return self._open

    def _call(self, now_s: float) -> None:
        host = self._names.address(self._address[0])
        if host is None:
            raise OSError(f"host {self._address[0]} is not known")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._since_s, self._open, self._rest = now_s, False, b""
        code = self._socket.connect_ex((host, self._address[1]))
        if code not in (0, EINPROGRESS, EWOULDBLOCK):
            raise OSError(code, "cannot connect to olad")

    def _flush(self, now_s: float) -> None:
        """Send what waits, and throw away what olad says: a closed connection shows here first."""
        if self._socket is None:
            return
        with contextlib.suppress(BlockingIOError):
            if not self._socket.recv(4096):
                raise OSError("olad hung up")
        if not self._rest:
            self._since_s = now_s
            return
        try:
            self._rest = self._rest[self._socket.send(self._rest) :]
            self._since_s = now_s
        except BlockingIOError:
            if now_s - self._since_s > STUCK_S:
                raise TimeoutError("olad reads nothing") from None

    def _break(self, error: OSError, now_s: float) -> None:
        self.close()
        self._retry_at_s = now_s + RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        for account in self._accounts.values():
            account.bad(error)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._open, self._rest = None, False, b""
