"""What is read of a show: its state for programs that would rather ask than be told, its report. Edge: the web."""

from functools import partial

from aiohttp import web

from controller.watching.page.door import PERSON
from controller.watching.page.feed import PageFeed

POLICY = "Content-Security-Policy"
ONE_FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The report is one file with its style and pictures in it, and has no script."""


def reading_routes(feed: PageFeed) -> list[web.RouteDef]:
    """Its addresses."""
    return [
        web.get("/api/state", partial(_state, feed)),
        web.get("/api/openapi.json", partial(_openapi, feed)),
        web.get("/night", partial(_night, feed)),
        web.post("/night", partial(_make_night, feed)),
        web.get("/sound", partial(_sound, feed)),
    ]


async def _sound(feed: PageFeed, _request: web.Request) -> web.StreamResponse:
    """The song that is played, so that a page can play it where the machine has no loudspeaker."""
    file = feed.sound_file()
    if file is None or not file.is_file():
        return web.json_response({"error": "the source is no file"}, status=404)
    return web.FileResponse(file)


async def _night(feed: PageFeed, _request: web.Request) -> web.Response:
    """The report if there is one, else how far it is."""
    state, page = feed.report()
    if page is None:
        return web.json_response({"state": state}, status=202 if state == "working" else 404)
    return web.Response(text=page, content_type="text/html", charset="utf-8", headers={POLICY: ONE_FILE})


async def _make_night(feed: PageFeed, request: web.Request) -> web.Response:
    if not request[PERSON].may("mark"):
        return web.json_response({"error": "that takes the rank of an operator"}, status=403)
    try:
        feed.start_report()
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=409)
    return web.json_response({"state": feed.report()[0]}, status=202)


async def _state(feed: PageFeed, _request: web.Request) -> web.Response:
    told = feed.told()
    if told is None:
        return web.json_response({"error": "the show has not begun yet"}, status=503)
    return web.json_response(told)


async def _openapi(feed: PageFeed, _request: web.Request) -> web.Response:
    return web.json_response(feed.openapi())
