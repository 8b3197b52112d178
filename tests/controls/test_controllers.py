"""Controllers as they behave: toggles, echoes, loops, names, clocks, fine faders, programs; plugged a hundred times."""

import logging

import mido
import pytest
import yaml
from controllers import Plugs, Show, control, note, off
from promise import HANG_S

from controller.errors import ConfigError
from controller.messages import Operator
from controller.watching.controls.mapping import LONGEST_S, UNSURE_S, Binding, Event, Mapping, binding_from
from controller.watching.controls.midi import Clocks, MidiClock, MidiPorts, MidiReader, event_of, is_wanted, lamp

BLACKOUT = {"on": "note 36", "do": "blackout", "light": "note 36 ch 1"}
THROUGH, PAD = "Midi Through:Midi Through Port-0 14:0", "APC MINI:APC MINI MIDI 1 20:0"
BOX = "DIY box 24:0"


# ---------------------------------------------------------------- whose port


@pytest.mark.parametrize(
    ("name", "words", "meant"),
    [
        (PAD, ["*"], True), (PAD, ["apc"], True), (PAD, ["APC MINI MIDI"], True), (PAD, ["nano"], False),
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", ["nanokontrol2"], True), ("ÖBÖ", ["öbö"], True),
        (THROUGH, ["*"], False), (THROUGH, ["through"], True), ("IAC Driver Bus 1", ["*"], False),
        ("loopMIDI Port 1", ["*"], False), ("RtMidiIn Client:RtMidi input 131:0", ["*"], False),
        ("RtMidi Output Client:port", ["*", "apc"], False), ("followspot:lamps", ["*", "followspot"], False),
        (PAD, [], False),
    ],
)  # fmt: skip
def test_l13_l14_l18_which_ports_are_meant(name, words, meant):
    assert is_wanted(name, words) is meant


@pytest.mark.warns("'nano' is in no controller's name; there are: 'APC MINI")
def test_l18_a_word_that_finds_nothing_is_answered_with_the_list(tmp_path, monkeypatch):
    show = Show(tmp_path, monkeypatch, Plugs(THROUGH, PAD), [], ("nano",))
    show.run(20.0, step=0.5)
    assert show.surface.names == []


def test_l13_a_port_of_our_own_is_never_opened(tmp_path, monkeypatch):
    """JACK and ALSA list what a program opens itself: two more with every look."""
    plugs = Plugs(PAD, shows_own=True)
    show = Show(tmp_path, monkeypatch, plugs, [])
    show.run(20.0, step=0.5)
    assert (len(plugs.inputs), len(plugs.outputs)) == (1, 1)


@pytest.mark.warns("is gone")
def test_l17_two_of_one_name_are_each_heard_once(tmp_path, monkeypatch):
    """As the driver names them; when one is pulled out the other one is opened anew."""
    numbered = pytest.importorskip("controller.watching.controls.midi_driver").numbered
    plugs = Plugs(*numbered(["nanoPAD2", "nanoPAD2"]))
    show = Show(tmp_path, monkeypatch, plugs, [BLACKOUT, {"on": "note 52", "do": "tap"}])
    assert show.surface.names == ["nanoPAD2 (1 of 2)", "nanoPAD2 (2 of 2)"]
    for number in range(6):
        plugs.press(show.surface.names[number % 2], note(52))
        show.run(0.5)
    assert [name for name, _ in show.commands] == ["tap"] * 6
    plugs.there = numbered(["nanoPAD2"])
    show.run(2.5)
    show.tap("nanoPAD2", note(36), off(36))
    assert show.hands.operator.blackout
    assert sum(not port.closed for port in (*plugs.inputs, *plugs.outputs)) == 2


@pytest.mark.warns("is gone")
def test_plugged_in_and_out_a_hundred_times_nothing_is_left(tmp_path, monkeypatch):
    plugs = Plugs(PAD)
    show = Show(tmp_path, monkeypatch, plugs, [BLACKOUT])
    for _ in range(100):
        plugs.there = []
        show.run(2.5, step=0.5)
        plugs.there = [PAD]
        show.run(2.5, step=0.5)
    opened = [*plugs.inputs, *plugs.outputs]
    assert len(opened) == 202
    assert sum(not port.closed for port in opened) == 2
    show.tap(PAD, note(36), off(36))
    assert show.hands.operator.blackout
    show.surface._ports.close()
    assert all(port.closed for port in opened)


