"""Who is on the lighting network: one ArtPoll, and a second for the answers. Edge: the network."""

import contextlib
import select
from dataclasses import replace

from controller.clock import Clock
from controller.lighting.input.listener import ANY, listening_socket
from controller.lighting.network_cards import broadcast_addresses
from controller.lighting.output.sinks import sending_socket
from controller.lighting.protocol import artnet
from controller.lighting.protocol.malformed import MalformedError

WAIT_S = 1.0
MOST_ANSWERS = 1_000


def find_nodes(clock: Clock, interface: str | None = None) -> list[tuple[str, artnet.ArtPollReply]]:
    """Address and answer of each node, once for each part of it; none where nobody can be asked.

    Answers that their bind index does not tell apart are one part, with the ports of all of them.
    """
    found: dict[tuple[str, int], artnet.ArtPollReply] = {}
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        ear = stack.enter_context(listening_socket(artnet.PORT, ANY, []))
        _ask(interface)
        end_s = clock.now_s() + WAIT_S
        while (left_s := end_s - clock.now_s()) > 0 and len(found) < MOST_ANSWERS:
            if select.select([ear], [], [], left_s)[0]:
                payload, (ip, _) = ear.recvfrom(2048)
                with contextlib.suppress(MalformedError):
                    reply = artnet.decode_poll_reply(payload)
                    key = (ip, max(1, reply.bind_index))
                    found[key] = added_up(found.get(key), reply)
    return [(ip, reply) for (ip, _), reply in sorted(found.items())]


def added_up(before: artnet.ArtPollReply | None, reply: artnet.ArtPollReply) -> artnet.ArtPollReply:
    """One answer of what two of the same part say."""
    if before is None:
        return reply
    outputs = tuple(dict.fromkeys((*before.outputs, *reply.outputs)))
    return replace(reply, outputs=outputs, inputs=tuple(dict.fromkeys((*before.inputs, *reply.inputs))))


def _ask(interface: str | None) -> None:
    with sending_socket(interface) as mouth:
        for host in broadcast_addresses(interface):
            with contextlib.suppress(OSError):
                mouth.sendto(artnet.encode_artpoll(), (host, artnet.PORT))
