"""Listeners on ports that nobody else on this machine uses."""

import socket

import pytest

from controller.config import DeskConfig
from controller.lighting.input import listener as listening
from controller.lighting.input.listener import Listener


@pytest.fixture
def made(monkeypatch):
    """Makes a listener for Art-Net, and tells its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(listening.artnet, "PORT", port)
    listeners = []

    def make(nodes=(), **options):
        desk = {"inputs": [{"type": "artnet", "universe": 1, "port_address": 3}], "interface": "127.0.0.1", **options}
        listeners.append(Listener(DeskConfig(**desk), nodes=nodes))
        list(listeners[-1].receive(0.0, frozenset()))
        return listeners[-1], port

    yield make
    for one in listeners:
        one.close()
