"""Levels of emitters: the right colour, as bright as it can be, and nothing that jumps."""

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.colour import encoded_from_hue, to_linear
from controller.rig.mixing import (
    TYPICAL,
    UV_BELOW,
    UV_CAP,
    EmitterColour,
    Mixer,
    brightest,
    emitted_colours,
    hue_and_saturation,
    nearest,
)

MIXING = [name for name in TYPICAL if name != "uv"]
SETS = {
    "rgb": ("red", "green", "blue"),
    "rgbw": ("red", "green", "blue", "white"),
    "rgba": ("red", "green", "blue", "amber"),
    "rgbaw-uv": ("red", "green", "blue", "amber", "white", "uv"),
    "rgbl": ("red", "green", "blue", "lime"),
    "rgbalc": ("red", "green", "blue", "amber", "lime", "cyan", "indigo"),
    "warm-cold": ("warm_white", "cold_white"),
    "white": ("white",),
}


def mixer(names):
    return Mixer(tuple(EmitterColour(name) for name in names))


def wheel(count=720):
    return to_linear(encoded_from_hue(np.linspace(0, 360, count, endpoint=False).astype(np.float32)))


def direction(light):
    return light / np.linalg.norm(light, axis=1, keepdims=True)


def full(count):
    return np.ones(count, np.float32)


@pytest.mark.parametrize("names", [SETS[name] for name in ("rgb", "rgbw", "rgba", "rgbaw-uv", "rgbl", "rgbalc")])
def test_every_hue_is_met_and_at_least_one_emitter_is_full(names):
    mixes, colours = mixer(names), wheel()
    levels = mixes.levels(colours, full(len(colours)))
    assert levels.min() >= 0
    assert levels.max() <= 1 + 1e-6
    assert levels.max(axis=1).min() > 0.97  # between two points of the table a little may be missing
    assert np.sum(direction(mixes.light(levels)) * direction(colours), axis=1).min() > 0.9995


def test_plain_rgb_gives_the_colour_itself():
    colours = wheel(360)
    assert np.abs(mixer(SETS["rgb"]).levels(colours, full(360)) - colours).max() < 0.02


def test_orange_is_not_yellow():
    (orange,) = to_linear(np.array([[1.0, 0.5, 0.0]], np.float32))
    red, green, blue = mixer(SETS["rgb"]).levels(orange[None], full(1))[0]
    assert red == pytest.approx(1)
    assert green == pytest.approx(0.214, abs=0.01)
    assert blue == pytest.approx(0, abs=0.01)


def test_white_uses_every_emitter_and_saturated_colours_no_white():
    mixes = mixer(SETS["rgbw"])
    white, red = mixes.levels(np.array([[1, 1, 1], [1, 0, 0]], np.float32), full(2))
    assert white.min() > 0.8
    assert red == pytest.approx([1, 0, 0, 0], abs=1e-4)


@pytest.mark.parametrize("names", [one for one in SETS.values() if len(one) > 2])
def test_no_jump_anywhere_on_the_wheel(names):
    """A small step of colour is a small step of every emitter, so that fades do not flicker."""
    colours = wheel(3600)
    levels = mixer(names).levels(colours, full(len(colours)))
    assert np.abs(np.diff(levels, axis=0, append=levels[:1])).max() < 0.06


@given(
    names=st.lists(st.sampled_from(MIXING), min_size=3, max_size=8, unique=True),
    wish=st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any),
)
@settings(max_examples=60, deadline=None)
def test_nothing_brighter_of_that_colour_exists(names, wish):
    """A linear programme finds no brighter mix; where the wish is out of reach, none that is nearer."""
    optimize = pytest.importorskip("scipy.optimize")
    emitted = emitted_colours(tuple(EmitterColour(name) for name in names))
    wished = np.array([wish], np.float64) / max(wish)
    (levels,) = brightest(wished, emitted)
    light = levels @ emitted
    shares, off = optimize.nnls(emitted.T, wished[0])
    if off < 1e-6:
        limits = {"bounds": [(0, 1)] * len(names) + [(0, None)]}
        equal = np.concatenate([emitted.T, -wished.T], axis=1)
        best = optimize.linprog(np.r_[np.zeros(len(names)), -1.0], A_eq=equal, b_eq=np.zeros(3), **limits)
        # the answer may be scaled up until one emitter is full, never beyond what the programme allows
        assert light.sum() == pytest.approx(-best.fun * wished.sum(), rel=0.04)
        assert direction(light[None]) @ direction(wished).T == pytest.approx(1, abs=1e-3)
    else:
        near = shares @ emitted
        if near.sum() > 1e-3:
            assert direction(light[None]) @ direction(near[None]).T == pytest.approx(1, abs=1e-3)


