"""Figures and movements in time: with the beat, mirrored, never too fast for an eye or for a head."""

from itertools import pairwise

import numpy as np
import pytest

from controller.config import LookConfig
from controller.lighting.look.counting import FREE_BEAT_S, Counting
from controller.lighting.look.duties import duties
from controller.lighting.look.movements import BLINDING_DEG, Movements
from controller.lighting.look.steps import LEAST_STEP_S, Steps, step_s
from controller.looks.look import FigureOf, Look, MovementOf
from controller.looks.pack import Pack
from controller.rig.heads import Rig
from tests.look.band import CYCLE_S, Band, bright, cue

STEPPED = ("pulse", "chase", "ping-pong", "alternate", "random", "stomp")
MOVEMENTS = ("sweep", "circle", "figure-eight", "fan", "bounce", "ballyhoo")
AIMS = ("band", "centre", "singer", "drums", "crowd", "sky", "cross", "parallel", "fan")


@pytest.fixture
def parts(patch):
    return duties(patch.rig)


def backs(patch, parts):
    heads = np.flatnonzero(parts.of("back") & ~parts.key)
    return heads[np.argsort(patch.positions_m[heads, 0], kind="stable")]


@pytest.mark.parametrize("beat_s", [0.3, 0.35, 0.4, 0.5, 0.75, 1.2])
@pytest.mark.parametrize("beats", [0.5, 1.0, 2.0, 4.0])
def test_a_step_takes_as_many_beats_as_asked_or_twice_that(beat_s, beats):
    length_s = step_s("chase", beats, beat_s)
    assert length_s >= LEAST_STEP_S - 1e-9
    assert np.log2(length_s / (beats * beat_s)) % 1.0 == pytest.approx(0.0, abs=1e-6)
    assert length_s == pytest.approx(beats * beat_s) or length_s < 2.0 * LEAST_STEP_S + 1e-9


def test_a_chase_lights_one_group_after_the_other_across(patch, parts):
    steps, heads = Steps(parts), backs(patch, parts)
    seen = [steps.pattern("chase", number + 0.5, 0.5, 0.0)[heads] for number in range(4)]
    assert np.array(seen).sum(axis=0).tolist() == [1.0] * len(heads)  # each once in a round
    centres = [float(patch.positions_m[heads, 0][one > 0].mean()) for one in seen]
    assert centres == sorted(centres)


def test_ping_pong_comes_back_the_way_it_went(patch, parts):
    steps, heads = Steps(parts), backs(patch, parts)
    centres = [
        float(patch.positions_m[heads, 0][steps.pattern("ping-pong", n + 0.5, 0.5, 0.0)[heads] > 0].mean())
        for n in range(7)
    ]
    assert centres[:4] == sorted(centres[:4])
    assert centres[3:] == sorted(centres[3:], reverse=True)
    assert centres[0] == centres[6]


@pytest.mark.parametrize("name", ["alternate", "random", "build", "wave"])
def test_left_mirrors_right(patch, parts, name):
    steps, heads = Steps(parts), backs(patch, parts)
    for at in np.arange(0.0, 8.0, 0.7):
        seen = steps.pattern(name, at, 0.5, 0.5)[heads]
        x = patch.positions_m[heads, 0]
        for one in range(len(heads)):
            mirrored = np.flatnonzero(np.abs(x + x[one]) < 0.01)
            assert np.abs(seen[mirrored] - seen[one]).max() < 1e-4


def test_a_build_fills_the_stage_from_the_middle(patch, parts):
    steps, heads = Steps(parts), backs(patch, parts)
    lit = [steps.pattern("build", 3.0, 0.5, build)[heads].sum() for build in (0.1, 0.5, 1.0)]
    assert lit[0] < lit[1] < lit[2] == len(heads)


