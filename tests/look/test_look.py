"""Tokens to looks: fades, accents, roles, masters, and the ladder of health."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.colour import apart_deg, encoded_from_hue, hue_degrees, parse_colour, to_encoded, to_linear
from controller.config import LookConfig
from controller.lighting.health import Limits, health
from controller.lighting.look.accents import Accents
from controller.lighting.look.fade import Fade, Turning
from controller.lighting.look.figures import AIMS, aim_angles, figures
from controller.lighting.look.formation import form
from controller.lighting.look.history import History
from controller.lighting.look.master import Master
from controller.lighting.look.roles import Roles, Target
from controller.messages import LightToken, Operator, Pulse
from controller.rig.heads import Rig

TICK_S = 0.025
PULSE = Pulse(0.0, 0, -20.0, 0.5, 0.0, 0, float("-inf"), 0.0, ())


def onset(t_s, strength=1.0, **changes):
    return replace(PULSE, t_s=t_s, onsets=1, onset_t_s=t_s, onset_strength=strength, **changes)


def token(number, hue, value=150):
    return LightToken(number * 0.1, number, hue, value, 0.5, 0.5)


def target(rig, *, intensity=0.0, flash=0.0, hue_deg=0.0, pan=0.5, tilt=0.5):
    def full(level):
        return np.full(rig.heads, level, np.float32)

    return Target(full(intensity), full(flash), to_linear(encoded_from_hue(full(hue_deg))), full(pan), full(tilt))


@pytest.fixture
def rig(patch):
    return patch.rig


@pytest.fixture
def fade(rig):
    return Fade(rig, LookConfig())


def run(fade, goal, seconds, start_s):
    return [fade.step(goal, start_s + tick * TICK_S) for tick in range(round(seconds / TICK_S))]


def test_light_rises_fast_and_falls_slowly(rig, fade):
    run(fade, target(rig), 0.1, 0.0)
    up = [look.intensity[0] for look in run(fade, target(rig, intensity=1.0), 1.0, 0.1)]
    down = [look.intensity[0] for look in run(fade, target(rig), 2.0, 1.1)]
    assert np.diff(up).min() >= 0
    assert np.diff(down).max() <= 0
    assert next(i for i, level in enumerate(up) if level > 0.63) * TICK_S <= 0.1
    assert next(i for i, level in enumerate(down) if level < 0.37) * TICK_S >= 0.3


def test_a_flash_is_there_at_once(rig, fade):
    run(fade, target(rig, intensity=0.3), 1.0, 0.0)
    assert fade.step(target(rig, intensity=0.3, flash=0.8), 1.0).intensity[0] > 0.8


@pytest.mark.parametrize(("start_deg", "end_deg", "forbidden"), [(0, 240, "green"), (120, 300, None), (60, 240, None)])
def test_a_fade_never_runs_through_the_rainbow(rig, fade, start_deg, end_deg, forbidden):
    """On the way there is nothing that neither end has: from red to blue no green appears."""
    run(fade, target(rig, intensity=1, hue_deg=start_deg), 2.0, 0.0)
    looks = run(fade, target(rig, intensity=1, hue_deg=end_deg), 1.5, 2.0)
    ends = to_linear(encoded_from_hue(np.array([start_deg, end_deg], np.float32)))
    for look in looks:
        assert (look.colour[0] > 1e-3).astype(int).sum() <= 3
        assert np.all(look.colour[0][ends.max(axis=0) < 1e-6] < 1e-3)
    if forbidden == "green":
        assert max(look.colour[0][1] for look in looks) < 1e-3
    assert np.abs(looks[-1].colour[0] - ends[1]).max() < 0.02


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 359), st.integers(-59, 59))
def test_near_hues_turn_the_short_way(patch, start_deg, way_deg):
    fade = Fade(patch.rig, LookConfig())
    run(fade, target(patch.rig, intensity=1, hue_deg=start_deg), 1.0, 0.0)
    for look in run(fade, target(patch.rig, intensity=1, hue_deg=start_deg + way_deg), 1.0, 1.0):
        seen_deg = hue_degrees(to_encoded(look.colour[:1])[0])
        assert apart_deg(seen_deg, start_deg) <= abs(way_deg) + 2.0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 80)), min_size=1, max_size=12), st.sampled_from([180.0, 540.0])
)
@example([(0.4296875, 20), (1.0, 1)], 180.0)  # sent back in the very step in which it arrived
def test_heads_turn_within_speed_and_acceleration_brake_in_time_and_arrive(goals, range_deg):
    turning, places = Turning(np.array([range_deg], np.float32), 110.0, 220.0), [0.5 * range_deg]
    for goal, ticks in [*goals, (goals[-1][0], 400)]:
        for _ in range(ticks):
            places.append(float(turning.step(np.array([goal]), TICK_S)[0]) * range_deg)
            assert min(goals[-1][0], 0) * range_deg - 0.1 <= places[-1] <= range_deg + 0.1
    speed = np.diff(places) / TICK_S
    assert np.abs(speed).max() <= 110.0 + 0.1
    assert np.abs(np.diff(speed)).max() / TICK_S <= 220.0 + 0.05 / TICK_S**2
    assert places[-1] == pytest.approx(goals[-1][0] * range_deg, abs=0.05)


def test_a_head_that_turns_from_rest_never_overshoots():
    turning = Turning(np.array([540.0], np.float32), 110.0, 220.0)
    places = [float(turning.step(np.array([0.9]), TICK_S)[0]) for _ in range(200)]
    assert np.diff(places).min() >= 0
    assert max(places) <= 0.9 + 1e-4


def test_a_stalled_clock_does_not_jump_or_divide(rig, fade):
    first = fade.step(target(rig, intensity=1.0), 5.0)
    again = fade.step(target(rig, intensity=1.0), 5.0)
    back = fade.step(target(rig, intensity=1.0), 4.0)
    assert np.isfinite(back.intensity).all()
    assert np.array_equal(first.intensity, again.intensity)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 0.6), st.floats(0.3, 1.0)), max_size=80))
def test_there_are_never_more_than_three_accents_in_a_second(hits):
    accents, now_s, lit = Accents(0.22, 0.36), 0.0, []
    for gap_s, strength in hits:
        now_s += gap_s
        before = accents.count
        accents.hear(onset(now_s, strength), now_s)
        if accents.count > before:
            lit.append(now_s)
    for first, fourth in zip(lit, lit[3:], strict=False):
        assert fourth - first > 1.0


def test_an_accent_lights_once_grows_and_decays():
    accents = Accents(0.22, 0.36)
    assert accents.would_light(onset(1.0, 0.4))
    accents.hear(onset(1.0, 0.4), 1.004)
    assert not accents.would_light(onset(1.0, 0.4))
    assert accents.level(1.004) == pytest.approx(0.4)
    accents.hear(onset(1.0, 0.9), 1.01)  # the same onset, heard whole
    assert accents.count == 1
    assert accents.level(1.004) == pytest.approx(0.9)
    assert accents.level(1.3) < 0.3
    assert accents.level(3.0) < 0.001


def test_one_stray_token_does_not_repaint_the_stage():
    history = History(40.0, 0.5)
    for number in range(5):
        history.add(token(number, 20))
    history.add(token(5, 110))
    assert history.at(np.zeros(1, np.float32))[0][0] == 40.0
    history.add(token(6, 20))
    assert history.at(np.zeros(1, np.float32))[0][0] == 40.0
    history.add(token(7, 110))
    history.add(token(8, 110))
    assert history.at(np.zeros(1, np.float32))[0][0] == 220.0
    assert history.changes == 1


def test_a_rig_does_not_look_like_one_lamp(rig):
    roles, history = Roles(rig, LookConfig()), History(0.0, 0.5)
    for number in range(40):
        history.add(token(number, (number // 5) * 18, 60 + 4 * number))
    light = roles.live(history, 0.8, 3, 0.5, 10.0)
    masks = {role: np.array([one == role for one in rig.roles]) for role in set(rig.roles)}
    assert len({tuple(np.round(one, 2)) for one in light.colour[masks["pixel"]]}) >= 3
    assert len({round(float(one), 3) for one in light.flash[masks["back"]]}) == 2
    means = [light.colour[masks[role]].mean(axis=0) for role in ("wash", "back", "beam")]
    assert min(np.abs(a - b).max() for i, a in enumerate(means) for b in means[i + 1 :]) > 0.05
    assert light.intensity[masks["hazer"]].max() == light.flash[masks["hazer"]].max() == 0


def test_every_figure_is_mirrored_or_runs_one_way(rig):
    made = figures(form(rig))
    washes = np.flatnonzero(form(rig).lead)
    order = washes[np.argsort(rig.positions_m[washes, 0])]
    for name, figure in made.items():
        delay = figure.delay[order]
        if name in ("rightwards", "leftwards"):
            assert np.all(np.diff(delay) > 0) == (name == "rightwards")
        elif name != "halves":
            assert np.allclose(delay, delay[::-1])
        assert 0 <= figure.delay.min() <= figure.delay.max() <= 1
        assert set(figure.turn.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("name", AIMS)
@pytest.mark.parametrize("place", [(-3, 3, 4), (3, 3, 4), (0, 3, 4), (1.5, -1, 5)])
def test_a_head_looks_at_its_point(name, place):
    """Pan and tilt, put together again, point from the head to where its aim says."""
    place = np.array([place], np.float32)
    point = AIMS[name](place)
    pan, tilt = (float(np.radians(angle[0])) for angle in aim_angles(place, point))
    looks = np.array([np.sin(tilt) * np.sin(pan), -np.sin(tilt) * np.cos(pan), -np.cos(tilt)])
    way = (point - place)[0] / np.linalg.norm(point - place)
    assert looks == pytest.approx(way, abs=1e-4)
    assert abs(np.degrees(pan)) <= 90.001


def test_small_rigs_have_every_duty():
    def rig(*places):
        spots = np.array([(x, 0.0, 3.0) for x in places], np.float32)
        n = np.full(len(places), 540.0, np.float32)
        return Rig(("wash",) * len(places), spots, n, n / 2)

    four, two, one = (form(rig(*places)) for places in ((-3, -1, 1, 3), (-1, 1), (0,)))
    assert four.answer.tolist() == [True, False, False, True]
    assert two.answer.tolist() == [False, True]
    assert one.lead.tolist() == [True]


def test_white_comes_with_peaks_unless_the_house_says_never(rig):
    bright = History(0.0, 1.0)
    for number in range(40):
        bright.add(token(number, 0, 255))
    back = form(rig).of["back"]
    whitest = {
        white: Roles(rig, LookConfig(white=white)).live(bright, 1.0, 1, 1.0, 10.0).colour[back].min(axis=1).max()
        for white in ("peaks", "never")
    }
    assert whitest["peaks"] > 0.2
    assert whitest["never"] < 0.02


def test_the_left_mirrors_the_right(patch):
    rig = patch.rig
    light = Roles(rig, LookConfig()).live(History(0.0, 0.8), 0.0, 0, 0.0, 3.0)
    left = next(one.first_head for one in patch.fixtures if one.config.id == "spot-l")
    right = next(one.first_head for one in patch.fixtures if one.config.id == "spot-r")
    assert light.pan[left] - 0.5 == pytest.approx(0.5 - light.pan[right], abs=1e-6)
    assert light.tilt[left] == pytest.approx(light.tilt[right], abs=1e-6)
    assert light.intensity[left] == light.intensity[right]


def test_blinders_are_seldom(rig):
    roles, history, fired = Roles(rig, LookConfig()), History(0.0, 1.0), []
    blinder = rig.roles.index("blinder")
    for tick in range(40 * 60):
        light = roles.live(history, 1.0 if tick % 20 == 0 else 0.5, tick // 20, 1.0, tick * TICK_S)
        fired.append(float(light.flash[blinder]))
    starts = np.flatnonzero(np.diff(fired) > 0.3)
    assert 1 <= len(starts) <= 8
    assert np.diff(starts).min() * TICK_S >= 8.0


def test_hold_keeps_the_look_and_masters_still_work(rig, fade):
    master = Master()
    red, blue = target(rig, intensity=0.8, hue_deg=0), target(rig, intensity=0.2, hue_deg=240)
    shown = master.apply(run(fade, red, 1.0, 0.0)[-1], Operator(hold=True))
    later = master.apply(run(fade, blue, 2.0, 1.0)[-1], Operator(hold=True))
    assert np.array_equal(shown.colour, later.colour)
    assert np.array_equal(shown.intensity, later.intensity)
    half = master.apply(run(fade, blue, 0.1, 3.0)[-1], Operator(grand_master=0.5, hold=True))
    assert np.allclose(half.intensity, shown.intensity / 2)
    released = master.apply(run(fade, blue, 0.1, 3.1)[-1], Operator())
    assert not np.allclose(released.colour, shown.colour)


LIMITS = Limits(token_stale_s=2, token_dead_s=10, pulse_dead_s=2, silence_after_s=4)
AGES = [0.0, 1.99, 2.0, 2.01, 9.9, 10.1, 1e9, float("inf")]


@pytest.mark.parametrize("token_age_s", AGES)
@pytest.mark.parametrize("pulse_age_s", AGES)
@pytest.mark.parametrize("silent_s", [0.0, 3.9, 4.0, 100.0])
def test_the_ladder_in_all_states(token_age_s, pulse_age_s, silent_s):
    state = health(token_age_s, pulse_age_s, silent_s, LIMITS)
    heard = pulse_age_s <= 2
    if heard and silent_s >= 4:
        assert state == "quiet"
    elif token_age_s <= 2:
        assert state == "live"
    elif heard and token_age_s <= 10:
        assert state == "fallback"
    else:
        assert state == "house"


@pytest.mark.parametrize("kind", ["talk", "applause"])
def test_talk_is_a_rung_of_its_own_below_silence_and_a_dead_ear(kind):
    assert health(0.0, 0.0, 0.0, LIMITS, kind) == "talk"
    assert health(1e9, 0.0, 0.0, LIMITS, kind) == "talk"
    assert health(0.0, 0.0, 5.0, LIMITS, kind) == "quiet"
    assert health(0.0, 3.0, 0.0, LIMITS, kind) == "live"
    assert health(1e9, 3.0, 0.0, LIMITS, kind) == "house"
    assert health(0.0, 0.0, 0.0, LIMITS, "solo") == "live"


def test_colour_arithmetic_by_hand():
    assert np.allclose(to_linear(np.array([0.5])), 0.214, atol=1e-3)  # LED orange needs a fifth of green, not half
    assert np.allclose(to_encoded(to_linear(np.linspace(0, 1, 20))), np.linspace(0, 1, 20), atol=1e-5)
    assert np.allclose(
        encoded_from_hue(np.array([0, 60, 120, 240], np.float32)), [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]]
    )
    for degrees in range(0, 360, 7):
        assert apart_deg(hue_degrees(encoded_from_hue(np.array([degrees], np.float32))[0]), degrees) < 0.1
    assert list(parse_colour("#ff0080")) == pytest.approx([1.0, 0.0, 128 / 255])
    assert hue_degrees(parse_colour("#808080")) == 0.0
