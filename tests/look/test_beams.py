"""Beams of looks on a rig, to the byte: who takes part, when a pattern changes, and what people see of the reason."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from controller.commands.beam_parts import beam_lines
from controller.config import with_overrides
from controller.errors import ConfigError
from controller.lighting.look.beams import wish_of
from controller.lighting.reasons import Now, why
from controller.looks.look import BEAMS, BeamOf
from controller.looks.pack import bundled_packs, read_pack
from controller.messages import Command, LightToken, Operator
from controller.rig.patch.configured import patch_of
from tests.look.band import Band, cue

GOBOS = [[10 * number, 10 * number + 9] for number in range(1, 6)]
SPOT = {
    "format": 1, "maker": "acme", "model": "Spot", "kind": "mover",
    "channels": {
        "pan": {"does": "pan", "degrees": 540}, "tilt": {"does": "tilt", "degrees": 270},
        "dimmer": {"does": "intensity"},
        **{name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")},
        "zoom": {"does": "hold", "at": 128, "shapes": {"part": "zoom", "range": [0, 255]}},
        "gobo": {"does": "hold", "at": 4, "shapes": {"part": "gobo", "slots": [{"dmx": one} for one in GOBOS]}},
        "prism": {"does": "hold", "at": 0, "shapes": {"part": "prism", "slots": [{"dmx": [128, 255]}]}},
        "turn": {"does": "hold", "at": 128, "shapes": {"part": "gobo_turn", "turns": [[130, 190], [126, 66]]}},
    },
    "modes": {"m": ["dimmer", "pan", "tilt", "red", "green", "blue", "zoom", "gobo", "prism", "turn"]},
}  # fmt: skip
ZOOM, GOBO, PRISM, TURN = 6, 7, 8, 9
PACK = """
extends: rock
looks:
  dark movers: {parts: [verse], lit: {key: 0.5, back: 0.6}, accents: []}
  lit plain: {parts: [verse], lit: {key: 0.5, mover: 0.8}, accents: []}
  lit patterns: {parts: [chorus], lit: {key: 0.5, mover: 0.8}, beam: {name: break-up, zoom: 1.0}, accents: []}
  third pattern: {parts: [solo], lit: {key: 0.5, mover: 0.8}, beam: {gobo: 3, prism: true}, accents: []}
  turning: {parts: [break], lit: {key: 0.5, mover: 0.8}, beam: {name: turning, gobo_turn: 0.5}, accents: []}
  both: {parts: [chorus], lit: {key: 0.5, mover: 0.8}, beam: two-tone, wears: {mover: 2}, accents: []}
