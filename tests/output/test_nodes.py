"""The table of Art-Net nodes: who puts out which port address."""

import pytest

from controller.commands.node_search import added_up
from controller.lighting.output.nodes import LOST_AFTER_S, MOST_PORTS, Nodes
from controller.lighting.protocol.artnet import ArtPollReply

IP = "10.0.0.50"


def reply(*outputs, bind=0):
    return ArtPollReply(IP, "node", outputs, bind_index=bind)


@pytest.mark.parametrize("ports", [(0, 1, 2), (32, 33, 40)])
def test_r21_answers_that_their_index_does_not_tell_apart_add_up(ports):
    nodes, found = Nodes(), None
    for number, port in enumerate(ports):
        nodes.hear(reply(port, bind=number % 2), IP, 0.1 * number)
        found = added_up(found, reply(port))
    assert [nodes.addresses(port) for port in ports] == [(IP,)] * 3
    assert found.outputs == ports


def test_r21_what_is_no_longer_said_is_forgotten_and_what_is_told_apart_at_once():
    nodes = Nodes()
    nodes.hear(reply(1), IP, 0.0)
    nodes.hear(reply(2), IP, 0.0)
    nodes.hear(reply(5, bind=2), IP, 0.0)
    nodes.hear(reply(6, bind=2), IP, 1.0)
    assert (nodes.addresses(5), nodes.addresses(6)) == ((), (IP,))
    nodes.hear(reply(2), IP, LOST_AFTER_S)
    nodes.forget_lost(LOST_AFTER_S + 0.5)
    assert [nodes.addresses(port) for port in (1, 2)] == [(), (IP,)]
    nodes.forget_lost(3 * LOST_AFTER_S)
    assert nodes.addresses(2) == ()


def test_forged_answers_fill_no_table_without_end():
    nodes = Nodes()
    for port in range(2 * MOST_PORTS):
        nodes.hear(reply(port), IP, 0.0)
    assert sum(bool(nodes.addresses(port)) for port in range(2 * MOST_PORTS)) == MOST_PORTS
