"""One table of commands: a row more is a command more in every place, without another edit."""

import json
from types import SimpleNamespace

import pytest
import zmq
from prometheus_client.parser import text_string_to_metric_families
from pythonosc.osc_message_builder import OscMessageBuilder

from controller.clock import ManualClock
from controller.errors import ConfigError
from controller.messages import Command, Operator
from controller.people.commands import COMMANDS, CommandRow, on_the_page
from controller.people.operator import HELD_S, OperatorState, operator_from, plain_operator, setting_of
from controller.people.replicate import lasting
from controller.watching.bus_feed import BusFeed
from controller.watching.controls.mapping import Event, Mapping, binding_from, read_mapping
from controller.watching.controls.osc import read_datagram
from controller.watching.page.access import User
from controller.watching.page.feed import Hello, Live
from controller.watching.page.prometheus import prometheus
from controller.watching.page.wire import decode_command, encode_hello, encode_live

NEW = {
    "fader": CommandRow("warmth", "fader"),
    "switch": CommandRow("rain", "switch", audited=True),
    "held": CommandRow("bubbles", "held", "admin", undoable=False),
}


@pytest.fixture(params=NEW.values(), ids=NEW)
def row(request, monkeypatch):
    monkeypatch.setitem(COMMANDS, request.param.name, request.param)
    return request.param


def live(operator):
    return Live(1.0, 1.0, [[0.0] * 5], operator, "live", None, None, 0.0, {}, {}, {})


def test_it_is_on_the_page_and_the_page_may_give_it(row):
    hello = json.loads(encode_hello(Hello("venue", "song", {}, [], [])))
    assert {"name": row.name, "kind": row.kind, "label": row.title} in hello["commands"]
    assert decode_command(json.dumps({"command": row.name, "amount": 1})) == Command(row.name, 1.0)


def test_its_rank_is_asked_for(row):
    assert User("x", "admin").may(row.name)
    assert User("x", "operator").may(row.name) == (row.who == "operator")
    assert not User("x", "viewer").may(row.name)


def test_osc_and_midi_give_it(row):
    builder = OscMessageBuilder(f"/followspot/{row.name}")
    builder.add_arg(1.0)
    assert read_datagram(builder.build().dgram).commands == [Command(row.name, 1.0)]
    mapping = Mapping([])
    mapping.learning = binding_from(row.name)
    mapping.learn(Event("note 40", 1, 1.0))
    (command,) = mapping.commands(Event("note 40", 1, 1.0), Operator(), 0.0) or [None]
    assert command == (None if row.kind == "fader" else Command(row.name, 1.0))  # a fader waits to be picked up


def test_what_is_set_is_kept_shown_measured_and_handed_on(row):
    state = OperatorState()
    state.obey(Command(row.name, 1.0), 0.0)
    assert setting_of(state.operator, row) == 1.0
    assert json.loads(encode_live(live(state.operator)))["operator"]["more"] == [[row.name, 1.0]]
    gauges = [
        sample.value
        for family in text_string_to_metric_families(prometheus(live(state.operator), {}))
        for sample in family.samples
        if sample.name == "followspot_operator" and sample.labels["what"] == row.name
    ]
    assert gauges == [1.0]
    assert operator_from(json.loads(json.dumps(plain_operator(state.operator)))) == state.operator
    assert setting_of(lasting(state.operator), row) == (0.0 if row.kind == "held" else 1.0)


def test_undo_takes_back_what_may_be_taken_back_and_a_held_one_lets_go(row):
    state = OperatorState()
    state.obey(Command("hold", 1.0), -5.0)
    state.obey(Command(row.name, 1.0), 0.0)
    state.obey(Command("undo", 1.0), 0.5)
    assert setting_of(state.operator, row) == (0.0 if row.undoable else 1.0)
    assert state.operator.hold == row.undoable
    state.expire(HELD_S)
    assert setting_of(state.operator, row) == 0.0


def test_what_a_controller_does_is_written_down_as_the_row_says(row, config, tmp_path):
    written = []
    with zmq.Context() as context:
        run = SimpleNamespace(config=config, folder=tmp_path, context=context, beat=lambda now_s: None)
        feed = BusFeed(run, ManualClock(), written.append)
        feed._steer(Command(row.name, 1.0), "midi")
        feed.close()
    assert [one["command"] for one in written] == ([row.name] if row.audited else [])


def test_nobody_gives_at_the_page_what_is_not_meant_for_it():
    assert {row.name for row in COMMANDS.values()} - {row.name for row in on_the_page()} == {
        "tempo",
        "stand_as",
        "wish",
        "clock",
    }
    for name in ("tempo", "stand_as", "quit"):
        with pytest.raises(ValueError, match="unknown command"):
            decode_command(json.dumps({"command": name, "amount": 1}))


def test_the_flash_override_cannot_be_bound_to_a_network_without_passwords(tmp_path):
    file = tmp_path / "controls.yaml"
    file.write_text("- {on: osc /x/over, do: flash_override}\n")
    with pytest.raises(ConfigError, match=r"controls\.yaml: binding 1: OSC knows no passwords.*flash_override"):
        read_mapping(file)
    mapping = Mapping([])
    mapping.learning = binding_from("flash_override")
    assert mapping.learn(Event("osc /x/over", 0, 1.0)) is None


def test_a_held_button_bound_to_osc_is_not_said_again_by_itself(tmp_path):
    file = tmp_path / "controls.yaml"
    file.write_text("- {on: osc /x/blind, do: blinder}\n- {on: note 40, do: blinder}\n")
    mapping = read_mapping(file)
    assert mapping.commands(Event("osc /x/blind", 0, 1.0), Operator(), 0.0) == [Command("blinder", 1.0)]
    assert mapping.repeats(10.0) == []
    mapping.commands(Event("note 40", 1, 1.0), Operator(), 0.0)
    assert mapping.repeats(10.0) == [Command("blinder", 1.0)]
