"""Who gets in, who may do what, how fast; over real sockets, plain and with TLS."""

import asyncio
import json
import ssl

import aiohttp
import numpy as np
import pytest
from certificate import self_signed
from demo_feed import DemoFeed
from hypothesis import given
from hypothesis import strategies as st
from promise import HANG_S

from controller.config import AccessConfig, PageConfig
from controller.people.commands import on_the_page
from controller.watching.page.access import (
    COMMANDS_AT_ONCE,
    HERE,
    RANKS,
    WRONG_TOKENS,
    Access,
    Bucket,
    User,
    new_token,
    token_of,
)
from controller.watching.page.prometheus import prometheus
from controller.watching.page.server import Page
from controller.watching.page.wire import decode_command

TOKENS = {role: new_token() for role in RANKS}
PEOPLE = [AccessConfig(name=f"the {role}", role=role, token_sha256=digest) for role, (_, digest) in TOKENS.items()]

NEEDED = {row.name: row.who for row in on_the_page()}


class Counted(DemoFeed):
    """A demo feed that remembers the names of commands."""

    def __post_init__(self):
        super().__post_init__()
        self.names = []

    def command(self, command):
        super().command(command)
        self.names.append(command.name)


@pytest.fixture
def door(tmp_path):
    """A page with access, and what its audit was told."""
    told = []
    return Page(200.0, Access(PEOPLE), audit=told.append), told


def talk(page, conversation, feed=None):
    async def run():
        serving = asyncio.create_task(page.serve(feed or Counted(), "127.0.0.1", 0))
        await asyncio.wait_for(page.serving.wait(), HANG_S)
        jar = aiohttp.CookieJar(unsafe=True)
        try:
            async with aiohttp.ClientSession(cookie_jar=jar) as session:
                return await conversation(session, f"http://127.0.0.1:{page.address[1]}")
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return asyncio.run(asyncio.wait_for(run(), HANG_S))


def bearer(role):
    return {"Authorization": f"Bearer {TOKENS[role][0]}"}


def test_without_a_token_there_is_nothing_but_the_way_in(door):
    async def conversation(session, url):
        found = {}
        for path in ("/", "/live", "/metrics", "/page.js", "/login.html", "/style.css", "/healthz"):
            async with session.get(url + path, allow_redirects=False) as answer:
                found[path] = answer.status
                if path == "/healthz":
                    assert await answer.json() == {"status": "ok"}
        return found

    page, _ = door
    found = talk(page, conversation)
    assert found["/"] == 303
    assert found["/live"] == found["/metrics"] == found["/page.js"] == 401
    assert found["/login.html"] == found["/style.css"] == found["/healthz"] == 200
    assert page.refused == 4


def test_signing_in_leaves_a_cookie_no_script_can_read(door):
    async def conversation(session, url):
        async with session.post(f"{url}/login", headers=bearer("viewer")) as answer:
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
        async with session.get(f"{url}/page.js") as answer:
            assert answer.status == 200
        async with session.ws_connect(f"{url}/live") as live:
            assert json.loads(await live.receive_str(timeout=HANG_S))["type"] == "hello"
        return cookie

    page, told = door
    cookie = talk(page, conversation)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert told[0]["event"] == "signed in"
    assert TOKENS["viewer"][0] not in str(told)


@pytest.mark.parametrize("role", RANKS)
def test_a_role_may_do_what_it_may_and_no_more(door, role):
    feed = Counted()

    async def conversation(session, url):
        async with session.ws_connect(f"{url}/live", headers=bearer(role)) as live:
            for name in NEEDED:
                await live.send_str(json.dumps({"command": name, "amount": 1}))
            await live.send_str('{"command":"quit","amount":1}')
            while page.denied + len(feed.names) < len(NEEDED):
                await asyncio.sleep(0.01)

    page, told = door
    talk(page, conversation, feed)
    expected = [name for name, needed in NEEDED.items() if RANKS[role] >= RANKS[needed]]
    assert feed.names == expected
    commands = [entry for entry in told if "command" in entry]
    assert [entry["allowed"] for entry in commands] == [name in expected for name in NEEDED]
    assert {entry["name"] for entry in commands} == {f"the {role}"}


def test_h7_guessing_is_told_and_slowed_and_a_right_token_is_right(door):
    async def conversation(session, url):
        statuses = []
        for guess in range(WRONG_TOKENS + 2):
            async with session.post(f"{url}/login", headers={"Authorization": f"Bearer guess{guess}"}) as answer:
                statuses.append(answer.status)
        async with session.post(f"{url}/login", headers=bearer("admin")) as answer:
            statuses.append(answer.status)
        return statuses

    page, told = door
    assert talk(page, conversation) == [401] * (WRONG_TOKENS - 1) + [429] * 3 + [200]
    assert sum(entry.get("event") == "wrong token" for entry in told) == WRONG_TOKENS + 2


