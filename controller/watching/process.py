"""The process that shows the operator what the rig does and passes on what they wish. Serves the page.

What it draws is read back from the very slots that were sent. It may die and come back without anyone in the room
noticing. Edge: asyncio.
"""

import asyncio
import contextlib
import json
import ssl
import sys
from typing import Any

from controller.bus.run import Run
from controller.clock import Clock, MonotonicClock
from controller.config import Config
from controller.errors import PageError
from controller.records.journal import Journal
from controller.state_folder import state_folder
from controller.system import allow_open_files
from controller.watching.edits import EditedFeed
from controller.watching.page.access import Access
from controller.watching.page.server import Page

EXIT_PORT_IN_USE = 3


def tls_of(config: Config) -> ssl.SSLContext | None:
    """What the page is served with.

    Raises:
        PageError: certificate or key cannot be used.
    """
    if config.page.certificate is None or config.page.key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.path(config.page.certificate), config.path(config.page.key))
    except (OSError, ssl.SSLError) as error:
        place = config.where(("page", "certificate"))
        raise PageError(f"{place}: certificate and key cannot be used: {error}") from error
    return context


async def watch(run: Run, config: Config, clock: Clock) -> dict[str, Any]:
    """Serve the page until told to stop; returns the summary."""
    audit = Journal(state_folder() / "audit.jsonl")
    feed = EditedFeed(run, clock, audit.add)
    page = Page(config.rates.page_hz, Access(config.page.access), tls_of(config), audit.add)
    tasks = [
        asyncio.create_task(feed.gather()),
        asyncio.create_task(feed.control()),
        asyncio.create_task(feed.edits.watch()),
        asyncio.create_task(page.serve(feed, config.page.host, config.page.port)),
    ]
    try:
        while not run.stopping.is_set():
            done, _ = await asyncio.wait(tasks, timeout=0.2, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
    except BaseException:
        page.will_come_back()
        raise
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, PageError):
            await asyncio.gather(*tasks)
        feed.close()
        audit.close()
    return {"ignored_messages": page.ignored, "refused_requests": page.refused}


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder."""
    run = Run("watching", argv)
    allow_open_files()
    try:
        run.say(asyncio.run(watch(run, run.config, MonotonicClock())))
    except PageError as error:
        sys.stdout.write(json.dumps({"refused": str(error)}) + "\n")
        return EXIT_PORT_IN_USE
    finally:
        run.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
