"""Snapshots to every page that is open: encoded once, and never in a queue behind a slow one. Edge: the web."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, web

from controller.messages import Command
from controller.watching.page.access import HERE, User
from controller.watching.page.feed import Hello, Live, PageFeed
from controller.watching.page.wire import WAITING, encode_hello, encode_live

# An unchanged snapshot is repeated, so that a page can tell a quiet show from a dead connection.
REPEAT_S = 1.0
CLOSE_S = 0.5
PING_S, MOST_PINGS, STEADY = 0.5, 100, 3
HELLO_S = 0.5
"""Pages that open within this time are greeted alike: one picture for a whole crowd that comes back."""


@dataclass(slots=True)
class Pings:
    """How far behind a connection is: numbered pings, which are answered in their order, between the commands."""

    sent_s: dict[bytes, float] = field(default_factory=dict)
    answered: int = 0
    _next: int = 0

    def due(self, now_s: float) -> bytes | None:
        """The number of the ping to send now, if one is due."""
        newest_s = next(reversed(self.sent_s.values())) if self.sent_s else float("-inf")
        if now_s - newest_s < PING_S or len(self.sent_s) >= MOST_PINGS:
            return None
        self._next += 1
        number = str(self._next).encode()
        self.sent_s[number] = now_s
        return number

    def answer(self, number: bytes) -> None:
        """A pong; those before it were answered, too."""
        if number in self.sent_s:
            self.answered += 1
            for one in list(self.sent_s):
                del self.sent_s[one]
                if one == number:
                    return

    def behind_s(self, now_s: float) -> float:
        """How old what arrives now may be; 0 for whoever never answered steadily: a script that only sends."""
        if self.answered < STEADY or not self.sent_s:
            return 0.0
        return now_s - next(iter(self.sent_s.values()))


@dataclass(slots=True)
class Lent:
    """What a page holds for as long as it is there: fixtures of a check, and nothing that somebody meant to keep."""

    targets: set[str] = field(default_factory=set)

    def note(self, command: Command, *, lent: bool) -> None:
        """A command of this page; `lent` as the page says."""
        if command.name == "hand":
            if lent and command.amount > 0.0:
                self.targets.add(command.target)
            else:  # taken for good, or given back
                self.targets -= {command.target} if command.target != "*" else set(self.targets)

    def released(self) -> list[Command]:
        """What gives everything back."""
        return [Command("hand", 0.0, target) for target in sorted(self.targets)]


@dataclass(eq=False)
class Client:
    """One open page: what it should get next, the newest of each kind, and whether there is any."""

    socket: web.WebSocketResponse
    person: User = HERE
    hello: str = ""
    live: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    pings: Pings = field(default_factory=Pings)
    lent: Lent = field(default_factory=Lent)
    word: str = ""

    def greet(self, message: str) -> None:
        """Send this hello before anything else."""
        self.hello = message
        self.news.set()

    def tell(self, message: str) -> None:
        """Send this, for this page alone; of several the newest."""
        self.word = message
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
            word, self.word = self.word, ""
            if (number := self.pings.due(asyncio.get_running_loop().time())) is not None:
                await self.socket.ping(number)
            for message in filter(None, (hello, word, live)):
                await self.socket.send_str(message)


class Broadcast:
    """Who watches, and what they are sent.

    Args:
        rate_hz: snapshots a second.

    Attributes:
        comes_back: whether the show goes on without this process, which is started again; pages then say so.
    """

    def __init__(self, rate_hz: float) -> None:
        self.comes_back = False
        self._interval_s = 0.5 / rate_hz  # looks twice as often as there is news, so that none waits a whole turn
        self._clients: set[Client] = set()
        self._watched = asyncio.Event()
        self._hello, self._hello_s = "", float("-inf")

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
            self._clients.add(client)
            client.greet(self._greeting(feed))
            self._watched.set()
            await client.send_newest()

    def _greeting(self, feed: PageFeed) -> str:
        """The hello of this moment: it takes as long to make as everything else of a page in a second."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._hello_s >= HELLO_S:
            self._hello, self._hello_s = encode_hello(feed.hello()), now_s
        return self._hello

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
            message = self._hello = encode_hello(hello)
            self._hello_s = asyncio.get_running_loop().time()
            for client in self._clients:
                client.greet(message)
        return names

    def _offer(self, message: str) -> None:
        for client in self._clients:
            client.offer(message)

    async def dismiss(self, _application: web.Application) -> None:
        """Say goodbye to every page: the show has ended, or this process alone has to be started again."""
        code = WSCloseCode.SERVICE_RESTART if self.comes_back else WSCloseCode.GOING_AWAY
        goodbyes = (asyncio.wait_for(client.socket.close(code=code), CLOSE_S) for client in self._clients)
        await asyncio.gather(*goodbyes, return_exceptions=True)


def _names(hello: Hello) -> tuple[object, ...]:
    """What a page has to be told again when it changes; the last minute is not among it."""
    rig = tuple(hello.heads), tuple(hello.targets), hello.haze
    return hello.venue, hello.source, dict(hello.models), tuple(hello.stages), *rig, tuple(hello.scenes), hello.set_list
