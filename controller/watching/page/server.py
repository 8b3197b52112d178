"""The operator page over HTTP: static files, one WebSocket for each page. Edge: the web.

The page process imports no audio and no network model. Nothing here may hold up another page (`broadcast.py`); who is
let in is the business of `door.py`.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial

from aiohttp import WSMsgType, web

from controller.errors import PageError, port_refused
from controller.watching.page.access import NOBODY, Access, Bucket
from controller.watching.page.admission import HEADERS
from controller.watching.page.broadcast import CLOSE_S, Broadcast, Client
from controller.watching.page.door import PERSON, Door
from controller.watching.page.feed import PageFeed
from controller.watching.page.files import static_routes
from controller.watching.page.porch import Porch, Quiet
from controller.watching.page.prometheus import prometheus
from controller.watching.page.reading import reading_routes
from controller.watching.page.refusals import Refusals
from controller.watching.page.set_lists import SetListRoutes
from controller.watching.page.wire import decode_command, encode_late, is_lent, moment_of

RATE_HZ = 30.0
PING_S = 10.0
# Small, because what lies in a buffer is old news by the time a slow phone reads it.
SEND_BUFFER_BYTES = 32 * 1024
MAX_RECEIVED_BYTES = 64 * 1024  # longer than this the connection is closed instead of the message ignored
MOST_CLIENTS = 64
OLDEST_S = 1.5
"""A command that is older is not obeyed: who gave it has seen since then that nothing happened."""

log = logging.getLogger(__name__)


class Page:
    """Serve the operator page.

    Attributes:
        address: (host, port) as bound, once `serving` is set; port 0 asks for any free one.
        ignored: messages from pages that were no command.
        denied: commands that a role does not allow, or that came too fast.
        late: commands that were older than a wish may be.

    Args:
        rate_hz: snapshots a second. access: who is let in. tls: what is served with, None for plain HTTP.
        audit: told of every command and every wrong token.
    """

    def __init__(
        self,
        rate_hz: float = RATE_HZ,
        access: Access | None = None,
        tls: ssl.SSLContext | None = None,
        audit: Callable[[dict[str, object]], None] = lambda _entry: None,
    ) -> None:
        self.address = ("", 0)
        self.serving = asyncio.Event()
        self.ignored = 0
        self.denied = 0
        self._tls, self._audit = tls, audit
        self._pages = Broadcast(rate_hz)
        self._porch, self._places, self.late = Porch(), 0, 0
        self._door = Door(access or Access(()), tls, audit, full=lambda: self._places >= MOST_CLIENTS)

    def will_come_back(self) -> None:
        """The show goes on without this process: say that as goodbye, and not that it has ended."""
        self._pages.comes_back = True

    @property
    def refused(self) -> int:
        """Requests with a foreign Host or Origin, without a token, or of one connection too many."""
        return self._door.refused

    async def serve(self, feed: PageFeed, host: str, port: int) -> None:
        """Serve until cancelled.

        Args:
            host: an address of this machine; 127.0.0.1 keeps the page on it.
            port: 0..65535.

        Raises:
            PageError: the address cannot be listened on.
        """
        async with self._listening(feed, host, port):
            await self._pages.run(feed)

    @contextlib.asynccontextmanager
    async def _listening(self, feed: PageFeed, host: str, port: int) -> AsyncIterator[None]:
        runner = web.AppRunner(self._application(feed, host), access_log=None, shutdown_timeout=CLOSE_S)
        await runner.setup()
        listening: asyncio.Server | None = None
        try:
            listening = await _bind(self._porch, runner, host, port, self._tls)
            self.address = listening.sockets[0].getsockname()[:2]
            with Quiet(asyncio.get_running_loop().time):
                self.serving.set()
                yield
        finally:
            self.serving.clear()
            if listening is not None:
                listening.close()
            await runner.cleanup()

    def _application(self, feed: PageFeed, host: str) -> web.Application:
        async def live(request: web.Request) -> web.StreamResponse:
            return await self._talk(request, feed)

        application = web.Application(middlewares=[self._door.guard(host), self._door.door])
        application.on_response_prepare.append(_add_headers)
        application.on_shutdown.append(self._pages.dismiss)
        application.router.add_get("/live", live)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_post("/login", self._door.login)
        application.router.add_get("/metrics", partial(self._metrics, feed))
        application.router.add_get("/why", partial(_why, feed))
        lists = SetListRoutes(feed, lambda request: request[PERSON])
        application.router.add_routes([*reading_routes(feed), *lists.routes()])
        for route, handler in static_routes():
            application.router.add_get(route, handler)
        return application

    async def _healthz(self, request: web.Request) -> web.Response:
        """Alive; how much so, for those who have a token."""
        if request[PERSON] is NOBODY:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "ok", **self._counts()})

    def _counts(self) -> dict[str, int]:
        return {
            "clients": len(self._pages),
            "ignored": self.ignored,
            "refused": self.refused,
            "denied": self.denied,
            "late": self.late,
        }

    async def _metrics(self, feed: PageFeed, _request: web.Request) -> web.Response:
        """Prometheus's text format."""
        return web.Response(text=prometheus(feed.live(), self._counts()), content_type="text/plain", charset="utf-8")

    async def _talk(self, request: web.Request, feed: PageFeed) -> web.WebSocketResponse:
        # Deflate would cost more processor time than the 30 kB/s it saves are worth.
        # With a limit of one byte each message waits until the one before has left.
        # Its own pings, which tell how old commands are, are answered in `_listen`.
        connection = web.WebSocketResponse(
            compress=False, heartbeat=PING_S, max_msg_size=MAX_RECEIVED_BYTES, writer_limit=1, autoping=False
        )
        self._places += 1  # before anything is waited for: a thousand that come at once are a thousand
        try:
            await connection.prepare(request)
            _keep_buffers_small(request)
            client = Client(connection, request[PERSON])
            async with self._pages.to(client, feed):
                try:
                    await self._listen(client, feed, request.remote or "")
                finally:
                    for released in client.lent.released():
                        feed.command(released)
        finally:
            self._places -= 1
        return connection

    async def _listen(self, client: Client, feed: PageFeed, address: str) -> None:
        bucket, refusals, loop = Bucket(), Refusals(), asyncio.get_running_loop()
        async for message in client.socket:
            if message.type is WSMsgType.PONG:
                client.pings.answer(bytes(message.data))
                continue
            if message.type is WSMsgType.PING:
                await client.socket.pong(message.data)
                continue
            try:
                if message.type is not WSMsgType.TEXT:
                    raise ValueError("commands are text")
                command = decode_command(message.data)
            except ValueError as problem:
                self.ignored += 1
                log.debug("ignored a message from a page: %s", problem)
                continue
            person = client.person
            allowed = person.may(command.name) and bucket.take(loop.time())
            self.denied += not allowed
            late = allowed and self._is_late(client, feed, message.data)
            said: dict[str, object] = {"command": command.name, "amount": command.amount, "allowed": allowed}
            said |= {"late": True} if late else {}
            times = 1 if allowed and not late else refusals.note((command.name, str(late)), loop.time())
            if times:
                said |= {"times": times} if times > 1 else {}
                self._audit({"from": address, "name": person.name, "role": person.role, **said})
            if late:
                self.late += 1
                client.tell(encode_late(command.name))
            elif allowed:
                client.lent.note(command, lent=is_lent(message.data))
                feed.command(command)
        for (name, _), count in refusals.unsaid().items():
            unsaid = {"command": name, "allowed": False, "times": count}
            self._audit({"from": address, "name": client.person.name, "role": client.person.role, **unsaid})

    def _is_late(self, client: Client, feed: PageFeed, text: str) -> bool:
        """Whether a command is older than a wish may be: it waited for a network that was away.

        A page says at which moment of the show it was given; of others the pings tell how far behind they are.
        """
        live, at_s = feed.live(), moment_of(text)
        if live is not None and at_s is not None:
            return live.t_s - at_s > OLDEST_S
        return client.pings.behind_s(asyncio.get_running_loop().time()) > OLDEST_S


async def _bind(
    porch: Porch, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None
) -> asyncio.Server:
    server = runner.server
    if server is None:
        raise PageError("the page's server was not set up")
    try:
        return await porch.open(server, host, port, tls)
    except OSError as problem:
        raise PageError(port_refused(host, port, problem)) from problem


def _keep_buffers_small(request: web.Request) -> None:
    transport = request.transport
    connection = request.get_extra_info("socket")
    if transport is not None and connection is not None:
        # not 0: a TLS transport that may hold nothing counts as full while it is empty, and is never told to go on
        transport.set_write_buffer_limits(high=1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


async def _why(feed: PageFeed, request: web.Request) -> web.Response:
    """Why a slot has its level: a list of stage and words, from the wire back to the model."""
    try:
        universe, slot = int(request.query["universe"]), int(request.query["slot"])
    except (KeyError, ValueError):
        return web.Response(status=400, text="universe and slot are numbers\n")
    said = feed.why(universe, slot)
    return web.json_response(said) if said else web.Response(status=404, text="no such slot\n")


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update({name: said for name, said in HEADERS.items() if name not in response.headers})
