"""Knobs to commands: faders pick up, switches toggle, buttons hold, what is learned is kept, what is wrong is named."""

import pytest
import yaml

from controller.errors import ConfigError
from controller.messages import Command
from controller.people.operator import OperatorState
from controller.watching.controls.mapping import REPEAT_S, Event, Mapping, binding_from, read_mapping, write_mapping


def mapping(tmp_path, *lines):
    file = tmp_path / "controls.yaml"
    file.write_text(yaml.safe_dump(list(lines)))
    return read_mapping(file)


class Rig:
    """A mapping and the hands it steers."""

    def __init__(self, mapping):
        self.mapping, self.hands, self.now_s = mapping, OperatorState(), 0.0

    def move(self, what, value, channel=1):
        self.now_s += 0.1
        commands = self.mapping.commands(Event(what, channel, value), self.hands.operator, self.now_s)
        for command in commands:
            self.hands.obey(command, self.now_s)
        return commands

    @property
    def operator(self):
        return self.hands.operator


def test_a_fader_does_nothing_until_it_has_caught_up_with_the_show(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "cc 7", "do": "grand_master"}))
    assert rig.move("cc 7", 0.2) == []
    assert rig.move("cc 7", 0.8) == []
    assert rig.operator.grand_master == 1.0
    rig.move("cc 7", 0.99)
    rig.move("cc 7", 0.4)
    assert rig.operator.grand_master == 0.4


def test_a_fader_that_passes_the_place_between_two_messages_has_it(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "cc 7", "do": "energy"}))
    rig.move("cc 7", 0.3)
    rig.move("cc 7", 0.8)
    assert rig.operator.steering.energy == 0.8


def test_what_somebody_else_set_is_not_overrun(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "cc 7", "do": "grand_master"}))
    rig.move("cc 7", 1.0)
    rig.move("cc 7", 0.5)
    rig.hands.obey(Command("grand_master", 0.9), 5.0)
    assert rig.move("cc 7", 0.52) == []
    assert rig.operator.grand_master == 0.9


def test_without_pickup_it_counts_at_once(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "pitch ch 2", "do": "grand_master", "pickup": False}))
    assert rig.move("pitch", 0.1, channel=1) == []
    rig.move("pitch", 0.1, channel=2)
    assert rig.operator.grand_master == 0.1


def test_switches_toggle_and_show_it(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "note 36 ch 1", "do": "blackout", "light": "note 36 ch 1"}))
    for wanted in (True, False, True):
        rig.move("note 36", 1.0)
        rig.move("note 36", 0.0)
        assert rig.operator.blackout is wanted
        assert rig.mapping.lights(rig.operator) == {("note 36", 1): wanted}
    assert rig.move("note 36", 1.0, channel=5) == []


def test_a_button_holds_for_as_long_as_it_is_held(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "note 40", "do": "blinder"}))
    rig.move("note 40", 1.0)
    for step in range(1, 40):
        for command in rig.mapping.repeats(rig.now_s + step * 0.1):
            rig.hands.obey(command, rig.now_s + step * 0.1)
        rig.hands.expire(rig.now_s + step * 0.1)
        assert rig.operator.blinder
    rig.move("note 40", 0.0)
    assert not rig.operator.blinder
    assert rig.mapping.repeats(rig.now_s + 10 * REPEAT_S) == []


def test_a_controller_that_is_unplugged_lets_go(tmp_path):
    rig = Rig(mapping(tmp_path, {"on": "note 40", "do": "strobe"}))
    rig.move("note 40", 1.0)
    assert rig.mapping.release() == [Command("strobe", 0.0)]
    assert rig.mapping.repeats(99.0) == []


def test_groups_scenes_presses(tmp_path):
    rig = Rig(
        mapping(
            tmp_path,
            {"on": "cc 20", "do": "hand", "target": "wash"},
            {"on": "cc 21", "do": "hand", "target": "wash", "part": "hue"},
            {"on": "note 50", "do": "scene", "target": "Chorus"},
            {"on": "note 51", "do": "tap"},
            {"on": "osc /x/energy", "do": "energy", "pickup": False},
        )
    )
    rig.move("cc 20", 0.3)
    rig.move("cc 21", 0.5)
    (held,) = rig.operator.hands
    assert (held.target, held.intensity, held.hue_deg) == ("wash", 0.3, 180.0)
    assert rig.move("note 50", 1.0) == [Command("scene", 1.0, "Chorus")]
    assert [one.name for one in rig.move("note 51", 1.0)] == ["tap"]
    assert rig.move("note 51", 0.0) == []
    rig.move("osc /x/energy", 0.9)
    assert rig.operator.steering.energy == 0.9


