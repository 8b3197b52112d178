"""The same tokens on very different rigs: each looks designed, and all of them look like the same show."""

from pathlib import Path

import numpy as np
import pytest

from controller.config import read_config
from controller.lighting.engine import LookEngine
from controller.lighting.look.formation import form
from controller.messages import LightToken, Pulse
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of

ROOT = Path(__file__).parents[2]
RIGS = {name: ROOT / path for name, path in {
    "basement": "config.yaml", "four-pars": "docs/rigs/four-pars.yaml", "sixty": "docs/rigs/sixty-fixtures.yaml",
}.items()}  # fmt: skip
RATE_HZ = 40


def song(seconds=60, seed=3):
    """Tokens and pulses of an invented song with sections, so that hue and value have a shape."""
    rng = np.random.default_rng(seed)
    tokens, pulses, onsets = [], [], 0
    hue, held = 0, 60
    for hop in range(seconds * 10):
        if hop % 40 == 0:
            hue, held = int(rng.choice([0, 12, 95, 118, 150])), int(rng.integers(30, 230))
        value = int(np.clip(held + (50 if hop % 5 == 0 else 0) + rng.integers(-8, 9), 0, 255))
        tokens.append(LightToken((hop + 1) / 10, hop, hue, value, 0.5, 0.5))
        if hop % 5 == 0:
            onsets += 1
        strength = 0.9 if onsets % 4 == 0 else 0.6
        loudness = held / 255
        pulses.append(Pulse((hop + 1) / 10, hop, -20.0, loudness, 0.0, onsets, hop // 5 * 0.5 + 0.01, strength, ()))
    return tokens, pulses


def perform(path, tokens, pulses):
    """What the rig shows: light (ticks, heads, 3), pan and tilt degrees (ticks, heads), and the patch."""
    config = read_config(path)
    patch = patch_of(config)
    engine, observer = LookEngine(config, patch), Observer(patch)
    light, pan, tilt, next_hop = [], [], [], 0
    for tick in range(len(tokens) * RATE_HZ // 10):
        now_s = tick / RATE_HZ
        while next_hop < len(tokens) and tokens[next_hop].t_s <= now_s + 1e-9:
            engine.hear_pulse(pulses[next_hop], now_s)
            engine.hear_token(tokens[next_hop])
            next_hop += 1
        stage = observer.observe({frame.universe: frame.slots for frame in engine.tick(now_s).frames})
        light.append(stage.light.copy())
        pan.append(stage.pan_deg)
        tilt.append(stage.tilt_deg)
    return np.array(light), np.array(pan), np.array(tilt), patch


@pytest.fixture(scope="module")
def shows():
    tokens, pulses = song()
    return {name: perform(path, tokens, pulses) for name, path in RIGS.items()}


def envelope(light):
    """Mean perceived brightness of the lamps at 10 Hz."""
    return np.sqrt(light.max(axis=2)).mean(axis=1).reshape(-1, 4).mean(axis=1)


def hue_vector(light, rig):
    """Direction on the colour wheel of what the leading and answering lamps show, as complex numbers at 10 Hz."""
    formation = form(rig)
    seen = light[:, formation.lead | formation.answer].mean(axis=1)
    wheel = np.exp(2j * np.pi * np.arange(3) / 3)
    return (seen @ wheel).reshape(-1, 4).mean(axis=1)


@pytest.mark.parametrize("other", ["four-pars", "sixty"])
def test_another_venue_keeps_the_envelope_and_the_hue(shows, other):
    (ours, _, _, patch), (theirs, _, _, their_patch) = shows["basement"], shows[other]
    assert np.corrcoef(envelope(ours)[20:], envelope(theirs)[20:])[0, 1] >= 0.95
    a, b = hue_vector(ours, patch.rig)[20:], hue_vector(theirs, their_patch.rig)[20:]
    lit = (np.abs(a) > 1e-3) & (np.abs(b) > 1e-3)
    assert lit.mean() > 0.9
    alike = np.mean(np.cos(np.angle(a[lit]) - np.angle(b[lit])))
    centred = circular_correlation(np.angle(a[lit]), np.angle(b[lit]))
    assert alike >= 0.9
    assert centred >= 0.9


def circular_correlation(a, b):
    """Jammalamadaka and SenGupta, "Topics in Circular Statistics", 2001."""
    a, b = (np.sin(x - np.angle(np.exp(1j * x).mean())) for x in (a, b))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


@pytest.mark.parametrize("rig", RIGS)
def test_no_rig_looks_like_one_lamp(shows, rig):
    light, *_ = shows[rig]
    seen = light[400::40]
    different = []
    for stage in seen:
        lit = stage[stage.max(axis=1) > 0.02]
        different.append(len({tuple(np.round(one / one.max(), 1)) for one in lit}))
    assert np.median(different) >= 2
    brightness = np.sqrt(light.max(axis=2))
    assert np.median(brightness.std(axis=1)) > 0.01


def test_four_lamps_alternate_on_accents(shows):
    """With four lamps the answer is a pair's: accents must not light all four alike."""
    light, *_ = shows["four-pars"]
    brightness = np.sqrt(light.max(axis=2))
    jumps = np.diff(brightness, axis=0)
    hit = jumps.max(axis=1) > 0.08
    assert hit.sum() > 20
    assert np.mean(np.ptp(jumps[hit], axis=1) > 0.04) > 0.5


def test_left_mirrors_right_most_of_the_time(shows):
    light, _, _, patch = shows["sixty"]
    heads = [index for index, role in enumerate(patch.roles) if role == "back"]
    x = patch.positions_m[heads, 0]
    order = np.array(heads)[np.lexsort((patch.positions_m[heads, 1], x))]
    left, right = light[:, order[: len(order) // 2]], light[:, order[::-1][: len(order) // 2]]
    assert np.mean(np.abs(left - right).max(axis=(1, 2)) < 0.05) > 0.4


def test_heads_move_and_none_faster_than_it_may(shows):
    _, pan, tilt, patch = shows["sixty"]
    moving = patch.has("pan")
    look = read_config(RIGS["sixty"]).look
    for angle, fastest in ((pan, look.pan_deg_per_s), (tilt, look.tilt_deg_per_s)):
        over_half_a_second = np.abs(angle[20:, moving] - angle[:-20, moving]) * 2.0
        assert over_half_a_second.max() <= fastest + 5.0  # 8-bit heads move in steps of two degrees
        assert np.ptp(angle[:, moving], axis=0).min() > 5.0
