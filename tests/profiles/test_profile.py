"""Every profile in `fixtures/`, and what a profile may not be."""

import pytest
import yaml
from pydantic import ValidationError

from controller.config import read_config
from controller.errors import ProfileError
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Haze, Profile, Shutter, Wheel

PAR = {
    "format": 1,
    "maker": "x",
    "model": "y",
    "kind": "par",
    "channels": {"red": {"does": "colour", "emitter": "red"}, "dimmer": {"does": "intensity"}},
    "modes": {"2ch": ["dimmer", "red"]},
}


def references(root):
    return Library(root / "fixtures").references()


def test_there_are_ten_generic_livehouse_fixtures_and_all_are_valid(root):
    library = Library(root / "fixtures")
    assert len(library.references()) >= 10
    kinds = {library.profile(reference).kind for reference in library.references()}
    assert kinds == {"par", "bar", "mover", "blinder", "strobe", "hazer", "dimmer", "panel", "scanner"}


def test_the_bundled_profiles_use_every_feature_of_the_format(root):
    library = Library(root / "fixtures")
    profiles = [library.profile(reference) for reference in library.references()]
    channels = [channel for profile in profiles for channel in profile.channels.values()]
    assert {channel.does for channel in channels} == {
        "intensity", "colour", "flag", "hue", "saturation", "cct", "shutter", "hold", "pan", "tilt", "wheel", "haze"
    }  # fmt: skip
    emitters = {channel.emitter for channel in channels if channel.does == "colour"}
    assert emitters == {"red", "green", "blue", "white", "amber", "uv", "lime", "warm_white", "cold_white"}
    assert any(isinstance(one, Shutter) and one.ranges[0].shutter == "closed" for one in channels)
    assert any(profile.heads(mode) > 1 for profile in profiles for mode in profile.modes)
    assert any(fine for profile in profiles for mode in profile.modes for _, fine, _ in profile.layout(mode))
    assert any(isinstance(one, Wheel) for one in channels)
    assert any(isinstance(one, Haze) for one in channels)


def test_layout_repeats_channels_for_each_head_in_turn(root):
    bar = Library(root / "fixtures").profile("generic/pixel-bar-8")
    layout = bar.layout("26ch")
    assert bar.heads("26ch") == 8
    assert bar.footprint("26ch") == 26
    assert layout[:5] == [
        ("dimmer", 0, ()),
        ("strobe", 0, ()),
        ("red", 0, (0,)),
        ("green", 0, (0,)),
        ("blue", 0, (0,)),
    ]
    assert layout[-1] == ("blue", 0, (7,))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modes": {"a": ["dimmer", "rod"]}}, "'rod' is no channel; channels are red, dimmer"),
        ({"modes": {"a": ["dimmer", "red", "red"]}}, "'red' stands twice"),
        ({"modes": {"a": ["red.fine", "dimmer"]}}, "'red.fine' needs 'red' in the same mode"),
        ({"modes": {"a": ["dimmer", "red@0"]}}, "heads are counted from 1"),
        ({"modes": {"a": ["dimmer", "red@3-1"]}}, "upwards"),
        ({"modes": {"a": ["red"]}}, "dimmer: in no mode"),
        ({"kind": "toaster"}, "kind"),
        ({"lasers": 3}, "lasers"),
        ({"channels": {"s": {"does": "shutter", "ranges": [{"dmx": [0, 9], "shutter": "closed"}]}}}, "none is 'open'"),
        ({"channels": {"s": {"does": "hold", "at": 256}}}, "256"),
        ({"channels": {"s": {"does": "explode"}}}, "explode"),
    ],
)
def test_a_wrong_profile_is_refused(change, said):
    with pytest.raises(ValidationError) as refused:
        Profile.model_validate({**PAR, **change})
    assert said in str(refused.value)


def test_ranges_may_not_overlap_or_run_backwards():
    for ranges in ([[0, 10], [10, 20]], [[9, 3], [10, 20]]):
        channel = {"does": "shutter", "ranges": [{"dmx": one, "shutter": "open"} for one in ranges]}
        with pytest.raises(ValidationError, match=r"overlap|backwards"):
            Profile.model_validate(
                {**PAR, "channels": {**PAR["channels"], "s": channel}, "modes": {"a": ["red", "dimmer", "s"]}}
            )


def test_the_library_says_what_is_wrong_and_where(tmp_path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "par.yaml").write_text(yaml.safe_dump({**PAR, "kind": "toaster"}))
    (tmp_path / "acme" / "bad.yaml").write_text("channels: [")
    library = Library(tmp_path)
    with pytest.raises(ProfileError, match=r"no profile 'acme/spot' .* there are: acme/bad, acme/par"):
        library.profile("acme/spot")
    with pytest.raises(ProfileError, match=r"par\.yaml:\d+: kind: must be"):
        library.profile("acme/par")
    with pytest.raises(ProfileError, match=r"bad\.yaml:1: not valid YAML"):
        library.profile("acme/bad")
    with pytest.raises(ProfileError, match=r"config\.yaml:3: no profile '\.\./par'"):
        library.located("../par", "config.yaml:3")


def test_no_path_leads_out_of_the_library(root):
    with pytest.raises(ProfileError, match="no profile"):
        Library(root / "fixtures").profile("../config")
    assert read_config(root / "config.yaml").profiles == "fixtures"
