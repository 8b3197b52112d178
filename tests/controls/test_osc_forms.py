"""OSC as programs and tablets send it, byte by byte: what is understood, and what is refused with a word."""

import struct

import pytest
from controllers import Plugs, Show

from controller.config import OscConfig
from controller.watching.controls.osc import number_of, read_datagram


def padded(text):
    return text + b"\0" * (4 - len(text) % 4)


def message(address, types="", body=b""):
    """One OSC message; `types` None: no type tag string, as old senders have it."""
    return padded(address.encode()) + (b"" if types is None else padded(f",{types}".encode())) + body


def f(value):
    return struct.pack(">f", value)


def i(value):
    return struct.pack(">i", value)


def s(value):
    return padded(value.encode())


def bundle(*messages, at=1):
    return b"#bundle\0" + struct.pack(">Q", at) + b"".join(struct.pack(">i", len(one)) + one for one in messages)


def said(payload):
    return [(one.name, round(one.amount, 3), one.target, tuple(round(v, 3) for v in one.values)) for one in
            read_datagram(payload).commands]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (message("/followspot/blackout", "T"), ("blackout", 1.0, "", ())),
        (message("/followspot/blackout", "F"), ("blackout", 0.0, "", ())),
        (message("/followspot/grand_master", "T"), ("grand_master", 1.0, "", ())),
        (message("/followspot/blinder", "T"), ("blinder", 1.0, "", ())),
        (message("/followspot/scene", "sF", s("Chorus")), ("scene", 0.0, "Chorus", ())),
        (message("/followspot/scene", "sT", s("Chorus")), ("scene", 1.0, "Chorus", ())),
        (message("/followspot/hand", "sTff", s("wash") + f(0.5) + f(240)), ("hand", 1.0, "wash", (0.5, 240.0))),
        (message("/followspot/hand", "sF", s("*")), ("hand", 0.0, "*", ())),
        (message("/followspot/tap", "T"), ("tap", 1.0, "", ())),
        (message("/followspot/tap", None), ("tap", 1.0, "", ())),
        (message("/followspot/grand_master", "d", struct.pack(">d", 0.25)), ("grand_master", 0.25, "", ())),
        (message("/followspot/blackout", "h", struct.pack(">q", 1)), ("blackout", 1.0, "", ())),
        (message("/followspot/grand_master", "f", f(1.0000001)), ("grand_master", 1.0, "", ())),
        (bundle(bundle(message("/followspot/hold", "f", f(1)))), ("hold", 1.0, "", ())),
        (bundle(message("/followspot/hold", "T"), at=int(4.1e9) << 32), ("hold", 1.0, "", ())),
        (bundle(*[message(f"/s/{k}", "fff", f(0.1) * 3) for k in range(100)], message("/followspot/hold", "i", i(1))),
         ("hold", 1.0, "", ())),
    ],
)  # fmt: skip
def test_l28_l29_what_is_meant_is_understood(payload, wanted):
    assert said(payload) == [wanted]
    assert read_datagram(payload).refused == []


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (message("/followspot/grand_master", "i", i(50)), "from 0 to 1"),
        (message("/followspot/blackout", "i", i(127)), "from 0 to 1"),
        (message("/followspot/energy", "f", f(-0.5)), "from 0 to 1"),
        (message("/followspot/hand", "sf", s("wash") + f(0.5)), "1 (take, call) or 0"),
        (message("/followspot/scene", "sf", s("Chorus") + f(0.4)), "1 (take, call) or 0"),
        (message("/followspot/hand", "f", f(1)), "a name is wanted first"),
        (message("/followspot/tempo", "i", i(500)), "30 to 240"),
        (message("/followspot/grand_master", "s", s("loud")), "0 to 1"),
        (message("/followspot/grand_master", "f", f(float("nan"))), "no number"),
        (message("/followspot/blackout", None, f(1)), ""),
        (message("/followspot/blackout", "N"), ""),
        (message("/followspot/blak", "T"), "no such command"),
        (message("/followspot/flash_override", "T"), "no such command"),
        (b"nonsense", "no OSC"),
        (b"#bundle\0", "no OSC"),
    ],
)
def test_l29_nothing_is_guessed_from_a_wrong_shape(payload, why):
    found = read_datagram(payload)
    assert found.commands == []
    assert len(found.refused) == 1
    assert why in found.refused[0]


@pytest.mark.parametrize(
    ("argument", "number"),
    [(True, 1.0), (False, 0.0), (3, 3.0), (0.5, 0.5), (float("inf"), None), ("1", None), (None, None), (b"1", None),
     ([1], None)],
)  # fmt: skip
def test_l28_one_place_makes_numbers(argument, number):
    assert number_of(argument) == number


def test_l28_mapped_addresses_hear_truth_values(tmp_path, monkeypatch):
    lines = [{"on": "osc /1/toggle", "do": "blackout"}, {"on": "osc /1/push", "do": "blinder"},
             {"on": "osc /1/fader", "do": "energy", "pickup": False}]  # fmt: skip
    show = Show(tmp_path, monkeypatch, Plugs(), lines, ())
    show.surface._config = show.surface._config.model_copy(update={"osc": OscConfig(port=9)})

    def hear(*arguments):
        show.surface.datagram(message(*arguments), "127.0.0.1")

    hear("/1/toggle", "T")
    hear("/1/push", "T")
    assert (show.hands.operator.blackout, show.hands.operator.blinder) == (True, True)
    hear("/1/push", "F")
    assert not show.hands.operator.blinder
    hear("/1/fader", "i", i(50))
    assert show.hands.operator.steering.energy == 0.5, "50 is no share of 1"
    hear("/1/fader", "f", f(0.75))
    assert show.hands.operator.steering.energy == 0.75


def test_l29_what_is_refused_is_counted_and_said_once(tmp_path, monkeypatch, caplog):
    show = Show(tmp_path, monkeypatch, Plugs(), [], ())
    show.surface._config = show.surface._config.model_copy(update={"osc": OscConfig(port=9)})
    with caplog.at_level("INFO"):
        for _ in range(50):
            show.surface.datagram(message("/followspot/grand_master", "i", i(50)), "127.0.0.1")
    assert show.surface.refused == 50
    assert caplog.text.count("OSC from 127.0.0.1 is refused: /followspot/grand_master: an amount from 0 to 1") == 1
    for number in range(1_000):
        show.surface.datagram(message(f"/followspot/no{number}", "T"), "127.0.0.1")
    assert len(caplog.records) < 60


@pytest.mark.warns("takes no commands")
def test_l33_a_lost_command_is_said_once_and_counted(config, tmp_path, caplog):
    import threading
    from types import SimpleNamespace

    import zmq

    from controller.clock import ManualClock
    from controller.messages import Command
    from controller.watching.bus_feed import BusFeed

    context = zmq.Context()
    run = SimpleNamespace(config=config, folder=tmp_path, context=context, stopping=threading.Event(), beat=len)
    feed = BusFeed(run, ManualClock())
    for _ in range(300):
        feed.command(Command("grand_master", 0.5))
    lost = feed.lost_commands
    feed.close()
    context.term()
    assert lost > 0
    assert caplog.text.count("takes no commands") == 1
