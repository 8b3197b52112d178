"""A page of a command's own, served until Ctrl-C: on this machine, or for a tablet that brings a key.

Edge: the event loop, signals, chance.
"""

import asyncio
import contextlib
import errno
import secrets
import signal
from collections.abc import Callable

from controller.commands.qr_code import qr_lines
from controller.errors import PageError
from controller.lighting.network_cards import network_cards
from controller.rehearsal.own_page import OwnPage
from controller.system import ending_signals
from controller.watching.page.admission import LOOPBACK

KEY_BYTES = 9
Say = Callable[[str], None]


def key_for(host: str) -> str:
    """What a browser of another machine must know; empty where only this machine is served."""
    return "" if host in LOOPBACK else secrets.token_urlsafe(KEY_BYTES)


def addresses(host: str, port: int, key: str, scheme: str = "http") -> list[str]:
    """Where a page is opened, the key included; `0.0.0.0` is every address of this machine."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - compared
    own = [one.address for one in network_cards() if not one.address.startswith("127.")]
    hosts = (own or ["127.0.0.1"]) if everywhere else [host]
    return [f"{scheme}://{f'[{one}]' if ':' in one else one}:{port}/{f'?key={key}' if key else ''}" for one in hosts]


def serve_page(page: OwnPage, host: str, port: int, key: str, *, said: str, say: Say) -> None:
    """Until Ctrl-C, or whatever else ends a program in order: fixtures that the page has lit go dark.

    Args:
        said: what the page is, before the address. say: tells a person something.

    Raises:
        PageError: the port is taken.
    """

    async def serve() -> None:
        serving = asyncio.create_task(page.serve(host, port))
        ready = asyncio.create_task(page.serving.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            places = addresses(host, page.address[1], key, page.scheme)
            say(f"{said} at {' or '.join(places)}; Ctrl-C closes it")
            if key:
                say(qr_lines(places[0]))
        ready.cancel()
        await serving

    before = {number: signal.signal(number, signal.default_int_handler) for number in ending_signals()}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve())
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be served: {error.strerror}"
        raise PageError(f"port {port} on {host} {why}; choose another with --port") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
