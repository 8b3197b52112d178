"""Looks to slots and back: what is rendered is what is seen, and what must never be entered never is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.colour import encoded_from_hue, to_encoded, to_linear
from controller.config import FixtureConfig
from controller.lighting.look.master import Master
from controller.messages import Operator, Picture
from controller.rig.observe import Observer
from controller.rig.patch.patch import build_patch
from controller.rig.patch.render import Renderer, _Coloured, mixes_of
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Haze, Hold, Shutter, Wheel

SEEDS = st.integers(0, 2**32 - 1)


def whole_library(root):
    """A patch with every mode of every profile."""
    library, fixtures, address, universe = Library(root / "fixtures"), [], 1, 1
    profiles = {reference: library.profile(reference) for reference in library.references()}
    roles = {"mover": "beam", "bar": "pixel", "hazer": "hazer", "blinder": "blinder", "strobe": "strobe"}
    for reference, profile in profiles.items():
        for mode in profile.modes:
            if address + profile.footprint(mode) > 512:
                address, universe = 1, universe + 1
            fixtures.append(
                FixtureConfig(
                    id=f"f{len(fixtures)}",
                    profile=reference,
                    mode=mode,
                    universe=universe,
                    address=address,
                    role=roles.get(profile.kind, "wash"),
                    position_m=(len(fixtures) - 8.0, 1.0, 3.0),
                )
            )
            address += profile.footprint(mode)
    return build_patch(fixtures, list(range(1, universe + 1)), profiles, str)


@pytest.fixture(scope="module")
def everything():
    from pathlib import Path

    return whole_library(Path(__file__).parents[2])


def any_look(patch, seed, t_s=0.0):
    rng = np.random.default_rng(seed)
    heads = patch.heads
    hues = to_linear(encoded_from_hue(rng.uniform(0, 360, heads).astype(np.float32)))
    places = rng.uniform(-0.5, 1.5, (2, heads)).astype(np.float32)
    return Picture(t_s, 0, rng.uniform(-0.2, 1.3, heads).astype(np.float32), hues, places[0], places[1])


def slots_of(patch, frames):
    return {frame.universe: frame.slots for frame in frames}


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_hazards_are_never_entered(everything, seed):
    """Shutters open, programs and resets held, haze at zero: for any look, whatever numbers are in it."""
    look = any_look(everything, seed)
    rng = np.random.default_rng(seed)
    for numbers in (look.intensity, look.colour, look.pan, look.tilt):
        numbers[rng.uniform(size=numbers.shape) < 0.05] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -7.0])
    frames = slots_of(everything, Renderer(everything).render(look))
    for lane in everything.lanes:
        universe, index = everything.universes[lane.slots[0] // 512], lane.slots[0] % 512
        channel, level = lane.channel, int(frames[universe][index])
        if isinstance(channel, Shutter):
            inside = [one.shutter for one in channel.ranges if one.dmx[0] <= level <= one.dmx[1]]
            assert inside == ["open"] or (inside == ["closed"] and lane.control == "gate")
            continue
        assert not any(low <= level <= high for low, high in channel.never())
        if isinstance(channel, Hold | Haze):
            assert level == channel.at
        elif isinstance(channel, Wheel):
            assert level == channel.rest or sum(one.dmx[0] <= level <= one.dmx[1] for one in channel.slots) == 1


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_blackout_is_dark_and_moves_no_head(everything, seed):
    """Intensity goes to zero everywhere; no pan or tilt byte changes, however long it lasts."""
    renderer, master, observer = Renderer(everything), Master(), Observer(everything)
    lit = slots_of(everything, renderer.render(master.apply(any_look(everything, seed), Operator())))
    dark = Operator(blackout=True)
    before = slots_of(everything, renderer.render(master.apply(any_look(everything, seed), dark)))
    after = slots_of(everything, renderer.render(master.apply(any_look(everything, seed + 1, 9.0), dark)))
    assert observer.observe(lit).power.max() > 0
    assert not observer.observe(before).light.any()
    assert not observer.observe(after).light.any()
    for control in ("pan", "tilt"):
        for table in (everything.coarse[control], everything.fine[control]):
            for flat in table[table != everything.nowhere]:
                universe, index = everything.universes[flat // 512], flat % 512
                assert before[universe][index] == after[universe][index] == lit[universe][index]


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
def test_the_grand_master_is_monotone(everything, seed, one, other):
    low, high = sorted((one, other))
    look = any_look(everything, seed)
    # what is brighter than full is cut, and heads that share a colour would then have other shares of it
    look = replace(look, intensity=np.clip(look.intensity, 0.0, 1.0))
    observed = [
        Observer(everything)
        .observe(slots_of(everything, Renderer(everything).render(Master().apply(look, Operator(level)))))
        .light
        for level in (low, high)
    ]
    assert (observed[0] <= observed[1] + 1.5 / 255).all()


def test_what_is_seen_is_what_was_asked(everything):
    """Through bytes and back: hue within a few degrees and power within a byte, on every head that mixes colours."""
    hues = np.linspace(0, 350, everything.heads).astype(np.float32)
    colour = to_linear(encoded_from_hue(hues))
    intensity = np.full(everything.heads, 0.8, np.float32)
    middle = np.full(everything.heads, 0.5, np.float32)
    look = Picture(0.0, 0, intensity, colour, middle, middle)
    stage = Observer(everything).observe(slots_of(everything, Renderer(everything).render(look)))
    mixes = everything.has("red") & ~everything.has("amber") & ~everything.has("lime")
    for lane in everything.lanes:  # one colour for several heads can only be a compromise
        if lane.control == "red" and len(lane.heads) > 1:
            mixes[list(lane.heads)] = False
    assert mixes.sum() > 20
    assert np.abs(stage.light[mixes] - colour[mixes] * 0.8**2).max() < 0.012
    amber = everything.has("amber")
    seen = to_encoded(stage.light[amber] / stage.light[amber].max(axis=1, keepdims=True))
    assert np.abs(seen - to_encoded(colour[amber])).max() < 0.25
    assert np.allclose(stage.pan_deg[everything.has("pan")], 0.0, atol=0.4)  # half a step of 8 bits
    assert (stage.light[np.array([role == "hazer" for role in everything.roles])] == 0).all()


def pan_on_the_wire(patch, level):
    """Bytes of the moving spot's pan, coarse and fine."""
    look = replace(any_look(patch, 1), pan=np.full(patch.heads, level, np.float32))
    spot = next(one for one in patch.fixtures if one.config.profile == "generic/moving-spot")
    start = spot.config.address - 1
    return [
        int(slot) for slot in slots_of(patch, Renderer(patch).render(look))[spot.config.universe][start : start + 2]
    ]