def test_l13_a_port_that_takes_long_to_open_holds_nobody_up():
    import threading

    opening, goes_on = threading.Event(), threading.Event()

    class Slow(Plugs):
        def open_input(self, name, *, callback):
            opening.set()
            goes_on.wait(HANG_S)
            return super().open_input(name, callback=callback)

    ports = MidiPorts(["*"], Slow(PAD), lambda: 0.0)
    ports.watch()
    assert opening.wait(HANG_S)
    assert ports.arrived(0.0) == []
    goes_on.set()
    while not ports.names:
        goes_on.wait(0.01)
    ports.close()


# ---------------------------------------------------------------- echoes


@pytest.mark.parametrize("names", [(THROUGH, PAD), (BOX,)])
def test_l14_what_lights_a_lamp_is_no_press(tmp_path, monkeypatch, names):
    plugs = Plugs(*names, hand_back=(THROUGH, BOX))
    show = Show(tmp_path, monkeypatch, plugs, [BLACKOUT])
    show.tap(names[-1], note(36), off(36))
    for _ in range(20):
        show.run(0.1)
        assert show.hands.operator.blackout
    show.tap(names[-1], note(36), off(36))
    for _ in range(20):
        show.run(0.1)
        assert not show.hands.operator.blackout


def test_l14_a_press_beside_an_echo_is_a_press(tmp_path, monkeypatch):
    plugs = Plugs(BOX, hand_back=(BOX,))
    show = Show(tmp_path, monkeypatch, plugs, [BLACKOUT, {"on": "note 40", "do": "hold"}])
    show.tap(BOX, note(36), off(36))
    show.tap(BOX, note(40), off(40))
    show.run(0.5)
    assert (show.hands.operator.blackout, show.hands.operator.hold) == (True, True)


# ---------------------------------------------------------------- buttons


@pytest.mark.parametrize("kind", ["cc", "note"])
@pytest.mark.parametrize(("do", "of"), [("blackout", "blackout"), ("quiet", "quiet"), ("hold", "hold")])
def test_l16_a_toggle_and_a_momentary_button_both_work(tmp_path, monkeypatch, kind, do, of):
    on = (lambda: control(41, 127)) if kind == "cc" else (lambda: note(41))
    away = (lambda: control(41, 0)) if kind == "cc" else (lambda: note(41, 0))
    for gap_s, wanted in ((0.4, [True, False, True, False]), (0.08, [True, True, False, False])):
        show, found = Show(tmp_path, monkeypatch, Plugs(PAD), [{"on": f"{kind} 41", "do": do}]), []
        for message in (on(), away(), on(), away()):
            show.plugs.press(PAD, message)
            show.run(gap_s)
            found.append(getattr(show.hands.operator, of))
        assert found == wanted, gap_s


def test_l16_a_momentary_button_that_was_let_go_once_may_be_held_long(tmp_path, monkeypatch):
    show = Show(tmp_path, monkeypatch, Plugs(PAD), [{"on": "cc 41", "do": "blackout"}])
    show.tap(PAD, control(41, 127), control(41, 0), held_s=0.08)
    show.tap(PAD, control(41, 127), control(41, 0), held_s=0.08)
    show.tap(PAD, control(41, 127), control(41, 0), held_s=2.0)
    show.run(0.2)
    assert show.hands.operator.blackout


@pytest.mark.parametrize(("word", "wanted"), [("toggle", [True, False, True]), ("momentary", [True, True, False])])
def test_l16_a_word_in_the_mapping_decides(word, wanted):
    mapping = Mapping([Binding(("cc 41", 0), "blackout", button=word)])
    states, operator = [], Operator()
    for number, value in enumerate((1.0, 0.0, 1.0)):
        now_s = 0.1 * number if word == "toggle" else number
        for command in mapping.commands(Event("cc 41", 1, value), operator, now_s):
            operator = Operator(blackout=command.amount > 0.5)
        states.append(operator.blackout)
    assert states == wanted


@pytest.mark.parametrize(("on", "press"), [("cc 42", control(42, 127)), ("note 42", note(42))])
def test_l16_nothing_that_blinds_is_held_without_an_end(tmp_path, monkeypatch, on, press):
    for do in ("blinder", "strobe"):
        show = Show(tmp_path, monkeypatch, Plugs(PAD), [{"on": on, "do": do}])
        show.plugs.press(PAD, press)
        show.run(3.0 if on.startswith("cc") else UNSURE_S + 1.5)
        assert not getattr(show.hands.operator, do)


