"""Strangers at the ports of a person's desk, and answers of nodes that nobody asked."""

import socket

import pytest

from controller.config import ConfigError, with_overrides
from controller.lighting.input import listener as listening
from controller.lighting.input.listener import MOST_IN_A_CYCLE
from controller.lighting.network_cards import networks_of
from controller.lighting.output.nodes import LOST_AFTER_S, MOST_PARTS, MOST_PARTS_OF_ONE, Nodes
from controller.lighting.protocol import artnet

REPLY = artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.1", "x", ()))


def mouth(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    return sock


@pytest.mark.warns("is flooded by addresses that desk.allow does not name")
@pytest.mark.parametrize("in_the_kernel", [True, False])
def test_h14_strangers_cost_the_desk_no_turn(made, monkeypatch, in_the_kernel, caplog):
    if not in_the_kernel:
        monkeypatch.setattr(listening, "drop_strangers", lambda *_, **__: False)
        listening.log.warning("port is flooded by addresses that desk.allow does not name")  # as the other case says
    listener, port = made(allow=["127.0.0.40"])
    with mouth("127.0.0.66") as stranger, mouth("127.0.0.40") as desk:
        for cycle in range(10):
            for _ in range(MOST_IN_A_CYCLE + 50):
                stranger.sendto(b"junk" * 10, ("127.0.0.1", port))
            desk.sendto(b"move %d" % cycle, ("127.0.0.1", port))
            assert [one.payload for one in listener.receive(0.1, frozenset())] == [b"move %d" % cycle]
    assert listener.refused >= listening.FLOOD


@pytest.mark.warns("is flooded by addresses")
def test_h14_a_flood_drops_no_answer_of_a_node(made):
    listener, port = made(allow=["127.0.0.40"])
    listener._ears[0].drop_strangers(listener._allowed)
    with mouth("127.0.0.66") as node:
        node.sendto(b"junk" * 10, ("127.0.0.1", port))
        node.sendto(REPLY, ("127.0.0.1", port))
    assert [one.payload for one in listener.receive(0.1, frozenset())] == [REPLY]


@pytest.mark.parametrize(
    ("nodes", "sender", "heard"),
    [((), "127.0.0.66", True), (("127.0.0.5",), "127.0.0.66", False), (("127.0.0.64/26",), "127.0.0.66", True)],
)
def test_h15_only_nodes_that_were_asked_are_believed(made, nodes, sender, heard):
    listener, port = made(nodes=nodes)
    with mouth(sender) as node:
        node.sendto(REPLY, ("127.0.0.1", port))
    assert bool(list(listener.receive(0.1, frozenset()))) is heard


def test_h15_who_was_asked_is_the_network_of_the_card():
    assert [str(one) for one in networks_of("127.0.0.1")] == ["127.0.0.0/8"]
    assert networks_of("203.0.113.7") == []


def test_h15_a_list_of_nodes_is_of_addresses(config):
    assert with_overrides(config, network={"nodes": ["10.0.0.0/24"]}).network.nodes == ["10.0.0.0/24"]
    with pytest.raises(ConfigError, match=r"network\.nodes"):
        with_overrides(config, network={"nodes": ["the stage"]})


def answer(*ports, bind=0):
    return artnet.ArtPollReply("10.0.0.50", "node", ports, bind_index=bind)


def test_h15_a_node_that_was_away_has_its_place():
    nodes = Nodes()
    nodes.hear(answer(1), "10.0.0.50", 0.0)
    nodes.forget_lost(LOST_AFTER_S + 1.0)
    assert nodes.addresses(1) == ()
    for number in range(2 * MOST_PARTS):
        nodes.hear(answer(1), f"10.0.{1 + number // 200}.{number % 200}", LOST_AFTER_S + 2.0)
    nodes.hear(answer(1), "10.0.0.50", LOST_AFTER_S + 3.0)
    assert "10.0.0.50" in nodes.addresses(1)
    assert len(nodes.addresses(1)) == MOST_PARTS


def test_h15_one_address_has_not_every_place():
    nodes = Nodes()
    for bind in range(1, 256):
        nodes.hear(answer(bind, bind=bind), "10.0.0.66", 0.0)
    nodes.hear(answer(999), "10.0.0.50", 0.0)
    assert nodes.addresses(999) == ("10.0.0.50",)
    assert sum(bool(nodes.addresses(port)) for port in range(1, 256)) == MOST_PARTS_OF_ONE
