"""Two hosts and a cable: network namespaces `console` (10.66.0.1) and `node` (10.66.0.2) joined by a veth pair.

Needs root. Everything is named after this process and taken down again.
"""

import contextlib
import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import ClassVar

from arrivals import receive, stamped
from promise import HANG_S, STRICT

from tools.bench.run.hosts import Host, Network, join_cards, plug_into, possible
from tools.bench.run.olad import OFF, started

__all__ = ["BACKUP", "CONSOLE", "NODE", "Ear", "Host", "Lab", "Olad", "ThreeHosts", "possible", "wait_for"]

CONSOLE, NODE = "10.66.0.1", "10.66.0.2"
SO_RCVBUFFORCE = 33
"""Linux; Python's socket module does not name it."""


class Lab(Network):
    """Both hosts; taken down by `close`."""

    WHO: ClassVar[dict[str, str]] = {"c": CONSOLE, "n": NODE}

    def __init__(self) -> None:
        super().__init__(self.WHO)

    def _build(self) -> None:
        self.console, self.node = self.every
        self.plug_in()

    def plug_in(self) -> None:
        """Put a card into each host and a cable between them."""
        join_cards(self.console, self.console.card, self.node, self.node.card)
        for host in self.every:
            host.join()

    def pull_out(self) -> None:
        """Take the cards away."""
        self.console.ip("link", "del", self.console.card)


PATCHED = {
    "2-1-I-0": 32, "2-1-I-1": 37, "2-1-O-0": 73, "11-1-O-0": 200, "1-1-O-0": 50,
    **{f"11-1-I-{port}": port + 1 for port in range(16)},
}  # fmt: skip


class Olad:
    """OLA's daemon on a host: what it received is read over its web server, what it sends is set there.

    olad universes: 32 and 37 hear Art-Net 0 and 5 (it takes the universe modulo 16); 1..16 hear the sACN universes of
    that number; 50 is a dummy output for calls; 73 leaves as Art-Net 9; 200 leaves as sACN 200.
    """

    def __init__(self, lab: Lab, host: Host, folder: Path, usb_folder: Path | None = None) -> None:
        self.host = host
        self._folder = folder
        self._configure(usb_folder)
        with (folder.parent / "olad.log").open("wb") as log:
            self.process = lab.keep(started(host, folder, "-l", "3", "-p", "9090", "--no-http-quit", stderr=log))
        wait_for(self._answers, 15.0, "olad")

    def _configure(self, usb_folder: Path | None) -> None:
        files = dict.fromkeys(OFF, "enabled = false")
        files["artnet"] = (
            f"enabled = true\nip = {self.host.address}\nnet = 0\nsubnet = 0\noutput_ports = 4\n"
            "always_broadcast = false\nuse_loopback = false"
        )
        files["e131"] = f"enabled = true\nip = {self.host.address}\ninput_ports = 16\noutput_ports = 4"
        files["dummy"] = "enabled = true"
        if usb_folder is not None:
            files["usbserial"] = (
                f"enabled = true\ndevice_dir = {usb_folder}\ndevice_prefix = ttyTEST\npro_fps_limit = 40"
            )
        files["port"] = "\n".join(f"{port} = {universe}" for port, universe in PATCHED.items())
        for name, text in files.items():
            (self._folder / f"ola-{name}.conf").write_text(text + "\n")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            return self.levels(50) is not None
        return False

    def ask(self, path: str, body: str | None = None) -> str:
        """Ask its web server."""
        with self.host.here():
            connection = http.client.HTTPConnection("127.0.0.1", 9090, timeout=HANG_S)
            try:
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST" if body else "GET", path, body, form if body else {})
                return connection.getresponse().read().decode()
            finally:
                connection.close()

    def levels(self, universe: int) -> list[int]:
        """What it has for a universe."""
        return json.loads(self.ask(f"/get_dmx?u={universe}"))["dmx"]

    def set_levels(self, universe: int, levels: list[int]) -> None:
        """What it shall send."""
        self.ask("/set_dmx", f"u={universe}&d={','.join(map(str, levels))}")


class Ear:
    """All datagrams for one port of a host, with the time each came, read by a thread."""

    def __init__(self, host, port, address="", groups=()):
        with host.here():
            self.socket = stamped(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
            self.socket.bind((address, port))
            for group in groups:
                membership = socket.inet_aton(group) + socket.inet_aton(host.address)
                self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self.socket.settimeout(0.2)
        self.heard = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopping:
            try:
                self.heard.append(receive(self.socket))
            except TimeoutError:
                continue

    def close(self):
        """Twice does no harm."""
        self._stopping = True
        self._thread.join(HANG_S)
        self.socket.close()


def wait_for(condition, seconds: float, what: str) -> None:
    """Wait until something real has happened, by which it shall have where promises are measured (`promise.py`)."""
    end_s = time.monotonic() + (seconds if STRICT else HANG_S)
    while not condition():
        if time.monotonic() > end_s:
            raise AssertionError(f"{what}: nothing came")
        time.sleep(0.02)  # noqa: TID251 - real programs take real time


BACKUP = "10.66.0.3"


class ThreeHosts(Lab):
    """A third host, `backup`, and a switch among all: the node's card is a bridge that two cables end in."""

    WHO: ClassVar[dict[str, str]] = {**Lab.WHO, "b": BACKUP}

    def _build(self) -> None:
        self.console, self.node, self.backup = self.every
        self.node.ip("link", "add", self.node.card, "type", "bridge", "mcast_snooping", "0")
        for host in (self.console, self.backup):
            plug_into(self.node, host)
        for host in self.every:
            host.join()
