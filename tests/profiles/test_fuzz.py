"""Damaged files of every kind: whatever is in them, one kind of error comes out, and never a hazard.

Real files where this machine has them, our own otherwise; damage is seeded, so a failure comes again. `make test` tries
a tenth of what `make chaos` does: the first of the same inputs.
"""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from counted import calls
from gdtf_file import DESCRIPTION, packed
from promise import STRICT
from pydantic import ValidationError

from controller.config import FixtureConfig
from controller.errors import ControllerError
from controller.rig.patch.patch import build_patch
from controller.rig.profiles import gdtf, ofl, qxf
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.reading import native, parsed_json
from controller.rig.profiles.xml_tree import xml_tree

ROOT = Path(__file__).parents[2]
MORE_ODD = ("$pixelKey", "fast CCW", "Hz", "\0", "é\u202e", "all", "#ffffff")
NUMBERS = (True, -1, 0, 1, 3, 255, 256, 65536, 10**30, 1e308, float("nan"), float("inf"))
ODD = (
    *MORE_ODD,
    *NUMBERS,
    None,
    "",
    "x",
    "0%",
    "-5%",
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"type": "Intensity"},
    {"": None},
)
MAX_BYTES = 9_000
SHARE = 1 if STRICT else 10
"""One in so many of all inputs."""


def places(data, path=()):
    """Every place in a nested structure."""
    yield path
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


def damaged(data, known, rng):
    """A copy in which one or two values are odd, gone, doubled, or moved from elsewhere."""
    made = copy.deepcopy(data)
    for _ in range(int(rng.integers(1, 3))):
        path = known[int(rng.integers(len(known)))]
        parent = made
        try:
            for key in path[:-1]:
                parent = parent[key]
            match int(rng.integers(4)):
                case 0:
                    parent[path[-1]] = copy.deepcopy(ODD[int(rng.integers(len(ODD)))])
                case 1:
                    del parent[path[-1]]
                case 2:
                    parent[path[-1]] = [parent[path[-1]]] * 3
                case _:
                    other = made
                    for key in known[int(rng.integers(len(known)))]:
                        other = other[key]
                    parent[path[-1]] = copy.deepcopy(other)
        except (KeyError, IndexError, TypeError):
            continue
    return made


def torn(content, rng):
    """Bytes with some changed, cut out, or doubled."""
    made = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        at, length = int(rng.integers(len(made))), int(rng.integers(1, 40))
        match int(rng.integers(4)):
            case 0:
                made[at] = int(rng.integers(256))
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[at : at + length]
            case _:
                made[at:at] = rng.bytes(length)
        if not made:
            return b""
    return bytes(made)


