"""The page on which people rate clips, on the local network. Edge: the web, files, chance.

Whoever opens it gets an invented name that their browser keeps: they may stop and go on later. Nothing that is sent to
a browser says which light a clip shows.
"""

import re
import secrets
from functools import partial
from pathlib import Path

from aiohttp import web

from controller.errors import EvaluationError
from controller.metrics.ratings import HIGHEST, LOWEST, QUESTIONS
from controller.rehearsal.comparison.kit import Kit
from controller.rehearsal.own_page import OwnPage, send_file

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 4_000
NAME = re.compile(r"[0-9a-f]{32}")


class RatingPage(OwnPage):
    """One comparison, for as many people as come.

    Args:
        kit: the comparison.
    """

    def __init__(self, kit: Kit) -> None:
        super().__init__("this page", MOST_BYTES)
        self._kit = kit
        self._done: dict[str, set[str]] = {}
        for one in kit.said():
            self._done.setdefault(one["rater"], set()).add(one["clip"])

    def route(self, router: web.UrlDispatcher) -> None:
        """The page, its clips, and what people say of them."""
        router.add_post("/join", self._join)
        router.add_get("/next", self._next)
        router.add_post("/rate", self._rate)
        router.add_get("/clip/{name}", self._clip)
        for path in STATIC.iterdir():
            router.add_get(f"/{path.name}", partial(send_file, path))
        router.add_get("/", partial(send_file, STATIC / "rating.html"))

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
