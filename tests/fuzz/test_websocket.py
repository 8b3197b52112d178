"""What a page may send: a hundred thousand messages, and none without the right does anything."""

import asyncio
import json

import aiohttp
import numpy as np
from damage import Watch, bent, bent_bytes
from demo_feed import DemoFeed

from controller.config import AccessConfig
from controller.people.commands import on_the_page
from controller.watching.page.access import Access, new_token
from controller.watching.page.server import Page
from controller.watching.page.wire import decode_command

ALLOWED = {row.name for row in on_the_page()}
OVER_A_SOCKET = 3_000


def example():
    """A message that is a command, whatever its keys are called."""
    for keys in (("name", "amount"), ("command", "amount")):
        for extra in ({}, {"type": "command"}):
            message = {**extra, keys[0]: "grand_master", keys[1]: 0.5}
            try:
                decode_command(json.dumps(message))
            except ValueError:
                continue
            return message
    raise AssertionError("no message is a command")


def text(rng, good):
    if rng.random() < 0.5:
        return bent_bytes(json.dumps(good).encode(), rng).decode("utf-8", "replace")
    return json.dumps(bent(good, rng), default=repr)


def test_messages(inputs):
    rng, watch, good = np.random.default_rng(4), Watch(), example()
    for message in ("[" * 50_000, '{"a":' * 20_000, "1" * 60_000, "NaN", "\ud800", '"' * 1_000):
        with watch.one(ValueError):
            decode_command(message)
    for _ in range(inputs):
        with watch.one(ValueError):
            command = decode_command(text(rng, good))
            assert command.name in ALLOWED
            assert 0.0 <= command.amount <= 1.0
    watch.tell("messages")
    assert 0 < watch.refused < watch.count


def test_a_viewer_and_a_stranger_do_nothing_whatever_they_send():
    token, digest = new_token()
    page = Page(20.0, Access([AccessConfig(name="guest", role="viewer", token_sha256=digest)]))
    feed, rng, good = DemoFeed(), np.random.default_rng(5), example()

    async def send_all(url, headers):
        sent = 0
        async with aiohttp.ClientSession(headers=headers) as session:
            while sent < OVER_A_SOCKET:
                try:
                    async with session.ws_connect(url) as connection:
                        reading = asyncio.create_task(read(connection))
                        while sent < OVER_A_SOCKET and not connection.closed:
                            sent += 1
                            message = json.dumps(good) if sent % 3 == 0 else text(rng, good)
                            await connection.send_str(message)
                        reading.cancel()
                except aiohttp.WSServerHandshakeError as refusal:
                    return refusal.status
        return sent

    async def read(connection):
        async for _ in connection:
            pass

    async def run():
        serving = asyncio.create_task(page.serve(feed, "127.0.0.1", 0))
        await page.serving.wait()
        url = f"http://127.0.0.1:{page.address[1]}/live"
        viewer = await send_all(url, {"Authorization": f"Bearer {token}"})
        await asyncio.sleep(0.2)
        stranger = await send_all(url, {})
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return viewer, stranger

    viewer, stranger = asyncio.run(run())
    print(f"a viewer's {viewer} messages: {page.denied} denied, {page.ignored} no commands; a stranger gets {stranger}")
    assert stranger == 401
    assert page.denied > OVER_A_SOCKET / 6
    assert feed.commands == []
