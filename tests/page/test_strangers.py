"""Who is not let in holds nothing, fills nothing and shuts nobody out; who waited too long is not obeyed."""

import asyncio
import json
import logging
import subprocess
import sys

import aiohttp
import pytest
from demo_feed import DemoFeed
from promise import HANG_S

from controller.config import AccessConfig
from controller.watching.page import porch as porches
from controller.watching.page.access import WRONG_TOKENS, WRONG_WINDOW_S, Access, new_token, token_of
from controller.watching.page.broadcast import PING_S, STEADY, Pings
from controller.watching.page.porch import Quiet, SaidOnce, place_of
from controller.watching.page.refusals import WHOLE, WINDOW_S, Refusals
from controller.watching.page.server import MOST_CLIENTS, OLDEST_S, Page
from controller.watching.page.wire import decode_command, moment_of

PATIENCE_S = HANG_S
TOKEN, DIGEST = new_token()
ANA = AccessConfig(name="Ana", role="operator", token_sha256=DIGEST)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def served(conversation, access=(), feed=None, audit=lambda _entry: None):
    """A page, and what a conversation with it comes to."""

    async def run():
        page = Page(100.0, Access(access), audit=audit)
        serving = asyncio.create_task(page.serve(feed or DemoFeed(), "127.0.0.1", 0))
        await asyncio.wait_for(page.serving.wait(), PATIENCE_S)
        try:
            async with aiohttp.ClientSession() as session:
                return await conversation(page, session, page.address)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return asyncio.run(asyncio.wait_for(run(), 3 * PATIENCE_S))


async def until(condition):
    end_s = asyncio.get_running_loop().time() + PATIENCE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end_s
        await asyncio.sleep(0.005)


def test_h17_a_thousand_that_come_at_once_are_sixty_four():
    async def conversation(page, session, address):
        async def come():
            try:
                return await session.ws_connect(f"http://{address[0]}:{address[1]}/live")
            except (aiohttp.ClientError, OSError):
                return None

        session._connector._limit = 0
        found = await asyncio.gather(*(come() for _ in range(300)))
        opened = [one for one in found if one is not None]
        assert len(opened) == MOST_CLIENTS
        greetings = [json.loads(await one.receive_str(timeout=PATIENCE_S))["type"] for one in opened]
        assert greetings == ["hello"] * MOST_CLIENTS
        for one in opened:
            await one.close()
        await until(lambda: page._places == 0)
        assert await come() is not None

    served(conversation)


def test_h5_a_crowd_is_greeted_with_one_picture():
    class Slow(DemoFeed):
        hellos = 0

        def hello(self):
            Slow.hellos += 1
            return super().hello()

    async def conversation(page, session, address):
        url = f"http://{address[0]}:{address[1]}/live"
        opened = await asyncio.gather(*(session.ws_connect(url) for _ in range(40)))
        for one in opened:
            assert json.loads(await one.receive_str(timeout=PATIENCE_S))["type"] == "hello"

    served(conversation, feed=Slow())
    assert Slow.hellos < 15, "one for all who come within a moment, and one a second to see what changed"


def test_h6_half_requests_make_room_for_whole_ones(monkeypatch):
    monkeypatch.setattr(porches, "MOST_STRANGERS", 20)
    monkeypatch.setattr(porches, "MOST_OF_AN_ADDRESS", 10)

    async def conversation(page, session, address):
        async with session.ws_connect(f"http://{address[0]}:{address[1]}/live", headers=BEARER) as known:
            halves = []
            for _ in range(40):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-")
                halves.append((reader, writer))
            async with session.get(f"http://{address[0]}:{address[1]}/healthz", headers=BEARER) as answer:
                assert answer.status == 200
            await until(lambda: page._porch.turned_away >= 30)
            assert len(page._porch) <= 10
            assert await halves[0][0].read() == b""
            while json.loads(await known.receive_str(timeout=PATIENCE_S))["type"] != "live":
                pass
            for _, writer in halves:
                writer.close()

    served(conversation, [ANA])


def test_h6_a_request_that_is_not_complete_is_ended(monkeypatch):
    monkeypatch.setattr(porches, "HEAD_S", 0.3)

    async def conversation(_page, _session, address):
        for half in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(half)
            await asyncio.wait_for(reader.read(), PATIENCE_S)  # to the end
            writer.close()

    served(conversation)


