"""OSC that goes out, so that buttons, tablets and other programs show how the show is. Edge: a socket.

Whatever changed is sent at once, everything every few seconds: UDP loses datagrams, and a tablet may join later.
"""

import contextlib
import logging
import socket
from collections.abc import Mapping, Sequence

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from controller.watching.controls.osc import PREFIX

log = logging.getLogger(__name__)

AGAIN_S = 5.0
LEAST_S = 0.05
"""No receiver gets more than twenty datagrams a second, besides those that come with everything."""
MOST_IN_ONE = 12
"""Messages of a bundle: it stays below what an Ethernet packet carries."""


class OscOut:
    """Tells several receivers.

    Args:
        receivers: address and port of each.
    """

    def __init__(self, receivers: Sequence[tuple[str, int]]) -> None:
        self._receivers = tuple(receivers)
        families = {socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in receivers}
        self._sockets = {family: _opened(family) for family in families}
        self._said: dict[str, str | int | float] = {}
        self._told_s = self._all_s = float("-inf")
        self._failing: set[tuple[str, int]] = set()

    @property
    def listened_to(self) -> bool:
        """Whether anybody is told."""
        return bool(self._receivers)

    def tell(self, values: Mapping[str, str | int | float], now_s: float) -> None:
        """Send what changed since the last time, and everything when it is time for it."""
        if not self._receivers or now_s - self._told_s < LEAST_S:
            return
        everything = now_s - self._all_s >= AGAIN_S
        news = (
            dict(values) if everything else {name: one for name, one in values.items() if self._said.get(name) != one}
        )
        if not news:
            return
        self._told_s, self._all_s = now_s, now_s if everything else self._all_s
        self._said.update(news)
        for datagram in datagrams(news):
            for receiver in self._receivers:
                self._send(datagram, receiver)

    def _send(self, datagram: bytes, receiver: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in receiver[0] else socket.AF_INET
        try:
            self._sockets[family].sendto(datagram, receiver)
            self._failing.discard(receiver)
        except OSError as error:  # a cable that is out, a full buffer: the next one tells the same again
            if receiver not in self._failing:
                log.warning("OSC to %s port %d is not sent: %s; it is tried again", *receiver, error)
            self._failing.add(receiver)

    def close(self) -> None:
        """Close the sockets."""
        for one in self._sockets.values():
            with contextlib.suppress(OSError):
                one.close()


def datagrams(values: Mapping[str, str | int | float]) -> list[bytes]:
    """OSC bundles of `/followspot/NAME VALUE`, a few values in each."""
    names, made = list(values), []
    for first in range(0, len(names), MOST_IN_ONE):
        bundle = OscBundleBuilder(IMMEDIATELY)
        for name in names[first : first + MOST_IN_ONE]:
            message = OscMessageBuilder(PREFIX + name)
            message.add_arg(values[name])
            bundle.add_content(message.build())
        made.append(bundle.build().dgram)
    return made


def _opened(family: socket.AddressFamily) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    return opened