def test_l16_a_button_that_is_let_go_may_be_held_longer():
    mapping = Mapping([Binding(("cc 42", 0), "blinder")])
    mapping.commands(Event("cc 42", 1, 1.0), Operator(), 0.0)
    mapping.commands(Event("cc 42", 1, 0.0), Operator(), 0.1)
    mapping.commands(Event("cc 42", 1, 1.0), Operator(), 1.0)
    said = [(0.4 * at, one.amount) for at in range(3, 150) for one in mapping.repeats(0.4 * at)]
    assert max(at for at, amount in said if amount) == pytest.approx(LONGEST_S, abs=2.0)
    assert [amount for _, amount in said if not amount] == [0.0]


def test_l16_a_toggle_button_holds_with_one_press_and_lets_go_with_the_next():
    mapping = Mapping([Binding(("cc 42", 0), "blinder", button="toggle")])
    said = [
        [one.amount for one in mapping.commands(Event("cc 42", 1, value), Operator(), 0.5 * number)]
        for number, value in enumerate((1.0, 0.0, 1.0))
    ]
    assert said == [[1.0], [0.0], [1.0]]
    assert [one.amount for at in range(3, 22) for one in mapping.repeats(0.4 * at)][-1] == 0.0
    assert [one.amount for one in mapping.commands(Event("cc 42", 1, 0.0), Operator(), 9.0)] == [1.0]


@pytest.mark.parametrize(("gap_s", "kind"), [(0.08, "momentary"), (0.6, "toggle")])
def test_l16_learning_finds_out_which_button_it_is(tmp_path, monkeypatch, gap_s, kind):
    show = Show(tmp_path, monkeypatch, Plugs(PAD), [])
    show.surface.learn("blackout")
    for value in (127, 127, 0, 127, 0):
        show.plugs.press(PAD, control(41, value))
        show.run(gap_s)
    assert yaml.safe_load(show.file.read_text()) == [{"on": "cc 41 ch 1", "do": "blackout", "button": kind}]


# ---------------------------------------------------------------- other messages


def test_fine_controllers_are_one_number(tmp_path, monkeypatch):
    line = {"on": "cc14 7", "do": "grand_master", "pickup": False}
    show = Show(tmp_path, monkeypatch, Plugs(PAD), [line])
    show.plugs.press(PAD, control(7, 64), control(39, 0))
    show.run(0.1)
    assert show.hands.operator.grand_master == pytest.approx(64 * 128 / 16383)
    show.plugs.press(PAD, control(39, 127))
    show.run(0.1)
    assert show.hands.operator.grand_master == pytest.approx((64 * 128 + 127) / 16383)
    show.plugs.press(PAD, control(7, 65), control(39, 0))
    show.run(0.1)
    amounts = [amount for name, amount in show.commands if name == "grand_master"]
    assert amounts == sorted(amounts), "between its halves it jumps nowhere"


def test_a_coarse_half_alone_counts_a_moment_later():
    reader = MidiReader()
    assert [one.what for one in reader.events("a", control(7, 10), 0.0)] == ["cc 7"]
    assert reader.late(1.0) == [], "nothing says that there is a fine half"
    reader.events("a", control(39, 5), 1.0)
    reader.events("a", control(7, 20), 2.0)
    assert reader.late(2.01) == []
    assert [one.value for one in reader.late(2.1)] == [(20 * 128 + 5) / 16383]
    assert reader.late(3.0) == []
    assert len(reader.events("b", control(39, 5), 4.0)) == 1, "another port's half"


def test_learning_a_fine_fader_takes_both_halves(tmp_path, monkeypatch):
    show = Show(tmp_path, monkeypatch, Plugs(PAD), [])
    show.surface.learn("energy")
    show.plugs.press(PAD, control(9, 64), control(41, 3))
    show.run(0.1)
    assert yaml.safe_load(show.file.read_text()) == [{"on": "cc14 9 ch 1", "do": "energy"}]


def test_programs_press_and_never_hold(tmp_path, monkeypatch):
    lines = [{"on": "program 3", "do": "blackout"}, {"on": "program 4 ch 2", "do": "tap"}]
    show = Show(tmp_path, monkeypatch, Plugs(PAD), lines)
    for _ in range(3):
        show.plugs.press(PAD, mido.Message("program_change", program=3))
        show.run(0.5)
    show.plugs.press(PAD, mido.Message("program_change", program=4, channel=1))
    show.run(0.5)
    assert show.commands == [("blackout", 1.0), ("blackout", 0.0), ("blackout", 1.0), ("tap", 1.0)]


