"""A night in a fraction of its time: whatever happens to a show, again and again, in an order that dice throw.

Processes are killed and stopped, ports flooded, half requests left open, the run folder removed, a widget unplugged,
the disk filled and stalled, certificates renewed, the wall clock stepped, the machine put to sleep. `make chaos` plays
it for twenty minutes (FOLLOWSPOT_NIGHT_S), where two hours of a bad night would bring as many blows; otherwise it is
the blows that no other test strikes. It prints the longest gap of each universe by kind of blow, what was lost of
commands and files, and how much the supervisor's memory has grown.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from arrivals import longest_gap_s
from certificate import self_signed
from disk import Disk
from enttec import EnttecWidget
from promise import STRICT, kept
from running_show import processes, run_folder

from controller.records.recording import Log

NIGHT_S = float(os.environ.get("FOLLOWSPOT_NIGHT_S", "1200" if STRICT else "0"))
PARTS = ("lighting", "spare", "listening", "watching")
NOWHERE_ELSE = ("flood", "half requests", "no run folder", "certificates renewed", "disk stalled")
"""What no other test does to a show."""
STEPS = ("3600", "-3600", "0")
UNIVERSES = {0: 1, 1: 2}
"""By their port address."""
GAP_S = 0.1
GROWTH = 0.01
REST_S = 4.0
HEALTH_S = 0.2
"""How often a show is asked how it is, over TLS: asking takes both of us longer than lighting does."""
STALL_S = 30.0 if STRICT else 2.0
WAKES_S = 0.5
"""So long the light may take after a sleep (`test_time.py`)."""


@pytest.fixture
def disk(tmp_path, require_real):
    """Where the show keeps everything."""
    folder = tmp_path / "disk"
    folder.mkdir()
    found = None
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        found = Disk(folder)
    require_real("the right to mount a disk", found)
    yield found
    found.close()


@pytest.fixture
def night(stage, tmp_path, disk, stepping):
    one = Night(stage, tmp_path, disk, *stepping)
    yield one
    one.mouth.close()
    one.widget.unplug()


class Night:
    """A show with a page over TLS, OSC, a widget, a disk and a wire, and what is done to it."""

    def __init__(self, stage, folder, disk, environment, step):
        self.stage, self.folder, self.disk, self.step = stage, folder, disk, step
        self.rng, self.steps = np.random.default_rng(7), itertools.cycle(STEPS)
        self.page, self.osc = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        self.certificate, self.key = self_signed(folder)
        self.widget = EnttecWidget(folder / "widget")
        self.shows = disk.folder / "followspot" / "shows"
        self.show = stage.start(
            stage.venue(self._change), environment=environment | {"XDG_STATE_HOME": str(disk.folder)}
        )
        self.sent, self.numbers, self.files = 0, itertools.count(1), set()
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mouth.setblocking(False)

    def _change(self, data):
        for universe in data["universes"].values():
            universe["outputs"] = [universe["outputs"][0] | {"port": self.stage.wire.port}]
        data["universes"][2]["outputs"].append({"type": "enttec-pro", "device": str(self.folder / "widget")})
        data["page"] = {"enabled": True, "port": self.page, "certificate": str(self.certificate), "key": str(self.key)}
        data["controls"] = {"osc": {"port": self.osc}}

    def pids(self):
        """Of the parts that run now, by their names."""
        with contextlib.suppress(OSError):  # one ends while it is looked at
            return processes(self.show.process)
        return {}

    def healthy(self):
        """All processes are there, the page answers, light leaves on both universes."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        lately = {p[14] for t, p in self.stage.wire.packets[-200:] if time.monotonic() - t < 1.0}
        with contextlib.suppress(OSError):
            url = f"https://127.0.0.1:{self.page}/healthz"
            answer = urllib.request.urlopen(url, timeout=2.0, context=trusting).read()
            return len(self.pids()) == 4 and json.loads(answer)["status"] == "ok" and lately == set(UNIVERSES)
        return False

    def mark(self):
        """A command that a log can be asked for."""
        number = next(self.numbers)
        text = f"mark {number}".encode()
        padded = lambda said: said + b"\0" * (4 - len(said) % 4)  # noqa: E731
        self.mouth.sendto(padded(b"/followspot/mark") + padded(b",s") + padded(text), ("127.0.0.1", self.osc))
        self.sent = number

    def rest(self, seconds):
        """The show is itself again, and obeys."""
        self.stage.until(self.healthy, self.show.said, HEALTH_S)
        self.mark()
        pause(seconds)
        self.stage.until(self.healthy, self.show.said, HEALTH_S)
        self.files |= set(self.shows.iterdir())

    def gap_s(self, since_s, address):
        """The longest time without light from the last packet before a moment on."""
        times = [t for t, p in list(self.stage.wire.packets) if p[14] == address]
        first = max((at for at, t in enumerate(times) if t <= since_s), default=0)
        return longest_gap_s(times[first:])

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
        """A cleaner takes it; over when everybody has moved into the new one."""
        before = set(self.pids().values())
        shutil.rmtree(run_folder(self.show.process), ignore_errors=True)
        self.stage.until(lambda: not before & set(self.pids().values()), self.show.said)

    def unplug(self):
        self.widget.unplug()
        pause(self.stage.outage_s)
        self.widget = EnttecWidget(self.folder / "widget")
        self.stage.until(lambda: len(self.widget.frames) > 20, self.show.said)

    def fill(self):
        with self.disk.full():
            pause(self.stage.outage_s)

    def stall(self):
        with self.disk.stalled():
            pause(STALL_S)

    def renew(self):
        """The page starts again while its files are written, as it may by chance; then it serves the new ones."""
        self.kill("watching")
        self_signed(self.folder)
        self.stage.until(self.healthy, self.show.said, HEALTH_S)
        served = ssl.get_server_certificate(("127.0.0.1", self.page))
        if served != self.certificate.read_text():  # it read the old ones in time
            self.kill("watching")
            self.stage.until(self.healthy, self.show.said, HEALTH_S)
            served = ssl.get_server_certificate(("127.0.0.1", self.page))
        assert served == self.certificate.read_text()

    def step_clock(self):
        self.step.write_text(next(self.steps))
        pause(1.0)

    def sleep(self):
        """Everything stands still, as under a closed lid; from when on the light has to be there again."""
        os.killpg(self.show.process.pid, signal.SIGSTOP)
        pause(self.stage.outage_s)
        os.killpg(self.show.process.pid, signal.SIGCONT)
        return time.monotonic() + WAKES_S

    def blows(self):
        kinds = {f"kill {name}": lambda name=name: self.kill(name) for name in PARTS}
        kinds |= {f"stop {name}": lambda name=name: self.stop(name) for name in PARTS}
        kinds |= {"flood": self.flood, "half requests": self.halves, "no run folder": self.no_folder}
        kinds |= {"widget unplugged": self.unplug, "disk full": self.fill, "disk stalled": self.stall}
        kinds |= {"certificates renewed": self.renew, "clock stepped": self.step_clock, "asleep": self.sleep}
        return {name: blow for name, blow in kinds.items() if NIGHT_S or name in NOWHERE_ELSE}


