"""Beams of looks on a rig, to the byte: who takes part, when a pattern changes, and what people see of the reason."""

import numpy as np
import pytest
import yaml

from controller.config import with_overrides
from controller.errors import ConfigError
from controller.lighting.reasons import Now, why
from controller.looks.look import BEAMS, BeamOf
from controller.looks.pack import bundled_packs, read_pack
from controller.messages import Command, LightToken, Operator
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
    },
    "modes": {"m": ["dimmer", "pan", "tilt", "red", "green", "blue", "zoom", "gobo", "prism"]},
}  # fmt: skip
ZOOM, GOBO, PRISM = 6, 7, 8
PACK = """
extends: rock
looks:
  dark movers: {parts: [verse], lit: {key: 0.5, back: 0.6}, accents: []}
  lit plain: {parts: [verse], lit: {key: 0.5, mover: 0.8}, accents: []}
  lit patterns: {parts: [chorus], lit: {key: 0.5, mover: 0.8}, beam: {name: break-up, zoom: 1.0}, accents: []}
  third pattern: {parts: [solo], lit: {key: 0.5, mover: 0.8}, beam: {gobo: 3, prism: true}, accents: []}
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


def test_a_section_has_its_own_pattern_and_it_comes_back_with_it(band):
    seen = []
    for label in ("A", "B", "A"):
        band.cue = cue("lit patterns", band.now_s, label=label)
        band.play(2.0)
        seen.append(int(sent(band, 1, GOBO)[-1]))
    assert seen[0] == seen[2] != seen[1]


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
    zoom = dict(why(band.patch, 20 + ZOOM, now))
    assert zoom["look"].startswith("zoom: at rest")


def test_a_beam_is_a_name_or_fields_and_mistakes_have_a_line(tmp_path):
    assert BeamOf.model_validate("wide").zoom == BEAMS["wide"]["zoom"]
    assert BeamOf.model_validate({"name": "narrow", "zoom": 0.2}).iris == BEAMS["narrow"]["iris"]
    file = tmp_path / "pack.yaml"
    for wrong in ("twinkle", "{iris: 0.1}", "{zoom: 2}", "{gobo: some}", "{spin: 1}", "[1]"):
        file.write_text(f"extends: rock\nlooks:\n  mine:\n    parts: [verse]\n    beam: {wrong}\n")
        with pytest.raises(ConfigError, match=r"pack\.yaml:5"):
            read_pack(file)


def test_hard_packs_spend_beams_on_choruses_and_solos():
    for name in ("rock", "metal", "electronic"):
        used = {part for look in read_pack(name).looks.values() if look.beam.name != "open" for part in look.parts}
        assert {"chorus", "solo"} <= used
    for name in bundled_packs():
        assert all("mover" in look.lit for look in read_pack(name).looks.values() if look.beam.name != "open")
