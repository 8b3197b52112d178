"""Who is let in: the address it was asked under, the token, the cookie. Edge: the web."""

import asyncio
import ssl
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from controller.watching.page.access import COOKIE, NOBODY, Access, User, token_of
from controller.watching.page.admission import admits
from controller.watching.page.porch import Connection, place_of
from controller.watching.page.refusals import Refusals

OPEN_TO_ALL = (
    "/login.html", "/login.js", "/login", "/language.js", "/words.js", "/style.css", "/icon.svg", "/healthz",
)  # fmt: skip
PERSON = web.RequestKey("person", User)
SLOWED_S = 0.5
"""How much later who guesses is answered."""


class Door:
    """Two middlewares and the way in.

    Args:
        access: who is let in. tls: what is served with, None for plain HTTP. audit: told of every wrong token, as
            far as nobody could fill it with them. full: whether no more pages may be opened.

    Attributes:
        refused: requests with a foreign Host or Origin, without a token, or of one connection too many.
    """

    def __init__(
        self,
        access: Access,
        tls: ssl.SSLContext | None,
        audit: Callable[[dict[str, object]], None],
        full: Callable[[], bool],
    ) -> None:
        self._access, self._tls, self._audit, self._full = access, tls, audit, full
        self._wrong = Refusals()
        self.refused = 0

    def guard(self, bound_host: str) -> Middleware:
        """Refuses whoever asked under a name that is not this page's: another site's script, a rebound name."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            local_host, local_port = request.get_extra_info("sockname", ("", 0))[:2]
            headers = request.headers
            if not admits(
                headers.get("Host"),
                headers.get("Origin"),
                bound_host=bound_host,
                local_host=local_host,
                local_port=local_port,
                scheme="http" if self._tls is None else "https",
            ):
                self.refused += 1
                return web.Response(status=403, text="this page answers on its own address only\n")
            return await handler(request)

        return guard

    @web.middleware
    async def door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets in whoever has a token; what it takes to sign in is for all."""
        person = await self._person(request)
        if person is not None and isinstance(request.protocol, Connection):
            request.protocol.recognise()
        if person is None and request.path not in OPEN_TO_ALL:
            self.refused += 1
            if request.path == "/":
                raise web.HTTPSeeOther("/login.html")
            return web.Response(status=401, text="a token is needed here\n")
        if request.path == "/live" and self._full():
            self.refused += 1
            return web.Response(status=503, text="too many pages are open\n")
        request[PERSON] = person or NOBODY
        return await handler(request)

    async def _person(self, request: web.Request) -> User | None:
        """Who this is. A wrong token is written down, and answered later where many were tried from the same place."""
        token = token_of(request.headers.get("Authorization"), request.cookies.get(COOKIE))
        place, now_s = place_of(request.remote or ""), asyncio.get_running_loop().time()
        found = self._access.person(token, place, now_s)
        if found is None and token is not None:
            times = self._wrong.note((place,), now_s)
            if times:
                self._audit({"from": request.remote or "", "event": "wrong token"} | _times(times))
            if self._access.shut_out(place, now_s):
                await asyncio.sleep(SLOWED_S)
        return found

    async def login(self, request: web.Request) -> web.Response:
        """Exchange a token for a cookie."""
        address = request.remote or ""
        person = request[PERSON]
        if person is NOBODY:
            shut_out = self._access.shut_out(place_of(address), asyncio.get_running_loop().time())
            return web.Response(status=429 if shut_out else 401, text="no\n")
        self._audit({"from": address, "event": "signed in", "name": person.name, "role": person.role})
        response = web.Response(text="welcome\n")
        token = token_of(request.headers.get("Authorization"), None) or ""
        response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=self._tls is not None)
        return response


def _times(count: int) -> dict[str, object]:
    """How many times a line stands for, where it is more than one."""
    return {"times": count} if count > 1 else {}
