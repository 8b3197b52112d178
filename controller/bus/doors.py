"""Where the sockets of a run are: in its private folder; where a system has no Unix sockets, at ports of this machine.

Ports are reached by every program of the machine, so their messages are encrypted (CURVE), and who does not know the
run's key, which stands in its private folder, is not heard. `FOLLOWSPOT_TRANSPORT=tcp` chooses them anywhere. Edge:
sockets, a file, the environment.
"""

import json
import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import zmq

from controller.bus.topics import SPARE, TOPICS

TRANSPORT = "FOLLOWSPOT_TRANSPORT"
DOORS = "doors"
"""Where they stand in the run's file."""
HOST = "127.0.0.1"
RUN_FILE = "run.json"


def new_doors() -> dict[str, Any] | None:
    """Ports and a key for a new run; None where it has Unix sockets."""
    chosen = os.environ.get(TRANSPORT, "tcp" if sys.platform == "win32" else "ipc")
    if chosen != "tcp":
        return None
    names = [topic.name + end for topic in TOPICS for end in (("", SPARE) if topic.spare else ("",))]
    public, secret = zmq.curve_keypair()
    return {"ports": _free_ports(names), "public": public.decode(), "secret": secret.decode()}


def _free_ports(names: Iterable[str]) -> dict[str, int]:
    """A port that nobody has for each name; all are held until each has one."""
    held = {name: socket.create_server((HOST, 0)) for name in names}
    ports = {name: int(sock.getsockname()[1]) for name, sock in held.items()}
    for sock in held.values():
        sock.close()
    return ports


def bind(sock: "zmq.Socket[bytes]", folder: Path, name: str) -> None:
    """Let others connect to a socket under a name."""
    doors = _doors(folder)
    if doors is None:
        sock.bind(f"ipc://{folder / name}")
        return
    sock.curve_server = True
    sock.curve_publickey, sock.curve_secretkey = doors["public"].encode(), doors["secret"].encode()
    sock.bind(f"tcp://{HOST}:{doors['ports'][name]}")


def connect(sock: "zmq.Socket[bytes]", folder: Path, name: str) -> None:
    """Connect a socket to the one that is bound under a name, now or later."""
    doors = _doors(folder)
    if doors is None:
        sock.connect(f"ipc://{folder / name}")
        return
    sock.curve_serverkey = doors["public"].encode()
    sock.curve_publickey, sock.curve_secretkey = zmq.curve_keypair()
    sock.connect(f"tcp://{HOST}:{doors['ports'][name]}")


def _doors(folder: Path) -> dict[str, Any] | None:
    try:
        doors: dict[str, Any] | None = json.loads((folder / RUN_FILE).read_text(encoding="utf-8")).get(DOORS)
    except (OSError, ValueError, AttributeError):
        return None
    return doors
