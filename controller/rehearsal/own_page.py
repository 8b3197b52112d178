"""A page of its own beside the show's: served until it is cancelled, to its own address only. Edge: the web, files.

The rehearsal room and the comparison of lights are two of them.
"""

import asyncio
import hmac
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from controller.watching.page.admission import HEADERS, admits
from controller.watching.page.files import CONTENT_TYPES

COOKIE = "followspot-key"


class OwnPage:
    """Serves what a subclass routes.

    Args:
        name: what it calls itself to somebody who may not come in. most_bytes: of what is sent to it at once.
        key: whoever comes must bring it once, as `?key=`; a cookie keeps it. Empty: nobody is asked.
        tls: what it is served with; None: plain HTTP.

    Attributes:
        address: where it listens. serving: set as soon as it does.
    """

    def __init__(self, name: str, most_bytes: int, key: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._name, self._most_bytes, self._key, self._tls = name, most_bytes, key, tls
        self.address = ("", 0)
        self.serving = asyncio.Event()

    @property
    def scheme(self) -> str:
        """What its address begins with."""
        return "https" if self._tls else "http"

    def route(self, router: web.UrlDispatcher) -> None:
        """Say what is served where."""
        raise NotImplementedError

    async def serve(self, host: str, port: int) -> None:
        """Until cancelled.

        Raises:
            OSError: the port is taken.
        """
        application = web.Application(middlewares=[self._guard], client_max_size=self._most_bytes)
        self.route(application.router)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, ssl_context=self._tls).start()
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
            scheme=self.scheme,
        ):  # fmt: skip
            return web.Response(status=403, text=f"{self._name} answers on its own address only\n")
        if self._key and not _same(request.cookies.get(COOKIE, ""), self._key):
            return self._at_the_door(request)
        response: web.StreamResponse = await handler(request)
        response.headers.update(HEADERS)
        return response

    def _at_the_door(self, request: web.Request) -> web.Response:
        """In with the right key, which the address then shows no more."""
        if not _same(request.query.get("key", ""), self._key):
            text = f"{self._name} opens with the address that the terminal shows, with its key\n"
            return web.Response(status=403, text=text)
        response = web.Response(status=303, headers={"Location": request.path, **HEADERS})
        response.set_cookie(COOKIE, self._key, httponly=True, samesite="Strict", secure=self._tls is not None)
        return response


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


async def send_file(path: Path, _request: web.Request) -> web.Response:
    """A file of the page's own."""
    return web.Response(body=path.read_bytes(), content_type=CONTENT_TYPES[path.suffix], charset="utf-8")
