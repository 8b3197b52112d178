"""Every mode of two whole libraries, driven with random looks: what must never be entered never is.

The first oracle is the profile's own list of what is never sent; the second goes back to the raw file of the library
and judges each slot's level by what the library says about it, without our importer's judgement.
"""

import re

import numpy as np
import pytest

from controller.colour import encoded_from_hue, to_linear
from controller.lighting.look.master import Master
from controller.messages import Beam, Operator, Picture
from controller.rig.observe import Observer
from controller.rig.patch.lanes import EMITTERS
from controller.rig.patch.render import Renderer
from controller.rig.profiles import ofl, qxf
from controller.rig.profiles.profile import Haze, Shutter

LOOKS = 20
LIBRARIES = ["ofl", "qxf"]


def any_look(heads, rng, t_s):
    hues = to_linear(encoded_from_hue(rng.uniform(0, 360, heads).astype(np.float32)))
    hues = np.where(rng.uniform(size=(heads, 1)) < 0.2, 1.0, hues).astype(np.float32)
    places = rng.uniform(-0.5, 1.5, (2, heads)).astype(np.float32)
    slides = rng.uniform(-0.2, 1.2, (4, heads)).astype(np.float32)
    slides[rng.uniform(size=slides.shape) < 0.1] = np.nan
    gobos, prisms = rng.integers(0, 13, (2, heads)).astype(np.int8)
    turns = rng.uniform(-1.2, 1.2, (3, heads)).astype(np.float32)
    turns[rng.uniform(size=turns.shape) < 0.2] = 0.0
    beam = Beam(*slides, gobos, prisms, rng.uniform() < 0.7, *turns, hues[::-1].copy())
    intensity = rng.uniform(-0.2, 1.3, heads).astype(np.float32)
    return Picture(t_s, 0, intensity, hues, places[0], places[1], beam)


def slots_of(patch, frames):
    return np.concatenate([frame.slots for frame in frames])


@pytest.fixture(scope="session")
def shows(request):
    """Slots of some random looks for each library's rig, in time enough for wheels to turn."""
    made = {}

    def show(name):
        if name not in made:
            patch = request.getfixturevalue(f"{name}_rig")
            rng, renderer = np.random.default_rng(5), Renderer(patch)
            frames = [slots_of(patch, renderer.render(any_look(patch.heads, rng, 2.0 * n))) for n in range(LOOKS)]
            made[name] = (patch, np.array(frames))
        return made[name]

    return show


@pytest.mark.parametrize("name", LIBRARIES)
def test_at_least_97_percent_of_modes_import_and_the_rest_says_why(name, request, capsys):
    library = request.getfixturevalue(f"{name}_library")
    assert library.imported + len(library.refused) == library.modes
    with capsys.disabled():
        share = library.imported / library.modes
        print(f"\n{name}: {library.files} files, {library.modes} modes, {library.imported} imported ({share:.2%})")
        for reason in sorted({re.sub("channel '.*?'", "channel", one)[:90] for one in library.refused.values()})[:12]:
            print(f"   refused: {reason}")
    assert library.modes > 2_400
    assert share >= 0.97
    assert all(len(reason) > 10 for reason in library.refused.values())


@pytest.mark.parametrize("name", LIBRARIES)
def test_no_level_that_profiles_forbid_is_ever_sent(name, shows):
    patch, frames = shows(name)
    never = np.zeros((patch.nowhere, 256), np.bool_)
    for lane in patch.lanes:
        for low, high in lane.channel.never():
            never[lane.slots[0], low : high + 1] = True
        if lane.control == "gate" or (isinstance(lane.channel, Shutter) and lane.why.startswith("no look")):
            for one in lane.channel.ranges:
                if one.shutter == "closed":
                    never[lane.slots[0], one.dmx[0] : one.dmx[1] + 1] = False
    for slots in frames:
        wrong = np.flatnonzero(never[np.arange(patch.nowhere), slots])
        assert not len(wrong), f"slot {wrong[0]} at {slots[wrong[0]]}"


def levels_that(capability_is_wrong, capabilities, shift):
    """(256,) which coarse levels the raw file calls a hazard."""
    wrong = np.zeros(256, np.bool_)
    for capability in capabilities:
        first, last = capability.get("dmxRange") or (0, (256 << shift) - 1)
        if capability_is_wrong(capability):
            wrong[first >> shift : (last >> shift) + 1] = True
    for capability in capabilities:  # a level that two ranges share belongs to both: only what is all hazard counts
        first, last = capability.get("dmxRange") or (0, (256 << shift) - 1)
        if not capability_is_wrong(capability):
            wrong[first >> shift : (last >> shift) + 1] = False
    return wrong


