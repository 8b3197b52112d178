"""A private PulseAudio whose only card is a null sink: what is played to it can be captured. Edge: programs.

It renders in small steps only while somebody reads it in small steps, as `Ears` does.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt

from controller.sound_format import SAMPLE_RATE_HZ
from tools.bench.run.processes import running
from tools.bench.run.result import SkippedError
from tools.bench.run.waiting import wait_for

START_TIMEOUT_S = 10.0
FRAGMENT_MS = 2
PROGRAMS = ("pulseaudio", "pactl", "parec", "paplay")
FOREIGN = ("PULSE_SERVER", "PULSE_SINK", "PULSE_SOURCE", "PULSE_COOKIE", "DBUS_SESSION_BUS_ADDRESS")


def require_sound() -> None:
    """Refuse politely where sound cannot be looped back.

    Raises:
        SkippedError: a program or library is missing.
    """
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise SkippedError(f"no {', '.join(missing)}: apt-get install pulseaudio pulseaudio-utils")
    try:
        import sounddevice  # noqa: F401, PLC0415 - looks for PortAudio when imported
    except OSError as error:
        raise SkippedError(f"{error}: apt-get install libportaudio2 libasound2-plugins") from error


@contextmanager
def sound_server(folder: Path) -> Iterator[dict[str, str]]:
    """A server that ends with the block; the environment in which programs find it, and no other."""
    home = folder / "pulse"
    home.mkdir(mode=0o700)
    socket = home / "native"
    setup = home / "setup.pa"
    setup.write_text(
        f"load-module module-native-protocol-unix socket={socket} auth-anonymous=1\n"
        "load-module module-null-sink sink_name=stage format=float32le channels=2 rate=48000\n"
        "set-default-sink stage\n"
        "set-default-source stage.monitor\n",
        encoding="utf-8",
    )
    environment = {name: setting for name, setting in os.environ.items() if name not in FOREIGN}
    environment |= dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"), str(home))
    command = ["pulseaudio", "-n", "--file", str(setup), "--daemonize=no", "--exit-idle-time=-1"]
    command += ["--realtime=no", "--high-priority=no"]
    with running(command, folder, "pulseaudio", environment) as server:
        environment["PULSE_SERVER"] = f"unix:{socket}"

        def answers() -> bool:
            server.check_alive()
            asked = subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False)
            return asked.returncode == 0

        wait_for(answers, START_TIMEOUT_S, "PulseAudio")
        yield environment


class Ears:
    """Listens to the monitor in fragments of 2 ms and remembers when each came.

    Args:
        environment: of the server. folder: for parec's complaints.
    """

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        command = ["parec", "--raw", "--device=stage.monitor", "--format=float32le", "--channels=1"]
        command += [f"--rate={SAMPLE_RATE_HZ}", f"--latency-msec={FRAGMENT_MS}", f"--process-time-msec={FRAGMENT_MS}"]
        self.socket, writing = os.pipe()
        os.set_blocking(self.socket, False)
        with (folder / "parec.err").open("wb") as complaints:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=writing, stderr=complaints
            )
        os.close(writing)
        self._parts: list[bytes] = []
        self._bytes = 0
        self._deliveries: list[tuple[float, int]] = []

    def read(self) -> None:
        """Take what the pipe holds."""
        try:
            part = os.read(self.socket, 1 << 16)
        except BlockingIOError:
            return
        now_s = monotonic()
        if not part:  # parec is gone; that no burst was heard will be said later
            return
        self._parts.append(part)
        self._bytes += len(part)
        self._deliveries.append((now_s, self._bytes // 4))

    def heard(self) -> npt.NDArray[np.float32]:
        """All samples, (n,) float32."""
        joined = b"".join(self._parts)
        return np.frombuffer(joined[: len(joined) // 4 * 4], "<f4")

    def deliveries(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Samples delivered so far, and monotonic seconds, of each reading."""
        table = np.array(self._deliveries, np.float64).reshape(-1, 2)
        return table[:, 1], table[:, 0]

    def close(self) -> None:
        """Stop listening."""
        self._process.terminate()
        self._process.wait()
        os.close(self.socket)
