"""From a finger on the page to the packet that obeys it: a WebSocket like the browser's, and the wire.

Blackout and light again, many times at random moments: once with the model busy, once while the deciding process is
stopped (SIGSTOP), which must make no difference.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from pathlib import Path

import aiohttp
import numpy as np

from tools.bench.run.processes import Program, descendants, snapshot
from tools.bench.run.result import FailedError, Figures, Options, percentiles
from tools.bench.run.staging import free_tcp_port, run_folder, staged_show
from tools.bench.run.waiting import pause
from tools.bench.run.wire import Wire

PRESSES, QUICK_PRESSES = 120, 24
SETTLE_S = 3.0
PATIENCE_S = 2.0
STOPPED_PRESSES = (True, False)
"""Of blackout and light again, before the supervisor takes the stopped process for dead."""
DARK, LIT = '{"command":"blackout","amount":1}', '{"command":"blackout","amount":0}'
AIMS = {
    "model_busy_ms": "p50 < 50, p99 < 100",
    "deciding_stopped_ms": "p50 < 50, p99 < 100",
}


def measure(options: Options) -> Figures:
    """Milliseconds from the command leaving here to the first packet that shows it."""
    presses = options.pick(PRESSES, QUICK_PRESSES)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder, wire, port = Path(name), Wire(), free_tcp_port()
        stack.callback(wire.close)
        show = stack.enter_context(staged_show(folder, wire.port, "--web", f"127.0.0.1:{port}", "--loop"))
        run_folder(folder, show)
        pause(SETTLE_S, "settling", wire.read)
        busy, stopped = asyncio.run(_press_all(f"http://127.0.0.1:{port}/live", wire, show, presses))
    return {
        "presses": len(busy),
        "model_busy_ms": percentiles(busy, 50, 95, 99, 100),
        "deciding_stopped_ms": percentiles(stopped, 50, 95, 99, 100),
    }


async def _press_all(url: str, wire: Wire, show: Program, presses: int) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(5)
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as page:
        reading = asyncio.create_task(_swallow(page))
        busy = [await _press(page, wire, number % 2 == 0, rng) for number in range(presses)]
        stopped: list[float] = []
        for _ in range(max(2, presses // 12)):
            pid = _deciding(show)
            os.kill(pid, signal.SIGSTOP)
            try:
                for dark in STOPPED_PRESSES:
                    took_s = await _press(page, wire, dark, rng, rest_s=0.05)
                    stopped.append(took_s)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(2.0)
        reading.cancel()
    return busy, stopped


async def _press(
    page: aiohttp.ClientWebSocketResponse, wire: Wire, dark: bool, rng: np.random.Generator, *, rest_s: float = 0.3
) -> float:
    """Seconds from one press to its first packet."""
    await asyncio.sleep(rest_s + float(rng.uniform(0.0, 0.05)))
    wire.read()
    wire.arrivals.clear()
    pressed_s = time.monotonic()
    await page.send_str(DARK if dark else LIT)
    while time.monotonic() - pressed_s < PATIENCE_S:
        wire.read()
        for arrival in wire.arrivals:
            if arrival.port_address == 0 and _is_dark(arrival.slots) is dark and arrival.t_s > pressed_s:
                return arrival.t_s - pressed_s
        await asyncio.sleep(0.001)
    raise FailedError("a press on the page was not seen on the wire within two seconds")


def _is_dark(slots: bytes) -> bool:
    """Whether the dimmers of the six front fixtures (eight slots each) are down."""
    return not any(slots[at] for at in range(0, 48, 8))


async def _swallow(page: aiohttp.ClientWebSocketResponse) -> None:
    """Take snapshots as a browser does, so that none waits."""
    async for _ in page:
        pass


def _deciding(show: Program) -> int:
    """Process id of the part that listens and decides."""
    processes = snapshot()
    for pid in descendants(show.pid, processes):
        if processes[pid].name == "controller.listening.process":
            return pid
    raise FailedError("the deciding process is not there")
