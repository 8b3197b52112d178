"""A whole show in processes of its own, and a wire that hears what it sends."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from arrivals import receive, stamped
from promise import HANG_S


class Wire:
    """Listens where the show sends."""

    def __init__(self) -> None:
        self.socket = stamped(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.packets: list[tuple[float, bytes]] = []

    def listen(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            try:
                self.packets.append(receive(self.socket))
            except TimeoutError:
                continue

    def rest(self) -> None:
        """What has arrived already, of a sender that is gone: whoever got no processor for a while is late for it."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.packets.append(receive(self.socket))

    def frames(self, port_address: int):
        """(times, slots) of one port address."""
        mine = [(t, p) for t, p in self.packets if int.from_bytes(p[14:16], "little") == port_address]
        return np.array([t for t, _ in mine]), np.array([np.frombuffer(p, np.uint8, offset=18) for _, p in mine])


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture
def wire():
    wire = Wire()
    yield wire
    for show in STARTED:  # a test that failed ends none
        if show.poll() is None:
            show.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                show.communicate(timeout=HANG_S)
            show.kill()
            show.communicate()
    STARTED.clear()
    wire.socket.close()


@pytest.fixture
def venue(root, tmp_path, wire):
    """A configuration of its own: the bundled room, sent to `wire`."""
    data = yaml.safe_load((root / "config.yaml").read_text())
    data["page"]["enabled"] = False
    data["profiles"] = str(root / "fixtures")
    data["model"]["embedder"] = str(root / data["model"]["embedder"])
    data["model"]["decoder"] = str(root / data["model"]["decoder"])
    data["audio"]["source"] = f"file:{root / 'controller/songs/metal_madness.opus'}"
    for universe in data["universes"].values():
        universe["outputs"][0]["port"] = wire.port
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def start(venue, *arguments, environment=None, **streams):
    """A show; what it says and logs goes to pipes, or to `streams`, a file among them, where a test waits for it."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    with contextlib.ExitStack() as stack:
        if isinstance(streams["stderr"], Path):
            streams["stderr"] = stack.enter_context(streams["stderr"].open("w"))
        show = subprocess.Popen(
            [sys.executable, "-P", "-m", "controller", "show", "--config", str(venue), *arguments],
            text=True, env={**os.environ, **(environment or {})}, **streams,
        )  # fmt: skip
    STARTED.append(show)
    return show


def over(show, wire, seconds=HANG_S):
    """Listen until the show is over, but not for ever."""
    end_s = time.monotonic() + seconds
    while show.poll() is None and time.monotonic() < end_s:
        wire.listen(0.2)
    if show.poll() is not None:
        wire.rest()


def finish(show, wire, seconds=HANG_S):
    """Listen until the show is over; its summary and what it logged."""
    over(show, wire, seconds)
    said, logged = show.communicate(timeout=HANG_S)
    assert show.returncode == 0, logged
    return json.loads(said.splitlines()[-1]), logged


def stop(show, wire, by=signal.SIGINT):
    """End a show and listen until it is over; its summary and what it logged."""
    show.send_signal(by)
    return finish(show, wire)


def heard(show, wire, condition):
    """Listen until something is so."""
    end_s = time.monotonic() + HANG_S
    while not condition():
        assert show.poll() is None, show.communicate()
        assert time.monotonic() < end_s
        wire.listen(0.1)


def lit(show, wire, packets=160):
    """Listen until the light has been on for a while, two seconds as a rule, however long this machine takes for it."""
    heard(show, wire, lambda: len(wire.packets) > packets and wire.packets[-1][1][18:].strip(b"\0"))


def processes(show):
    """Process ids of the show's parts, by their names."""
    children = Path(f"/proc/{show.pid}/task/{show.pid}/children").read_text().split()
    return {words[5]: int(child) for child in children for words in [words_of(child)] if is_part(words)}


def words_of(pid):
    """A process's command line; of a copy (`controller/copies.py`) what it says that it is, in one piece."""
    return re.split(r"[\0 ]", Path(f"/proc/{pid}/cmdline").read_bytes().decode())


def is_part(words):
    """Whether it is one of a show's four processes; else it is only just born, or dead, or a copy that waits."""
    return len(words) > 5 and words[3].endswith(".process")


def run_folder(show):
    """Of a show's processes."""
    child = next(iter(processes(show).values()))
    return Path(words_of(child)[4])