def is_hazard(capability):
    kind = capability["type"]
    if kind == "ShutterStrobe":
        starts_still = str(capability.get("speedStart", capability.get("speed", ""))) in ("0Hz", "stop", "slow", "0%")
        whole = "dmxRange" not in capability
        return (
            capability["shutterEffect"] not in ("Open", "Closed")
            and not (starts_still and whole)
            and (capability.get("speed") != "stop")
        )
    if kind in ("Fog", "FogOutput"):
        return capability.get("fogOutput") != "off" and "fogOutputStart" not in capability
    lamp_on = re.search(r"\blamps? on\b", str(capability.get("comment", "")), re.I)  # no harm (R24)
    return kind == "Maintenance" and not lamp_on


def test_no_level_that_the_open_fixture_library_calls_a_hazard_is_ever_sent(ofl_library, shows):
    patch, frames = shows("ofl")
    checked = 0
    for fixture in patch.fixtures:
        data = ofl_library.raw[fixture.config.profile]
        raw = ofl._Fixture(data)
        mode = next(m for m in data["modes"] if fixture.config.mode in (m.get("shortName"), m["name"]))
        start = patch.universes.index(fixture.config.universe) * 512 + fixture.config.address - 1
        for index, key in enumerate(raw._flat(mode["channels"])):
            cell = raw._cell(key)
            if cell is None or cell.byte:
                continue
            channel = raw._channels[cell.name]
            capabilities = channel.get("capabilities") or [channel["capability"]]
            if all(one["type"] == "Maintenance" for one in capabilities) or len(capabilities) < 2:
                continue
            wrong = levels_that(is_hazard, capabilities, 8 * (ofl._bytes(channel) - 1))
            checked += 1
            sent = set(frames[:, start + index].tolist())
            assert not [level for level in sent if wrong[level]], (fixture.config.profile, mode["name"], key, sent)
    assert checked > 5_000


def test_no_level_that_qlcplus_calls_a_hazard_is_ever_sent(qxf_library, shows):
    patch, frames = shows("qxf")
    checked = 0
    for fixture in patch.fixtures:
        root = qxf_library.raw[fixture.config.profile]
        raw = qxf._Fixture(root)
        mode = next(m for m in root.findall("Mode") if m.attrib["Name"] == fixture.config.mode)
        start = patch.universes.index(fixture.config.universe) * 512 + fixture.config.address - 1
        for index, name in enumerate(raw._names(mode)):
            channel = raw._channels[name]
            for one in () if channel.is_fine else channel.ranges:
                said, preset = (one.text or "").lower(), one.get("Preset", "")
                hazard = preset.startswith(("Strobe", "Pulse", "RampUp", "RampDown", "Reset"))
                hazard |= preset == "LampOff" and "lamp" in said  # to switch a lamp on does no harm (R24)
                low, high = int(one.attrib["Min"]), int(one.attrib["Max"])
                checked += hazard
                sent = {level for level in set(frames[:, start + index].tolist()) if low <= level <= high}
                if hazard and sent and (low, high) != (0, 255):
                    open_too = [
                        r
                        for r in channel.ranges
                        if r is not one
                        and not r.get("Preset", "").startswith("Strobe")
                        and any(int(r.attrib["Min"]) <= level <= int(r.attrib["Max"]) for level in sent)
                    ]
                    assert open_too, (fixture.config.profile, fixture.config.mode, name, said, sent)
    assert checked > 3_000


@pytest.mark.parametrize("name", LIBRARIES)
def test_haze_stays_where_nothing_comes_out_and_lasers_where_they_are_dark(name, shows):
    patch, frames = shows(name)
    hazers = [lane for lane in patch.lanes if isinstance(lane.channel, Haze)]
    assert len(hazers) > 20
    for lane in hazers:
        assert (frames[:, lane.slots[0]] == lane.channel.at).all()
    for lane in patch.lanes:
        if patch.fixtures[lane.fixture].profile.kind == "laser":
            assert (frames[:, lane.slots[0]] == frames[0, lane.slots[0]]).all()


@pytest.mark.parametrize("name", LIBRARIES)
def test_shutters_are_open_wherever_a_dimmer_makes_darkness(name, shows):
    patch, frames = shows(name)
    count = 0
    for lane in patch.lanes:
        reachable = patch.fixtures[lane.fixture].profile.kind != "laser"
        if isinstance(lane.channel, Shutter) and lane.control != "gate" and reachable:
            count += 1
            opened = next(one for one in lane.channel.ranges if one.shutter == "open")
            sent = frames[:, lane.slots[0]]
            assert ((opened.dmx[0] <= sent) & (sent <= opened.dmx[1])).all()
    assert count > 900


