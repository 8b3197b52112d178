"""A private PulseAudio whose null sink's monitor can be recorded from: a real sound card but for the hardware."""

import os
import shutil
import subprocess
import time
from pathlib import Path

CONFIGURATION = """
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=stage norewinds=1 rate=48000 channels=2 format=float32le
set-default-sink stage
set-default-source stage.monitor
"""


def installed() -> bool:
    """Whether everything it takes is on this machine."""
    return all(shutil.which(program) for program in ("pulseaudio", "pactl", "paplay"))


class Pulse:
    """A sound server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self._folder = folder
        self._socket = folder / "native"
        self._configuration = folder / "stage.pa"
        self._configuration.write_text(CONFIGURATION.format(socket=self._socket))
        self.environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith("PULSE")},
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        self._server: subprocess.Popen | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", self._configuration, "--daemonize=no", "--exit-idle-time=-1",
             "--realtime=no", "--high-priority=no"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            if self._socket.exists() and self._run("pactl", "info").returncode == 0:
                return
            time.sleep(0.05)  # noqa: TID251 - a real server takes real time
        raise RuntimeError("pulseaudio did not start")

    def stop(self) -> None:
        """Take the sound card away."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
            self._socket.unlink(missing_ok=True)

    def play(self, path: Path) -> "subprocess.Popen[bytes]":
        """Play a file into the null sink."""
        return subprocess.Popen(["paplay", path], env=self.environment, stderr=subprocess.DEVNULL)

    def _run(self, *command: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(command, env=self.environment, capture_output=True, check=False)
