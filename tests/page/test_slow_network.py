"""A page behind a bad network: 300 ms away with losses it still acts at once; what waited for a network acts never.

Between page and server stands a wire that holds bytes back as TCP does: nothing is lost, nothing overtakes.
"""

import asyncio
import contextlib
import json
import time

import aiohttp
import numpy as np
import pytest
from demo_feed import DemoFeed
from promise import HANG_S, kept

from controller.watching.page.server import OLDEST_S, Page

PATIENCE_S = HANG_S
ACTS_S = 1.0


class Show(DemoFeed):
    def __init__(self):
        super().__init__()
        self.got = []

    def command(self, command):
        self.got.append((command.name, time.monotonic()))


class Wire:
    """Bytes to and fro, each piece `delay_s` later, some held up for longer; nothing while it is away."""

    def __init__(self, delay_s=0.0, lost=0.0):
        self.delay_s, self.lost, self.rng = delay_s, lost, np.random.default_rng(5)
        self.there = asyncio.Event()
        self.there.set()

    async def join(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection(*self.to)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer), return_exceptions=True)

    async def _pass(self, reader, writer):
        loop, due = asyncio.get_running_loop(), asyncio.Queue()

        async def deliver():
            while True:
                at_s, some = await due.get()
                await asyncio.sleep(max(0.0, at_s - loop.time()))
                await self.there.wait()
                writer.write(some)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while some := await reader.read(65_536):
                held_s = 0.3 if self.rng.random() < self.lost else 0.0  # a retransmission
                due.put_nowait((loop.time() + self.delay_s + held_s, some))
        finally:
            delivering.cancel()
            writer.close()


class Client:
    """What link.js does: it says with each command at which moment of the show it was given."""

    def __init__(self, socket, says_when):
        self.socket, self.says_when, self.behind_s, self.late = socket, says_when, float("inf"), []

    async def listen(self):
        async for message in self.socket:
            said = json.loads(message.data)
            if said["type"] == "live":
                self.behind_s = min(self.behind_s, time.monotonic() - said["t"])
            if said["type"] == "late":
                self.late.append(said["command"])

    async def send(self, name):
        at = {"at": time.monotonic() - self.behind_s} if self.says_when else {}
        await self.socket.send_str(json.dumps({"command": name, "amount": 1, **at}))


def talk(conversation, says_when, **wire):
    async def run():
        feed, page, line = Show(), Page(30.0), Wire(**wire)
        serving = asyncio.create_task(page.serve(feed, "127.0.0.1", 0))
        await page.serving.wait()
        line.to = page.address
        proxy = await asyncio.start_server(line.join, "127.0.0.1", 0)
        host = {"Host": f"127.0.0.1:{page.address[1]}"}
        async with proxy, aiohttp.ClientSession() as session:
            port = proxy.sockets[0].getsockname()[1]
            async with session.ws_connect(f"http://127.0.0.1:{port}/live", headers=host) as socket:
                client = Client(socket, says_when)
                listening = asyncio.create_task(client.listen())
                await until(lambda: client.behind_s < 1e9)
                await asyncio.sleep(2.5)  # some pings were answered
                await conversation(feed, line, client)
                line.there.set()
                listening.cancel()
        serving.cancel()
        await asyncio.gather(serving, listening, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 3 * PATIENCE_S))


async def until(condition):
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("says_when", [True, False])
def test_l8_far_away_with_losses_it_acts_at_once(says_when):
    async def conversation(feed, _line, client):
        took_s = []
        for number in range(12):
            pressed_s = time.monotonic()
            await client.send("blackout")
            await until(lambda number=number: len(feed.got) > number)
            took_s.append(feed.got[-1][1] - pressed_s)
            await asyncio.sleep(0.05)
        kept("300 ms away, 5 % lost: until a press acts", max(took_s), ACTS_S)
        assert client.late == []

    talk(conversation, says_when, delay_s=0.15, lost=0.05)


@pytest.mark.parametrize("says_when", [True, False])
def test_l8_what_waited_for_the_network_is_not_done(says_when):
    async def conversation(feed, line, client):
        line.there.clear()
        await asyncio.sleep(0.3)
        await client.send("blackout")
        await asyncio.sleep(OLDEST_S + 0.7)
        line.there.set()
        await until(lambda: client.late)
        assert feed.got == []
        assert client.late == ["blackout"]
        await asyncio.sleep(0.5)
        await client.send("hold")  # and what is pressed now is done
        await until(lambda: feed.got)
        assert feed.got[0][0] == "hold"

    talk(conversation, says_when)
