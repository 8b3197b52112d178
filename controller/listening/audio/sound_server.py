"""A sound server's inputs one by one: PulseAudio and PipeWire, by the programs that come with them.

PortAudio reaches a server through ALSA's plugin, which opens so many channels as it is asked for and lets the server
make them out of what the card has: it mixes down, or matches names (`aux0` is no `front-left`) and fills with silence.
Here the source is opened as it is, with its own channels in their own order, and the ones that are wanted are taken
later. Which source is really heard is asked again and again: a server moves a stream when a card is pulled out. Edge:
processes, threads.
"""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from controller.arrays import Float32Array

log = logging.getLogger(__name__)

DEVICES = ("default", "pulse", "pipewire")
"""What ALSA's plugins towards a server are called."""
PROGRAMS = ("pactl", "parec")
ANSWER_S = 2.0
LEAST_LATENCY_MS = 10
SAMPLE_BYTES = 4


@dataclass(frozen=True, slots=True)
class ServerSource:
    """A source: `name` as the server knows it, `label` for people, and its channels by their names."""

    name: str
    label: str
    rate_hz: int
    channels: tuple[str, ...]


def is_server(device: dict[str, Any]) -> bool:
    """Whether a device of PortAudio is a sound server, and its own programs are here to reach it."""
    named = str(device["name"]).lower()
    return str(device["interface"]).upper() == "ALSA" and named in DEVICES and current_source() is not None


def current_source() -> ServerSource | None:
    """The source that a new stream would hear; None where no server answers."""
    if not all(shutil.which(one) for one in PROGRAMS):
        return None
    name = os.environ.get("PULSE_SOURCE") or str(_asked("info").get("default_source_name", ""))
    known = sources()
    if not name.startswith("@"):
        return next((one for one in known if one.name == name), None)
    # a server without a session manager has no default; a monitor hears what this machine plays
    return next(iter(sorted(known, key=lambda one: one.name.endswith(".monitor"))), None)


def sources() -> list[ServerSource]:
    """All sources of the server."""
    found = []
    for one in _asked("list", "sources") or []:
        with contextlib.suppress(KeyError, ValueError, IndexError, TypeError):
            rate = next(word for word in str(one["sample_specification"]).split() if word.endswith("Hz"))
            channels = tuple(str(one["channel_map"]).split(","))
            label = str(one.get("description") or one["name"])
            found.append(ServerSource(str(one["name"]), label, int(rate.removesuffix("Hz")), channels))
    return found


def heard_by(pid: int) -> tuple[str, str]:
    """Name and label of the source that the stream of a process hears now; "" where that is not known."""
    by_index = {one.get("index"): one for one in _asked("list", "sources") or []}
    for one in _asked("list", "source-outputs") or []:
        if str((one.get("properties") or {}).get("application.process.id")) == str(pid):
            source = by_index.get(one.get("source"), {})
            name = str(source.get("name") or "")
            return name, str(source.get("description") or name)
    return "", ""


def _asked(*words: str) -> Any:  # noqa: ANN401 - JSON
    """What the server says; an empty mapping where it does not answer."""
    try:
        done = subprocess.run(
            [shutil.which("pactl") or "", "--format=json", *words],
            capture_output=True,
            timeout=ANSWER_S,
            check=False,
            env=_english(),
        )
        return json.loads(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else {}
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return {}


def _english() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}


class ServerStream:
    """An open stream, with what of PortAudio's `InputStream` is used.

    Args:
        source: what is opened, with all of its channels. block: samples of a block. latency: seconds, "low" or "high".
        callback: takes (n, channels) float32, in a thread of its own.

    Attributes:
        active: whether more may come.
    """

    def __init__(
        self,
        source: ServerSource,
        *,
        block: int,
        latency: float | str,
        callback: Callable[[Float32Array], None],
    ) -> None:
        self._source, self._block, self._callback = source, block, callback
        latency_s = {"low": 0.02, "high": 0.1}.get(str(latency), latency)
        self._latency_ms = max(LEAST_LATENCY_MS, round(1e3 * float(latency_s)))
        self._process: subprocess.Popen[bytes] | None = None
        self.active = False

    @property
    def pid(self) -> int:
        """Of the process that hears."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Begin.

        Raises:
            OSError: the server's program cannot be started.
        """
        source = self._source
        self._process = subprocess.Popen(
            [shutil.which("parec") or "", "--raw", "--format=float32le", f"--rate={source.rate_hz}",
             f"--channels={len(source.channels)}",
             f"--channel-map={','.join(source.channels)}", "--no-remap", "--no-remix",
             f"--device={source.name}",
             f"--latency-msec={self._latency_ms}", "--client-name=Followspot", "--stream-name=what the light hears"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, env=_english(),
        )  # fmt: skip
        self.active = True
        threading.Thread(target=self._run, args=(self._process,), name="sound server", daemon=True).start()

    def _run(self, process: "subprocess.Popen[bytes]") -> None:
        width = SAMPLE_BYTES * len(self._source.channels)
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while process.stdout is not None and (heard := process.stdout.read(self._block * width)):
                rest += heard
                whole = len(rest) // (self._block * width) * self._block * width
                for at in range(0, whole, self._block * width):
                    piece = np.frombuffer(rest[at : at + self._block * width], "<f4")
                    self._callback(piece.reshape(self._block, -1))
                rest = rest[whole:]
        self.active = False

    def abort(self, *, ignore_errors: bool = True) -> None:  # noqa: ARG002 - PortAudio's signature
        """End at once."""
        self.active = False
        if self._process is not None:
            self._process.kill()

    def close(self, *, ignore_errors: bool = True) -> None:
        """End, and leave nothing behind."""
        self.abort(ignore_errors=ignore_errors)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(ANSWER_S)
            if self._process.stdout is not None:
                self._process.stdout.close()