def test_what_is_learned_is_kept_and_takes_the_old_knob_s_place(tmp_path):
    knobs = mapping(tmp_path, {"on": "cc 7", "do": "grand_master"}, {"on": "cc 8", "do": "energy"})
    knobs.learning = binding_from("energy")
    assert knobs.learn(Event("cc 7", 3, 0.0)) is None
    knobs.learn(Event("cc 7", 3, 0.4))
    assert knobs.learning is None
    write_mapping(knobs.bindings, tmp_path / "controls.yaml")
    again = read_mapping(tmp_path / "controls.yaml")
    assert [(one.on, one.do) for one in again.bindings] == [(("cc 7", 0), "grand_master"), (("cc 7", 3), "energy")]
    assert again == Mapping(knobs.bindings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"on": "cc 7"}, "needs `on` and `do`"),
        ({"on": "cc 7", "do": "explode"}, "'explode' is none of grand_master"),
        ({"on": "cc 200", "do": "hold"}, "200 is more than 127"),
        ({"on": "note 3 ch 17", "do": "hold"}, "17 is more than 16"),
        ({"on": "knob 3", "do": "hold"}, "no event; write cc 7"),
        ({"on": "cc 7", "do": "hand"}, "lack a `target`"),
        ({"on": "cc 7", "do": "hold", "pickup": "no"}, "pickup is true or false"),
        ({"on": "cc 7", "do": "hold", "x": 1}, "may have"),
        ("cc 7", "needs `on` and `do`"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, line, said):
    with pytest.raises(ConfigError, match=r"controls\.yaml: binding 2") as error:
        mapping(tmp_path, {"on": "cc 1", "do": "hold"}, line)
    assert said in str(error.value)


@pytest.mark.parametrize("content", ["a: b", "- [", "\x00", "!!python/object:os.system x"])
def test_a_file_that_is_no_mapping_is_named(tmp_path, content):
    (tmp_path / "controls.yaml").write_text(content)
    with pytest.raises(ConfigError, match=r"controls\.yaml"):
        read_mapping(tmp_path / "controls.yaml")


def test_no_file_is_no_knob(tmp_path):
    assert read_mapping(tmp_path / "controls.yaml").bindings == []


def test_a_file_written_by_hand_is_read(tmp_path):
    file = tmp_path / "controls.yaml"
    file.write_text("- {on: cc 7, do: grand_master}\n- on: note 36\n  do: blackout\n")  # YAML takes `on` for true
    assert [one.on for one in read_mapping(file).bindings] == [("cc 7", 0), ("note 36", 0)]


def test_a_pad_calls_a_moment_and_gives_it_back_and_a_song_as_often_as_it_is_pressed(tmp_path):
    rig = Rig(
        mapping(
            tmp_path,
            {"on": "note 60", "do": "moment", "target": "talk", "light": "note 60"},
            {"on": "note 61", "do": "song", "target": "3"},
            {"on": "program 4", "do": "moment", "target": "changeover"},
            {"on": "note 62", "do": "next_song"},
        )
    )
    assert rig.move("note 60", 1.0) == [Command("moment", 1.0, "talk")]
    assert rig.mapping.lights(rig.operator) == {("note 60", 0): True}
    assert rig.move("note 60", 0.0) == []
    assert rig.move("note 60", 1.0) == [Command("moment", 0.0, "talk")]
    for _ in range(2):
        assert rig.move("note 61", 1.0) == [Command("song", 1.0, "3")]
        assert rig.move("note 61", 0.0) == []
        assert rig.move("program 4", 1.0) == [Command("moment", 1.0, "changeover")]
    assert rig.move("note 62", 1.0) == [Command("next_song", 1.0)]


def test_saturation_is_a_part_of_an_override_and_keeps_the_hue(tmp_path):
    rig = Rig(
        mapping(
            tmp_path,
            {"on": "cc 1", "do": "hand", "target": "wash", "part": "hue"},
            {"on": "cc 2", "do": "hand", "target": "wash", "part": "saturation"},
        )
    )
    for what, value in (("cc 1", 0.5), ("cc 2", 1.0), ("cc 2", 0.25)):
        rig.move(what, value)
    (hand,) = rig.operator.hands
    assert (hand.hue_deg, hand.saturation) == (180.0, 0.25)


@pytest.mark.parametrize("do", ["hand", "scene", "song", "moment"])
def test_a_choice_without_its_target_is_not_learned(do):
    assert binding_from(do) is None
    assert binding_from(do, "3") is not None
