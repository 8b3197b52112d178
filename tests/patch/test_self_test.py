"""`followspot patch test`: a person finds what the file of a fixture has wrong, and the patch is put right."""

import json
import re

import pytest
import yaml

from controller.clock import ManualClock
from controller.commands.lit_rig import LitRig
from controller.commands.self_test import Report, walk, write_report
from controller.commands.written_rests import put_into, with_rests
from controller.config import read_config
from controller.errors import ConfigError, PatchError
from controller.lighting.output.cid import source_cid
from controller.lighting.output.sender import Sender
from controller.lighting.protocol.artnet import decode_artdmx
from controller.rig.patch.configured import patch_of
from controller.rig.patch.render import Renderer
from controller.rig.patch.self_test import steps_of

LAMP = """
format: 1
maker: acme
model: Spot
kind: mover
channels:
  dimmer: {does: intensity}
  red: {does: colour, emitter: red}
  green: {does: colour, emitter: green}
  blue: {does: colour, emitter: blue}
  shutter: {does: shutter, ranges: [{dmx: [0, 99], shutter: open}, {dmx: [100, 149], shutter: strobe, hz: [1, 20]},
                                    {dmx: [150, 255], shutter: closed}]}
  function: {does: hold, at: 0, forbidden: [[200, 255]]}
  pan: {does: pan, degrees: 540}
  tilt: {does: tilt, degrees: 270}
modes: {8ch: [dimmer, red, green, blue, shutter, function, pan, tilt]}
"""


class Wire:
    """What was sent last."""

    def __init__(self):
        self.slots = b""

    def send(self, packet, _now_s):
        self.slots = decode_artdmx(packet.payload).slots.tobytes()


class Person:
    """Sees what the fixture really does with what is on the wire, and answers what is asked.

    The real lamp is open from 150 on and flashes at 0 to 99: its file has it the other way round.
    """

    def __init__(self, wire):
        self.wire, self.asked = wire, []

    def __call__(self, question):
        self.asked.append(question)
        dimmer, red, green, blue, shutter, function, pan, tilt = self.wire.slots[:8]
        lit = dimmer and shutter >= 150 and function < 200
        seen = {
            "Is it white": lit and red == green == blue == 255,
            "Is it steady": lit,
            "Is it dimmer": lit and 0 < dimmer < 128,
            "Is it red": lit and red and not green + blue,
            "Is it green": lit and green and not red + blue,
            "Is it blue": lit and blue and not red + green,
            "to the left": lit and pan == 0,
            "to the right": lit and pan == 255,
            "turn down": lit and tilt == 0,
            "turn up": lit and tilt == 255,
            "Is it dark": not lit,
        }
        return "y" if next(true for words, true in seen.items() if words in question) else "n"


