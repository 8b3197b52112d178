"""A whole show, its wire, and what it says: what the tests of this folder do things to.

Short, and patient with a slow machine; `make chaos` makes it long and holds every figure against what is promised.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import yaml
from arrivals import longest_gap_s, receive, stamped
from promise import HANG_S, STRICT

OUTAGE_S = 10.0 if STRICT else 1.0
SHIM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The wall clock as a file says, in every process that loads this. */
static long step_s(void) {
    char text[32] = {0};
    const char *path = getenv("FOLLOWSPOT_TEST_STEP");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    long got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 ? strtol(text, 0, 10) : 0;
}
int clock_gettime(clockid_t which, struct timespec *out) {
    int code = syscall(SYS_clock_gettime, which, out);
    if (!code && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) out->tv_sec += step_s();
    return code;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


class Wire(threading.Thread):
    """Listens where the show sends, in a thread of its own."""

    def __init__(self, address="127.0.0.1"):
        super().__init__(daemon=True)
        self.socket = stamped(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((address, 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.packets = []
        self.over = False
        self.start()

    def run(self):
        while not self.over:
            with contextlib.suppress(TimeoutError):
                self.packets.append(receive(self.socket))

    def close(self):
        self.over = True
        self.join()
        self.socket.close()

    def gap_s(self, since_s, until_s=float("inf"), address=0):
        """The longest time without a packet of one port address."""
        times = [t for t, p in list(self.packets) if since_s <= t <= until_s and p[14] == address]
        return longest_gap_s(times) if len(times) > 1 else float("inf")


class Running:
    """A show in a process group of its own."""

    def __init__(self, path, folder, *, environment=None, host=None):
        self.path, self.log = path, folder / f"show-{time.monotonic_ns()}.log"
        command = [sys.executable, "-P", "-m", "controller", "show", "--config", str(path)]
        start = subprocess.Popen if host is None else lambda words, **options: host.start(*words, **options)
        with self.log.open("w") as log:
            self.process = start(
                command, stdout=subprocess.PIPE, stderr=log, start_new_session=True, text=True,
                env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), **(environment or {})},
            )  # fmt: skip

    def said(self):
        return self.log.read_text()

    def end(self):
        """The show's summary."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=HANG_S)
        assert self.process.returncode == 0, self.said()
        return json.loads(said.splitlines()[-1])

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def until(condition, what="", every_s=0.02):
    """Wait for something, looking every so often; how long it took."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < HANG_S, what() if callable(what) else what
        time.sleep(every_s)  # noqa: TID251 - real processes take real time
    return time.monotonic() - begun_s


@pytest.fixture
def venue(root, tmp_path):
    """Writes the bundled room's configuration with changes: a function of it."""

    def write(change):
        data = yaml.safe_load((root / "config.yaml").read_text())
        data["page"]["enabled"] = False
        data["profiles"] = str(root / "fixtures")
        for part in ("embedder", "decoder"):
            data["model"][part] = str(root / data["model"][part])
        data["audio"] |= {"source": f"file:{root / 'controller/songs/metal_madness.opus'}", "loop": True}
        change(data)
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return path

    return write


@pytest.fixture
def wire():
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def start(tmp_path):
    """Starts shows that have ended with the test."""
    running = []

    def begin(path, **options):
        running.append(Running(path, tmp_path, **options))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture
def stepping(tmp_path, require_real):
    """An environment whose wall clock goes by a file, and that file."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    require_real("a C compiler, for a clock that can be stepped", compiler is not None)
    (tmp_path / "shim.c").write_text(SHIM)
    shim = tmp_path / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, tmp_path / "shim.c"], check=True)
    step = tmp_path / "step"
    step.write_text("0")
    environment = {"LD_PRELOAD": str(shim), "FOLLOWSPOT_TEST_STEP": str(step)}
    said = subprocess.run(
        ["python3", "-c", "import time; print(int(time.time()))"], capture_output=True, text=True, check=True,
        env={**os.environ, **environment, "FOLLOWSPOT_TEST_STEP": "/dev/null"},
    )  # fmt: skip
    assert abs(int(said.stdout) - time.clock_gettime(time.CLOCK_REALTIME)) < 30
    return environment, step


@pytest.fixture
def stage(venue, start, wire):
    """All of it: `venue`, `start`, `wire`, `until`, and how long what is taken away stays away."""
    return SimpleNamespace(venue=venue, start=start, wire=wire, until=until, outage_s=OUTAGE_S)