@pytest.mark.parametrize(
    "odd",
    [b"GET / HTTP/1.1\r\nX: " + b"a" * 9_000 + b"\r\n\r\n", b"POST /login HTTP/1.1\r\nTransfer-Encoding: odd\r\n\r\n",
     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 40, b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100],
    ids=["long header", "odd encoding", "a TLS hello", "a version", "zeros"],
)  # fmt: skip
def test_h18_what_is_malformed_is_said_once(odd):
    said = []

    class Ear(logging.Handler):
        def emit(self, record):
            said.append(self.format(record))

    ear, server = Ear(), logging.getLogger("aiohttp.server")
    server.addHandler(ear)
    before, server.propagate = server.propagate, False

    async def conversation(_page, _session, address):
        for _ in range(20):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(odd)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()

    try:
        served(conversation)
    finally:
        server.removeHandler(ear)
        server.propagate = before
    assert len(said) <= 1
    assert all("Traceback" not in one and len(one) < 300 for one in said)


def test_h18_another_complaint_is_still_said():
    now = [0.0]
    once = SaidOnce(lambda: now[0])
    record = lambda words: logging.LogRecord("aiohttp.server", 40, "", 0, words, (), None)  # noqa: E731
    assert [once.filter(record(words)) for words in ("a", "a", "b", "a")] == [True, False, True, False]
    now[0] = 10_000.0
    assert once.filter(record("a"))
    assert once.left_out == 2
    with Quiet(lambda: 0.0):
        assert logging.getLogger("asyncio").filters
    assert not logging.getLogger("asyncio").filters


def test_h7_a_forgotten_tab_shuts_nobody_out():
    access = Access([ANA])
    for tenth in range(1_200):
        if tenth % 50 == 0:
            access.person("a token that was taken back", "127.0.0.1", tenth / 10)
        assert access.person(TOKEN, "127.0.0.1", tenth / 10) is not None
        assert not access.shut_out("127.0.0.1", tenth / 10), "one token is one guess"


def test_h7_a_right_token_is_right_behind_any_number_of_guesses():
    access = Access([ANA])
    for number in range(5_000):
        access.person(f"guess {number}", "10.0.0.9", 0.001 * number)
    assert access.shut_out("10.0.0.9", 5.0)
    assert access.person(TOKEN, "10.0.0.9", 5.0) is not None
    assert not access.shut_out("10.0.0.9", 5.0 + WRONG_WINDOW_S)


def test_h22_guesses_of_many_addresses_do_not_free_the_one_that_is_slowed():
    access = Access([ANA])
    for number in range(WRONG_TOKENS):
        access.person(f"guess {number}", "10.0.0.9", 0.0)
    for number in range(3_000):
        access.person("guess", f"2001:db8::{number:x}", 1.0)
    assert access.shut_out("10.0.0.9", 2.0)
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff") != place_of("2001:db8:0:1::1")
    assert place_of("::ffff:10.0.0.1") == place_of("10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize("token", ["\udcff\udcfe", "\ud800", "", "\0", "ä" * 10_000])
def test_h22_a_token_of_any_bytes_is_a_wrong_one(token):
    access = Access([ANA])
    assert access.person(token_of(f"Bearer {token}", None), "10.0.0.1", 0.0) is None
    assert access._wrong_s


def test_h21_every_wrong_token_is_written_down_but_the_audit_is_not_washed_away():
    told = []

    async def conversation(_page, session, address):
        url = f"http://{address[0]}:{address[1]}"
        for path in ("/metrics", "/", "/why", "/live", "/page.js"):
            for kind in ({"headers": {"Authorization": "Bearer old"}}, {"cookies": {"followspot": "old"}}):
                async with session.get(url + path, allow_redirects=False, **kind):
                    pass
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(200):
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer \xff\xfe\r\n\r\n" % (
                address[0].encode(), address[1]))  # fmt: skip
        for _ in range(200):
            assert b"401" in await reader.readuntil(b"a token is needed here\n")
        writer.close()

    served(conversation, [ANA], audit=told.append)
    wrong = [entry for entry in told if entry.get("event") == "wrong token"]
    assert 10 <= len(wrong) <= WHOLE + 1


def test_h19_a_flood_of_refused_commands_is_a_few_lines():
    told = []

    async def conversation(page, session, address):
        async with session.ws_connect(f"http://{address[0]}:{address[1]}/live") as live:
            for _ in range(2_000):
                await live.send_str('{"command":"mark","amount":1}')
            await until(lambda: page.denied > 1_500)

    served(conversation, audit=told.append)
    refused = [entry for entry in told if not entry["allowed"]]
    assert len(refused) <= WHOLE + 2
    assert sum(entry.get("times", 1) for entry in refused) > 1_500