@pytest.fixture
def file(tmp_path, root):
    """A venue with one such lamp."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/spot.yaml").write_text(LAMP)
    data = yaml.safe_load((root / "config.yaml").read_text())
    data |= {"profiles": str(tmp_path), "fixtures": []}
    data["universes"] = {1: {"outputs": [{"type": "artnet", "host": "127.0.0.1", "port_address": 0}]}}
    text = yaml.safe_dump({key: value for key, value in data.items() if key != "fixtures"}, sort_keys=False)
    text += (
        "fixtures:  # one lamp\n"
        "  - {id: spot, profile: acme/spot, mode: 8ch, universe: 1, address: 1, role: mover, "
        "position_m: [0, 2, 3]}  # left\n"
    )
    (tmp_path / "config.yaml").write_text(text)
    return tmp_path / "config.yaml"


def walked(file, person_of=Person, names=()):
    config = read_config(file)
    patch, wire, clock, said = patch_of(config), Wire(), ManualClock(), []
    rig = LitRig(patch, Sender(config.universes, config.network, source_cid(None, "x", file.parent)), wire, clock)

    def show(step):
        rig.show(step)
        rig.cycle()

    person = person_of(wire)
    return walk(config, list(names), show, person, said.append), person, said


def test_a_file_that_has_the_shutter_wrong_is_found_and_put_right(file):
    report, person, _ = walked(file)
    (level,) = {one for rests in report.rests.values() for one in rests.values()}
    assert report.rests == {"spot": {"shutter": level}}
    assert level >= 150
    assert report.answers["spot"]["white"] is False
    assert all(good for step, good in report.answers["spot"].items() if step != "white")
    assert report.lines() == [f"spot: wrong: white; put right: shutter rests at {level}"]
    before = file.read_text()
    put_into(file, report.rests, lambda _: "y", lambda _: None, write=False)
    changed = [line for line in file.read_text().splitlines() if line not in before.splitlines()]
    assert len(changed) == 1
    assert changed[0].endswith(f"override: {{shutter: {{rest: {level}}}}}}} # left")
    again, _, _ = walked(file)
    assert all(again.answers["spot"].values())
    assert again.rests == {}
    assert all("trying" not in one for one in walked(file)[1].asked)
    assert any("trying shutter (1.5)" in one for one in person.asked)


def test_no_level_that_strobes_or_resets_is_ever_shown(file):
    shown = set()

    class Never(Person):
        def __call__(self, question):
            shown.add((self.wire.slots[4], self.wire.slots[5]))
            return "n"

    report, _, said = walked(file, Never)
    assert report.rests == {}
    assert not report.answers["spot"]["dark"]
    assert any("nothing helped" in one for one in said)
    assert all(not 100 <= shutter < 150 and function < 200 for shutter, function in shown)
    assert len(shown) > 4


def test_a_person_may_skip_a_fixture_or_end(file):
    for key, ended in (("s", True), ("q", False)):
        report, _, _ = walked(file, lambda _, key=key: lambda _question: key)
        assert (report.ended, report.answers) == (ended, {"spot": {}})


def test_what_is_no_answer_is_asked_again(file):
    answers = iter(["", "perhaps", *"y" * 20])
    report, _, said = walked(file, lambda _: lambda _question: next(answers))
    assert said.count("[y]es, [n]o, [s]kip this fixture, [q]uit") == 2
    assert all(report.answers["spot"].values())


def test_a_fixture_that_is_not_there_is_named(file):
    with pytest.raises(PatchError, match="no fixture 'spott'; there are spot"):
        walked(file, names=["spott"])


def test_the_report_can_be_kept(file, tmp_path):
    report = Report({"spot": {"white": True}}, {"spot": {"shutter": 9}}, ended=True)
    write_report(tmp_path / "report.json", report)
    assert json.loads((tmp_path / "report.json").read_text()) == report.as_json()


def test_every_fixture_of_the_bundled_rig_is_walked_but_the_hazer(config, patch):
    walks = {one.config.id: [step.name for step in steps_of(patch, one)] for one in patch.fixtures}
    assert [name for name, steps in walks.items() if not steps] == ["hazer"]
    assert walks["front-1"] == ["white", "steady", "dim", "red", "green", "blue", "dark"]
    assert {"pan left", "tilt down and back"} <= set(walks["spot-l" if "spot-l" in walks else "mover-l"])


def test_a_configuration_keeps_every_other_byte(root):
    text = (root / "config.yaml").read_text()
    assert with_rests(text, {}) == text
    changed = with_rests(text, {"front-4": {"program": 9}}).splitlines()
    different = [(a, b) for a, b in zip(text.splitlines(), changed, strict=True) if a != b]
    assert len(different) == 1
    assert different[0][1] == different[0][0][:-1] + ", override: {program: {rest: 9}}}"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("shutter: {rest: 120}", "it would send 120, and the fixture strobes there"),
        ("function: {rest: 210}", "it would send 210"),
        ("pan: {rest: 3}", "`pan_home`"),
        ("shutter: {rest: 1, hold: 2}", "one of them"),
    ],
)
def test_a_rest_that_hurts_or_makes_no_sense_is_refused_with_its_place(file, rest, said):
    file.write_text(re.sub(r"\}  # left", f", override: {{{rest}}}}}", file.read_text()))
    with pytest.raises((PatchError, ConfigError), match=re.escape(said)) as refused:
        patch_of(read_config(file))
    assert "config.yaml:" in str(refused.value)


def test_a_dimmer_rests_where_it_is_dark(file):
    file.write_text(file.read_text().replace("}  # left", ", override: {dimmer: {rest: 7}, function: {rest: 30}}}"))
    patch = patch_of(read_config(file))
    dark = steps_of(patch, patch.fixtures[0])[-1].look
    slots = Renderer(patch).render(dark)[0].slots
    assert (slots[0], slots[5]) == (7, 30)
