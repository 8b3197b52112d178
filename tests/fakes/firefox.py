"""A headless Firefox, spoken to in WebDriver BiDi over its own WebSocket: no driver beside it is needed."""

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import threading

import aiohttp
from promise import HANG_S


def installed() -> str | None:
    """The program."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One browser with one page.

    Args:
        profile: an empty folder.
    """

    def __init__(self, profile) -> None:
        self._process = subprocess.Popen(
            [installed(), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={"HOME": str(profile), "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._ids = itertools.count(1)
        self.complaints: list[str] = []
        self._do(self._connect(self._address()))
        (tab,) = self.call("browsingContext.getTree")["contexts"]
        self.tab = tab["context"]

    def _address(self) -> str:
        for line in self._process.stderr:
            if "WebDriver BiDi listening on" in line:
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return line.split()[-1]
        raise RuntimeError("Firefox did not start")

    async def _connect(self, address: str) -> None:
        self._web = aiohttp.ClientSession()
        self._socket = await self._web.ws_connect(f"{address}/session", max_msg_size=0)
        await self._ask("session.new", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": True}}})
        await self._ask("session.subscribe", {"events": ["log.entryAdded"]})

    async def _ask(self, method: str, params: dict):
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            said = await self._socket.receive_json(timeout=HANG_S)
            if said.get("id") == number:
                if said["type"] == "error":
                    raise RuntimeError(f"{said['error']}: {said['message']}")
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] in ("error", "warn"):
                self.complaints.append(said["params"]["text"])

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(2 * HANG_S)

    def call(self, method: str, **params):
        """One command of BiDi."""
        return self._do(self._ask(method, params))

    def get(self, url: str) -> None:
        """Open a page."""
        self.call("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def script(self, source: str):
        """The value of an expression, a promise waited for."""
        found = self.call("script.evaluate", expression=source, target={"context": self.tab}, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    def until(self, source: str) -> None:
        """Wait until an expression is true."""
        waited = threading.Event()
        for _ in range(round(HANG_S / 0.05)):
            if self.script(source):
                return
            waited.wait(0.05)
        raise AssertionError(source)

    def press(self, key: str) -> None:
        """A key, down and up."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("input.performActions", context=self.tab, actions=[{"type": "key", "id": "keys", "actions": actions}])

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):
            self._do(self._web.close())
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