def test_two_whites_follow_warm_and_cold():
    warm, cold = mixer(SETS["warm-cold"]).levels(np.array([[1, 0.2, 0], [0, 0.2, 1]], np.float32), full(2))
    assert warm[0] > warm[1]
    assert cold[1] > cold[0]


def test_a_single_white_is_simply_on():
    assert mixer(SETS["white"]).levels(wheel(12), full(12)).min() == 1


def test_uv_joins_deep_dim_violets_only():
    mixes = mixer(SETS["rgbaw-uv"])
    colours = np.array([[0.3, 0, 1], [0.3, 0, 1], [1, 0, 0], [1, 1, 1]], np.float32)
    uv = mixes.levels(colours, np.array([0.1, UV_BELOW, 0.1, 0.1], np.float32))[:, -1]
    assert uv[0] > 0.3
    assert uv[1:].tolist() == [0, 0, 0]


def test_measured_emitters_are_met_in_their_own_colours():
    """A lamp whose green is yellowish needs another mix for the same cyan."""
    measured = Mixer(
        (
            EmitterColour("red", (0.70, 0.30, 20.0)),
            EmitterColour("green", (0.25, 0.68, 50.0)),
            EmitterColour("blue", (0.14, 0.05, 6.0)),
        )
    )
    colours = np.array([[0, 1, 1], [1, 1, 1], [1, 0.2, 0]], np.float32)
    levels = measured.levels(colours, full(3))
    assert np.sum(direction(measured.light(levels)) * direction(colours), axis=1).min() > 0.995
    assert np.abs(levels - mixer(SETS["rgb"]).levels(colours, full(3))).max() > 0.1


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
def test_hue_and_saturation_of_any_colour_are_in_range(rgb):
    hue, saturation = hue_and_saturation(np.array([rgb], np.float32))
    assert 0 <= hue[0] < 360
    assert 0 <= saturation[0] <= 1


@pytest.mark.parametrize(
    ("brightness", "part"), [(0.0, 1.0), (0.1, 0.8), (0.25, 0.5), (0.45, 0.1), (0.5, 0.0), (1.0, 0.0)]
)
@pytest.mark.parametrize("saturation", [1.0, 0.5])
def test_uv_fades_out_as_it_gets_bright_and_pale(brightness, part, saturation):
    mixes, violet = mixer(SETS["rgbaw-uv"]), np.array([270.0])
    levels = mixes.with_uv(np.full((1, 6), 0.3), violet, np.array([saturation]), np.float32([brightness]))
    assert levels[0] == pytest.approx([0.3] * 5 + [UV_CAP * saturation * part], abs=1e-6)


def test_uv_is_for_violets_from_edge_to_edge():
    mixes = mixer(SETS["rgbaw-uv"])
    hues = np.array([0.0, 249.9, 250.0, 290.0, 290.1])
    uv = mixes.with_uv(np.zeros((5, 6)), hues, np.ones(5), np.zeros(5, np.float32))[:, -1]
    assert uv == pytest.approx([0.0, 0.0, UV_CAP, UV_CAP, 0.0])
    assert mixes.heeds_brightness
    assert not mixer(SETS["rgb"]).heeds_brightness


def test_uv_alone_is_a_light_like_any_other():
    alone = mixer(("uv",))
    assert alone.levels(wheel(12), np.zeros(12, np.float32)).min() == 1.0
    assert not alone.heeds_brightness


SRGB = {"red": (0.64, 0.33, 0.2126), "green": (0.30, 0.60, 0.7152), "blue": (0.15, 0.06, 0.0722)}
"""Chromaticities and luminances of the primaries (IEC 61966-2-1)."""


@pytest.mark.parametrize("unit", [1.0, 0.01, 1e4])
def test_emitters_that_measure_as_the_primaries_are_the_primaries(unit):
    measured = tuple(EmitterColour(name, (x, y, flux * unit)) for name, (x, y, flux) in SRGB.items())
    assert emitted_colours(measured) == pytest.approx(np.eye(3), abs=3e-3)
    assert Mixer(measured).light(np.eye(3)) == pytest.approx(np.eye(3), abs=5e-3)


def test_twice_the_flux_is_twice_the_light_and_no_flux_is_none():
    x, y, flux = SRGB["green"]
    dim, bright, none = emitted_colours(
        tuple(EmitterColour(name, (x, y, flux * part)) for name, part in (("green", 0.5), ("lime", 1.0), ("cyan", 0.0)))
    )
    assert bright == pytest.approx([0, 1, 0], abs=3e-3)
    assert dim == pytest.approx(bright / 2)
    assert none.tolist() == [0, 0, 0]