def tried(count, make, use):
    """How many of `count` damaged inputs were still good; anything but our own errors ends the test."""
    good = 0
    for number in range(count // SHARE):
        damage = make(number)
        try:
            use(damage)
        except ControllerError:
            continue
        good += 1
    return good


@pytest.fixture(scope="module")
def ofl_files():
    """Small real fixtures of the Open Fixture Library, or one of our own."""
    folder = Path.home() / ".cache" / "followspot-tests" / "ofl-2.0.1"
    files = sorted(file for file in folder.glob("*/*.json") if file.stat().st_size < MAX_BYTES)[::7]
    real = [json.loads(file.read_bytes()) for file in files]
    red = {"capability": {"type": "ColorIntensity", "color": "Red"}, "fineChannelAliases": ["Red $pixelKey fine"]}
    insert = {"insert": "matrixChannels", "repeatFor": "eachPixelXYZ", "channelOrder": "perPixel",
              "templateChannels": ["Red $pixelKey"]}  # fmt: skip
    own = {
        "name": "Bar",
        "categories": ["Pixel Bar"],
        "matrix": {"pixelCount": [4, 1, 1], "pixelGroups": {"odd": {"x": ["odd"]}, "all": "all"}},
        "availableChannels": {"D": {"capability": {"type": "Intensity"}}},
        "templateChannels": {"Red $pixelKey": red},
        "modes": [{"name": "a", "channels": ["D", insert, "Red all", "Red odd", None]}],
    }
    return [own, *real]


def test_damaged_ofl_fixtures(ofl_files):
    rng = np.random.default_rng(1)
    known = [list(places(data))[1:] for data in ofl_files]

    def make(number):
        which = number % len(ofl_files)
        return damaged(ofl_files[which], known[which], rng)

    assert tried(11_000, make, lambda data: ofl.profile_of(data, "acme", "ofl:acme/x")) > 1_000 / SHARE


def test_torn_ofl_files(ofl_files):
    rng = np.random.default_rng(2)
    texts = [json.dumps(data).encode() for data in ofl_files]
    use = lambda content: ofl.profile_of(parsed_json(content), "acme", "ofl:acme/x")  # noqa: E731
    tried(4_000, lambda number: torn(texts[number % len(texts)], rng), use)


@pytest.fixture(scope="module")
def qxf_files():
    """Small real definitions of QLC+, or one of our own."""
    folder = Path("/usr/share/qlcplus/fixtures")
    files = sorted(file for file in folder.glob("*/*.qxf") if file.stat().st_size < MAX_BYTES)[::9]
    own = (
        b'<!DOCTYPE FixtureDefinition><FixtureDefinition xmlns="x"><Manufacturer>a</Manufacturer><Model>b</Model>'
        b'<Type>Dimmer</Type><Channel Name="D" Preset="IntensityDimmer"/>'
        b'<Channel Name="S"><Group Byte="0">Shutter</Group>'
        b'<Capability Min="0" Max="9">Open</Capability><Capability Min="10" Max="255">Strobe</Capability></Channel>'
        b'<Mode Name="2"><Channel Number="0">D</Channel><Channel Number="1">S</Channel>'
        b"<Head><Channel>0</Channel></Head>"
        b"</Mode></FixtureDefinition>"
    )
    return [own, *(file.read_bytes() for file in files)]


def test_damaged_qxf_definitions(qxf_files):
    """Attributes, texts and elements changed in parsed trees."""
    rng = np.random.default_rng(3)
    trees = [xml_tree(content) for content in qxf_files]

    def make(number):
        root = copy.deepcopy(trees[number % len(trees)])
        every = list(root.iter())
        for _ in range(int(rng.integers(1, 4))):
            one = every[int(rng.integers(len(every)))]
            odd = str(ODD[int(rng.integers(len(ODD)))])
            match int(rng.integers(5)):
                case 0 if one.attrib:
                    one.set(list(one.attrib)[int(rng.integers(len(one.attrib)))], odd)
                case 1 if one.attrib:
                    del one.attrib[next(iter(one.attrib))]
                case 2:
                    one.text = odd
                case 3:
                    one.clear()
                case _:
                    one.append(every[int(rng.integers(len(every)))] if len(one) == 0 and one.tag != root.tag else one)
                    del one[-1]
        return root

    assert tried(9_000, make, lambda root: qxf.profile_of(root, "qxf:a/b")) > 1_000 / SHARE


def test_torn_qxf_files(qxf_files):
    rng = np.random.default_rng(4)
    use = lambda content: qxf.profile_of(xml_tree(content), "qxf:a/b")  # noqa: E731
    tried(4_000, lambda number: torn(qxf_files[number % len(qxf_files)], rng), use)


def test_torn_gdtf_files():
    rng = np.random.default_rng(5)
    whole = packed()

    def make(number):
        if number % 4 == 0:
            return torn(whole, rng)
        return packed(torn(DESCRIPTION.encode(), rng).decode("utf-8", "replace"))

    tried(600, make, lambda content: gdtf.profile_of(content, "gdtf:x"))


@pytest.fixture(scope="module")
def own_files():
    files = sorted((ROOT / "fixtures").glob("*/*.yaml"))
    return [(file.read_bytes(), yaml.safe_load(file.read_text())) for file in files]


def test_damaged_profiles_of_our_own(own_files):
    """Where they are still valid, what they would send is outside of what they forbid."""
    rng = np.random.default_rng(6)
    known = [list(places(data))[1:] for _, data in own_files]
    valid = 0
    for number in range(6_000 // SHARE):
        which = number % len(own_files)
        try:
            profile = Profile.model_validate(damaged(own_files[which][1], known[which], rng))
        except ValidationError:
            continue
        valid += 1
        for channel in profile.channels.values():
            never = [range(low, high + 1) for low, high in channel.never()]
            assert not any(level in span for low, high in channel.sends() for level in (low, high) for span in never)
    assert valid > 100 / SHARE


def test_torn_yaml_of_our_own(own_files):
    rng = np.random.default_rng(7)
    tried(500, lambda number: torn(own_files[number % len(own_files)][0], rng), lambda c: native(c, Path("x.yaml")))


def test_damaged_patches():
    rng = np.random.default_rng(8)
    library = Library(ROOT / "fixtures")
    profiles = {reference: library.profile(reference) for reference in library.references()}
    names = list(profiles)

    def make(number):
        fixtures = []
        for which in range(3):
            profile = profiles[names[int(rng.integers(len(names)))]]
            written = {
                "id": f"a{int(rng.integers(5))}", "profile": names[list(profiles.values()).index(profile)],
                "mode": next(iter(profile.modes)) if rng.uniform() < 0.9 else "none",
                "universe": int(rng.integers(1, 4)),
                "address": int(rng.integers(1, 513)), "role": "wash", "position_m": [0, 0, which],
                "pan": sorted(rng.uniform(0, 1, 2).tolist()),
                "override": {"dimmer": {"hold": int(rng.integers(256))}},
            }  # fmt: skip
            if rng.uniform() < 0.5:
                written = damaged(written, list(places(written))[1:], rng)
            try:
                fixtures.append(FixtureConfig.model_validate(written))
            except ValidationError:
                continue
        return fixtures

    def use(fixtures):
        build_patch([one for one in fixtures if one.profile in profiles], [1, 2], profiles, str)

    assert tried(3_000, make, use) > 100 / SHARE


def test_it_is_little_enough_work_to_run_each_time(ofl_files):
    def read():
        for data in ofl_files:
            try:
                ofl.profile_of(data, "acme", "ofl:acme/x")
            except ControllerError:
                continue

    assert calls(read) / len(ofl_files) < 20_000
