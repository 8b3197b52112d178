"""Faces: lit whatever the look does, in white, slowly, and never in a colour that makes people look ill."""

import numpy as np
import pytest

from controller.colour import hue_degrees, to_encoded
from controller.config import read_config, with_overrides
from controller.lighting.look.dress import dressed
from controller.lighting.look.duties import duties
from controller.looks.gels import GELS, palette_of
from controller.looks.look import Look
from controller.looks.pack import read_pack
from controller.rig.heads import Rig
from tests.look.band import Band, bright, cue, palette

FLOOR = 0.25


def front(places, role="wash"):
    spots = np.array([(x, -1.0, 3.4) for x in places], np.float32)
    ranges = np.full(len(places), 540.0, np.float32)
    return Rig((role,) * len(places), spots, ranges, ranges / 2)


def test_faces_are_lit_by_the_innermost_pair_of_the_front_washes(patch):
    found = duties(patch.rig)
    lamps = [patch.fixtures[patch.fixture_of[head]].config.id for head in np.flatnonzero(found.key)]
    assert lamps == ["front-3", "front-4"]
    assert not found.shared.any()
    four = duties(front([-2.1, -0.7, 0.7, 2.1]))
    assert four.key.tolist() == four.shared.tolist() == [False, True, True, False]
    twelve = duties(front([x - 5.5 for x in range(12)]))
    assert np.flatnonzero(twelve.key).tolist() == [4, 5, 6, 7]


def test_lamps_that_are_patched_for_it_do_it_and_the_washes_are_left_alone(config):
    lamps = config.model_dump()["fixtures"]
    for one in lamps:
        if one["id"] in ("front-1", "front-6"):
            one["role"] = "key"
    band = Band(with_overrides(config, fixtures=lamps))
    found = duties(band.patch.rig)
    assert found.key.tolist() == [role == "key" for role in band.patch.roles]
    band.cue = cue("no front")
    light = bright(band.play(3.0)[-1])
    assert light[found.key].min() >= FLOOR - 0.01
    assert light[band.heads("wash")].max() == 0.0
    band.cue = None  # and without cues faces are lit, too
    assert bright(band.play(2.0)[-1])[found.key].min() > FLOOR


@pytest.mark.parametrize("rig", ["config.yaml", "docs/rigs/four-pars.yaml", "docs/rigs/sixty-fixtures.yaml"])
def test_faces_never_go_below_their_floor_while_a_band_plays(root, rig):
    band = Band(read_config(root / rig))
    key = duties(band.patch.rig).key
    shown = []
    for number, name in enumerate(("backs out of the dark", "the biggest", "without drums", "breakdown")):
        band.cue = cue(name, band.now_s + 0.3, label=str(number), level=0.2 * number)
        band.onset_every_s = 0.4
        shown.append(band.play(2.0))
        band.level_db = -120.0
        shown.append(band.play(0.5))  # a dead stop
        band.level_db = -15.0
    assert bright(np.concatenate(shown)[4:, key]).min() >= FLOOR - 0.02


def test_the_floor_is_the_configurations(config):
    band = Band(with_overrides(config, look={"key_floor": 0.6}))
    band.cue = cue("without drums", level=0.0)
    assert bright(band.play(3.0)[-1, duties(band.patch.rig).key]).min() >= 0.58


def test_faces_are_slow_and_take_no_part_in_the_dance(config):
    band = Band(config)
    band.onset_every_s = 0.4
    band.cue = cue("the biggest", level=1.0)
    band.play(0.5)
    key = duties(band.patch.rig).key
    light = np.concatenate([band.play(2.0), (setattr(band, "cue", cue("no front", band.now_s)), band.play(3.0))[1]])
    assert np.abs(np.diff(bright(light[:, key]), axis=0)).max() < 0.04


def test_faces_are_white_and_softer_in_ballads(config):
    level = {}
    for pack in ("rock", "ballad"):
        look = read_pack(pack).fitting("chorus", 0.8)[0]
        band = Band(with_overrides(config, look={"pack": pack}))
        band.cue = cue(look.name, level=0.8, hue_deg=240.0)
        light = band.play(4.0)[-1, duties(band.patch.rig).key]
        assert (light.min(axis=1) > 0.2 * light.max(axis=1)).all()
        level[pack] = bright(light).mean()
    assert level["ballad"] < level["rock"] - 0.05


@pytest.mark.parametrize("harmony", ["alone", "analogous", "complement", "white", "pastel"])
def test_no_gel_that_is_given_lights_a_face_mustard_or_lime(patch, harmony):
    """Every gel as a song's own, and hues that are no gel at all."""
    found = duties(patch.rig)
    look = Look(name="all", parts=("verse",), lit={"key": 1, "wash": 1, "back": 1, "pixel": 1, "mover": 1})
    flat = [tuple(x for gel in palette_of(harmony, main) for x in (gel.hue_deg, gel.saturation)) for main in GELS]
    flat += [(float(hue_deg), 1.0, float(hue_deg + 180) % 360, 1.0) for hue_deg in range(0, 360, 7)]
    for one in flat:
        dress = dressed(look, one, found)
        for colour in (*dress.colour[found.key | found.facing], dress.key_colour):
            hue_deg, span = hue_degrees(to_encoded(colour[None])[0]), float(np.ptp(to_encoded(colour[None])[0]))
            assert span < 0.15 or not 50.0 < hue_deg < 115.0, one


def test_four_lamps_mix_a_face_into_their_colour(root):
    """The innermost pair of four is faces and wash at once: white alone in the dark, the gel in the chorus."""
    band = Band(read_config(root / "docs/rigs/four-pars.yaml"))
    inner = duties(band.patch.rig).shared
    band.cue = cue("no front", palette=palette(240.0))
    white = band.play(3.0)[-1, inner]
    assert (white.min(axis=1) > 0.2 * white.max(axis=1)).all()
    band.cue, band.level_db = cue("chorus in one colour", 3.0, label="B", level=1.0, palette=palette(240.0)), -9.0
    blue = band.play(3.0)[-1, inner]
    assert (blue[:, 2] > 2.0 * blue[:, 0]).all()