def test_sixteen_bits_are_as_near_as_they_can_be(everything):
    rng = np.random.default_rng(2)
    for level in [0.0, 1.0, 0.5, 1 / 255, *rng.uniform(0, 1, 50)]:
        coarse, fine = pan_on_the_wire(everything, level)
        assert abs((coarse << 8 | fine) / 65535 - level) <= 0.5 / 65535 + 1e-7  # levels are float32


@pytest.mark.parametrize(
    ("level", "coarse", "fine"),
    [
        (0.0, 0, 0),
        (1.0, 255, 255),
        (0.5, 128, 0),
        (1 / 65535, 0, 1),
        (256 / 65535, 1, 0),
        (2.0, 255, 255),
        (-1.0, 0, 0),
    ],
)
def test_sixteen_bits_are_high_byte_first(everything, level, coarse, fine):
    assert pan_on_the_wire(everything, level) == [coarse, fine]


def test_a_fine_byte_follows_its_coarse_byte_on_the_wire(everything):
    look = any_look(everything, 1)
    quarter = replace(look, pan=np.full(everything.heads, 0.2503, np.float32))
    frames = slots_of(everything, Renderer(everything).render(quarter))
    spot = next(one for one in everything.fixtures if one.config.profile == "generic/moving-spot")
    start = spot.config.address - 1
    high, low = frames[spot.config.universe][start : start + 2]
    assert (int(high) << 8 | int(low)) == round(0.2503 * 65535)


