"""The fewest modes of all libraries that use every feature, and what is too slow to do with all of them."""

from pathlib import Path

import pytest
from covering import covering_set

from controller.rig.profiles.cross_checks import warnings
from controller.rig.profiles.features import features
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.reading import native
from controller.rig.profiles.writing import written


@pytest.fixture(scope="module")
def bundled(root):
    library = Library(root / "fixtures")
    return {reference: library.profile(reference) for reference in library.references()}


@pytest.fixture(scope="session")
def root():
    return Path(__file__).parents[2]


def found_in(profiles):
    return {(name, mode): features(profile, mode) for name, profile in profiles.items() for mode in profile.modes}


def test_a_covering_set_covers_and_nothing_in_it_is_needless():
    found = {"a": frozenset("xy"), "b": frozenset("yz"), "c": frozenset("xz"), "d": frozenset("w")}
    chosen = covering_set(found)
    assert set().union(*(found[one] for one in chosen)) == set("wxyz")
    for one in chosen:
        assert not found[one] <= set().union(*(found[other] for other in chosen if other != one))
    assert covering_set({}) == []


def test_the_bundled_profiles_use_nearly_every_feature_that_real_ones_do(bundled, ofl_library, qxf_library, capsys):
    real = {**ofl_library.profiles, **qxf_library.profiles}
    found = found_in(real)
    chosen = covering_set(found)
    ours = set().union(*found_in(bundled).values())
    missing = set().union(*found.values()) - ours
    with capsys.disabled():
        names = ", ".join(sorted({reference for reference, _ in chosen}))
        count = len(set().union(*found.values()))
        print(f"\n{count} features of {len(found)} modes are covered by {len(chosen)}: {names}")
        print(f"not in our own profiles: {', '.join(sorted(missing))}")
    assert len(chosen) < 40
    assert len(missing) < 22


def test_the_covering_set_survives_our_own_yaml(ofl_library, qxf_library):
    real = {**ofl_library.profiles, **qxf_library.profiles}
    for reference, _ in covering_set(found_in(real)):
        profile = real[reference]
        again = native(written(profile).encode(), Path("x.yaml"))
        assert again == profile


def test_bundled_profiles_have_nothing_that_looks_like_a_mistake(bundled):
    said = {name: warnings(profile) for name, profile in bundled.items() if warnings(profile)}
    assert set(said) <= {"generic/cmy-spot"}
    assert said["generic/cmy-spot"] == [
        "channels.colour-wheel: no colour for 30-39: never chosen, unless config.yaml says how they look"
    ]


def test_what_looks_like_a_mistake_is_said():
    profile = Profile.model_validate(
        {
            "format": 1,
            "maker": "x",
            "model": "y",
            "kind": "par",
            "channels": {"p": {"does": "hold", "at": 0}, "s": {"does": "shutter", "ranges": [
                {"dmx": [5, 9], "shutter": "open"}, {"dmx": [20, 99], "shutter": "strobe"}]}},
            "modes": {"1ch": ["s"], "auto": ["p"]},
        }
    )  # fmt: skip
    assert warnings(profile) == [
        "channels.s: nothing is said about levels 0-4, 10-19, 100-255",
        "channels.s: a strobe range without hz",
        "modes.1ch: nothing makes it dark: no dimmer, no emitters, no shutter that closes",
        "modes.auto: no look can light it; it only runs programs, or only moves",
    ]
