"""Who is let in: the address it was asked under, the token, the cookie. Edge: the web."""

import asyncio
import ssl
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from controller.watching.page.access import COOKIE, NOBODY, Access, User, token_of
from controller.watching.page.admission import admits

OPEN_TO_ALL = ("/login.html", "/login.js", "/login", "/style.css", "/icon.svg", "/healthz")
PERSON = web.RequestKey("person", User)


class Door:
    """Two middlewares and the way in.

    Args:
        access: who is let in. tls: what is served with, None for plain HTTP. audit: told of every wrong token.
        full: whether no more pages may be opened.

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
        person = self._person(request)
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

    def _person(self, request: web.Request) -> User | None:
        token = token_of(request.headers.get("Authorization"), request.cookies.get(COOKIE))
        return self._access.person(token, request.remote or "", asyncio.get_running_loop().time())

    async def login(self, request: web.Request) -> web.Response:
        """Exchange a token for a cookie."""
        address = request.remote or ""
        person = request[PERSON]
        if person is NOBODY:
            self._audit({"from": address, "event": "wrong token"})
            shut_out = self._access.shut_out(address, asyncio.get_running_loop().time())
            return web.Response(status=429 if shut_out else 401, text="no\n")
        self._audit({"from": address, "event": "signed in", "name": person.name, "role": person.role})
        response = web.Response(text="welcome\n")
        token = token_of(request.headers.get("Authorization"), None) or ""
        response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=self._tls is not None)
        return response
