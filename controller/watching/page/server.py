"""The operator page over HTTP: static files, one WebSocket for each page. An edge file.

The page process imports no audio and no network model. Nothing here may hold up another page: a snapshot is encoded
once and put in front of every client; a client that has not finished sending the one before skips it.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from controller.errors import PageError
from controller.watching.page.access import COOKIE, HERE, NOBODY, Access, Bucket, User, token_of
from controller.watching.page.admission import HEADERS, admits
from controller.watching.page.feed import Hello, Live, PageFeed
from controller.watching.page.prometheus import prometheus
from controller.watching.page.wire import WAITING, decode_command, encode_hello, encode_live

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
RATE_HZ = 30.0
# An unchanged snapshot is repeated, so that a page can tell a quiet show from a dead connection.
REPEAT_S = 1.0
PING_S = 10.0
CLOSE_S = 0.5
# Small, because what lies in a buffer is old news by the time a slow phone reads it.
SEND_BUFFER_BYTES = 32 * 1024
MAX_RECEIVED_BYTES = 64 * 1024  # longer than this the connection is closed instead of the message ignored
MOST_CLIENTS = 64
OPEN_TO_ALL = ("/login.html", "/login.js", "/login", "/style.css", "/icon.svg", "/healthz")
PERSON = web.RequestKey("person", User)

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Client:
    """One open page: what it should get next, the newest of each kind, and whether there is any."""

    socket: web.WebSocketResponse
    person: User = HERE
    hello: str = ""
    live: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def greet(self, message: str) -> None:
        """Send this hello before anything else."""
        self.hello = message
        self.news.set()

    def offer(self, message: str) -> None:
        """Replace the snapshot that was not sent yet."""
        self.live = message
        self.news.set()

    async def send_newest(self) -> None:
        """Send for as long as the connection lives."""
        while True:
            await self.news.wait()
            self.news.clear()
            hello, self.hello = self.hello, ""
            live, self.live = self.live, ""
            for message in filter(None, (hello, live)):
                await self.socket.send_str(message)


class Page:
    """Serve the operator page.

    Attributes:
        address: (host, port) as bound, once `serving` is set; port 0 asks for any free one.
        ignored: messages from pages that were no command.
        refused: requests with a foreign Host or Origin, without a token, or of one connection too many.
        denied: commands that a role does not allow, or that came too fast.

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
        self.refused = 0
        self.denied = 0
        self._access = access or Access(())
        self._tls, self._audit = tls, audit
        self._interval_s = 0.5 / rate_hz  # looks twice as often as there is news, so that none waits a whole turn
        self._clients: set[Client] = set()
        self._watched = asyncio.Event()

    async def serve(self, feed: PageFeed, host: str, port: int) -> None:
        """Serve until cancelled.

        Args:
            host: an address of this machine; 127.0.0.1 keeps the page on it.
            port: 0..65535.

        Raises:
            PageError: the address cannot be listened on.
        """
        async with self._listening(feed, host, port):
            await self._broadcast(feed)

    @contextlib.asynccontextmanager
    async def _listening(self, feed: PageFeed, host: str, port: int) -> AsyncIterator[None]:
        runner = web.AppRunner(self._application(feed, host), access_log=None, shutdown_timeout=CLOSE_S)
        await runner.setup()
        try:
            await _bind(runner, host, port, self._tls)
            self.address = runner.addresses[0][:2]
            self.serving.set()
            yield
        finally:
            self.serving.clear()
            await runner.cleanup()

    def _application(self, feed: PageFeed, host: str) -> web.Application:
        async def live(request: web.Request) -> web.StreamResponse:
            return await self._talk(request, feed)

        application = web.Application(middlewares=[self._guard(host), self._door])
        application.on_response_prepare.append(_add_headers)
        application.on_shutdown.append(self._dismiss)
        application.router.add_get("/live", live)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_post("/login", self._login)
        application.router.add_get("/metrics", partial(self._metrics, feed))
        application.router.add_get("/why", partial(_why, feed))
        for route, handler in _static_routes():
            application.router.add_get(route, handler)
        return application

    def _guard(self, bound_host: str) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            local_host, local_port = request.get_extra_info("sockname", ("", 0))[:2]
            headers = request.headers
            if not admits(
                headers.get("Host"),
                headers.get("Origin"),
                bound_host=bound_host,
                local_host=local_host,
                local_port=local_port,
                scheme="http" if self._tls is None else "https",
            ):
                self.refused += 1
                return web.Response(status=403, text="this page answers on its own address only\n")
            return await handler(request)

        return guard

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets in whoever has a token; what it takes to sign in is for all."""
        person = self._person(request)
        if person is None and request.path not in OPEN_TO_ALL:
            self.refused += 1
            if request.path == "/":
                raise web.HTTPSeeOther("/login.html")
            return web.Response(status=401, text="a token is needed here\n")
        if request.path == "/live" and len(self._clients) >= MOST_CLIENTS:
            self.refused += 1
            return web.Response(status=503, text="too many pages are open\n")
        request[PERSON] = person or NOBODY
        return await handler(request)

    def _person(self, request: web.Request) -> User | None:
        token = token_of(request.headers.get("Authorization"), request.cookies.get(COOKIE))
        return self._access.person(token, request.remote or "", asyncio.get_running_loop().time())

    async def _login(self, request: web.Request) -> web.Response:
        """Exchange a token for a cookie."""
        address = request.remote or ""
        person = request[PERSON]
        if person is NOBODY:
            self._audit({"from": address, "event": "wrong token"})
            shut_out = self._access.shut_out(address, asyncio.get_running_loop().time())
            return web.Response(status=429 if shut_out else 401, text="no\n")
        self._audit({"from": address, "event": "signed in", "name": person.name, "role": person.role})
        response = web.Response(text="welcome\n")
        token = token_of(request.headers.get("Authorization"), None) or ""
        response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=self._tls is not None)
        return response

    async def _healthz(self, request: web.Request) -> web.Response:
        """Alive; how much so, for those who have a token."""
        if request[PERSON] is NOBODY:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "ok", **self._counts()})

    def _counts(self) -> dict[str, int]:
        now = len(self._clients)
        return {"clients": now, "ignored": self.ignored, "refused": self.refused, "denied": self.denied}

    async def _metrics(self, feed: PageFeed, _request: web.Request) -> web.Response:
        """Prometheus's text format."""
        counts = {
            "clients": len(self._clients),
            "ignored": self.ignored,
            "refused": self.refused,
            "denied": self.denied,
        }
        return web.Response(text=prometheus(feed.live(), counts), content_type="text/plain", charset="utf-8")

    async def _talk(self, request: web.Request, feed: PageFeed) -> web.WebSocketResponse:
        # Deflate would cost more processor time than the 30 kB/s it saves are worth.
        # With a limit of one byte each message waits until the one before has left.
        connection = web.WebSocketResponse(
            compress=False, heartbeat=PING_S, max_msg_size=MAX_RECEIVED_BYTES, writer_limit=1
        )
        await connection.prepare(request)
        _keep_buffers_small(request)
        client = Client(connection, request[PERSON])
        sending = asyncio.create_task(self._send(client, feed))
        try:
            await self._listen(client, feed, request.remote or "")
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self._clients.discard(client)
        return connection

    async def _send(self, client: Client, feed: PageFeed) -> None:
        with contextlib.suppress(ConnectionError):  # the receiving side ends the conversation
            client.greet(encode_hello(feed.hello()))
            self._clients.add(client)
            self._watched.set()
            await client.send_newest()

    async def _listen(self, client: Client, feed: PageFeed, address: str) -> None:
        bucket, loop = Bucket(), asyncio.get_running_loop()
        async for message in client.socket:
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
            said = {"command": command.name, "amount": command.amount, "allowed": allowed}
            self._audit({"from": address, "name": person.name, "role": person.role, **said})
            if allowed:
                feed.command(command)

    async def _broadcast(self, feed: PageFeed) -> None:
        shown: Live | None = None
        named: tuple[object, ...] = ()
        repeat_at_s = 0.0
        loop = asyncio.get_running_loop()
        while True:
            if not self._clients:
                self._watched.clear()
                await self._watched.wait()
                repeat_at_s = 0.0  # a new page wants the picture now
                named = _names(feed.hello())
            if repeat_due := loop.time() >= repeat_at_s:
                repeat_at_s = loop.time() + REPEAT_S
                named = self._greet_again(feed.hello(), named)
            live = feed.live()
            if repeat_due or live is not shown:
                shown = live
                self._offer(WAITING if live is None else encode_live(live))
            await asyncio.sleep(self._interval_s)

    def _greet_again(self, hello: Hello, named: tuple[object, ...]) -> tuple[object, ...]:
        """Tell every page when the show behind the page became another one: a model loaded, a song changed."""
        names = _names(hello)
        if names != named:
            message = encode_hello(hello)
            for client in self._clients:
                client.greet(message)
        return names

    def _offer(self, message: str) -> None:
        for client in self._clients:
            client.offer(message)

    async def _dismiss(self, _application: web.Application) -> None:
        goodbyes = (asyncio.wait_for(client.socket.close(code=1001), CLOSE_S) for client in self._clients)
        await asyncio.gather(*goodbyes, return_exceptions=True)