def test_a_lamp_without_dimmer_is_dimmed_by_its_colours(everything):
    par = next(one for one in everything.fixtures if one.config.mode == "3ch" and one.profile.model == "RGB PAR")
    heads = everything.heads
    red = np.tile(np.array([1, 0, 0], np.float32), (heads, 1))
    half = Picture(
        0.0, 0, np.full(heads, 0.5, np.float32), red, np.zeros(heads, np.float32), np.zeros(heads, np.float32)
    )
    slots = slots_of(everything, Renderer(everything).render(half))[par.config.universe][par.config.address - 1 :][:3]
    assert list(slots) == [64, 0, 0]  # half the brightness is a quarter of the power


def test_a_colour_wheel_is_slow_to_change_its_mind(patch):
    renderer = Renderer(patch)
    head = int(np.flatnonzero(patch.has("wheel"))[0])
    flat = int(patch.coarse["wheel"][head])
    levels = []
    rng = np.random.default_rng(0)
    for tick in range(40 * 60):
        degrees = np.full(patch.heads, rng.uniform(0, 360), np.float32)
        look = replace(any_look(patch, 1, tick / 40), colour=to_linear(encoded_from_hue(degrees)))
        levels.append(int(slots_of(patch, renderer.render(look))[patch.universes[flat // 512]][flat % 512]))
    changes = np.flatnonzero(np.diff(levels))
    assert len(changes) > 5
    assert np.diff(changes).min() >= 1.5 * 40


def test_a_shutter_that_is_not_open_is_seen_as_dark(patch):
    frames = slots_of(
        patch, Renderer(patch).render(replace(any_look(patch, 3), intensity=np.ones(patch.heads, np.float32)))
    )
    spot = next(one for one in patch.fixtures if one.config.id == "spot-l")
    frames = {universe: slots.copy() for universe, slots in frames.items()}
    shutter = spot.config.address - 1 + 8
    observer = Observer(patch)
    assert observer.observe(frames).power[spot.first_head] > 0
    frames[spot.config.universe][shutter] = 0
    assert observer.observe(frames).power[spot.first_head] == 0


@pytest.mark.parametrize("colours", [1, 3, 40])
def test_heads_that_wear_one_colour_get_what_each_alone_would(everything, rng, colours):
    """A colour is mixed once for heads side by side; kinds, whites and colours change here in many places."""
    mixes, heads = list(mixes_of(everything)), everything.heads
    assert len(mixes) > 5
    gains = np.array([[1.0, 1.0, 1.0], [1.0, 0.8, 0.9]], np.float32)[np.arange(heads) // 7 % 2]
    coloured, light = _Coloured(mixes, gains), rng.uniform(0.0, 1.0, heads).astype(np.float32)
    for _ in range(4):
        few = to_linear(encoded_from_hue(rng.uniform(0.0, 360.0, colours).astype(np.float32)))
        wished = few[np.sort(rng.integers(0, colours, heads))]
        assert coloured.take(wished)
        assert not coloured.take(wished.copy())
        set_right = wished * gains
        largest = set_right.max(axis=1)
        for mix, levels in zip(mixes, coloured.levels(light), strict=True):
            alone = (set_right / largest[:, None])[mix.heads]
            np.testing.assert_array_equal(levels.T, mix.mixer.levels(alone, light[mix.heads]))
        np.testing.assert_array_equal(coloured.bright, largest)
        np.testing.assert_array_equal(coloured.colour[coloured.alike], set_right / largest[:, None])
