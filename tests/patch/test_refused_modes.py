"""R26: a mode that is refused for want of one harmless level is usable where the patch says which level that is."""

import pytest

from controller.config import FixtureConfig
from controller.errors import PatchError
from controller.rig.patch.overrides import usable_because
from controller.rig.patch.patch import build_patch
from controller.rig.profiles.assembly import Cell, assemble
from controller.rig.profiles.meaning import channel_of
from controller.rig.profiles.reading import native
from controller.rig.profiles.spans import Span
from controller.rig.profiles.writing import written

LAMP = [Span(0, 255, "intensity", name="Dimmer")]
FAST_TO_SLOW = [Span(0, 255, "strobe", 1.0, -1.0, name="Strobe fast to slow")]
MEASURED = [Span(0, 255, "strobe", 20.0, 1.0, name="Strobe 20 to 1 Hz")]
RESETS = [Span(0, 200, "strobe", 5.0, 9.0), Span(201, 255, "maintenance", name="Reset", worse=True)]
NO_LEVEL = "no level at which the shutter is open and steady"


def lamp(**channels):
    described = {"Dimmer": LAMP} | {name.replace("_", " "): spans for name, spans in channels.items()}
    modes = {"short": [Cell("Dimmer")], "long": [Cell(name) for name in described]}
    header = {"maker": "acme", "model": "Spot", "kind": "par", "source": "a test"}
    return assemble(header, modes, lambda name: channel_of(described[name], note=name))


def patched(profile, override, mode="long"):
    """A patch of one such lamp."""
    fixture = FixtureConfig(
        id="spot", profile="p", mode=mode, universe=1, address=1, role="wash", position_m=(0, 1, 3), override=override
    )
    return build_patch([fixture], [1], {"p": profile}, lambda place: ".".join(map(str, place)))


def test_r26_the_message_gives_the_line_to_write():
    with pytest.raises(PatchError, match=NO_LEVEL) as refused:
        patched(lamp(Strobe_Rate=FAST_TO_SLOW), {})
    assert '`override: {"Strobe Rate": {hold: LEVEL}}`' in str(refused.value)
    assert "short" in str(refused.value)  # which can be used as it is


@pytest.mark.parametrize("level", [0, 255])
def test_r26_held_at_an_end_the_mode_is_used_and_the_sheet_says_so(level):
    patch = patched(lamp(Strobe=FAST_TO_SLOW), {"Strobe": {"hold": level}})
    assert patch.constants[1] == level
    (fixture,) = patch.fixtures
    assert usable_because(fixture.config, fixture.profile) == [f"usable because the patch holds Strobe at {level}"]
    assert fixture.footprint == 2


@pytest.mark.parametrize(
    ("spans", "level"), [(FAST_TO_SLOW, 100), (MEASURED, 0), (MEASURED, 255), (RESETS, 255), (RESETS, 201)]
)
def test_r26_a_level_that_strobes_or_resets_stays_refused(spans, level):
    with pytest.raises(PatchError, match=r"would send|cannot be used"):
        patched(lamp(Strobe=spans), {"Strobe": {"hold": level}})


def test_r26_a_laser_stays_refused_and_no_line_is_offered():
    profile = lamp(Laser=[Span(0, 127, "effect", name="Laser red"), Span(128, 255, "effect", name="Laser green")])
    with pytest.raises(PatchError, match="laser") as refused:
        patched(profile, {})
    assert "hold:" not in str(refused.value)
    with pytest.raises(PatchError, match="laser"):
        patched(profile, {"Laser": {"hold": 0}})


def test_r26_every_such_channel_has_to_be_held():
    profile = lamp(Strobe=FAST_TO_SLOW, Rate=FAST_TO_SLOW)
    with pytest.raises(PatchError, match=r'"Rate": \{hold: LEVEL\}\}'):
        patched(profile, {"Strobe": {"hold": 0}})
    assert patched(profile, {"Strobe": {"hold": 0}, "Rate": {"hold": 255}}).constants == {1: 0, 2: 255}


def test_r26_a_lamp_of_which_every_mode_is_refused_can_be_had_too():
    header = {"maker": "acme", "model": "Spot", "kind": "par", "source": "a test"}
    profile = assemble(header, {"only": [Cell("Strobe")]}, lambda name: channel_of(FAST_TO_SLOW, note=name))
    assert profile.modes == {}
    assert patched(profile, {"Strobe": {"hold": 0}}, mode="only").constants == {0: 0}


def test_r26_the_written_profile_is_read_back(tmp_path):
    profile = lamp(Strobe=FAST_TO_SLOW)
    file = tmp_path / "spot.yaml"
    file.write_text(written(profile), encoding="utf-8")
    assert native(file.read_bytes(), file) == profile
