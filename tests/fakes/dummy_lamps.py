"""A real olad with its own RDM responders: six devices, real RDM without a cable, on a port of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from promise import HANG_S

from controller.errors import RdmError
from controller.lighting.rdm.olad import Olad
from controller.lighting.rdm.wire import universes

PLUGINS = (
    "espnet", "ftdidmx", "gpio", "karate", "kinet", "milinst", "opendmx", "openpixelcontrol", "osc", "pathport",
    "renard", "sandnet", "shownet", "spi", "stageprofi", "uartdmx", "usbdmx", "usbserial", "artnet", "e131",
)  # fmt: skip
SPOT, ACK_TIMER, SENSORS = "7a70:ffffff02", "7a70:ffffff03", "7a70:ffffff05"


class DummyLamps:
    """Running until `close`.

    Attributes:
        at: what `--olad` is given. process: the daemon.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="followspot-olad-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # olad is somebody else, and pytest's folders are nobody else's
        files = dict.fromkeys(PLUGINS, "enabled = false")
        files |= {"dummy": "enabled = true\nack_timer_count = 1", "port": "1-1-O-0 = 4"}
        for name, text in files.items():
            (folder / f"ola-{name}.conf").write_text(text + "\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.at = f"127.0.0.1:{self.port}"
        command = ["olad", "-c", str(folder), "-l", "0", "-r", str(self.port), "--no-http"]
        command += ["--no-register-with-dns-sd"]
        if os.geteuid() == 0:  # olad refuses to be root
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "olad", "olad")
            command = ["setpriv", "--reuid=olad", "--regid=olad", "--init-groups", *command]
        environment = {**os.environ, "HOME": str(folder)}
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=folder
        )
        self._wait()

    def _wait(self) -> None:
        end_s = time.monotonic() + HANG_S
        while time.monotonic() < end_s and self.process.poll() is None:
            with contextlib.suppress(RdmError), Olad(port=self.port) as olad:
                if any(one.rdm for one in universes(olad)):  # it listens before its plugins are there
                    return
            time.sleep(0.02)  # noqa: TID251 - a real program takes real time
        raise AssertionError("olad did not start")

    def close(self) -> None:
        """End it; twice does no harm."""
        self.process.terminate()
        self.process.wait(HANG_S)
        self._folder.cleanup()
