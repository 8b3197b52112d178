"""An olad of its own on a host: what it listens to, and a client of it that is told all levels. Edge: programs, files.

Its patch is written as olad itself writes it when it ends; everything else is left as Debian's package has it, but for
the protocols that nobody uses here.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from controller.lighting.protocol import ola
from controller.lighting.protocol.protobuf import content, fields, number, payloads, whole
from tools.bench.run.hosts import Host, Network

OFF = (
    "dummy", "espnet", "ftdidmx", "gpio", "karate", "kinet", "milinst", "opendmx", "openpixelcontrol", "osc",
    "pathport", "renard", "sandnet", "shownet", "spi", "stageprofi", "uartdmx", "usbdmx", "usbserial",
)  # fmt: skip
DEVICES = {"sacn": "11-1", "artnet": "2-1"}
"""How olad names the first device of its plugins E1.31 and ArtNet in its patch."""
REGISTER = 1
HEADER_BYTES = 4
BIGGEST_READ = 1 << 16


class Olad:
    """OLA's daemon on an output machine; ended with the network.

    Args:
        network, host: where. folder: for its configuration, made here; one above it that others may enter.
        protocol: sacn or artnet. universes: of olad, which are those of sACN; Art-Net's port addresses modulo 16.
    """

    def __init__(self, network: Network, host: Host, folder: Path, protocol: str, universes: Sequence[int]) -> None:
        self.host, self.universes = host, list(universes)
        self._network, self._folder = network, folder
        folder.mkdir()
        for name, text in _files(host, protocol, self.universes).items():
            (folder / f"ola-{name}.conf").write_text(text + "\n", encoding="utf-8")
        self.restart()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def kill(self) -> None:
        """As if its machine had lost its power."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """After `kill`, and the first time."""
        self._process = self._network.keep(started(self.host, self._folder, "-l", "1", "--no-http"))

    def answers(self) -> bool:
        """Whether clients can reach it."""
        with contextlib.suppress(OSError), self.host.here(), socket.create_connection(("127.0.0.1", ola.PORT)):
            return True
        return False


def started(host: Host, folder: Path, *words: str, **options: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401 - those of Popen
    """An olad on a host with its configuration in this folder, as the user that Debian's package makes for it."""
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "olad", "olad")
    as_olad = ("setpriv", "--reuid=olad", "--regid=olad", "--init-groups", "env", f"HOME={folder}")
    # without the last of these it takes a whole core where no Avahi runs
    return host.start(*as_olad, "olad", "-c", str(folder), *words, "--no-register-with-dns-sd", **options)


def _files(host: Host, protocol: str, universes: list[int]) -> dict[str, str]:
    patch = [f"{DEVICES[protocol]}-I-{port} = {universe}" for port, universe in enumerate(universes)]
    wanted = {
        "sacn": {"e131": f"enabled = true\nip = {host.address}\ninput_ports = {len(universes)}"},
        "artnet": {"artnet": f"enabled = true\nip = {host.address}\nnet = 0\nsubnet = 0\noutput_ports = 4"},
    }
    off = dict.fromkeys((*OFF, "e131", "artnet"), "enabled = false")
    return off | wanted[protocol] | {"port": "\n".join(patch)}


class OladClient:
    """A client that olad tells the levels of some universes, each time that it has taken any.

    Attributes:
        socket: for a selector; it never waits.
    """

    def __init__(self, olad: Olad, universes: Sequence[int]) -> None:
        with olad.host.here():
            self.socket = socket.create_connection(("127.0.0.1", ola.PORT))
        for call, universe in enumerate(universes, start=1):
            wish = number(1, universe) + number(2, REGISTER)
            self.socket.sendall(ola.encode_call("RegisterForDmx", wish, call))
        self.socket.setblocking(False)
        self._rest = b""

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Universe and levels of all that it has told; each is acknowledged.

        Raises:
            OSError: olad is gone.
        """
        with contextlib.suppress(BlockingIOError):
            got = self.socket.recv(BIGGEST_READ)
            if not got:
                raise ConnectionResetError("olad hung up")
            self._rest += got
        while len(self._rest) >= HEADER_BYTES:
            end = HEADER_BYTES + ola.size_of(self._rest[:HEADER_BYTES])
            if len(self._rest) < end:
                return
            message, self._rest = fields(self._rest[HEADER_BYTES:end]), self._rest[end:]
            if whole(message, 1) == ola.REQUEST:
                self._acknowledge(whole(message, 2))
                told = fields(payloads(message, 4)[-1])
                yield whole(told, 1), payloads(told, 2)[-1]

    def _acknowledge(self, call: int) -> None:
        message = number(1, ola.RESPONSE) + number(2, call) + content(4, b"")
        self.socket.sendall(ola.HEADER.pack(ola.PROTOCOL_VERSION << 28 | len(message)) + message)