def test_h19_counts_go_on_in_the_next_window():
    refusals = Refusals()
    lines = [refusals.note(("a",), 0.0) for _ in range(WHOLE + 10)]
    assert lines == [1] * WHOLE + [0] * 10
    assert refusals.note(("a",), WINDOW_S) == 11
    assert refusals.note(("b",), WINDOW_S) == 1
    assert refusals.unsaid() == {}


@pytest.mark.parametrize("target", ["\\ud800", "a\\udfffb", "\\udc80" * 30])
def test_h20_half_a_letter_is_no_word(target):
    for command in ("mark", "scene", "learn", "save_scene", "hand"):
        with pytest.raises(ValueError, match="half a letter"):
            decode_command(f'{{"command":"{command}","amount":1,"target":"{target}"}}')
    assert decode_command('{"command":"mark","amount":1,"target":"\\ud83c\\udfb8"}').target == "🎸"


class Show(DemoFeed):
    """A show whose time is the test's."""

    def __init__(self, now):
        self.now = now
        super().__init__(clock=lambda: self.now[0])
        self.names = []

    def command(self, command):
        self.names.append((command.name, command.amount))


@pytest.mark.parametrize("command", ["blackout", "grand_master", "blinder", "scene", "hand", "tap"])
def test_l8_a_command_that_waited_is_not_obeyed_and_the_page_is_told(command):
    now = [1_000.0]
    feed, told = Show(now), []

    async def conversation(page, session, address):
        async with session.ws_connect(f"http://{address[0]}:{address[1]}/live") as live:
            await live.send_str(json.dumps({"command": command, "amount": 1, "at": now[0] - OLDEST_S - 0.1}))
            while (message := json.loads(await live.receive_str(timeout=PATIENCE_S)))["type"] != "late":
                pass
            assert message["command"] == command
            assert feed.names == []
            await live.send_str(json.dumps({"command": command, "amount": 1, "at": now[0] - OLDEST_S + 0.1}))
            await until(lambda: feed.names)
            assert page.late == 1

    served(conversation, feed=feed, audit=told.append)
    assert [(entry["allowed"], entry.get("late", False)) for entry in told] == [(True, True), (True, False)]


def test_l8_a_client_that_tells_no_moment_is_known_by_its_pings():
    """Pongs stand between commands: what comes before the answer to an old ping is old itself."""
    pings = Pings()
    for number in range(STEADY):
        pings.answer(pings.due(number * PING_S))
    assert pings.behind_s(10.0) == 0.0
    first_s = STEADY * PING_S
    first = pings.due(first_s)
    assert pings.due(first_s + 0.1) is None
    pings.due(first_s + PING_S)
    assert pings.behind_s(first_s + 6.0) == 6.0
    pings.answer(b"nonsense")
    assert pings.behind_s(first_s + 6.0) == 6.0
    pings.answer(first)
    assert pings.behind_s(first_s + 6.0) == pytest.approx(6.0 - PING_S)


def test_l8_whoever_only_sends_is_obeyed():
    pings = Pings()
    for cycle in range(1_000):
        pings.due(cycle * PING_S)
    assert pings.behind_s(1_000.0) == 0.0
    assert len(pings.sent_s) <= 100


@pytest.mark.parametrize("at", ["null", '"x"', "true", "[]", "1e999", "{}"])
def test_l8_a_moment_that_is_none_is_none(at):
    text = f'{{"command":"blackout","amount":1,"at":{at}}}'
    assert moment_of(text) is None


def test_h6_strangers_do_not_use_up_the_open_files():
    """A process of its own, because the limit is a process's."""
    script = """
import asyncio, resource, sys
import aiohttp
sys.path.insert(0, "tests/fakes")
from demo_feed import DemoFeed
from controller.watching.page.server import Page
async def main():
    page = Page(30.0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (240, 240))
    serving = asyncio.create_task(page.serve(DemoFeed(), "127.0.0.1", 0))
    await page.serving.wait()
    host, port = page.address
    halves = []
    try:
        for _ in range(130):
            halves.append((await asyncio.open_connection(host, port))[1])
    except OSError:
        pass
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(f"http://{host}:{port}/healthz") as answer:
                    print("answers", answer.status)
                    break
            except (OSError, aiohttp.ClientError):
                await asyncio.sleep(0.05)
    for one in halves:
        one.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=HANG_S, check=False)
    assert "answers 200" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert len(done.stderr) < 1_000
