"""The rehearsal room, served in a thread."""

import asyncio
import threading
import time

import aiohttp
from promise import HANG_S


class Served:
    """A room in a thread of its own."""

    def __init__(self, room):
        self.room, self.loop = room, asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.task = asyncio.run_coroutine_threadsafe(room.serve("127.0.0.1", 0), self.loop)
        asyncio.run_coroutine_threadsafe(room.serving.wait(), self.loop).result(HANG_S)
        self.url = f"http://127.0.0.1:{room.address[1]}/"

    def close(self):
        self.task.cancel()
        asyncio.run_coroutine_threadsafe(self._ended(), self.loop).result(HANG_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _ended(self):
        """What the room does at its end is done."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def staged(self, patience_s=HANG_S):
        """Wait until the stage shows what was wished for."""
        until_s = time.monotonic() + patience_s
        while self.room._state()["staging"]:
            assert time.monotonic() < until_s, "the stage is never made"
            time.sleep(0.02)  # noqa: TID251 - the room's own thread works

    def talk(self, *wishes, headers=None):
        """The answers to some wishes: status and JSON."""

        async def all_of_them():
            answers = []
            async with aiohttp.ClientSession(headers=headers) as session:
                for wish in wishes:
                    body = wish if isinstance(wish, str) else None
                    async with session.post(self.url + "do", json=None if body else wish, data=body) as answer:
                        answers.append((answer.status, await answer.json() if answer.status != 403 else {}))
            return answers

        return asyncio.run(all_of_them())
