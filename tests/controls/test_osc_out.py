"""OSC that goes out: to several receivers, read by the real library, again and again, and never in the way."""

import json
import socket

import pytest
from osc_receiver import Receiver
from pydantic import ValidationError

from controller.config import ControlsConfig
from controller.watching.controls.osc_out import AGAIN_S, LEAST_S, OscOut, datagrams


class Tablet(Receiver):
    """A receiver that is waited for by the number of its messages."""

    def wait_for(self, count):
        assert self.comes(lambda: len(self.heard) >= count, 20.0), self.heard
        return self.heard


@pytest.fixture
def tablets():
    made = [Tablet(), Tablet()]
    yield made
    for one in made:
        one.close()


VALUES = {"state": "LIVE", "song/now": "赤い夜", "bar/beat": 3, "tempo": 128.5, "grand_master": 1.0}


def test_every_receiver_hears_what_the_show_tells(tablets):
    out = OscOut([one.address for one in tablets])
    out.tell(VALUES, 0.0)
    for one in tablets:
        heard = dict(one.wait_for(len(VALUES)))
        assert heard["/followspot/state"] == "LIVE"
        assert heard["/followspot/song/now"] == "赤い夜"
        assert heard["/followspot/bar/beat"] == 3
        assert heard["/followspot/tempo"] == pytest.approx(128.5)
    out.close()


def test_only_what_changed_is_told_and_everything_now_and_then(tablets):
    out = OscOut([tablets[0].address])
    out.tell(VALUES, 0.0)
    tablets[0].wait_for(len(VALUES))
    out.tell(VALUES, 1.0)
    out.tell({**VALUES, "bar/beat": 4}, 1.1)
    assert tablets[0].wait_for(len(VALUES) + 1)[-1] == ("/followspot/bar/beat", 4)
    out.tell({**VALUES, "bar/beat": 1}, 1.1 + 0.5 * LEAST_S)
    out.tell({**VALUES, "bar/beat": 2}, 1.1 + 2.0 * LEAST_S)
    assert tablets[0].wait_for(len(VALUES) + 2)[-1] == ("/followspot/bar/beat", 2), "too soon is left out"
    out.tell(VALUES, AGAIN_S + 0.1)
    tablets[0].wait_for(2 * len(VALUES) + 2)
    out.close()


@pytest.mark.warns("OSC to 255.255.255.255")
def test_a_receiver_that_is_not_there_is_said_once_and_the_others_hear(tablets, caplog):
    out = OscOut([("255.255.255.255", 9), tablets[0].address])  # who may not broadcast gets an error at once
    for number in range(5):
        out.tell({**VALUES, "bar/beat": number}, number * 0.2)
    tablets[0].wait_for(len(VALUES) + 4)
    assert len([one for one in caplog.records if "OSC to 255.255.255.255" in one.getMessage()]) == 1
    out.close()


def test_datagrams_fit_into_a_packet():
    many = {f"a_rather_long_name_of_a_value_{number}": "words " * 10 for number in range(60)}
    assert max(map(len, datagrams(many))) < 1472
    assert datagrams({}) == []


@pytest.mark.parametrize("wrong", ["10.0.0.20", "10.0.0.20:", "10.0.0.20:0", "10.0.0.20:65536", "tablet:9001", ":9001"])
def test_a_receiver_is_an_address_and_a_port(wrong):
    with pytest.raises(ValidationError, match=r"osc_out|address"):
        ControlsConfig(osc_out=[wrong])


def test_receivers_of_both_families():
    found = ControlsConfig(osc_out=["10.0.0.20:9001", "[::1]:9002"]).receivers()
    assert found == [("10.0.0.20", 9001), ("::1", 9002)]


def test_the_sockets_never_block():
    out = OscOut([("127.0.0.1", 9)])
    assert all(one.getblocking() is False for one in out._sockets.values())
    assert all(one.family == socket.AF_INET for one in out._sockets.values())
    out.close()


def test_what_is_told_is_described():
    from controller.watching.telling import ROWS, openapi

    text = json.loads(json.dumps(openapi()))
    answer = text["paths"]["/api/state"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {row.name for row in ROWS} <= set(answer["properties"])
    assert answer["properties"]["blackout"]["maximum"] == 1
