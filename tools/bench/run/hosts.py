"""Hosts that are network namespaces of this machine, and a switch among them. Needs root. Edge: `ip`, namespaces.

Each host has a card of its own and a loopback of its own, so that every one can run an olad; their programs share the
processors of this machine and its clocks. Everything is named after this process and taken down again.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
ANSWER_S = 300.0
"""Longer than any of these programs takes on a machine that has no time for it."""


def possible() -> bool:
    """Whether this process may make namespaces and has the tools."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"fsprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made


class Host:
    """One computer on the network.

    Attributes:
        name: of the namespace. card: its network card there. address: of the card, IPv4.
    """

    def __init__(self, name: str, card: str, address: str) -> None:
        self.name, self.card, self.address = name, card, address

    @property
    def prefix(self) -> list[str]:
        """The words in front of a command line that make it run on this host."""
        return ["ip", "netns", "exec", self.name]

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Sockets that this thread opens meanwhile belong to this host; they stay there afterwards."""
        own = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(own)
            os.close(own)
            os.close(there)

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401 - those of Popen
        """Start a program on this host."""
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        return subprocess.Popen([*self.prefix, *command], **options)

    def run(self, *command: str) -> str:
        """What a program on this host prints."""
        full = [*self.prefix, *command]
        return subprocess.run(full, capture_output=True, text=True, check=True, timeout=ANSWER_S).stdout

    def ip(self, *words: str) -> None:
        """`ip` on this host."""
        subprocess.run(["ip", "-n", self.name, *words], capture_output=True, check=True)

    def cable(self, *, plugged: bool) -> None:
        """Pull the cable, or plug it in again; the multicast route goes and comes with it."""
        self.ip("link", "set", self.card, "up" if plugged else "down")
        if plugged:
            self.routes()

    def join(self) -> None:
        """Give the card its address, and let it up."""
        # without "brd +" olad finds no broadcast address and answers no poll
        self.ip("addr", "add", f"{self.address}/24", "brd", "+", "dev", self.card)
        self.ip("link", "set", self.card, "up")
        self.routes()

    def routes(self) -> None:
        """Multicast leaves by the cable."""
        subprocess.run(
            ["ip", "-n", self.name, "route", "replace", "224.0.0.0/4", "dev", self.card],
            capture_output=True,
            check=False,
        )


class Network:
    """Hosts that come and go together, and the programs that run on them.

    Args:
        who: address of each host, by a letter or two that stand in its name; "": it has none.

    Attributes:
        every: all hosts, in this order.
    """

    made = 0

    def __init__(self, who: Mapping[str, str]) -> None:
        Network.made += 1
        mine = f"{os.getpid()}x{Network.made}"
        self.every = [Host(f"fs{one}{mine}", f"v{one}{mine}"[:15], address) for one, address in who.items()]
        self._programs: list[subprocess.Popen[bytes]] = []
        try:
            for host in self.every:
                subprocess.run(["ip", "netns", "add", host.name], check=True)
                host.ip("link", "set", "lo", "up")
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        """Cards and cables."""
        raise NotImplementedError

    def keep(self, program: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
        """End this program with the network."""
        self._programs.append(program)
        return program

    def close(self) -> None:
        """Take everything down."""
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(5)
            program.kill()
            program.wait()
        for host in self.every:
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True, check=False)


class Switched(Network):
    """A listening machine and output machines on one switch, which is a bridge in a namespace of its own.

    Args:
        machines: how many output machines. net: the first three numbers of their addresses.
        snooping: whether the switch sends multicast only where somebody joined (IGMP), or to every port.

    Attributes:
        listening: the machine that sends, NET.1. machines: the others, from NET.11 on.
    """

    listening: Host
    machines: Sequence[Host]

    def __init__(self, machines: int, net: str = "10.67.0", *, snooping: bool = False) -> None:
        self._snooping = snooping
        super().__init__({"w": "", "l": f"{net}.1", **{f"o{n}": f"{net}.{11 + n}" for n in range(machines)}})

    def _build(self) -> None:
        switch, self.listening, *self.machines = self.every
        snoop = "1" if self._snooping else "0"
        switch.ip("link", "add", switch.card, "type", "bridge", "mcast_snooping", snoop, "mcast_querier", snoop)
        switch.ip("link", "set", switch.card, "up")
        for host in (self.listening, *self.machines):
            plug_into(switch, host)
            host.join()


def join_cards(one: Host, card: str, other: Host, other_card: str) -> None:
    """A cable between two hosts: a new card at each end."""
    subprocess.run(
        ["ip", "link", "add", card, "netns", one.name, "type", "veth",
         "peer", "name", other_card, "netns", other.name],
        check=True,
    )  # fmt: skip


def plug_into(switch: Host, host: Host) -> None:
    """A cable from a host to a port of a switch, whose card is a bridge."""
    port = f"p{host.card}"[:15]
    join_cards(host, host.card, switch, port)
    switch.ip("link", "set", port, "master", switch.card)
    switch.ip("link", "set", port, "up")


def _enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
