"""The page on which people rate clips, on the local network. Edge: the web, files, chance.

Whoever opens it gets an invented name that their browser keeps: they may stop and go on later. Nothing that is sent to
a browser says which light a clip shows.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from controller.errors import EvaluationError
from controller.metrics.ratings import HIGHEST, LOWEST, QUESTIONS
from controller.rehearsal.comparison.kit import Kit
from controller.watching.page.admission import HEADERS, admits
from controller.watching.page.files import CONTENT_TYPES

STATIC = Path(__file__).parent / "static"
POLICY = "Content-Security-Policy"
MOST_BYTES = 4_000
NAME = re.compile(r"[0-9a-f]{32}")


class RatingPage:
    """One comparison, for as many people as come.

    Args:
        kit: the comparison.

    Attributes:
        address: where it listens. serving: set as soon as it does.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._done: dict[str, set[str]] = {}
        for one in kit.said():
            self._done.setdefault(one["rater"], set()).add(one["clip"])
        self.address = ("", 0)
        self.serving = asyncio.Event()

    async def serve(self, host: str, port: int) -> None:
        """Until cancelled.

        Raises:
            OSError: the port is taken.
        """
        application = web.Application(middlewares=[self._guard], client_max_size=MOST_BYTES)
        routes = application.router
        routes.add_post("/join", self._join)
        routes.add_get("/next", self._next)
        routes.add_post("/rate", self._rate)
        routes.add_get("/clip/{name}", self._clip)
        for path in STATIC.iterdir():
            routes.add_get(f"/{path.name}", _static(path))
        routes.add_get("/", _static(STATIC / "rating.html"))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.address = runner.addresses[0][:2]
            self.serving.set()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
        local_host, local_port = request.get_extra_info("sockname", ("", 0))[:2]
        if not admits(
            request.headers.get("Host"), request.headers.get("Origin"),
            bound_host=self.address[0], local_host=local_host, local_port=local_port,
        ):  # fmt: skip
            return web.Response(status=403, text="this page answers on its own address only\n")
        response: web.StreamResponse = await handler(request)
        response.headers.update(HEADERS | {POLICY: f"{HEADERS[POLICY]}; media-src 'self'"})
        return response

    async def _join(self, _request: web.Request) -> web.Response:
        return web.json_response({"rater": secrets.token_hex(16)})

    async def _next(self, request: web.Request) -> web.Response:
        return self._following(request.query.get("rater", ""))

    async def _rate(self, request: web.Request) -> web.Response:
        try:
            said = await request.json()
            rater, clip, scores = said["rater"], said["clip"], [said["scores"][name] for name in QUESTIONS]
            if not (isinstance(rater, str) and NAME.fullmatch(rater) and isinstance(clip, str)):
                raise EvaluationError("who rates, and which clip?")
            self._kit.rate(rater, clip, scores)
        except (ValueError, KeyError, TypeError, RecursionError):
            return web.Response(status=400, text="not a rating\n")
        except EvaluationError as error:
            return web.Response(status=400, text=f"{error}\n")
        self._done.setdefault(rater, set()).add(clip)
        return self._following(rater)

    def _following(self, rater: str) -> web.Response:
        if not NAME.fullmatch(rater):
            return web.Response(status=400, text="who rates?\n")
        done, order = self._done.get(rater, set()), self._kit.order(rater)
        left = [one.name for one in order if one.name not in done]
        return web.json_response(
            {
                "clip": left[0] if left else None,
                "number": len(order) - len(left) + 1,
                "of": len(order),
                "questions": QUESTIONS,
                "scale": [LOWEST, HIGHEST],
            }
        )

    async def _clip(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in {one.name for one in self._kit.clips}:
            return web.Response(status=404)
        return web.FileResponse(self._kit.file(name), headers={"Content-Type": "video/mp4"})


def _static(path: Path) -> Callable[..., Any]:
    body, content_type = path.read_bytes(), CONTENT_TYPES[path.suffix]

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return handler