"""


@pytest.fixture
def band(config, tmp_path):
    """Four movers behind two washes; the first mover is on `key`."""
    (tmp_path / "spot.yaml").write_text(yaml.safe_dump(SPOT))
    (tmp_path / "pack.yaml").write_text(PACK)
    roles = ("key", "mover", "mover", "wash")
    fixtures = [
        {"id": f"f{number}", "profile": f"file:{tmp_path / 'spot.yaml'}", "mode": "m", "universe": 1,
         "address": 1 + 20 * number, "role": role, "position_m": [number - 2.0, 2.0, 3.0]}
        for number, role in enumerate(roles)
    ]  # fmt: skip
    return Band(with_overrides(config, fixtures=fixtures), read_pack(tmp_path / "pack.yaml"))


def sent(band, fixture, channel, since=0):
    """Levels of a channel, cycle by cycle, as they left."""
    return np.array([tick.frames[0].slots[20 * fixture + channel] for tick in band.ticks[since:]])


def test_heads_that_are_aimed_take_the_beam_and_faces_do_not(band):
    band.cue = cue("lit patterns", label="A")
    band.play(4.0)
    rest = [128, 4, 0]
    for fixture in (0, 3):
        assert [set(sent(band, fixture, channel).tolist()) for channel in (ZOOM, GOBO, PRISM)] == [
            {one} for one in rest
        ]
    for fixture in (1, 2):
        assert sent(band, fixture, ZOOM)[-1] == 255
        assert sent(band, fixture, GOBO)[-1] in [(low + high) // 2 for low, high in GOBOS]
        assert sent(band, fixture, PRISM)[-1] == 0


def test_lit_heads_change_on_the_one_and_never_before(band):
    band.cue = cue("lit plain")
    band.play(2.0)
    band.cue = cue("third pattern", 4.0, label="B")  # says it two seconds ahead
    band.play(4.0)
    changed = np.flatnonzero(np.diff(sent(band, 1, GOBO)))
    assert len(changed) == 1
    assert band.ticks[changed[0] + 1].frames[0].t_s == pytest.approx(4.0, abs=0.0126)
    assert (sent(band, 1, GOBO)[-1], sent(band, 1, PRISM)[-1]) == (34, 191)


def test_dark_heads_get_ready_in_the_dark_and_come_up_with_their_pattern(band):
    band.cue = cue("dark movers")
    band.play(3.0)
    band.cue = cue("third pattern", 5.0, label="B")
    band.play(4.0)
    gobo, dimmer = sent(band, 1, GOBO), sent(band, 1, 0)
    first = int(np.flatnonzero(gobo == 34)[0])
    assert band.ticks[first].frames[0].t_s < 4.0
    assert set(gobo[dimmer > 0].tolist()) == {34}


def test_heads_that_go_dark_keep_their_pattern_for_the_look_that_may_come_back(band):
    band.cue = cue("third pattern", label="B")
    band.play(2.0)
    band.cue = cue("dark movers", band.now_s)
    band.play(3.0)
    assert sent(band, 1, 0)[-1] == 0
    assert set(sent(band, 1, GOBO, since=-100).tolist()) == {34}
    band.cue = cue("lit plain", band.now_s + 1.0)
    band.play(0.9)
    assert sent(band, 1, GOBO)[-1] == 4


def test_a_section_has_its_own_pattern_and_it_comes_back_with_it(band):
    seen = []
    for label in ("A", "B", "A"):
        band.cue = cue("lit patterns", band.now_s, label=label)
        band.play(2.0)
        seen.append(int(sent(band, 1, GOBO)[-1]))
    assert seen[0] == seen[2] != seen[1]


def test_pairs_turn_as_mirrors_from_the_one_on_and_stop_on_the_next(band):
    band.cue = cue("lit patterns", label="A")
    band.play(2.0)
    band.cue = cue("turning", 4.0, label="A")
    band.play(6.0)
    left, right = sent(band, 1, TURN), sent(band, 2, TURN)
    first = int(np.flatnonzero(left != 128)[0])
    assert band.ticks[first].frames[0].t_s == pytest.approx(4.0, abs=0.0126)
    assert (left[-1], right[-1]) == (96, 160)
    assert np.abs(np.diff(left[first + 1 :].astype(int))).max() <= 1
    band.cue = cue("lit plain", 9.0, label="B")
    band.play(2.0)
    assert set(sent(band, 1, TURN, since=-20).tolist()) == {128}
    assert set(sent(band, 0, TURN).tolist()) == {128}  # it lights a face


def test_the_other_half_is_the_gel_that_movers_do_not_wear():
    pack = read_pack("rock")
    look = pack.looks["open chorus"]
    assert look.beam.split
    two = cue(look.name, palette=(10.0, 0.9, 200.0, 0.8))
    assert wish_of(look, two).other == (10.0, 0.9)
    assert wish_of(look.model_copy(update={"wears": {"mover": 1}}), two).other == (200.0, 0.8)
    assert wish_of(look, cue(look.name, palette=(10.0, 0.9))).other is None
    assert wish_of(pack.looks["the biggest"], two).other is None


def test_when_somebody_talks_and_in_the_house_state_beams_rest(band):
    band.cue = cue("third pattern")
    band.play(2.0)
    band.kind = "talk"
    band.play(8.0)
    assert (sent(band, 1, GOBO)[-1], sent(band, 1, PRISM)[-1], sent(band, 1, ZOOM)[-1]) == (4, 0, 128)


def test_without_cues_nothing_moves_and_a_look_that_is_held_keeps_its_beam(band):
    band.play(3.0)
    assert [set(sent(band, 1, channel).tolist()) for channel in (ZOOM, GOBO, PRISM)] == [{128}, {4}, {0}]
    band.cue = cue("third pattern")
    band.play(2.0)
    band.engine.obey(Command("hold", 1.0), band.now_s)
    band.cue = cue("lit plain", band.now_s)
    band.play(2.0)
    assert sent(band, 1, GOBO)[-1] == 34


def test_why_tells_the_beam(band):
    band.cue = cue("third pattern")
    band.play(2.0)
    slots = np.concatenate([frame.slots for frame in band.ticks[-1].frames])
    token = LightToken(band.now_s, 1, 56, 150, 0.5, 0.5, band.cue)
    now = Now(slots, slots, np.ones((4, 6), np.float32), "live", Operator(), token, 0.1, "a decoder",
              drawn=band.engine.hanging.look)  # fmt: skip
    said = dict(why(band.patch, 20 + GOBO, now))
    assert said["look"] == "gobo 3 of 5 is in the beam"
    assert "beam open with gobo 3, prism" in said["rule"]
    turning = replace(now, drawn=band.engine.hanging.look_of(cue("turning")))
    assert (
        "turning with a gobo of its own for each section turning at 50%" in dict(why(band.patch, 20, turning))["rule"]
    )
    slots = slots.copy()
    slots[20 + TURN] = 160
    assert dict(why(band.patch, 20 + TURN, replace(now, asked=slots)))["look"] == "gobo turns at 50%"
    zoom = dict(why(band.patch, 20 + ZOOM, now))
    assert zoom["look"].startswith("zoom: at rest")


def test_a_beam_is_a_name_or_fields_and_mistakes_have_a_line(tmp_path):
    assert BeamOf.model_validate("wide").zoom == BEAMS["wide"]["zoom"]
    assert BeamOf.model_validate({"name": "narrow", "zoom": 0.2}).iris == BEAMS["narrow"]["iris"]
    file = tmp_path / "pack.yaml"
    for wrong in ("twinkle", "{iris: 0.1}", "{zoom: 2}", "{gobo: some}", "{spin: 1}", "[1]", "{gobo_turn: 0.2}",
                  "{gobo: 1, gobo_turn: 2}", "{prism_turn: 0.2}", "{animation: fast}"):  # fmt: skip
        file.write_text(f"extends: rock\nlooks:\n  mine:\n    parts: [verse]\n    beam: {wrong}\n")
        with pytest.raises(ConfigError, match=r"pack\.yaml:5"):
            read_pack(file)


def test_check_tells_what_heads_can_do_and_which_looks_ask_in_vain(band, config):
    pack = read_pack("rock")
    can, lacks = beam_lines(band.patch, pack)
    assert can == "beams: of 2 heads that are aimed: zoom 2, gobo 2, prism 2, gobo that turns 2"
    assert "two colours in one beam ('open chorus')" in lacks
    assert "prism that turns ('the biggest')" in lacks
    assert "no zoom, gobo or prism" in beam_lines(patch_of(config), pack)[0]
    washes = with_overrides(config, fixtures=[one.model_dump() | {"role": "wash"} for one in config.fixtures])
    assert beam_lines(patch_of(washes), pack) == []


def test_faces_are_not_under_patterns():
    for name in bundled_packs():
        for look in read_pack(name).looks.values():
            assert look.movement.aim != "singer" or look.beam.name in ("open", "soft", "narrow", "wide"), look.name


def test_hard_packs_spend_beams_on_choruses_and_solos():
    for name in ("rock", "metal", "electronic"):
        used = {part for look in read_pack(name).looks.values() if look.beam.name != "open" for part in look.parts}
        assert {"chorus", "solo"} <= used
    for name in bundled_packs():
        assert all("mover" in look.lit for look in read_pack(name).looks.values() if look.beam.name != "open")
