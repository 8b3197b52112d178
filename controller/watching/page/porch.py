"""Connections before anybody has signed in: bounded, and not for long; who has shown a token is not among them.

Where there are too many, the oldest stranger goes: behind a router or a tunnel everybody has one address, and a new
connection must be able to show its token. Edge: the web.
"""

import asyncio
import contextlib
import ipaddress
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from controller.system import open_files

HEAD_S = 5.0
"""So long a request may take until it is whole, an idle connection may wait for one, and a TLS handshake may last."""
MOST_STRANGERS = 400
MOST_OF_AN_ADDRESS = 256
AT_ONCE, SHARE = 32, 4
"""Connections that are accepted in one go; and strangers have a quarter of the files that a process may open."""
SAID_AGAIN_S = 600.0


class Connection(web.RequestHandler):
    """One connection; `known` once somebody has shown on it who they are."""

    __slots__ = ("_porch", "address", "known")

    def __init__(self, porch: "Porch", server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, access_log=None, keepalive_timeout=HEAD_S)  # type: ignore[arg-type]
        self._porch, self.address, self.known = porch, "", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        super().connection_made(transport)
        self.address = place_of((transport.get_extra_info("peername") or ("",))[0])
        self._porch.enter(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """And gone."""
        self._porch.leave(self)
        super().connection_lost(exc)

    def recognise(self) -> None:
        """Who they are is known: from now on no stranger's limit counts here."""
        if not self.known:
            self.known = True
            self._porch.leave(self)

    def abort(self) -> None:
        """End it at once."""
        if self.transport is not None:
            self.transport.abort()


class Porch:
    """All strangers, oldest first.

    Attributes:
        turned_away: connections that had to go for others.
    """

    def __init__(self) -> None:
        self._strangers: dict[Connection, None] = {}
        self._of_an_address: Counter[str] = Counter()
        self._room = MOST_STRANGERS
        self.turned_away = 0

    def __len__(self) -> int:
        return len(self._strangers)

    def enter(self, one: Connection) -> None:
        """Somebody came; if there are too many, the oldest goes."""
        if self._of_an_address[one.address] >= MOST_OF_AN_ADDRESS:
            self._turn_away(next(other for other in self._strangers if other.address == one.address))
        elif len(self._strangers) >= min(MOST_STRANGERS, self._room):
            self._turn_away(next(iter(self._strangers)))
        self._strangers[one] = None
        self._of_an_address[one.address] += 1

    def leave(self, one: Connection) -> None:
        """Somebody went, or is no stranger any more."""
        if one in self._strangers:
            del self._strangers[one]
            self._of_an_address[one.address] -= 1
            if not self._of_an_address[one.address]:
                del self._of_an_address[one.address]

    def _turn_away(self, one: Connection) -> None:
        self.leave(one)
        self.turned_away += 1
        one.abort()

    async def open(self, server: web.Server, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
        """Listen.

        Raises:
            OSError: the address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        # an accept that finds no file free tries again, and says so, all the time
        self._room = max(1, open_files() // SHARE)
        return await loop.create_server(
            lambda: Connection(self, server, loop),
            host,
            port,
            ssl=tls,
            backlog=AT_ONCE,
            ssl_handshake_timeout=None if tls is None else HEAD_S,
        )


def place_of(ip: str) -> str:
    """Whose address this is: an IPv6 network of 64 bits is one place, or one guest would have all addresses of it."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(ip.partition("%")[0])
        if address.version == 6:
            mapped = address.ipv4_mapped
            return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return ip


class SaidOnce(logging.Filter):
    """Lets each kind of complaint through once in a while, without a traceback: a stranger fills no log.

    Args:
        now_s: seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__()
        self._now_s = now_s
        self._said_s: dict[str, float] = {}
        self.left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is said."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        kind, now_s = f"{record.name} {error or str(record.msg)[:80]}", self._now_s()
        if now_s - self._said_s.get(kind, float("-inf")) < SAID_AGAIN_S:
            self.left_out += 1
            return False
        self._said_s[kind] = now_s
        if record.exc_info:
            cause = " ".join(str(record.exc_info[1]).split())[:120]
            record.msg, record.args = f"{str(record.msg)[:80]} ({error}: {cause}); not said again for a while", ()
            record.exc_info = record.exc_text = None
        return True


class Quiet:
    """The web server's own complaints, each said once, for as long as this lasts."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._filter = SaidOnce(now_s)
        self._loggers = [logging.getLogger(name) for name in ("aiohttp.server", "asyncio")]

    def __enter__(self) -> SaidOnce:
        for one in self._loggers:
            one.addFilter(self._filter)
        return self._filter

    def __exit__(self, *_: Any) -> None:  # noqa: ANN401 - an exception's three parts
        for one in self._loggers:
            one.removeFilter(self._filter)
