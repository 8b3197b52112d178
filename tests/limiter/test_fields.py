"""Which heads are seen as one, and how bright each is in parts of its own: by hand, from the standards' text."""

import numpy as np
import pytest
from single_fixture import patch_of as one_fixture

from controller.config import with_overrides
from controller.lighting.flashes.fields import MOST_NEIGHBOURHOODS, Fields, areas
from controller.metrics.safety import FLASH_DARK
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from tests.limiter.rooms import demo, pars

DIMMER = {"d": {"does": "intensity"}}
RGB = {name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")}
WHITE = {"white": {"does": "colour", "emitter": "white"}}
BEYOND = FLASH_DARK
"""Nothing that is as bright as this is dark (WCAG 2.3.1)."""


def at(*places, groups=()):
    """PARs in these places, metres; each is in the groups named for it."""
    fixtures = [
        {"id": f"par-{n + 1}", "profile": "generic/rgb-par", "mode": "3ch", "universe": 1, "address": 1 + 3 * n,
         "role": "wash", "position_m": place, "groups": list(groups[n]) if groups else []}
        for n, place in enumerate(places)
    ]  # fmt: skip
    return patch_of(with_overrides(pars(), fixtures=fixtures))


def members(patch):
    """Name of each area to its heads."""
    names, weights = areas(patch)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    return {name: np.flatnonzero(row).tolist() for name, row in zip(names, weights, strict=True)}


def around(patch):
    """Those within ten degrees of each head, seen from six metres before the rig and 1.5 m above the floor."""
    x, y, _ = patch.positions_m.T
    towards = patch.positions_m - [(x.min() + x.max()) / 2, y.min() - 6.0, 1.5]
    towards /= np.linalg.norm(towards, axis=1)[:, None]
    apart = np.degrees(np.arccos(np.clip(towards @ towards.T, -1, 1)))
    return [np.flatnonzero(row <= 10.0).tolist() for row in apart]


def test_thirds_and_rows_hold_every_head_once():
    found = members(patch_of(pars(12)))
    assert found["the rig"] == list(range(12))
    assert (found["the left"], found["the middle"]) == ([0, 1, 6, 7], [2, 3, 8, 9])
    assert found["the right"] == [4, 5, 10, 11]
    assert (found["row 1"], found["row 2"]) == (list(range(6)), list(range(6, 12)))
    assert "row 3" not in found


def test_a_row_hangs_within_seventy_centimetres_of_its_first_head():
    found = members(at((0, 1.2, 3), (1, 0, 3), (2, 0.6, 3.6), (3, 1.3, 3), (4, 1.25, 4.2), (0.5, 1.3, 4.3)))
    assert {name: heads for name, heads in found.items() if name.startswith("row")} == {
        "row 1": [1, 2], "row 2": [0, 3], "row 3": [4, 5],
    }  # fmt: skip


def test_a_group_is_an_area_unless_it_is_one_already():
    places = [(x, 0, 3) for x in (-3, -1, 1, 3)]
    found = members(at(*places, groups=(["ends", "all"], ["all", "lone"], ["all"], ["ends", "all"])))
    assert found["group ends"] == [0, 3]
    assert "group all" not in found  # that is the rig
    assert "group lone" not in found  # that is a head


@pytest.mark.parametrize("count", [1, 2, 12])
def test_every_head_is_near_the_middle_of_a_neighbourhood(count):
    patch = patch_of(pars(count, rows=min(count, 2)))
    names, found = areas(patch)[0], members(patch)
    near = around(patch)
    for name, heads in found.items():
        if name.startswith("the heads around"):
            assert heads == near[int(name.split("-")[1]) - 1]
    reached = {head for heads in found.values() for head in heads}
    assert reached == set(range(count))
    for head in range(count):  # each is an area, or another name for one, or one head
        assert near[head] in found.values() or len(near[head]) == 1
    assert names[0] == "the rig"


def test_of_many_heads_the_farthest_from_each_other_are_the_middles():
    """Greedy: the next one is the head that is farthest from all before it, so that none is far from every middle."""
    patch = patch_of(pars(72, rows=3))
    middles = [int(name.split("-")[1]) - 1 for name in areas(patch)[0] if name.startswith("the heads around")]
    assert 20 <= len(middles) <= MOST_NEIGHBOURHOODS
    towards = patch.positions_m - [0.0, -6.0, 1.5]
    towards /= np.linalg.norm(towards, axis=1)[:, None]
    near = towards @ towards.T
    assert middles[0] == 0
    assert middles[1] == near[0].argmin()
    assert middles[2] == np.maximum(near[0], near[middles[1]]).argmin()
    assert np.degrees(np.arccos(near[middles].max(axis=0).min())) < 6.0


def test_a_bar_counts_as_one_lamp_and_a_hazer_as_none():
    patch = patch_of(demo())
    names, weights = areas(patch)
    rig = weights[names.index("the rig")]
    cells = [head for head in range(patch.heads) if patch.head_name(head).startswith("bar-l.")]
    assert len(cells) == 8
    assert rig[cells].sum() == pytest.approx(rig[0])
    assert rig[cells] == pytest.approx(rig[0] / 8)
    assert not weights[:, patch.roles.index("hazer")].any()


def test_names_lie_in_the_order_of_the_measures():
    patch = patch_of(pars(12))
    fields, light = Fields(patch), np.zeros((12, 3), np.float32)
    light[4] = 1.0
    shown = {name for name, level in zip(fields.names, fields.measure(light)[0], strict=True) if level > 0}
    assert "par-5" in shown
    assert {name for name in fields.names if name.startswith("par-")} - shown == {
        f"par-{n}" for n in range(1, 13) if n != 5
    }
    assert len(fields) == len(fields.names) == len(fields.weights) + 12
    assert np.array_equal(fields.within, fields.weights > 0)


@pytest.mark.parametrize(
    ("light", "seen"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((1, 1, 1), (1, 1, 0)),
        ((1, 0, 0), (0.2126, 1, 1)),
        ((0, 0, 1), (0.0722, 1, 0)),
        ((0, 0.5, 0), (0.3576, 0.5, 0)),
        ((0.8, 0.1, 0.1), (0.24882, 0.8, 0.8)),
        ((0.8, 0.2, 0), (0.31312, 0.8, 0.8)),
        ((0.8, 0, 0.21), (0.18524, 0.8, 0)),
    ],
)
def test_measures_of_a_lamp_and_means_of_areas(light, seen):
    fields = Fields(patch_of(pars(4, rows=1)))
    every = np.zeros((4, 3), np.float32)
    every[0] = light
    found = fields.measure(every)
    assert found[:, -4] == pytest.approx(np.array(seen), abs=2e-5)
    assert found[:, 0] == pytest.approx(np.array(seen) / 4, abs=1e-5)
    assert not found[:, -3:].any()


def lit(patch, **levels):
    """Measures of the one lamp at these levels of its channels."""
    slots = np.zeros(patch.nowhere + 1, np.uint8)
    for lane in patch.lanes:
        slots[lane.slots[0]] = levels.get(lane.name, 0)
    light, beyond = Observer(patch).light(slots)
    return Fields(patch).measure(light * beyond[:, None])[:, -1]


def test_full_is_what_the_lamp_can_give():
    assert lit(one_fixture(DIMMER), d=255) == pytest.approx((1, 1, 0), abs=1e-3)
    assert lit(one_fixture(RGB), red=255, green=255, blue=255) == pytest.approx((1, 1, 0), abs=1e-3)
    assert lit(one_fixture(RGB), red=255)[1:] == pytest.approx((1, 1), abs=1e-3)
    assert lit(one_fixture(RGB | WHITE), red=255)[1:] == pytest.approx((1, 1), abs=1e-3)
    assert lit(one_fixture(RGB | WHITE), red=255, green=255, blue=255, white=255)[:2] == pytest.approx((2, 2), abs=1e-3)


def test_what_the_patch_allows_is_full():
    assert lit(one_fixture(DIMMER, max_intensity=0.5), d=128)[1] == pytest.approx(1.0, abs=0.01)
    assert lit(one_fixture(DIMMER, max_intensity=0.01), d=26)[1] == pytest.approx(2.0, abs=0.1)  # no head is a spark


def test_a_wheels_darkest_glass_that_lets_light_through_is_full_and_a_black_one_is_none():
    glasses = ("#ffffff", "#ff0000", "#000080", "#100000")
    wheel = {"wheel": {"does": "wheel", "slots": [{"dmx": [20 * n, 20 * n + 19], "colour": one}
                                                  for n, one in enumerate(glasses)]}}  # fmt: skip
    patch = one_fixture(DIMMER | wheel)
    deep = 0.2159  # #80 in linear light (IEC 61966-2-1)
    assert lit(patch, d=255, wheel=50)[1] == pytest.approx(1.0, abs=1e-3)
    assert lit(patch, d=255, wheel=10)[1] == pytest.approx(1 / deep, rel=1e-3)
    assert lit(patch, d=255, wheel=30)[2] == pytest.approx(1.0, abs=1e-3)
    assert Fields(patch).dark[:, -1] == pytest.approx((BEYOND, BEYOND / deep, BEYOND), rel=1e-3)


@pytest.mark.parametrize("opened", ["shutter", "filters", "hue"])
def test_a_lamp_is_opened_before_its_most_is_read(opened):
    shutter = {"s": {"does": "shutter", "ranges": [{"dmx": [0, 9], "shutter": "closed"},
                                                   {"dmx": [10, 255], "shutter": "open"}]}}  # fmt: skip
    channels = {
        "shutter": DIMMER | RGB | shutter,
        "filters": DIMMER | {name: {"does": "flag", "filter": name} for name in ("cyan", "magenta", "yellow")},
        "hue": DIMMER | {name: {"does": name} for name in ("hue", "saturation")},
    }[opened]
    whole = {"d": 255, "s": 200} | ({} if opened != "shutter" else dict.fromkeys(RGB, 255))
    patch = one_fixture(channels)
    assert lit(patch, **whole) == pytest.approx((1, 1, 0), abs=1e-3)
    assert Fields(patch).dark == pytest.approx(BEYOND)


def test_what_is_dark_grows_with_what_all_emitters_give_together():
    assert Fields(one_fixture(DIMMER | RGB)).dark == pytest.approx(BEYOND)
    assert Fields(one_fixture(DIMMER | RGB | WHITE)).dark == pytest.approx(2 * BEYOND)
    mixed = Fields(patch_of(demo()))
    assert mixed.dark[:, 0] == pytest.approx(mixed.weights[0] @ mixed.dark[:, len(mixed.weights) :].T)