def test_a_program_calls_a_look_again_and_again():
    mapping = Mapping([Binding(("program 3", 0), "scene", "Verse")])
    called = mapping.commands(Event("program 3", 1, 1.0), Operator(), 0.0)
    from controller.messages import Scene

    again = mapping.commands(Event("program 3", 1, 1.0), Operator(scene=Scene("Verse", (0.0,) * 6)), 9.0)
    assert [one.amount for one in (*called, *again)] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"on": "program 3", "do": "blinder"}, "a press without a release"),
        ({"on": "program 3", "do": "grand_master"}, "a press without a release"),
        ({"on": "program 128", "do": "tap"}, "128 is more than 127"),
        ({"on": "cc14 32", "do": "energy"}, "32 is more than 31"),
        ({"on": "cc 1", "do": "blackout", "light": "program 3"}, "an LED is a note or a cc"),
        ({"on": "cc 1", "do": "blackout", "light": "pitch"}, "an LED is a note or a cc"),
        ({"on": "cc 1", "do": "blackout", "button": "sticky"}, "button is momentary"),
        ({"on": "cc 1", "do": ["blackout"]}, "do is a word, not a list"),
        ({"on": {"cc": 1}, "do": "blackout"}, "on is a word, not a dict"),
        ({"on": "cc 1", "do": "scene", "target": [["x"]]}, "target is a word, not a list"),
    ],
)
def test_h24_what_a_mapping_cannot_mean_is_refused(tmp_path, line, said):
    from controller.watching.controls.mapping import read_mapping

    file = tmp_path / "controls.yaml"
    file.write_text(yaml.safe_dump([line]))
    with pytest.raises(ConfigError, match="binding 1") as error:
        read_mapping(file)
    assert said in str(error.value)


def test_h24_nested_aliases_end_at_once(tmp_path):
    from controller.watching.controls.mapping import read_mapping

    nested = "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    file = tmp_path / "controls.yaml"
    file.write_text(f"- &a0 {{on: x, do: y}}\n{nested}- {{on: cc 1, do: *a11}}\n")
    with pytest.raises(ConfigError) as error:
        read_mapping(file)
    assert len(str(error.value)) < 1_000


def test_programs_are_not_learnt_for_what_they_cannot_do():
    mapping = Mapping([])
    mapping.learning = binding_from("blinder")
    assert mapping.learn(Event("program 3", 1, 1.0)) is None
    assert mapping.learning is not None
    assert mapping.learn(Event("note 3", 1, 1.0)) is not None


def test_every_message_of_mido_is_an_event_or_nothing():
    for kind in mido.messages.SPEC_BY_TYPE:
        for value in (0, 127):
            data = {"velocity": value} if "note" in kind else {}
            event = event_of(mido.Message(kind, **data))
            assert event is None or 0.0 <= event.value <= 1.0
    assert event_of(mido.Message("pitchwheel", pitch=-8192)).value == 0.0
    assert event_of(mido.Message("pitchwheel", pitch=8191)).value == 1.0
    assert lamp("note 3", 2, on=True).bytes() == [0x91, 3, 127]


# ---------------------------------------------------------------- clock


def beats_of(bpm, seconds, rng=None, *, jitter_s=0.0, lost=(), bunch=0):
    """When beats are told, and how long they are said to be."""
    clock, told = MidiClock(), []
    ticks = [k * 60 / bpm / 24 for k in range(int(seconds * bpm / 60 * 24))]
    at = [t + (rng.uniform(-jitter_s, jitter_s) if rng is not None else 0.0) for t in ticks]
    if bunch:
        at = [at[min(len(at) - 1, k - k % bunch + bunch - 1)] for k in range(len(at))]
    for k, now_s in enumerate(at):
        if k not in lost and (beat_s := clock.hear(10.0 + now_s)) is not None:
            told.append((k, now_s, beat_s))
    return told


@pytest.mark.parametrize("bpm", [40, 90, 120, 140, 174, 220])
def test_l15_one_tempo_a_beat_on_the_beat(bpm):
    told = beats_of(bpm, 20.0)
    assert [k % 24 for k, _, _ in told] == [0] * len(told)
    assert len(told) >= int(20.0 * bpm / 60) - 4
    assert all(beat_s == pytest.approx(60 / bpm, rel=0.001) for _, _, beat_s in told)


