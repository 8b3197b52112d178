"""Datagrams of strangers dropped in the kernel, before they fill a buffer or cost us a turn. Edge: a socket's option.

Linux runs a small program (classic BPF) for each datagram of a socket; elsewhere, and for long lists, nothing is
attached, and whoever reads has to look at each sender. Source: Linux, Documentation/networking/filter.rst.
"""

import ctypes
import ipaddress
import socket
import struct
import sys
from collections.abc import Sequence

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
SO_ATTACH_FILTER = 26
NETWORK_HEADER = 0xFFF00000
"""SKF_NET_OFF: offsets from the IP header; those from 0 count from the UDP header, eight bytes before the payload."""
SOURCE_V4, SOURCE_V6, PAYLOAD = 12, 8, 8
LOAD_WORD, LOAD_HALF, AND, JUMP_IF_EQUAL, RETURN = 0x20, 0x28, 0x54, 0x15, 0x06
DROP, ALL = 0, 0xFFFFFFFF
MOST_NETWORKS = 200
OP_POLL_REPLY_ON_THE_WIRE = 0x0021


def drop_strangers(sock: socket.socket, believed: Sequence[IPNetwork], *, poll_replies: bool = False) -> bool:
    """Let only datagrams from some networks into a socket's buffer; whether that was possible.

    Args:
        sock: bound, UDP. believed: networks of one IP version. poll_replies: ArtPollReply is let in from anywhere.
    """
    if not sys.platform.startswith("linux") or not 0 < len(believed) <= MOST_NETWORKS:
        return False
    words: list[tuple[int, int, int, int]] = []
    for network in believed:
        words += _from(network)
    if poll_replies:
        words += [(LOAD_HALF, 0, 0, PAYLOAD + 8), (JUMP_IF_EQUAL, 0, 1, OP_POLL_REPLY_ON_THE_WIRE), (RETURN, 0, 0, ALL)]
    words.append((RETURN, 0, 0, DROP))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *word) for word in words))
    try:
        # struct sock_fprog: the number of words, and where they are
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(words), ctypes.addressof(program)))
    except OSError:
        return False
    return True


def _from(network: IPNetwork) -> list[tuple[int, int, int, int]]:
    """Return ALL for a source in this network, else go on behind."""
    size, at = (4, SOURCE_V4) if network.version == 4 else (16, SOURCE_V6)
    address, mask = network.network_address.packed, network.netmask.packed
    tests: list[tuple[int, int, int]] = []
    for word in range(0, size, 4):
        want, bits = (int.from_bytes(one[word : word + 4], "big") for one in (address, mask))
        if bits:
            tests.append((NETWORK_HEADER + at + word, bits, want))
    words = []
    for number, (where, bits, want) in enumerate(tests):
        behind = 3 * (len(tests) - 1 - number) + 1  # the other tests, and the word that lets in
        words += [(LOAD_WORD, 0, 0, where), (AND, 0, 0, bits), (JUMP_IF_EQUAL, 0, behind, want)]
    return [*words, (RETURN, 0, 0, ALL)]