@pytest.mark.parametrize("name", LIBRARIES)
def test_blackout_is_dark_everywhere_and_moves_no_head(name, request, capsys):
    patch = request.getfixturevalue(f"{name}_rig")
    rng, renderer, master, observer = np.random.default_rng(8), Renderer(patch), Master(), Observer(patch)
    lit = renderer.render(master.apply(any_look(patch.heads, rng, 0.0), Operator()))
    before = renderer.render(master.apply(any_look(patch.heads, rng, 3.0), Operator(blackout=True)))
    after = renderer.render(master.apply(any_look(patch.heads, rng, 9.0), Operator(blackout=True)))
    stage = observer.observe({frame.universe: frame.slots for frame in after})
    assert not stage.light[patch.dimmable].any()
    assert not stage.strobing.any()
    for lane in patch.lanes:
        if lane.control in ("pan", "tilt"):
            for slot in lane.slots:
                row, index = divmod(slot, 512)
                assert before[row].slots[index] == after[row].slots[index]
    with capsys.disabled():
        never = [~patch.dimmable & (stage.power > 0)][0]
        modes = len({int(patch.fixture_of[head]) for head in np.flatnonzero(never)})
        print(f"\n{name}: {modes} of {len(patch.fixtures)} modes cannot be made dark by any of their channels")
    assert modes < 0.03 * len(patch.fixtures)
    assert observer.observe({frame.universe: frame.slots for frame in lit}).power.mean() > 0.1


@pytest.mark.parametrize("name", LIBRARIES)
def test_pan_and_tilt_stay_within_what_a_rig_allows(name, request, make_rig):
    library = request.getfixturevalue(f"{name}_library")
    movers = {ref: one for ref, one in library.profiles.items() if one.kind in ("mover", "scanner")}
    patch = make_rig(movers, pan=(0.3, 0.6), tilt=(0.1, 0.4), pan_home=0.4, tilt_home=0.4, invert_pan=True)
    limits = {"pan": (0.3, 0.6), "tilt": (0.1, 0.4)}
    rng, renderer = np.random.default_rng(9), Renderer(patch)
    frames = np.array([slots_of(patch, renderer.render(any_look(patch.heads, rng, 0.1 * n))) for n in range(LOOKS)])
    count = 0
    for lane in patch.lanes:
        if lane.control in limits:
            count += 1
            low, high = lane.channel.range
            places = (frames[:, lane.slots[0]] - low) / (high - low)
            least, most = limits[lane.control]
            half = 1.0 / abs(high - low)  # a coarse byte is cut where a fine one follows
            assert (places >= least - half).all()
            assert (places <= most + half).all()
            assert len(np.unique(places)) > 1
    assert count > 400


@pytest.mark.parametrize("name", LIBRARIES)
def test_lamps_without_a_dimmer_are_dimmed_by_their_colours(name, request):
    patch = request.getfixturevalue(f"{name}_rig")
    heads = patch.heads
    virtual = np.logical_or.reduce([patch.has(one) for one in EMITTERS]) & ~patch.has("intensity") & ~patch.has("wheel")
    assert len({int(one) for one in patch.fixture_of[virtual]}) > 400
    white, middle = np.ones((heads, 3), np.float32), np.full(heads, 0.5, np.float32)
    renderer, observer = Renderer(patch), Observer(patch)
    powers = []
    for level in (0.0, 0.3, 1.0):
        frames = renderer.render(Picture(0.0, 0, np.full(heads, level, np.float32), white, middle, middle))
        powers.append(observer.observe({frame.universe: frame.slots for frame in frames}).power[virtual])
    coloured = powers[2] > 0
    assert coloured.mean() > 0.95
    assert not powers[0].any()
    assert (powers[1][coloured] < 0.5 * powers[2][coloured]).mean() > 0.95


@pytest.mark.parametrize("name", LIBRARIES)
def test_coarse_bytes_are_the_high_bytes_of_what_is_meant(name, shows):
    patch, frames = shows(name)
    wide = [
        lane for lane in patch.lanes if len(lane.slots) == 2 and lane.control in ("pan", "tilt", "intensity", "red")
    ]
    assert len(wide) > 500
    slots = np.array([lane.slots for lane in wide])
    values = frames[:, slots[:, 0]].astype(int) * 256 + frames[:, slots[:, 1]]
    assert len(np.unique(values)) > 1_000
    full = [index for index, lane in enumerate(wide) if getattr(lane.channel, "range", None) == (0, 255)]
    assert values[:, full].max() == 65535
    assert values[:, full].min() == 0
