"""Addresses: what fits, what overlaps, and how it is said."""

import pytest

from controller.config import FixtureConfig
from controller.errors import PatchError
from controller.rig.patch.patch import build_patch
from controller.rig.profiles.library import Library


def fixture(**changes):
    given = {"id": "a", "profile": "generic/rgb-par", "mode": "3ch", "universe": 1, "address": 1, "role": "wash"}
    return FixtureConfig(**{**given, "position_m": (0, 0, 3), **changes})


def build(root, *fixtures, universes=(1, 2)):
    library = Library(root / "fixtures")
    profiles = {one.profile: library.profile(one.profile) for one in fixtures}
    return build_patch(list(fixtures), list(universes), profiles, lambda place: f"f.yaml:{place[1]}")


def test_neighbours_fit_and_universes_are_apart(root):
    patch = build(
        root, fixture(), fixture(id="b", address=4), fixture(id="c", universe=2), fixture(id="d", address=510)
    )
    assert patch.heads == 4
    assert [int(flat) for flat in patch.coarse["red"]] == [0, 3, 512, 509]


@pytest.mark.parametrize(
    ("fixtures", "said"),
    [
        ([{}, {"id": "b", "address": 3}], r"f.yaml:1: b \(1\.3-5\) overlaps a at address 3; move one of them"),
        ([{"address": 511}], r"f.yaml:0: a takes 3 slots and would end at 513; the highest address it fits at is 510"),
        ([{"mode": "9ch"}], r"f.yaml:0: generic/rgb-par has no mode '9ch'; its modes are 3ch, 6ch-16bit"),
        ([{"universe": 7}], r"f.yaml:0: universe 7 has no outputs; there are: 1, 2"),
        ([{}, {"address": 100}], r"f.yaml:1: 'a' is used twice; ids must differ"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(root, fixtures, said):
    with pytest.raises(PatchError, match=said):
        build(root, *(fixture(**changes) for changes in fixtures))


def test_the_bundled_room_is_a_believable_one(patch):
    roles = {role: patch.roles.count(role) for role in set(patch.roles)}
    pars = [one for one in patch.fixtures if one.profile.kind == "par"]
    movers = [one for one in patch.fixtures if one.profile.kind == "mover"]
    assert len(pars) >= 8
    assert len(movers) >= 2
    assert roles.keys() == {"wash", "back", "pixel", "beam", "blinder", "strobe", "hazer"}
    assert not any(one.config.armed for one in patch.fixtures)
