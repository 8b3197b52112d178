import asyncio
import json
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from demo_feed import DemoFeed
from promise import HANG_S

from controller.errors import PageError
from controller.messages import Command
from controller.watching.page.feed import Live
from controller.watching.page.server import Page

PATIENCE_S = HANG_S
BLACKOUT = '{"command":"blackout","amount":1}'


class CountedFeed(DemoFeed):
    """A demo feed that counts how often it was asked, and tells when a command came."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked = 0
        self.commanded = asyncio.Event()

    def live(self) -> Live:
        self.asked += 1
        return super().live()

    def command(self, command: Command) -> None:
        super().command(command)
        self.commanded.set()


class NoNews(DemoFeed):
    """A feed that has heard nothing yet."""

    def live(self) -> None:
        return None


@asynccontextmanager
async def serving(feed, host: str = "127.0.0.1", rate_hz: float = 200.0) -> AsyncIterator[tuple[Page, str]]:
    page = Page(rate_hz)
    task = asyncio.create_task(page.serve(feed, host, 0))
    await asyncio.wait_for(page.serving.wait(), PATIENCE_S)
    try:
        yield page, f"http://{page.address[0]}:{page.address[1]}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def connected(url: str, **options) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/live", **options) as page:
        yield page


async def next_message(page: aiohttp.ClientWebSocketResponse) -> dict:
    return json.loads(await page.receive_str(timeout=PATIENCE_S))


async def next_live(page: aiohttp.ClientWebSocketResponse, accept=lambda _live: True) -> dict:
    while True:
        message = await next_message(page)
        if message["type"] == "live" and accept(message):
            return message


def run(conversation) -> None:
    asyncio.run(asyncio.wait_for(conversation, 6 * PATIENCE_S))


def test_a_page_is_greeted_and_then_kept_up_to_date():
    async def conversation():
        async with serving(DemoFeed()) as (_page, url), connected(url) as page:
            hello = await next_message(page)
            assert hello["type"] == "hello"
            first = await next_message(page)
            assert first["type"] == "live"
            assert len(first["heads"]) == len(hello["heads"]) == 28
            assert (await next_message(page))["t"] > first["t"]

    run(conversation())


def test_commands_reach_the_feed_and_their_effect_every_page():
    async def conversation():
        feed = CountedFeed()
        async with serving(feed) as (_page, url), connected(url) as one, connected(url) as other:
            await one.send_str('{"command":"grand_master","amount":0.25}')
            await one.send_str(BLACKOUT)
            for page in (one, other):
                live = await next_live(page, lambda live: live["operator"]["blackout"])
                assert (live["operator"]["grand_master"], live["operator"]["hold"]) == (0.25, False)
                assert not any(any(head[:3]) for head in live["heads"])
            assert feed.commands == [Command("grand_master", 0.25), Command("blackout", 1.0)]

    run(conversation())


def test_what_is_no_command_is_ignored_and_counted():
    async def conversation():
        feed = CountedFeed()
        async with serving(feed) as (server, url), connected(url) as page:
            await page.send_str("rubbish")
            await page.send_str('{"command":"grand_master","amount":NaN}')
            await page.send_str('{"command":"blackout","amount":1,"x":"' + "x" * 2000 + '"}')
            await page.send_bytes(BLACKOUT.encode())
            await page.send_str('{"command":"hold","amount":1}')
            await asyncio.wait_for(feed.commanded.wait(), PATIENCE_S)
            assert feed.commands == [Command("hold", 1.0)]
            assert server.ignored == 4

    run(conversation())


def test_a_flood_in_one_message_ends_that_connection_only():
    async def conversation():
        async with serving(DemoFeed()) as (_page, url), connected(url) as flooder, connected(url) as other:
            await flooder.send_str("x" * 200_000)
            while not flooder.closed:
                await flooder.receive(timeout=PATIENCE_S)
            assert flooder.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            await next_live(other)

    run(conversation())


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "null"}],
    ids=str,
)
def test_foreign_pages_are_refused(headers):
    async def conversation():
        async with serving(DemoFeed()) as (server, url), aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await session.ws_connect(f"{url}/live", headers=headers)
            assert refusal.value.status == 403
            for path in ("/", "/healthz", "/page.js", "/nothing"):
                async with session.get(url + path, headers=headers) as response:
                    assert response.status == 403
            assert server.refused == 5

    run(conversation())


def test_its_own_origin_is_admitted_under_both_names():
    async def conversation():
        async with serving(DemoFeed()) as (_page, url):
            async with connected(url, origin=url) as page:
                assert (await next_message(page))["type"] == "hello"
            named = url.replace("127.0.0.1", "localhost")
            async with connected(named, origin=named) as page:
                assert (await next_message(page))["type"] == "hello"

    run(conversation())


async def stall(port: int) -> socket.socket:
    """Open the WebSocket by hand and read nothing but the answer's first bytes."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(stalled, ("127.0.0.1", port))
    request = (
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    )
    await loop.sock_sendall(stalled, request.encode())
    assert (await loop.sock_recv(stalled, 12)) == b"HTTP/1.1 101"
    return stalled