@pytest.mark.parametrize("case", [{"jitter_s": 0.004}, {"lost": {100, 101, 240}}, {"bunch": 2}, {"bunch": 3}])
def test_l15_jitter_losses_and_bunches_move_no_beat(rng, case):
    told = beats_of(120, 30.0, rng, **case)
    assert len(told) > 50
    on_beat = {min(k % 24, 24 - k % 24) for k, _, _ in told}
    assert max(on_beat) <= case.get("bunch", 1) - 1 + len(case.get("lost", ())) // 3
    assert all(beat_s == pytest.approx(0.5, rel=0.06) for _, _, beat_s in told)


def test_l15_start_stop_and_continue_count():
    clock, told, now_s = MidiClock(), [], 0.0

    def run(count):
        nonlocal now_s
        for _ in range(count):
            now_s += 0.02
            told.append(clock.hear(now_s) is not None)

    run(100)
    clock.control("stop")
    told.clear()
    run(100)
    assert not any(told)
    clock.control("start")
    told.clear()
    run(49)
    assert [k for k, one in enumerate(told) if one] == [0, 24, 48]
    clock.control("stop")
    clock.control("songpos", 2)
    clock.control("continue")
    told.clear()
    run(40)
    assert [k for k, one in enumerate(told) if one] == [12, 36]


def test_l15_of_two_clocks_one_is_heard(caplog):
    clocks, beats = Clocks(), []
    with caplog.at_level(logging.INFO):
        for k in range(24 * 10):
            for which, port in enumerate(("drums", "desk")):
                beat_s = clocks.hear(port, mido.Message("clock"), k * 0.5 / 24 + 0.003 * which)
                beats += [] if beat_s is None else [beat_s]
    assert all(one == pytest.approx(0.5) for one in beats)
    assert len(beats) == 8
    assert caplog.text.count("the clock of desk is not heard") == 1
    for k in range(24 * 5):  # the first one is switched off
        beat_s = clocks.hear("desk", mido.Message("clock"), 20.0 + k * 0.25 / 24)
    assert clocks._port == "desk"


def test_l18_devices_lists_the_ports(monkeypatch, capsys):
    from controller.commands import inventory
    from controller.commands.paper import paper

    monkeypatch.setattr(inventory, "backend", lambda: Plugs(THROUGH, PAD))
    inventory._print_midi(paper())
    said = " ".join(capsys.readouterr().out.split())
    assert "APC MINI" in said
    assert "only by name" in said

    class Broken(Plugs):
        def get_input_names(self):
            raise OSError("no sequencer")

    monkeypatch.setattr(inventory, "backend", Broken)
    inventory._print_midi(paper())
    assert "no MIDI here: no sequencer" in capsys.readouterr().out


def test_l3_what_was_written_by_hand_is_kept(tmp_path, monkeypatch):
    show = Show(tmp_path, monkeypatch, Plugs(PAD), [BLACKOUT])
    show.file.write_text("# Ana's knobs, do not touch\n" + show.file.read_text())
    for do, number in (("hold", 50), ("quiet", 51)):
        show.surface.learn(do)
        show.plugs.press(PAD, note(number))
        show.run(0.1)
    assert (tmp_path / "controls.yaml.before").read_text().startswith("# Ana's knobs")
    assert len(yaml.safe_load(show.file.read_text())) == 3


@pytest.mark.warns("no knob does anything")
def test_h9_a_mapping_that_cannot_be_read_is_set_aside(tmp_path, monkeypatch):
    from controller.clock import ManualClock
    from controller.config import ControlsConfig
    from controller.watching.controls.surface import Surface

    file = tmp_path / "controls.yaml"
    file.write_text("- {on: cc 7, do: grand_master\n# hours of work")
    surface = Surface(ControlsConfig(), file, ManualClock(), lambda *_: None, Operator)
    surface.learn("hold")
    surface.hear(Event("note 3", 1, 1.0), "midi", 0.0)
    assert (tmp_path / "controls.yaml.damaged-1").read_text().endswith("# hours of work")
    assert yaml.safe_load(file.read_text())[0]["do"] == "hold"


def test_a_port_that_goes_while_all_are_closed_is_closed_once(monkeypatch):
    """Who still looks for ports finds it gone just then; a driver crashes where a port is closed a second time."""
    plugs, closed = Plugs(PAD), []
    ports = MidiPorts(["*"], plugs, lambda: 0.0)
    ports._look()

    def close(port):
        closed.append(port)
        plugs.there.clear()
        ports._look()

    monkeypatch.setattr(type(plugs.inputs[0]), "close", close)
    ports.close()
    assert closed == [*plugs.inputs, *plugs.outputs]
