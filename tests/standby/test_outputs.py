"""Which packets a backup sends: sACN always, below or just above the main; all else only in charge."""

from uuid import UUID

import numpy as np
import pytest

from controller.config import StandbyConfig, with_overrides
from controller.lighting.output.sender import Sender
from controller.lighting.protocol import sacn
from controller.lighting.standby.instances import below_main, own_cid
from controller.messages import DmxFrame
from controller.records.show_log import header_of

KEY = "a long enough text, on both machines"
FRAMES = [DmxFrame(0.0, 0, 1, np.full(512, 7, np.uint8))]


@pytest.fixture
def pair(config):
    """The same configuration, file for file, on both machines."""
    universes = {
        1: {
            "outputs": [
                {"type": "sacn", "universe": 1},
                {"type": "artnet", "host": "10.0.0.9", "port_address": 0, "sync": True},
                {"type": "ola", "universe": 3},
                {"type": "enttec-pro", "device": "/dev/ttyUSB0"},
            ]
        },
        2: {"outputs": [{"type": "sacn", "universe": 2, "priority": 195}]},
    }
    network = {"cid": "8c9f0000-0000-4000-8000-000000000001"}
    return {
        role: with_overrides(
            config, universes=universes, network=network, standby={"role": role, "peer": "10.0.0.2", "key": KEY}
        )
        for role in ("main", "backup")
    }


def names(sender, **options):
    return [one.output for one in sender.packets(FRAMES, 1.0, **options)]


def test_a_quiet_backup_sends_sacn_alone(pair):
    sender = Sender(below_main(pair["backup"]))
    quiet = {name.split(", ")[-1] for name in names(sender, quiet=True)}
    assert quiet == {"sACN universe 1 multicast", "sACN discovery"}
    loud = " ".join(names(sender))
    assert all(word in loud for word in ("Art-Net", "OLA", "Enttec", "ArtSync"))


def test_its_priority_is_ten_below_and_one_above_when_it_lights_alone(pair):
    sender = Sender(below_main(pair["backup"]))

    def priority():
        return next(sacn.decode_data(one.payload).priority for one in sender.packets(FRAMES, 1.0, quiet=True))

    assert priority() == 80
    sender.lift(11)
    assert priority() == 91
    sender.lift(0)
    assert priority() == 80
    main = Sender(below_main(pair["main"]))
    assert next(sacn.decode_data(one.payload).priority for one in main.packets(FRAMES, 1.0)) == 90


def test_a_copied_configuration_makes_two_sources(pair):
    assert own_cid(pair["main"]) == UUID("8c9f0000-0000-4000-8000-000000000001")
    assert own_cid(pair["backup"]) not in (own_cid(pair["main"]), UUID(int=0))
    assert own_cid(pair["backup"]) == own_cid(pair["backup"])


def test_the_key_stands_in_no_show_log(pair):
    assert KEY not in str(header_of(pair["main"]))


@pytest.mark.parametrize(
    "wrong",
    [{"peer": None, "key": KEY}, {"peer": "laptop", "key": KEY}, {"peer": "10.0.0.2", "key": "short"}],
)
def test_half_a_standby_is_refused(wrong):
    with pytest.raises(ValueError, match=r"peer must|key must"):
        StandbyConfig(role="main", **wrong)