async def count_frames(stalled: socket.socket) -> int:
    """Read what had been waiting, up to the end of the connection."""
    loop = asyncio.get_running_loop()
    received = b""
    while block := await loop.sock_recv(stalled, 1 << 16):
        received += block
    at = received.index(b"\r\n\r\n") + 4
    frames = 0
    while at + 4 <= len(received):
        length = received[at + 1] & 127
        header = {126: 4, 127: 10}.get(length, 2)
        if header > 2:
            length = struct.unpack_from(">H" if header == 4 else ">Q", received, at + 2)[0]
        at += header + length
        frames += 1
    return frames


def test_a_page_that_stops_reading_delays_no_other_and_misses_what_is_old():
    async def conversation():
        enough = 400
        async with serving(DemoFeed(), rate_hz=1000) as (server, url):
            stalled = await stall(server.address[1])
            async with connected(url) as page:
                for _ in range(enough):
                    await next_message(page)
        with stalled:
            frames = await asyncio.wait_for(count_frames(stalled), PATIENCE_S)
        assert 1 <= frames < enough / 4

    run(conversation())


def test_nobody_is_asked_for_news_while_no_page_is_open():
    async def conversation():
        feed = CountedFeed()
        async with serving(feed, rate_hz=1000) as (_page, url):
            async with connected(url) as page:
                await next_live(page)
            for _ in range(50):  # the server notices the end of the connection within a few turns
                await asyncio.sleep(0.002)
            asked = feed.asked
            for _ in range(20):
                await asyncio.sleep(0.002)
            assert feed.asked == asked > 0

    run(conversation())


def test_an_unchanged_snapshot_is_not_sent_again_at_once():
    async def conversation():
        feed = DemoFeed()
        live = feed.live()
        feed.live = lambda: live
        async with serving(feed, rate_hz=1000) as (_page, url), connected(url) as page:
            await next_message(page)
            await next_message(page)
            with pytest.raises(TimeoutError):
                await page.receive_str(timeout=0.2)

    run(conversation())


def test_before_the_first_snapshot_the_page_is_told_to_wait():
    async def conversation():
        async with serving(NoNews()) as (_page, url), connected(url) as page:
            assert (await next_message(page))["type"] == "hello"
            assert await next_message(page) == {"type": "waiting"}

    run(conversation())


def test_a_model_that_is_loaded_later_is_named_on_open_pages():
    async def conversation():
        feed = DemoFeed()
        complete = feed.hello()
        feed.hello = lambda: replace(complete, models={})
        async with serving(feed) as (_page, url), connected(url) as page:
            assert (await next_message(page))["models"] == {}
            await next_live(page)
            feed.hello = lambda: complete
            message = await next_message(page)
            while message["type"] != "hello":
                message = await next_message(page)
            assert message["models"] == complete.models

    run(conversation())


def test_healthz_and_security_headers():
    async def conversation():
        async with serving(DemoFeed()) as (_page, url), aiohttp.ClientSession() as session:
            async with connected(url) as page, session.get(f"{url}/healthz") as response:
                await next_message(page)
                assert response.status == 200
                assert (await response.json())["status"] == "ok"
            for path in ("/", "/page.js", "/style.css", "/icon.svg", "/healthz", "/nothing"):
                async with session.get(url + path) as response:
                    assert response.status == (404 if path == "/nothing" else 200)
                    policy = response.headers["Content-Security-Policy"]
                    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
                    assert "unsafe" not in policy
                    assert response.headers["X-Content-Type-Options"] == "nosniff"
                    assert response.headers["X-Frame-Options"] == "DENY"

    run(conversation())


