"""A night in a fraction of its time: kill, stop, flood, crowd, half requests, no run folder, again and again.

`make chaos` plays it for twenty minutes (FOLLOWSPOT_NIGHT_S), where two hours of a bad night would bring as many blows;
otherwise it is three blows that no other test strikes. It prints the longest gap of each kind of blow, the commands
that were lost, and how much the supervisor's memory has grown.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import time
import urllib.request
from pathlib import Path

import numpy as np
from promise import STRICT, kept

from controller.records.recording import Log

NIGHT_S = float(os.environ.get("FOLLOWSPOT_NIGHT_S", "1200" if STRICT else "0"))
PARTS = ("lighting", "spare", "listening", "watching")
GAP_S = 0.1
GROWTH = 0.01
REST_S = 4.0


class Night:
    """A show with a page, OSC and a wire, and what is done to it."""

    def __init__(self, stage, venue, folder):
        self.stage, self.folder, self.rng = stage, folder, np.random.default_rng(7)
        self.page, self.osc = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        self.show = stage.start(venue(self._change))
        self.sent, self.numbers = 0, itertools.count(1)
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mouth.setblocking(False)

    def _change(self, data):
        for universe in data["universes"].values():
            universe["outputs"] = [universe["outputs"][0] | {"port": self.stage.wire.port}]
        data["page"] = {"enabled": True, "port": self.page}
        data["controls"] = {"osc": {"port": self.osc}}

    def pids(self):
        found = {}
        with contextlib.suppress(OSError):
            for child in (
                Path(f"/proc/{self.show.process.pid}/task/{self.show.process.pid}/children").read_text().split()
            ):
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if len(words) > 5:
                    found[words[5].decode()] = int(child)
        return found

    def healthy(self):
        """All processes are there, the page answers, light leaves."""
        with contextlib.suppress(OSError):
            answer = urllib.request.urlopen(f"http://127.0.0.1:{self.page}/healthz", timeout=2.0).read()
            return len(self.pids()) == 4 and json.loads(answer)["status"] == "ok"
        return False

    def mark(self):
        """A command that a log can be asked for."""
        number = next(self.numbers)
        text = f"mark {number}".encode()
        padded = lambda said: said + b"\0" * (4 - len(said) % 4)  # noqa: E731
        self.mouth.sendto(padded(b"/followspot/mark") + padded(b",s") + padded(text), ("127.0.0.1", self.osc))
        self.sent = number

    # ------------------------------------------------------------ blows

    def kill(self, name):
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.kill(self.pids()[name], signal.SIGKILL)

    def stop(self, name):
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.kill(self.pids()[name], signal.SIGSTOP)

    def flood(self):
        junk = bytes(64)
        for _ in range(5_000):
            with contextlib.suppress(OSError):
                self.mouth.sendto(junk, ("127.0.0.1", self.osc))

    def halves(self):
        held = []
        for _ in range(300):
            with contextlib.suppress(OSError):
                held.append(socket.create_connection(("127.0.0.1", self.page), 1.0))
                held[-1].sendall(b"GET / HTTP/1.1\r\nX-")
        pause(0.5)
        for one in held:
            one.close()

    def no_folder(self):
        child = next(iter(self.pids().values()), None)
        if child is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(
                    Path(Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[4].decode()), ignore_errors=True
                )

    def blows(self):
        kinds = [(f"kill {name}", lambda name=name: self.kill(name)) for name in PARTS]
        kinds += [(f"stop {name}", lambda name=name: self.stop(name)) for name in PARTS]
        return [*kinds, ("flood", self.flood), ("half requests", self.halves), ("no run folder", self.no_folder)]


def pause(seconds):
    time.sleep(seconds)  # noqa: TID251 - a night takes real time


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def resident_mb(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_night_of_blows(stage, venue, tmp_path, request):
    night = Night(stage, venue, tmp_path)
    request.addfinalizer(night.mouth.close)
    stage.until(night.healthy, night.show.said)
    pause(REST_S)
    begin_s, first_mb = time.monotonic(), resident_mb(night.show.process.pid)
    blows, struck, worst = night.blows(), 0, {}
    if not NIGHT_S:  # what other tests do not do
        blows = [one for one in blows if one[0] in ("flood", "half requests", "no run folder")]
    while struck < len(blows) or time.monotonic() - begin_s < NIGHT_S:
        name, blow = blows[struck] if struck < len(blows) else blows[int(night.rng.integers(len(blows)))]
        since_s = time.monotonic()
        blow()
        struck += 1
        stage.until(night.healthy, night.show.said)
        night.mark()
        pause(REST_S if NIGHT_S else 1.6)  # a process that ran for so long is no crash loop
        stage.until(night.healthy, night.show.said)
        gaps = [stage.wire.gap_s(since_s, address=address) for address in (0, 1)]
        worst[name] = max(worst.get(name, 0.0), *gaps)
        if NIGHT_S:
            del stage.wire.packets[:-200]
    last_mb = resident_mb(night.show.process.pid)
    night.show.end()
    night.mouth.close()
    logs = [Log(path) for path in (tmp_path / "state").rglob("*.showlog")]
    heard = {command.target for log in logs for cycle in log.cycles() for command in cycle.heard.commands}
    lost = [number for number in range(1, night.sent + 1) if f"mark {number}" not in heard]
    damaged = [log for log in logs if log.damage and "truncated" not in log.damage]
    for name, gap_s in sorted(worst.items(), key=lambda one: -one[1]):
        print(f"longest gap, {name}: {1e3 * gap_s:.0f} ms")
    print(f"{struck} blows, {len(lost)} of {night.sent} commands lost, {len(logs)} logs, {len(damaged)} damaged")
    print(f"memory of the supervisor: {first_mb:.1f} to {last_mb:.1f} MB")
    kept("longest gap of the night", max(worst.values()), GAP_S if NIGHT_S else 60.0)
    assert logs
    assert not NIGHT_S or last_mb < first_mb * (1.0 + GROWTH) + 1.0
    assert len(lost) <= max(1, struck // 4), lost