def one_look(figure=None, movement=None):
    lit = {"key": 0.3, "wash": 0.5, "back": 1.0, "pixel": 1.0, "mover": 1.0}
    look = Look(
        name="one", parts=("verse",), lit=lit, level=(1, 1), accents=(), figure=figure or FigureOf(),
        movement=movement or MovementOf(),
    )  # fmt: skip
    return Pack("test", {"one": look})


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("beat_s", [0.5, 0.3])
def test_steps_fall_on_the_beat_and_no_lamp_rises_too_often(config, name, beat_s):
    band = Band(config, one_look(FigureOf(name=name, beats=1.0, depth=1.0, roles=("back",))))
    band.cue = cue("one", level=1.0, beat_s=beat_s, beat_t_s=0.1)
    band.play(2.0)
    first_s = band.now_s
    light = bright(band.play(9.6)[:, band.heads("back")])
    up = np.diff(light, axis=0) > 0.25
    assert up.any()
    times_s = first_s + (np.flatnonzero(up.any(axis=1)) + 2) * CYCLE_S
    off_s = (times_s - 0.1 + 0.5 * beat_s) % beat_s - 0.5 * beat_s
    assert np.abs(off_s).max() <= CYCLE_S + 1e-6
    assert up.sum(axis=0).max() <= 2.5 * 9.6 + 1
    assert band.cycle.limiter.clamped_cycles == 0


def test_without_a_beat_it_runs_by_itself_and_gently(config):
    band = Band(config, one_look(FigureOf(name="alternate", beats=1.0, depth=1.0, roles=("back",))))
    band.cue = cue("one", level=1.0, beat_s=0.0)
    light = bright(band.play(12.0)[:, band.heads("back")])
    ups = (np.diff(light, axis=0) > 0.25).any(axis=1).sum()
    assert 12.0 / FREE_BEAT_S - 3 <= ups <= 12.0 / FREE_BEAT_S + 2