def _names(hello: Hello) -> tuple[object, ...]:
    """What a page has to be told again when it changes; the last minute is not among it."""
    return hello.venue, hello.source, dict(hello.models), tuple(hello.stages), tuple(hello.heads), tuple(hello.scenes)


async def _bind(runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise PageError(
                f"port {port} on {host} is in use; stop the other program or choose another with --web HOST:PORT"
            ) from problem
        raise PageError(
            f"cannot serve the page on {host}:{port} ({problem.strerror}); "
            "choose an address of this machine with --web HOST:PORT"
        ) from problem


def _keep_buffers_small(request: web.Request) -> None:
    transport = request.transport
    connection = request.get_extra_info("socket")
    if transport is not None and connection is not None:
        transport.set_write_buffer_limits(high=0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def _static_routes() -> list[tuple[str, Handler]]:
    """Every file of the page, read once: (route, handler)."""
    files = sorted(path for path in STATIC.iterdir() if path.suffix in CONTENT_TYPES)
    routes = [(f"/{path.name}", _static(path)) for path in files]
    return [("/", _static(STATIC / "index.html")), *routes]


def _static(path: Path) -> Handler:
    body = path.read_bytes()
    content_type = CONTENT_TYPES[path.suffix]

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return handler


async def _why(feed: PageFeed, request: web.Request) -> web.Response:
    """Why a slot has its level: a list of stage and words, from the wire back to the model."""
    try:
        universe, slot = int(request.query["universe"]), int(request.query["slot"])
    except (KeyError, ValueError):
        return web.Response(status=400, text="universe and slot are numbers\n")
    said = feed.why(universe, slot)
    return web.json_response(said) if said else web.Response(status=404, text="no such slot\n")


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
