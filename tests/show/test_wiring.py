"""Outputs and desk inputs that cannot work are refused with their line, and told in words where they can."""

import pytest

from controller.commands.node_search import find_nodes
from controller.commands.wiring import describe_wiring, examine_wiring
from controller.config import read_config
from controller.errors import ConfigError
from controller.lighting.network_cards import broadcast_addresses, card_with, network_cards

ARTNET = "{type: artnet, host: 127.0.0.1, port_address: 0}"


@pytest.fixture
def configured(root, tmp_path):
    """The bundled configuration with other outputs of universe 1, and more."""

    def write(*outputs, more=""):
        text = (root / "config.yaml").read_text()
        listed = "".join(f"\n      - {one}" for one in outputs or (ARTNET,))
        text = text.replace(f"  1:\n    outputs:\n      - {ARTNET}", f"  1:\n    outputs:{listed}")
        path = tmp_path / "config.yaml"
        path.write_text(text + more)
        return read_config(path)

    return write


def test_every_kind_of_output_is_told_in_words(configured, tmp_path):
    (tmp_path / "ttyUSB0").symlink_to("/dev/null")
    (tmp_path / "ttyUSB1").symlink_to("/dev/null")
    config = configured(
        "{type: artnet, host: discover, port_address: 5, sync: true}",
        "{type: sacn, universe: 7}",
        "{type: sacn, universe: 7, host: 127.0.0.1, priority: 80, sync_universe: 9}",
        "{type: sacn, universe: 8, per_address: true}",
        "{type: ola, universe: 3}",
        "{type: ddp, host: 127.0.0.1, offset: 510}",
        f"{{type: enttec-pro, device: {tmp_path}/ttyUSB0, output: 2}}",
        f"{{type: open-dmx, device: {tmp_path}/ttyUSB1}}",
        more="\ndesk:\n  inputs:\n    - {type: sacn, universe: 1, sacn_universe: 4}\n"
        "    - {type: artnet, universe: 2, port_address: 6}\n",
    )
    examine_wiring(config)
    assert describe_wiring(config) == [
        "universe 1: Art-Net discover port address 5, 40 Hz, with ArtSync",
        "universe 1: sACN universe 7 multicast, priority 90, 40 Hz",
        "universe 1: sACN universe 7 to 127.0.0.1, priority 80, 40 Hz, synchronized by universe 9",
        "universe 1: sACN universe 8 multicast, priority 90 of each slot in use, 40 Hz",
        "universe 1: OLA 127.0.0.1:9010 universe 3, priority 90, 40 Hz",
        "universe 1: DDP 127.0.0.1 from byte 510, 170 pixels, 40 Hz",
        f"universe 1: Enttec Pro {tmp_path}/ttyUSB0 second output, at most 40 Hz",
        f"universe 1: Open DMX {tmp_path}/ttyUSB1, 30 Hz, break 176 us, mark 16 us",
        "universe 2: Art-Net 127.0.0.1 port address 1, 40 Hz",
        "universe 1: hears a desk on sACN universe 4",
        "universe 2: hears a desk on Art-Net port address 6",
        "desk: believes anybody on that network; intensity LTP, everything else LTP",
    ]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("{type: artnet, host: no-such.invalid, port_address: 0}", "'no-such.invalid' is no address and no known host"),
        ("{type: ola, host: no-such.invalid, universe: 1}", "'no-such.invalid' is no address and no known host"),
        ("{type: enttec-pro, device: /dev/ttyNONE}", "/dev/ttyNONE is not plugged in; `followspot devices` lists"),
        ("{type: open-dmx, device: serial:NONE}", "no serial port has the number NONE; `followspot devices` lists"),
        (
            "{type: artnet, host: 127.0.0.1, port_address: 1}",
            "universe 1 goes to Art-Net 127.0.0.1 port address 1 already",
        ),
    ],
)
def test_outputs_that_cannot_work_are_refused(configured, output, said):
    with pytest.raises(ConfigError, match=said) as refused:
        examine_wiring(configured(output))
    assert "config.yaml:" in str(refused.value)
    assert "outputs[0]" in str(refused.value)


def test_two_ways_to_one_sacn_universe_carry_the_same_packets(configured):
    ways = "{type: sacn, universe: 7, per_address: true}", "{type: sacn, universe: 7, host: 127.0.0.1}"
    for outputs, said in ((ways, "with"), (ways[::-1], "without")):
        with pytest.raises(ConfigError, match=f"another output sends sACN universe 7 {said} per_address") as refused:
            examine_wiring(configured(*outputs))
        assert "outputs[1]" in str(refused.value)
    with pytest.raises(ConfigError, match="per_address needs a priority from 1"):
        configured("{type: sacn, universe: 7, per_address: true, priority: 0}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("network: {interface: 203.0.113.9}", "network.interface: no network card here has the address 203.0.113.9"),
        (
            "desk: {inputs: [{type: sacn, universe: 9, sacn_universe: 4}]}",
            "there is no universe 9 to merge into; there are: 1, 2",
        ),
        (
            "desk: {interface: 203.0.113.9, inputs: [{type: sacn, universe: 1, sacn_universe: 4}]}",
            "desk.interface: no network card here has the address",
        ),
        ("desk: {allow: [10.0.0.5, elsewhere]}", "'elsewhere' is no address"),
    ],
)
def test_networks_and_desks_that_cannot_work_are_refused(configured, more, said):
    with pytest.raises(ConfigError, match=said):
        examine_wiring(configured(more=f"\n{more}\n"))


def test_one_device_is_not_two_kinds(configured, tmp_path):
    (tmp_path / "tty").symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="no two kinds of device at once"):
        examine_wiring(
            configured(f"{{type: enttec-pro, device: {tmp_path}/tty}}", f"{{type: open-dmx, device: {tmp_path}/tty}}")
        )


def test_the_cards_of_this_machine_are_known():
    assert any(one.address == "127.0.0.1" for one in network_cards())
    assert card_with("127.0.0.1") == "lo"
    assert card_with("203.0.113.9") is None
    assert broadcast_addresses("203.0.113.9") == ["255.255.255.255"]


def test_a_search_where_nobody_is_ends_by_itself():
    class Hurried:
        now = 0.0

        def now_s(self):
            self.now += 0.4
            return self.now

        def sleep_until(self, deadline_s):
            raise AssertionError

    assert find_nodes(Hurried(), "127.0.0.1") == []