def test_a_flood_of_commands_is_thinned_out(door):
    feed = Counted()

    async def conversation(session, url):
        async with session.ws_connect(f"{url}/live", headers=bearer("operator")) as live:
            for _ in range(400):
                await live.send_str('{"command":"grand_master","amount":0.5}')
            while page.denied + len(feed.names) < 400:
                await asyncio.sleep(0.01)

    page, _ = door
    talk(page, conversation, feed)
    assert COMMANDS_AT_ONCE <= len(feed.names) < 300
    assert page.denied > 100


def test_tls_serves_the_same_page(tmp_path):
    certificate, key = self_signed(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=certificate)
    page = Page(200.0, Access(PEOPLE), server)

    async def conversation(session, url):
        url = url.replace("http", "https")
        async with session.get(f"{url}/page.js", headers=bearer("viewer"), ssl=client) as answer:
            assert answer.status == 200
        origin = {**bearer("viewer"), "Origin": url}
        async with session.ws_connect(f"{url}/live", headers=origin, ssl=client) as live:
            assert json.loads(await live.receive_str(timeout=HANG_S))["type"] == "hello"
            seen = {json.loads(await live.receive_str(timeout=HANG_S))["t"] for _ in range(200)}
            assert len(seen) > 100  # it goes on: a page that stood still would only repeat itself
        plain = {**bearer("viewer"), "Origin": url.replace("https", "http")}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{url}/live", headers=plain, ssl=client)

    talk(page, conversation)


def test_metrics_are_prometheus_text(door):
    async def conversation(session, url):
        async with session.get(f"{url}/metrics", headers=bearer("viewer")) as answer:
            return await answer.text()

    text = talk(door[0], conversation)
    assert "followspot_up 1.0" in text
    assert 'followspot_health{state="live"} 1.0' in text
    assert 'followspot_stage_seconds{quantile="0.99",stage="output"}' in text
    assert "followspot_up 0.0" in prometheus(None, {"clients": 0})


def test_without_access_this_machine_may_do_everything():
    assert Access(()).person(None, "127.0.0.1", 0.0) is HERE
    assert all(HERE.may(name) for name in NEEDED)
    assert not HERE.may("quit")


@given(st.text(max_size=60), st.none() | st.text(max_size=60))
def test_no_header_lets_anybody_in(authorization, cookie):
    access = Access(PEOPLE)
    assert access.person(token_of(authorization, cookie), "10.0.0.1", 0.0) is None


def test_many_guessers_do_not_fill_the_memory():
    access = Access(PEOPLE)
    for number in range(3_000):
        access.person("x", f"10.0.{number // 256}.{number % 256}", 0.0)
    assert len(access._wrong_s) <= 1_000


def test_a_bucket_refills_and_does_not_run_backwards():
    bucket = Bucket()
    assert sum(bucket.take(0.0) for _ in range(200)) == COMMANDS_AT_ONCE
    assert bucket.take(1.0)
    assert not Bucket(0.0, 5.0).take(4.0)


def test_a_hundred_thousand_messages_are_a_command_or_a_value_error(rng):
    """What a page may send, broken in every way."""
    whole = [b'{"command":"grand_master","amount":0.5}', b'{"command":"flash_override","amount":1}', b"[[[[", b"\xff"]
    nobody = User("nobody", "viewer")
    for count in range(100_000):
        message = bytearray(whole[count % len(whole)])
        for place in rng.integers(0, len(message), rng.integers(1, 4)):
            message[place] = rng.integers(256)
        if count % 5 == 0:
            message = message[: rng.integers(len(message) + 1)]
        try:
            command = decode_command(message.decode("utf-8", "replace"))
        except ValueError:
            continue
        assert np.isfinite(command.amount)
        assert not nobody.may(command.name)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "::", "lighting.local"])
def test_others_get_in_with_tokens_and_tls_only(host):
    for given_ in ({}, {"access": PEOPLE}, {"certificate": "c", "key": "k"}):
        with pytest.raises(ValueError, match=r"lets others in"):
            PageConfig(host=host, **given_)
    assert PageConfig(host=host, access=PEOPLE, certificate="c", key="k").host == host
    assert PageConfig(host=host, enabled=False)
    with pytest.raises(ValueError, match="belong together"):
        PageConfig(certificate="c")
