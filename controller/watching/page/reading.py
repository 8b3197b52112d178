"""The read API: how the show is, as JSON, for programs that would rather ask than be told. Edge: the web."""

from functools import partial

from aiohttp import web

from controller.watching.page.feed import PageFeed


def reading_routes(feed: PageFeed) -> list[web.RouteDef]:
    """Its two addresses."""
    return [web.get("/api/state", partial(_state, feed)), web.get("/api/openapi.json", partial(_openapi, feed))]


async def _state(feed: PageFeed, _request: web.Request) -> web.Response:
    told = feed.told()
    if told is None:
        return web.json_response({"error": "the show has not begun yet"}, status=503)
    return web.json_response(told)


async def _openapi(feed: PageFeed, _request: web.Request) -> web.Response:
    return web.json_response(feed.openapi())