def test_without_measures_a_name_is_its_typical_colour():
    assert emitted_colours((EmitterColour("amber"), EmitterColour("uv"))).tolist() == [
        [1.0, 0.42, 0.0],
        [0.12, 0, 0.35],
    ]
    assert mixer(SETS["rgbw"]).names == SETS["rgbw"]


def test_levels_and_light_are_single_precision():
    mixes = mixer(SETS["rgbaw-uv"])
    levels = mixes.levels(wheel(12), full(12))
    assert levels.dtype == mixes.light(levels).dtype == np.float32
    assert (mixes.light(levels) >= 0).all()


def test_light_is_the_sum_of_the_emitters():
    mixes = mixer(SETS["rgba"])
    assert mixes.light(np.array([[0.5, 0, 0, 1.0], [0, 0, 0.25, 0]])) == pytest.approx(
        np.array([[1.5, 0.42, 0.0], [0.0, 0.0, 0.25]])
    )
    assert mixes.light(np.zeros((1, 4))).tolist() == [[0, 0, 0]]


@given(st.lists(st.integers(0, 8), min_size=3, max_size=3))
def test_hue_and_saturation_are_those_of_the_standard_library(rgb):
    """Python's colorsys, which shares no code with us."""
    wanted_hue, wanted_saturation, _ = colorsys.rgb_to_hsv(*(one / 8 for one in rgb))
    hue, saturation = hue_and_saturation(np.array([rgb], np.float32) / 8)
    assert hue[0] / 360 == pytest.approx(wanted_hue, abs=1e-6)
    assert saturation[0] == pytest.approx(wanted_saturation, abs=1e-6)


def test_between_two_colours_of_the_table_levels_lie_between():
    mixes = mixer(SETS["rgb"])
    hue, saturation = np.array([30.0, 31.0, 30.25, 359.0, 0.0, 359.5]), np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    one, two, near, last, first, round_ = mixes.without_uv(hue, saturation)
    assert near == pytest.approx(0.75 * one + 0.25 * two)
    assert round_ == pytest.approx((last + first) / 2)
    pale, paler, between = mixes.without_uv(np.full(3, 200.0), np.array([8.0, 9.0, 8.25]) / 32)
    assert between == pytest.approx(0.75 * pale + 0.25 * paler)
    assert mixes.without_uv(np.array([200.0]), np.array([0.0]))[0] == pytest.approx(np.ones(3), abs=1e-6)


@pytest.mark.parametrize(
    ("wish", "levels"),
    [((1, 0, 0), (1, 0)), ((0, 0, 1), (0, 1)), ((1, 0, 1), (1, 1)), ((1, 0, 0.25), (1, 0.25)), ((1, 5, 0), (1, 0)),
     ((0.5, 9, 1), (0.5, 1))],
)  # fmt: skip
def test_two_emitters_give_what_is_nearest(wish, levels):
    (found,) = brightest(np.array([wish], np.float64), np.array([[1.0, 0, 0], [0, 0, 1.0]]))
    assert found == pytest.approx(levels, abs=1e-5)


def test_one_emitter_is_full_and_every_mix_has_one_that_is():
    assert brightest(np.eye(3), np.array([[0.2, 0.1, 0.0]])).tolist() == [[1.0]] * 3
    rng = np.random.default_rng(7)
    for names in SETS.values():
        emitted = emitted_colours(tuple(EmitterColour(name) for name in names))
        levels = brightest(rng.random((200, 3)) + 1e-3, emitted)
        assert levels.max(axis=1) == pytest.approx(1.0)
        assert levels.min() >= 0.0


@pytest.mark.parametrize("names", [("red", "green", "blue", "amber"), ("red", "green", "blue", "lime", "white")])
def test_the_nearest_colour_is_that_of_non_negative_least_squares(names):
    optimize = pytest.importorskip("scipy.optimize")
    emitted = emitted_colours(tuple(EmitterColour(name) for name in names))[:-1]  # what is left out is out of reach
    emitted = emitted + 0.1  # pale ones: no pure colour is in reach
    wished = np.random.default_rng(3).random((50, 3))
    found = nearest(wished, emitted)
    for wish, point in zip(wished, found, strict=True):
        shares, _ = optimize.nnls(emitted.T, wish)
        assert point == pytest.approx(shares @ emitted, abs=1e-6)
