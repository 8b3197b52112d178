"""A served page and a browser to look at it with."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from demo_feed import DemoFeed
from promise import HANG_S
from real_chromium import installed, start_chromium
from window import resize

from controller.watching.page.feed import PageFeed
from controller.watching.page.server import Page

RATE_HZ = 5.0
"""Snapshots a second of a page that is only looked at: without a graphics card a browser needs a core for thirty."""


CHOOSE = """
if (location.protocol === "http:" && localStorage.getItem("test") !== "NUMBER") {
  localStorage.clear();
  localStorage.setItem("test", "NUMBER");
  localStorage.setItem("followspot.view", "VIEW");
}
"""
"""What a browser of another test's kept for this address is gone; servers come and go, and ports come again."""
TESTS = itertools.count()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class ServedPage:
    """The page's server in a thread of its own, as it has a process of its own in a show."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.page = Page(RATE_HZ)
        self.serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host, port = self.page.address
        return f"http://{host}:{port}/"

    def start(self, feed: PageFeed, port: int = 0) -> None:
        self._call(self._start(feed, port))

    def stop(self, *, comes_back: bool = False) -> None:
        """End in order; `comes_back`: as a process does that is started again while the show goes on."""
        if comes_back:
            self.page.will_come_back()
        self._call(self._stop())

    def close(self) -> None:
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _call(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=HANG_S)

    async def _start(self, feed: PageFeed, port: int) -> None:
        self.serving = asyncio.create_task(self.page.serve(feed, "127.0.0.1", port))
        started = asyncio.create_task(self.page.serving.wait())
        await asyncio.wait((self.serving, started), return_when=asyncio.FIRST_COMPLETED)
        started.cancel()

    async def _stop(self) -> None:
        if self.serving:
            self.serving.cancel()
            await asyncio.gather(self.serving, return_exceptions=True)
            self.serving = None
        for _ in range(500):  # what is still being sent holds its socket: the loop that closes it must not end before
            if len(self.loop._selector.get_map()) <= 1:  # the loop's own wake-up call
                break
            await asyncio.sleep(0.01)
        for transport in list(self.loop._transports.values()):  # one that does not read now is on no selector
            transport.abort()
        for _ in range(50):  # farewells are said a few turns of the loop later
            await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock(1024.5)


@pytest.fixture
def feed(clock: Clock) -> DemoFeed:
    return DemoFeed(clock)


@pytest.fixture
def served(feed: DemoFeed) -> Iterator[ServedPage]:
    served = ServedPage()
    served.start(feed)
    yield served
    served.close()


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], object]]:
    """Gives the one Chromium of the session, started when the first test asks."""
    with lazy_browser(tmp_path_factory.mktemp("chromium")) as get:
        yield get


@contextmanager
def lazy_browser(profile: Path, logs: tuple[str, ...] = ("browser",)) -> Iterator[Callable[[], object]]:
    """Gives a Chromium, started when it is asked for."""
    started: list[object] = []

    def get() -> object:
        if not started:
            started.append(start_chromium(profile, logs=logs))
        return started[0]

    yield get
    for driver in started:
        driver.quit()


@pytest.fixture
def view(request: pytest.FixtureRequest) -> str:
    """What the stage shows where nobody has chosen: the plan; to draw the front takes a processor as long as all else.

    A test that looks at the stage itself is marked `front`.
    """
    return "front" if request.node.get_closest_marker("front") else "plan"


@pytest.fixture
def chromium(require_real, browsers, view) -> Iterator[object]:
    """A Chromium 1280 x 800 on an empty page, with empty logs."""
    require_real("chromium", installed())
    driver = browsers()
    resize(driver, 1280, 800)
    driver.get_log("browser")
    with before_each_page(driver, CHOOSE.replace("VIEW", view).replace("NUMBER", str(next(TESTS)))):
        yield driver
        driver.get("about:blank")  # hang up before the server goes


@contextmanager
def before_each_page(driver, script: str) -> Iterator[None]:
    """Run a script before any of the page's own."""
    number = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})["identifier"]
    try:
        yield
    finally:
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": number})
