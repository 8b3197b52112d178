"""Set lists on the page: a sheet is read, shown back, and kept when somebody approves of it. Edge: the web, threads."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from controller.errors import ControllerError
from controller.watching.page.access import User
from controller.watching.page.feed import SetListFeed

MOST_TEXT_BYTES, MOST_PICTURE_BYTES = 64 * 1024, 16 * 1024 * 1024
KEEPS = "song"
"""Command whose rank it takes to read a sheet and to keep a list."""


class SetListRoutes:
    """The addresses below `/setlist`.

    Args:
        feed: keeps the lists. person: who asks.
    """

    def __init__(self, feed: SetListFeed, person: Callable[[web.Request], User]) -> None:
        self._feed, self._person = feed, person
        self._one_at_a_time = asyncio.Semaphore(1)

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        return [
            web.get("/setlist", self._tonights),
            web.get("/setlists", self._names),
            web.post("/setlist/read", self._asked(self._read)),
            web.post("/setlist", self._asked(self._keep)),
            web.post("/setlist/open", self._asked(self._open)),
        ]

    async def _tonights(self, _request: web.Request) -> web.Response:
        return web.json_response(self._feed.tonights_list())

    async def _names(self, _request: web.Request) -> web.Response:
        return web.json_response({"names": list(self._feed.set_lists())})

    def _asked(
        self, does: Callable[[web.Request], Awaitable[dict[str, Any]]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler for those who may; whatever cannot be done is answered in one sentence."""

        async def handler(request: web.Request) -> web.Response:
            if not self._person(request).may(KEEPS):
                return web.json_response({"error": "that takes the rank of an operator"}, status=403)
            try:
                async with self._one_at_a_time:
                    return web.json_response(await does(request))
            except (ControllerError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)

        return handler

    async def _read(self, request: web.Request) -> dict[str, Any]:
        """The lines of a sheet, a text or a picture of one, as they were understood."""
        pictured = request.content_type.startswith("image/")
        body = await _body(request, MOST_PICTURE_BYTES if pictured else MOST_TEXT_BYTES)
        return dict(await asyncio.to_thread(self._feed.read_sheet, body, pictured=pictured))

    async def _keep(self, request: web.Request) -> dict[str, Any]:
        said = _parsed(await _body(request, MOST_TEXT_BYTES))
        return {"file": await asyncio.to_thread(self._feed.keep_set_list, said)}

    async def _open(self, request: web.Request) -> dict[str, Any]:
        said = _parsed(await _body(request, MOST_TEXT_BYTES))
        name = said.get("name")
        if not isinstance(name, str):
            raise ValueError("name: which list?")
        await asyncio.to_thread(self._feed.open_set_list, name)
        return {"name": name}


async def _body(request: web.Request, most: int) -> bytes:
    """All that was sent, if it is not too much.

    Raises:
        ValueError: it is.
    """
    read = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        read += part
        if len(read) > most:
            raise ValueError(f"more than {most // 1024} KB; send less at once")
    return bytes(read)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(said, dict):
        raise ValueError("not an object")
    return said