def pause(seconds):
    time.sleep(seconds)  # noqa: TID251 - a night takes real time


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def resident_mb(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def struck(night):
    """One blow of each kind, then any of them until the night is over: names, in order."""
    end_s, kinds = time.monotonic() + NIGHT_S, list(night.blows())
    yield from kinds
    while time.monotonic() < end_s:
        yield kinds[int(night.rng.integers(len(kinds)))]


def test_a_night_of_blows(night, stage):
    stage.until(night.healthy, night.show.said, HEALTH_S)
    pause(REST_S)
    first_mb = resident_mb(night.show.process.pid)
    worst, blows, count = {one: defaultdict(float) for one in UNIVERSES}, night.blows(), 0
    for name in struck(night):
        since_s = time.monotonic()
        since_s = blows[name]() or since_s
        night.rest(REST_S if NIGHT_S else 1.6)  # a process that ran for so long is no crash loop
        for one in UNIVERSES:
            worst[one][name] = max(worst[one][name], night.gap_s(since_s, one))
        del stage.wire.packets[:-200]
        count += 1
    gone = [path.name for path in night.files if not path.exists()]  # at the end goes the log of who never lit
    last_mb = resident_mb(night.show.process.pid)
    night.show.end()
    logs = [Log(path) for path in night.shows.glob("*.showlog")]
    heard = {command.target for log in logs for cycle in log.cycles() for command in cycle.heard.commands}
    lost = [number for number in range(1, night.sent + 1) if f"mark {number}" not in heard]
    damaged = [log.damage for log in logs if log.damage and "truncated" not in log.damage]
    for name in sorted(blows, key=lambda one: -max(gaps[one] for gaps in worst.values())):
        said = ", ".join(f"universe {UNIVERSES[one]} {1e3 * gaps[name]:.0f} ms" for one, gaps in worst.items())
        print(f"longest gap, {name}: {said}")
    print(f"{count} blows, {len(lost)} of {night.sent} commands lost, {len(gone)} of {len(night.files)} files lost, "
          f"{len(logs)} logs, {len(damaged)} damaged")  # fmt: skip
    print(f"memory of the supervisor: {first_mb:.1f} to {last_mb:.1f} MB ({last_mb / first_mb - 1.0:+.2%})")
    for one, gaps in worst.items():
        kept(f"longest gap of the night, universe {UNIVERSES[one]}", max(gaps.values()), GAP_S if NIGHT_S else 60.0)
    assert logs
    assert gone == damaged == []
    assert not NIGHT_S or last_mb < first_mb * (1.0 + GROWTH) + 1.0
    assert len(lost) <= max(1, count // 10), lost
