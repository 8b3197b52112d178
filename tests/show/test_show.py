"""The whole show as its user runs it: real processes, real packets, an independent decoder, and things that die."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from controller.config import read_config
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of


class Wire:
    """Listens where the show sends."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.packets: list[tuple[float, bytes]] = []

    def listen(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            try:
                self.packets.append((time.monotonic(), self.socket.recv(2048)))
            except TimeoutError:
                continue

    def frames(self, port_address: int):
        """(times, slots) of one port address."""
        mine = [(t, p) for t, p in self.packets if int.from_bytes(p[14:16], "little") == port_address]
        return np.array([t for t, _ in mine]), np.array([list(p[18:]) for _, p in mine], np.uint8)


@pytest.fixture
def wire():
    wire = Wire()
    yield wire
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


def start(venue, *arguments):
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "controller", "show", "--config", str(venue), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(show, wire, seconds=15.0):
    """Listen until the show is over; its summary and what it logged."""
    end_s = time.monotonic() + seconds
    while show.poll() is None and time.monotonic() < end_s:
        wire.listen(0.2)
    said, logged = show.communicate(timeout=10)
    assert show.returncode == 0, logged
    return json.loads(said.splitlines()[-1]), logged


def lit(show, wire, seconds=3.0):
    """Listen until the first light, however long this machine takes to get there, and then for some seconds."""
    end_s = time.monotonic() + 30.0
    while not wire.packets and show.poll() is None and time.monotonic() < end_s:
        wire.listen(0.2)
    wire.listen(seconds)


def processes(show):
    """Process ids of the show's parts, by module."""
    found = {}
    children = Path(f"/proc/{show.pid}/task/{show.pid}/children").read_text().split()
    for child in children:
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        found[words[5].decode()] = int(child)
    return found


def test_ten_seconds_of_show(venue, wire):
    """Steady frames for every universe, in order, never dark, and the light is not a constant."""
    show = start(venue, "--seconds", "10")
    summary, logged = finish(show, wire, 30)
    forward = 40 if "going on in its place" in logged else 1  # a spare that had to step in skips a few numbers
    assert summary["ended_by"] == "seconds"
    assert summary["restarts"] == {"lighting": 0, "spare": 0, "listening": 0}
    assert summary["listening"]["hops"] >= 60
    config = read_config(venue)
    observer = Observer(patch_of(config))
    lit = {}
    for port_address in (0, 1):
        times_s, slots = wire.frames(port_address)
        sequences = [p[12] for _, p in wire.packets if int.from_bytes(p[14:16], "little") == port_address]
        assert all(1 <= (b - a) % 255 <= forward for a, b in pairwise(sequences))
        assert 0 not in sequences
        rate_hz = (len(times_s) - 1) / (times_s[-1] - times_s[0])
        assert 36 < rate_hz < 44  # the benchmark measures; a loaded machine may not fail a test
        lit[port_address] = slots
    count = min(len(slots) for slots in lit.values())
    power = np.array([observer.observe({1: lit[0][i], 2: lit[1][i]}).power.mean() for i in range(count)])
    playing = power[100 : count - 100]
    assert playing.min() > 0.005
    assert playing.std() > 0.01
    assert power[-1] == 0.0  # the configured end look


def test_the_output_process_holds_no_ml_and_no_audio(venue, wire):
    show = start(venue, "--seconds", "4")
    lit(show, wire)
    parts = processes(show)
    mapped = {name: Path(f"/proc/{pid}/maps").read_text() for name, pid in parts.items()}
    finish(show, wire)
    assert "onnxruntime" in mapped["listening"]
    for library in ("onnxruntime", "portaudio", "libav", "soxr"):
        assert library not in mapped["lighting"]


def test_a_killed_listener_comes_back_and_the_light_never_stops(venue, wire):
    show = start(venue, "--seconds", "9")
    lit(show, wire)
    os.kill(processes(show)["listening"], signal.SIGKILL)
    summary, logged = finish(show, wire)
    assert summary["restarts"]["listening"] == 1
    assert "listening ended with code -9; starting it again" in logged
    times_s, slots = wire.frames(0)
    assert np.diff(times_s).max() < 0.3
    assert slots[: len(slots) - 90].any(axis=1).all()


def test_a_stopped_listener_is_replaced_and_the_light_never_stops(venue, wire):
    show = start(venue, "--seconds", "10")
    lit(show, wire)
    os.kill(processes(show)["listening"], signal.SIGSTOP)
    summary, logged = finish(show, wire)
    assert summary["restarts"]["listening"] == 1
    assert "listening has not moved for" in logged
    times_s, slots = wire.frames(0)
    assert np.diff(times_s).max() < 0.3
    assert slots[: len(slots) - 90].any(axis=1).all()


def test_sigterm_ends_with_the_end_look(venue, wire):
    show = start(venue)
    lit(show, wire)
    show.send_signal(signal.SIGTERM)
    summary, _ = finish(show, wire)
    assert summary["ended_by"] == "operator"
    _, slots = wire.frames(0)
    first = [one.address - 1 for one in read_config(venue).fixtures if one.profile == "generic/rgbw-par"]
    assert slots[-1][first].max() == 0
    assert slots[len(slots) // 2][first].max() > 0


def test_a_killed_supervisor_leaves_nobody_behind(venue, wire):
    show = start(venue)
    lit(show, wire)
    parts = processes(show)
    show.kill()
    show.communicate()
    wire.listen(4.0)
    assert not [name for name, pid in parts.items() if Path(f"/proc/{pid}").exists() and not zombie(pid)]


def zombie(pid):
    return ") Z" in Path(f"/proc/{pid}/stat").read_text()


def test_tshark_finds_nothing_malformed(root, tmp_path, require_real):
    """An independent judge of the default destination: 127.0.0.1, port 6454."""
    require_real("tshark", shutil.which("tshark") is not None)
    judge = subprocess.Popen(
        ["tshark", "-n", "-i", "lo", "-f", "udp dst port 6454", "-a", "duration:9", "-T", "fields",
         "-e", "artnet.header.opcode", "-e", "artnet.output.sequence", "-e", "artnet.output.universe",
         "-e", "artnet.output.length", "-e", "_ws.malformed"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while "Capturing" not in judge.stderr.readline():
        assert judge.poll() is None
    subprocess.run(
        [sys.executable, "-P", "-m", "controller", "show", "--seconds", "3", "--web", "off"],
        cwd=root, check=True, capture_output=True,
    )  # fmt: skip
    seen, _ = judge.communicate(timeout=30)
    rows = [line.split("\t") for line in seen.splitlines()]
    assert len(rows) > 150
    assert {row[0] for row in rows} == {"0x5000"}
    assert {row[2] for row in rows} == {"0", "1"}
    assert {row[3] for row in rows} == {"512"}
    assert not [row for row in rows if len(row) > 4 and row[4]]
