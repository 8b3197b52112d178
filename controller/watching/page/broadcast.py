"""Snapshots to every page that is open: encoded once, and never in a queue behind a slow one. Edge: the web."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from controller.watching.page.access import HERE, User
from controller.watching.page.feed import Hello, Live, PageFeed
from controller.watching.page.wire import WAITING, encode_hello, encode_live

# An unchanged snapshot is repeated, so that a page can tell a quiet show from a dead connection.
REPEAT_S = 1.0
CLOSE_S = 0.5


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


class Broadcast:
    """Who watches, and what they are sent.

    Args:
        rate_hz: snapshots a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self._interval_s = 0.5 / rate_hz  # looks twice as often as there is news, so that none waits a whole turn
        self._clients: set[Client] = set()
        self._watched = asyncio.Event()

    def __len__(self) -> int:
        return len(self._clients)

    @contextlib.asynccontextmanager
    async def to(self, client: Client, feed: PageFeed) -> AsyncIterator[None]:
        """A page that is sent everything for as long as this lasts."""
        sending = asyncio.create_task(self._send(client, feed))
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self._clients.discard(client)

    async def _send(self, client: Client, feed: PageFeed) -> None:
        with contextlib.suppress(ConnectionError):  # the receiving side ends the conversation
            client.greet(encode_hello(feed.hello()))
            self._clients.add(client)
            self._watched.set()
            await client.send_newest()

    async def run(self, feed: PageFeed) -> None:
        """Until cancelled."""
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

    async def dismiss(self, _application: web.Application) -> None:
        """Say goodbye to every page."""
        goodbyes = (asyncio.wait_for(client.socket.close(code=1001), CLOSE_S) for client in self._clients)
        await asyncio.gather(*goodbyes, return_exceptions=True)


def _names(hello: Hello) -> tuple[object, ...]:
    """What a page has to be told again when it changes; the last minute is not among it."""
    return hello.venue, hello.source, dict(hello.models), tuple(hello.stages), tuple(hello.heads), tuple(hello.scenes)
