import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.messages import Command, Operator, Steering
from controller.watching.page.feed import Hello, LevelPoint, Live, RigHead, Timing, TimingRow, TokenPoint
from controller.watching.page.wire import decode_command, encode_hello, encode_live

HEAD = RigHead("par-1", "par-1", "RGBW PAR", "wash", -1.5, -2.0, 3.5, 1, 9, 8)
STEERING = {**asdict(Steering()), "hues": [], "forbidden": []}
HELLO = Hello(
    venue="Club",
    source="song.opus",
    models={"embedder": "e", "decoder": "d"},
    stages=[TimingRow("embed", 25.0)],
    heads=[HEAD],
    tokens=[TokenPoint(1.0, 20, 200)],
    levels=[LevelPoint(1.0, -12.34, 0.5)],
)


def live(**changes) -> Live:
    state = {
        "t_s": 12.3456,
        "elapsed_s": 2.0,
        "heads": np.array([[0.12345, 1.0, 0.0, -12.34, 45.0]], dtype=np.float32),
        "operator": Operator(0.5, True, False),
        "health": "live",
        "token": TokenPoint(12.3, 179, 255),
        "level": LevelPoint(12.3, -18.04, 0.0),
        "loudness": 0.4,
        "timings": {"embed": Timing(7.1, 11.0)},
        "counters": {"overruns": 0},
        "processes": {"listening": "up"},
    }
    return Live(**{**state, **changes})


def test_hello_carries_the_rig_and_the_last_minute():
    message = json.loads(encode_hello(HELLO))
    assert message["type"] == "hello"
    assert message["stages"] == [{"name": "embed", "budget_ms": 25.0}]
    assert message["heads"][0] == {
        "id": "par-1", "fixture": "par-1", "label": "RGBW PAR", "role": "wash", "x": -1.5, "y": -2.0, "z": 3.5,
        "universe": 1, "address": 9, "footprint": 8, "moves": False, "emits": True,
        "channels": [],
    }  # fmt: skip
    assert message["tokens"] == [[1.0, 20, 200, 1.0]]
    assert message["levels"] == [[1.0, -12.3, 0.5]]
    assert message["history_s"] == 60


def test_live_carries_the_state_rounded_to_what_a_screen_shows():
    message = json.loads(encode_live(live()))
    assert message["type"] == "live"
    assert message["t"] == 12.346
    assert message["heads"] == [[0.123, 1.0, 0.0, -12.3, 45.0]]
    assert message["operator"] == {
        **json.loads(json.dumps(asdict(Operator(0.5, True, False)))),
        "scene": "",
        "steering": STEERING,
    }
    assert message["token"] == [12.3, 179, 255, 1.0]
    assert message["timings"] == {"embed": [7.1, 11.0]}


def test_live_without_token_and_level():
    message = json.loads(encode_live(live(token=None, level=None)))
    assert message["token"] is None
    assert message["level"] is None


def test_numbers_json_does_not_know_never_leave():
    heads = np.array([[np.nan, np.inf, -np.inf, np.nan, np.inf]])
    text = encode_live(
        live(
            heads=heads,
            t_s=math.nan,
            loudness=math.inf,
            operator=Operator(math.nan),
            level=LevelPoint(1.0, -math.inf, math.nan),
            timings={"embed": Timing(math.nan, math.inf)},
            counters={"lateness_p99_ms": math.nan},
        )
    )
    message = json.loads(text, parse_constant=pytest.fail)
    assert message["heads"][0][:3] == [0.0, 1.0, 0.0]
    assert message["level"] == [1.0, -120.0, 0.0]


def test_sixty_heads_at_twenty_hertz_stay_far_below_the_traffic_limit():
    heads = np.random.default_rng(1).random((60, 5))
    assert 20 * len(encode_live(live(heads=heads))) < 100_000


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('{"command":"grand_master","amount":0.8}', Command("grand_master", 0.8)),
        ('{"command":"grand_master","amount":1.7}', Command("grand_master", 1.0)),
        ('{"command":"grand_master","amount":' + "9" * 900 + "}", Command("grand_master", 1.0)),
        ('{"command":"grand_master","amount":-3}', Command("grand_master", 0.0)),
        ('{"command":"blackout","amount":1}', Command("blackout", 1.0)),
        ('{"command":"hold","amount":0}', Command("hold", 0.0)),
        ('{"command":"hold","amount":0.7}', Command("hold", 1.0)),
    ],
)
def test_commands(text, command):
    assert decode_command(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blackout",
        "null",
        "[]",
        '"blackout"',
        "{}",
        '{"command":"blackout"}',
        '{"amount":1}',
        '{"command":"quit","amount":1}',
        '{"command":["blackout"],"amount":1}',
        '{"command":"grand_master","amount":"1"}',
        '{"command":"grand_master","amount":true}',
        '{"command":"grand_master","amount":null}',
        '{"command":"grand_master","amount":NaN}',
        '{"command":"grand_master","amount":Infinity}',
        '{"command":"grand_master","amount":1e999}',
        '{"command":"blackout","amount":1,"padding":"' + "x" * 1024 + '"}',
        "[" * 1000,
        '{"command":"\ud800","amount":1}',
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (any of its messages)
        decode_command(text)


@given(st.text(max_size=2000))
def test_no_text_breaks_the_reader(text):
    try:
        command = decode_command(text)
    except ValueError:
        return
    assert 0.0 <= command.amount <= 1.0