def test_beats_never_run_back_and_find_their_place_in_the_bar():
    beats, seen = Counting(), []
    for tick in range(800):
        now_s = tick * CYCLE_S
        if tick % 4 == 0:
            beat_s, wrong_s = (0.5, 0.08) if tick < 400 else (0.48, -0.05)
            number = int(now_s / 0.5) % 4 + 1
            newest_s = now_s - now_s % 0.5 if tick < 400 else 10.0 + (now_s - 10.0) // 0.48 * 0.48
            number = number if tick < 400 else int((now_s - 10.0) // 0.48) % 4 + 1
            wobble_s = wrong_s * ((tick // 4) % 2)  # every second word is a little off
            beats.hear(cue("one", beat_s=beat_s, beat_t_s=newest_s + wobble_s, number=number), now_s)
        beats.advance(now_s)
        seen.append(beats.at)
    assert np.diff(seen).min() >= 0.0
    at_10 = (seen[-1] - (800 - 1) * CYCLE_S / 0.48 + 10.0 / 0.48) % 4.0
    assert min(at_10, 4.0 - at_10) < 0.25


@pytest.mark.parametrize("name", MOVEMENTS)
@pytest.mark.parametrize("beats", [4.0, 8.0])
def test_a_movement_takes_whole_beats_and_real_heads_can_follow(config, name, beats):
    band = Band(config, one_look(movement=MovementOf(name=name, beats=beats, size=1.0, aim="cross")))
    band.cue = cue("one", level=1.0)
    band.play(4.0)
    first = len(band.ticks)
    band.play(14.0)
    heads = band.heads("beam")
    looks = [tick.look for tick in band.ticks[first:]]
    pan = np.array([look.pan[heads] for look in looks]) * band.patch.rig.pan_deg[heads]
    tilt = np.array([look.tilt[heads] for look in looks]) * band.patch.rig.tilt_deg[heads]
    moved = pan if np.ptp(pan, axis=0).max() > np.ptp(tilt, axis=0).max() else tilt
    assert np.ptp(moved, axis=0).min() > 3.0
    period_s = period_of(moved[:, 0])
    whole = period_s / 0.5
    assert abs(whole - round(whole)) / whole <= 0.03
    assert round(whole) in (beats, beats / 2)
    config = LookConfig()
    assert np.abs(np.diff(pan, axis=0)).max() / CYCLE_S <= config.pan_deg_per_s + 1.0
    assert np.abs(np.diff(tilt, axis=0)).max() / CYCLE_S <= config.tilt_deg_per_s + 1.0


def period_of(angle):
    """Seconds between rises through the middle, the mean of all of them."""
    middle = 0.5 * (angle.max() + angle.min())
    ups = np.flatnonzero((angle[:-1] < middle) & (angle[1:] >= middle)) + 0.0
    places = [up + (middle - angle[int(up)]) / (angle[int(up) + 1] - angle[int(up)]) for up in ups]
    return float(np.mean(np.diff(places))) * CYCLE_S


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("name", ["still", *MOVEMENTS])
def test_nobody_in_the_audience_is_blinded(patch, parts, aim, name):
    moves = Movements(patch.rig, parts, LookConfig())
    turning = parts.turning
    for turns in np.arange(0.0, 8.0, 0.25):
        pan, tilt = moves.pose(MovementOf(name=name, beats=8.0, size=1.0, aim=aim), turns, 0.5)
        pan_deg = (pan[turning] - 0.5) * patch.rig.pan_deg[turning]
        tilt_deg = (tilt[turning] - 0.5) * patch.rig.tilt_deg[turning]
        low_deg, high_deg = BLINDING_DEG
        at_people = (np.abs(pan_deg) < 70.0) & (tilt_deg > low_deg + 0.5) & (tilt_deg < high_deg - 0.5)
        assert not at_people.any()


def test_a_new_tempo_bends_a_movement_and_does_not_break_it(config):
    band = Band(config, one_look(movement=MovementOf(name="sweep", beats=8.0, size=0.5, aim="cross")))
    band.cue = cue("one", level=1.0)
    band.play(6.0)
    band.cue = cue("one", level=1.0, beat_s=0.4, beat_t_s=5.93, number=3)
    band.play(6.0)
    heads = band.heads("beam")
    pan = np.array([tick.look.pan[heads] for tick in band.ticks[160:]]) * band.patch.rig.pan_deg[heads]
    speed = np.diff(pan, axis=0) / CYCLE_S
    assert np.abs(np.diff(speed, axis=0)).max() / CYCLE_S <= LookConfig().move_deg_per_s2 + 30.0


def test_heads_of_one_line_move_mirrored_with_a_phase_across(patch, parts):
    moves = Movements(patch.rig, parts, LookConfig())
    heads = np.flatnonzero(parts.turning)
    heads = heads[np.argsort(patch.positions_m[heads, 0])]
    pans = np.array([moves.pose(MovementOf(name="sweep", beats=8.0), t, 0.5)[0][heads] for t in np.arange(0, 8, 0.1)])
    assert np.abs((pans[:, 0] - 0.5) + (pans[:, -1] - 0.5)).max() < 0.01
    tops = pans[:, : len(heads) // 2].argmax(axis=0)
    assert len(set(tops.tolist())) == len(tops)  # not all at once


def test_steps_that_are_late_do_not_bunch_up(config):
    """A wrong guess of the beat that is put right does not run through the missed steps."""
    band = Band(config, one_look(FigureOf(name="chase", beats=1.0, depth=1.0, roles=("back",))))
    band.cue = cue("one", level=1.0)
    band.play(3.0)
    band.cue = cue("one", level=1.0, beat_t_s=3.2, number=3)
    light = bright(band.play(4.0)[:, band.heads("back")])
    ups = np.flatnonzero((np.diff(light, axis=0) > 0.25).any(axis=1)) * CYCLE_S
    assert all(later - sooner >= 0.34 for sooner, later in pairwise(ups))


def bars_on_a_wall(rows=3, columns=9):
    """Pixel bars above each other: a canvas of `rows` by `columns`, 4 m wide and 2 m high, and two washes."""
    at = [(x, 3.0, z) for z in np.linspace(1.0, 3.0, rows) for x in np.linspace(-2.0, 2.0, columns)]
    places = np.array([*at, (-2.0, 0.0, 3.5), (2.0, 0.0, 3.5)], np.float32)
    turns = np.full(len(places), 360.0, np.float32)
    return Rig(("pixel",) * len(at) + ("wash",) * 2, places, turns, turns / 2)


@pytest.mark.parametrize(("by", "axis"), [("across", 0), ("up", 2)])
def test_a_run_goes_through_the_canvas_in_the_order_that_is_asked_for(by, axis):
    rig = bars_on_a_wall()
    steps, pixels = Steps(duties(rig)), np.array(rig.roles) == "pixel"
    at = rig.positions_m[pixels, axis]
    seen = [steps.pattern("chase", n + 0.5, 0.5, 0.0, by)[pixels] for n in range(12)]
    centres = [round(float(at[one > 0].mean()), 3) for one in seen]
    count = len(set(centres))
    assert count == {"across": 4, "up": 3}[by]
    assert centres[:count] == sorted(centres[:count])
    assert centres[count : 2 * count] == centres[:count], "and then from the beginning"


def test_a_wave_in_circles_leaves_the_middle_of_the_canvas():
    rig = bars_on_a_wall()
    steps, pixels = Steps(duties(rig)), np.array(rig.roles) == "pixel"
    from_middle = np.hypot(rig.positions_m[pixels, 0], rig.positions_m[pixels, 2] - 2.0)
    brightest = [
        float(from_middle[int(np.argmax(steps.pattern("wave", at, 4.0, 0.0, "circles")[pixels]))])
        for at in (0.2, 0.45, 0.7)
    ]
    assert brightest == sorted(brightest)
    assert len(set(brightest)) == 3
    for at in (0.1, 0.6):
        seen = steps.pattern("wave", at, 4.0, 0.0, "circles")[pixels]
        ring = np.abs(from_middle - 1.0) < 0.03
        assert ring.sum() >= 4
        assert np.ptp(seen[ring]) < 1e-6, "a ring lights up together"


def test_where_a_role_has_one_place_in_an_order_it_runs_across():
    steps = Steps(duties(bars_on_a_wall(rows=1)))
    for at in np.arange(0.0, 6.0, 0.5):
        asked = steps.pattern("chase", at, 0.5, 0.0, "up")
        assert np.array_equal(asked, steps.pattern("chase", at, 0.5, 0.0, "across"))


def test_heads_look_at_the_singer_where_the_singer_stands(config, patch, parts):
    """But for eyes in the audience behind the singer, which keep their distance."""
    look = config.look.model_copy(update={"singer_m": (-2.0, 0.5, 1.6)})
    pan, tilt = Movements(patch.rig, parts, look).pose(MovementOf(aim="singer"), 0.0, 0.5)
    turning, met = np.flatnonzero(parts.turning), 0
    for head in turning:
        x, y, z = np.array(look.singer_m) - patch.positions_m[head]
        pan_deg, tilt_deg = np.degrees([np.arctan2(x, -y), np.arctan2(np.hypot(x, y), -z)])
        assert (pan[head] - 0.5) * patch.rig.pan_deg[head] == pytest.approx(pan_deg, abs=0.1)
        asked_deg = tilt_deg if tilt_deg < BLINDING_DEG[0] else BLINDING_DEG[0]
        assert (tilt[head] - 0.5) * patch.rig.tilt_deg[head] == pytest.approx(asked_deg, abs=0.1)
        met += tilt_deg < BLINDING_DEG[0]
    assert met >= 2


def test_the_front_lamps_nearest_to_the_singer_light_faces():
    places = np.array([(x, 0.0, 3.0) for x in (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)], np.float32)
    rig = Rig(("wash",) * 6, places, np.full(6, 360.0, np.float32), np.full(6, 180.0, np.float32))
    assert np.flatnonzero(duties(rig).key).tolist() == [2, 3]
    assert np.flatnonzero(duties(rig, singer_x_m=-2.4).key).tolist() == [0, 1]
