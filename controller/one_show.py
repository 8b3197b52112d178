"""One machine, one show: a second one that would write to the same files, or send to the same place, is refused.

The state folder is held by a lock on a file, which says whose it is; each place that is sent to by a name that only one
process of this machine can have (Linux: an abstract socket; elsewhere the state folder alone protects). Both are gone
with the process that holds them, however it ends. Edge: files, sockets.
"""

import contextlib
import json
import os
import socket
import struct
import sys
from pathlib import Path

from controller.config import ArtNetConfig, Config, DdpConfig, EnttecProConfig, OlaConfig, OpenDmxConfig, SacnConfig
from controller.errors import ControllerError
from controller.state_folder import PRIVATE, private_folder, state_folder
from controller.system import hold

PEER_BYTES = struct.calcsize("3i")


class OneShow:
    """What a running show holds, from its beginning to its end: its state folder at once, where it sends to when asked.

    Args:
        config: where it sends to.

    Raises:
        ControllerError: another show is running; names it.
    """

    def __init__(self, config: Config) -> None:
        self._held, self._config = contextlib.ExitStack(), config
        try:
            self._hold_folder(config)
        except ControllerError:
            self._held.close()
            raise

    def hold_places(self) -> "OneShow":
        """Be the one that sends to these places, before the first light.

        Raises:
            ControllerError: another show sends to one of them; names it.
        """
        try:
            for place in () if self._config.network.beside_others else places_of(self._config):
                self._hold_place(place)
        except ControllerError:
            self._held.close()
            raise
        return self

    def _hold_folder(self, config: Config) -> None:
        # a backup that runs on its main's own machine, to be tried out, is another show on purpose
        file = state_folder() / ("show.lock" if config.standby.role != "backup" else "backup.lock")
        try:
            private_folder(file.parent)
            opened = os.open(file, os.O_RDWR | os.O_CREAT, PRIVATE)
        except OSError:
            return  # a folder that cannot be written to holds nothing that two shows could spoil
        self._held.callback(os.close, opened)
        try:
            hold(opened)
        except OSError as error:
            raise ControllerError(
                f"another show is running on this machine: {_said_by(file)}; end it first (both would write into "
                f"{file.parent})"
            ) from error
        said = {"venue": config.venue, "config": str(config.file), "pid": os.getpid()}
        with contextlib.suppress(OSError):
            os.truncate(opened, 0)
            os.write(opened, json.dumps(said).encode())

    def _hold_place(self, place: str) -> None:
        if sys.platform != "linux":
            return
        name = f"\0followspot sends to {place}"[:100]
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._held.callback(sock.close)
        try:
            sock.bind(name)
            sock.listen(1)
        except OSError as error:
            raise ControllerError(
                f"another show on this machine sends to {place}: process {_owner(name)}; end it first, or set "
                "network.beside_others if both are meant to"
            ) from error

    def close(self) -> None:
        """Let go of everything."""
        self._held.close()


def places_of(config: Config) -> list[str]:
    """Where a show sends to, each place once."""
    found = []
    for universe in config.universes.values():
        for output in universe.outputs:
            match output:
                case ArtNetConfig(host=host, port=port, port_address=number):
                    found.append(f"Art-Net {number} at {host}:{port}")
                case SacnConfig(universe=number, host=host, port=port):
                    found.append(f"sACN {number} at {host or 'multicast'}:{port}")
                case OlaConfig(host=host, port=port, universe=number):
                    found.append(f"OLA {number} at {host}:{port}")
                case DdpConfig(host=host, port=port, offset=number):
                    found.append(f"DDP {number} at {host}:{port}")
                case EnttecProConfig(device=device, output=number):
                    found.append(f"{device}, output {number}")
                case OpenDmxConfig(device=device):
                    found.append(device)
    who = f" from {config.network.interface}" if config.network.interface else ""
    role = " as the backup" if config.standby.role == "backup" else ""
    return [f"{place}{who}{role}" for place in dict.fromkeys(found)]


def _said_by(file: Path) -> str:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return f"'{said['venue']}' ({said['config']}, process {said['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "it does not say which"


def _owner(name: str) -> int:
    """The process that listens under a name; 0 if it cannot be told."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(0.5)
            sock.connect(name)
            return int(struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER_BYTES))[0])
    return 0
