"""Addresses and broadcast addresses of this machine's network cards. Edge: the kernel's interface table."""

import contextlib
import ipaddress
import socket
import struct
import sys
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

MACOS = (0xC0206921, 0xC0206923, 0xC0206925)
SIOCGIFADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK = MACOS if sys.platform == "darwin" else (0x8915, 0x8919, 0x891B)
LIMITED_BROADCAST = "255.255.255.255"


class Card(NamedTuple):
    """One network card with an IPv4 address; `broadcast` is 0.0.0.0 where there is none."""

    name: str
    address: str
    broadcast: str


def network_cards() -> list[Card]:
    """Cards that have an IPv4 address; none where the system cannot be asked."""
    if sys.platform == "win32":  # no such table to ask: addresses by the machine's name, broadcasts to everybody
        with contextlib.suppress(OSError):
            return [Card(one, one, LIMITED_BROADCAST) for one in socket.gethostbyname_ex(socket.gethostname())[2]]
        return []
    found = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                found.append(Card(name, _ask(sock, SIOCGIFADDR, name), _ask(sock, SIOCGIFBRDADDR, name)))
    return found


def broadcast_addresses(interface: str | None) -> list[str]:
    """Where ArtPoll goes: the directed broadcast address of one card, or those of all cards."""
    chosen = [one for one in network_cards() if interface in (None, one.address)]
    # a card without broadcast, the loopback above all, is asked directly: a node on this machine may answer
    known = [one.address if one.broadcast == "0.0.0.0" else one.broadcast for one in chosen]  # noqa: S104
    return list(dict.fromkeys(known)) or [LIMITED_BROADCAST]


def networks_of(interface: str | None) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The networks that a broadcast by one card, or by all, reaches; none where the system cannot be asked."""
    found: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for card in network_cards():
            if interface in (None, card.address):
                mask = _ask(sock, SIOCGIFNETMASK, card.name)
                found.append(ipaddress.ip_network(f"{card.address}/{mask}", strict=False))
    return found


def _ask(sock: socket.socket, request: int, name: str) -> str:
    if sys.platform == "win32":
        raise OSError("this system cannot be asked")
    else:  # noqa: RET506 - mypy leaves out what another system does, and only so
        reply = fcntl.ioctl(sock.fileno(), request, struct.pack("256s", name.encode()[:15]))
        return socket.inet_ntoa(reply[20:24])


def card_with(address: str) -> str | None:
    """Name of the card that has this address, or None."""
    return next((one.name for one in network_cards() if one.address == address), None)
