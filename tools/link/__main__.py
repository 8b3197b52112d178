"""`python -m tools.link --to HOST:PORT`: joins the Link session of this network and speaks to the show's OSC port.

Link and its Python bindings are under the GNU GPL (decision 0028). So this is a program of its own, which the show
neither imports nor starts nor needs; `pip install aalink` into an environment of its own. Edge: network, time.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable

from pythonosc.udp_client import SimpleUDPClient

from tools.link.beats import Beats, Say

FIRST_BPM = 120.0
"""Of a session that this program is the first in."""


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.link", description="Ableton Link's tempo for a show")
    parser.add_argument("--to", default="127.0.0.1:9000", metavar="HOST:PORT", help="the show's controls.osc")
    parser.add_argument("--beats", type=int, default=4, help="of a bar; Link's quantum (default: 4)")
    options = parser.parse_args(words)
    host, _, port = options.to.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        parser.error(f"--to {options.to}: HOST:PORT is wanted, as in controls.osc of config.yaml")
    if not 1 <= options.beats <= 16:
        parser.error(f"--beats {options.beats}: 1 to 16 are possible")
    options.host, options.port = host, int(port)
    return options


def client_of(host: str, port: int) -> SimpleUDPClient:
    """What sends to the show.

    Raises:
        SystemExit: there is no such host.
    """
    try:
        return SimpleUDPClient(host, port)
    except OSError as error:
        raise SystemExit(f"--to {host}:{port}: no such host ({error.strerror})") from None


def lasting(send: Say, note: Callable[[str], None]) -> Say:
    """The same, but a network that is away is said once, and ends nothing."""
    away = False

    def say(address: str, given: tuple[float, ...]) -> None:
        nonlocal away
        try:
            send(address, given)
        except OSError as error:
            if not away:
                note(f"the show cannot be reached ({error.strerror}); it is tried again on each beat")
            away = True
        else:
            away = False

    return say


def told(said: str) -> None:
    """A sentence for the person at the terminal."""
    print(said, flush=True)


async def follow(options: argparse.Namespace) -> None:
    """Until interrupted."""
    try:
        from aalink import Link  # noqa: PLC0415 - under another licence, and not everybody has it
    except ImportError:
        raise SystemExit("aalink is not installed here: pip install aalink (GPL; decision 0028)") from None
    say = lasting(client_of(options.host, options.port).send_message, told)
    link = Link(FIRST_BPM)
    link.quantum, link.enabled = options.beats, True
    beats = Beats(link, options.beats, say, told)
    while True:
        beats.beat(await link.sync(1))


def main() -> None:
    """The program."""
    try:
        asyncio.run(follow(parsed()))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