def test_only_the_page_itself_can_be_fetched():
    async def conversation():
        async with serving(DemoFeed()) as (_page, url), aiohttp.ClientSession() as session:
            for path in ("/server.py", "/static/page.js", "/..%2fserver.py", "/%2e%2e/server.py"):
                async with session.get(url + path) as response:
                    assert response.status == 404
            async with session.post(url, data="x") as response:
                assert response.status == 405

    run(conversation())


def test_a_port_in_use_is_named_with_its_remedy():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PageError) as refusal:
            asyncio.run(Page().serve(DemoFeed(), "127.0.0.1", port))
    assert str(refusal.value) == (
        f"port {port} on 127.0.0.1 is in use; stop the other program or choose another with --web HOST:PORT, "
        "or --web off"
    )


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(PageError, match=r"port 8100 on 203\.0\.113\.7 cannot be served .*--web HOST:PORT"):
        asyncio.run(Page().serve(DemoFeed(), "203.0.113.7", 8100))


def test_a_closed_server_says_goodbye_and_its_port_is_free_at_once():
    async def conversation():
        server = Page()
        task = asyncio.create_task(server.serve(DemoFeed(), "127.0.0.1", 0))
        await asyncio.wait_for(server.serving.wait(), PATIENCE_S)
        host, port = server.address
        async with connected(f"http://{host}:{port}") as page:
            await next_live(page)
            task.cancel()
            while not page.closed:
                await page.receive(timeout=PATIENCE_S)
            assert page.close_code == aiohttp.WSCloseCode.GOING_AWAY
        await asyncio.gather(task, return_exceptions=True)
        with socket.create_server((host, port)):
            pass

    run(conversation())


def test_the_page_process_imports_neither_sound_nor_networks():
    program = (
        "import sys, controller.watching.page.server, controller.rehearsal.report_page; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('onnxruntime', 'sounddevice', 'av', 'soxr', 'torch')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


LENT = '{"command":"hand","amount":1,"target":"%s","values":[1,0,0]%s}'


def test_p35_what_a_page_was_lent_is_released_with_it_and_what_it_took_is_kept():
    async def conversation():
        feed = DemoFeed()
        async with serving(feed) as (_page, url):
            async with connected(url) as page:
                for target, lent in (("all", ',"lent":true'), ("front-1", ',"lent":true'), ("mover", "")):
                    await page.send_str(LENT % (target, lent))
                await page.send_str(LENT % ("front-1", ""))  # now for good
                await next_live(page, lambda live: len(live["operator"]["hands"]) == 3)
            async with connected(url) as other:
                await next_live(other, lambda live: len(live["operator"]["hands"]) == 2)
            assert sorted(hand.target for hand in feed.operator.hands) == ["front-1", "mover"]

    run(conversation())


@pytest.mark.parametrize(("comes_back", "code"), [(False, 1001), (True, 1012)])
def test_p26_the_goodbye_tells_the_end_of_the_show_from_a_process_that_is_started_again(comes_back, code):
    async def conversation():
        server = Page()
        task = asyncio.create_task(server.serve(DemoFeed(), "127.0.0.1", 0))
        await asyncio.wait_for(server.serving.wait(), PATIENCE_S)
        async with connected(f"http://{server.address[0]}:{server.address[1]}") as page:
            await next_live(page)
            if comes_back:
                server.will_come_back()
            task.cancel()
            while not page.closed:
                await page.receive(timeout=PATIENCE_S)
            assert page.close_code == code
        await asyncio.gather(task, return_exceptions=True)

    run(conversation())


def test_a_set_list_that_is_taken_later_is_told_to_open_pages():
    async def conversation():
        feed = DemoFeed()
        taken, feed.set_list = feed.set_list, None
        async with serving(feed) as (_page, url), connected(url) as page:
            assert (await next_message(page))["set_list"] is None
            feed.set_list = taken
            message = await next_message(page)
            while message["type"] != "hello":
                message = await next_message(page)
            assert message["set_list"]["entries"][1]["title"] == "Metal Madness"

    run(conversation())
