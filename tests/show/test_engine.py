"""The desk as a whole: states, commands, and the room's light over a minute of made-up music."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.lighting.engine import LookEngine
from controller.messages import Command, LightToken, Pulse
from controller.rig.observe import Observer

PULSE = Pulse(0.0, 0, -20.0, 0.7, 0.0, 0, float("-inf"), 0.0, ())


@pytest.fixture
def engine(config, patch):
    return LookEngine(config, patch)


@pytest.fixture
def see(patch):
    observer = Observer(patch)
    return lambda tick: observer.observe({frame.universe: frame.slots for frame in tick.frames})


def play(engine, seconds, start_s=0.0, *, tokens=True, pulses=True, silent=False, value=180):
    """Run the desk for a while at 40 Hz; returns its ticks."""
    ticks = []
    for number in range(round(seconds * 40)):
        now_s = start_s + number * 0.025
        if pulses:
            silent_s = now_s - start_s if silent else 0.0
            engine.hear_pulse(replace(PULSE, t_s=now_s, seq=number, silent_s=silent_s, level_db=-20.0), now_s)
        if tokens and number % 4 == 0:
            engine.hear_token(LightToken(now_s, number // 4, 20, value, 0.5, 0.5))
        ticks.append(engine.tick(now_s))
    return ticks


def test_before_anything_is_heard_there_is_house_light(engine, see):
    tick = play(engine, 2.0, tokens=False, pulses=False)[-1]
    assert tick.health == "house"
    assert see(tick).power.max() > 0.05


def test_tokens_light_the_room_and_their_loss_is_followed_then_house(engine, see):
    assert play(engine, 2.0)[-1].health == "live"
    states = [tick.health for tick in play(engine, 12.0, 2.0, tokens=False)]
    assert states[0] == "live"
    assert states[100] == "fallback"
    assert states[-1] == "house"
    assert [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state] == [
        "live",
        "fallback",
        "house",
    ]
    assert play(engine, 0.1, 14.0)[-1].health == "live"


def test_silence_is_quiet_and_sound_returns_at_once(engine, see):
    loud = see(play(engine, 4.0)[-1]).power.mean()
    ticks = play(engine, 12.0, 4.0, silent=True)
    assert ticks[-1].health == "quiet"
    quiet = see(ticks[-1]).power
    assert 0 < quiet.mean() < loud / 3
    assert play(engine, 0.05, 16.0)[-1].health == "live"


@pytest.mark.parametrize("kind", ["talk", "applause"])
def test_while_somebody_talks_faces_are_lit_and_nothing_else_happens(engine, see, patch, kind):
    play(engine, 4.0)
    wash = np.array([role == "wash" for role in patch.rig.roles])
    ticks, times_s = [], np.arange(4.0, 12.0, 0.025)
    for number, now_s in enumerate(times_s):
        # hits that somebody who knows no kinds would flash at, and tokens that want another colour each time
        pulse = replace(
            PULSE, t_s=now_s, seq=number, kind=kind, onsets=number // 20, onset_t_s=now_s, onset_strength=1.0
        )
        engine.hear_pulse(pulse, now_s)
        engine.hear_token(LightToken(now_s, 1_000 + number, number % 180, 255, 0.5, 0.5))
        ticks.append(engine.tick(now_s))
    assert {tick.health for tick in ticks} == {"talk"}
    shown = [see(tick) for tick in ticks[200:]]
    faces = np.array([one.light[wash].mean() for one in shown])
    assert faces.min() > 0.05
    assert np.ptp(faces) < 0.01
    assert all(one.power[~wash].max() < one.power[wash].max() for one in shown)
    assert np.ptp([one.pan_deg for one in shown], axis=0).max() < 0.1
    breath = []
    for now_s in np.arange(12.0, 13.5, 0.025):
        engine.hear_pulse(replace(PULSE, t_s=now_s, kind="silence", silent_s=now_s - 12.0), now_s)
        engine.hear_token(LightToken(now_s, 9_000, 20, 255, 0.5, 0.5))
        breath.append(engine.tick(now_s).health)
    assert set(breath) == {"talk"}
    engine.hear_pulse(replace(PULSE, t_s=13.5, kind="band"), 13.5)
    assert engine.tick(13.5).health == "live"


def test_everything_lost_is_house_within_the_limits(engine):
    play(engine, 2.0)
    states = [tick.health for tick in play(engine, 3.0, 2.0, tokens=False, pulses=False)]
    assert states[-1] == "house"


def test_in_a_rest_the_light_waits(engine, see):
    play(engine, 4.0)
    first = see(play(engine, 1.0, 4.0, silent=True)[-1])
    engine.hear_token(LightToken(5.0, 999, 120, 255, 0.5, 0.5))
    later = see(play(engine, 0.5, 5.0, tokens=False, pulses=False)[-1])
    lamps = first.power > 0.02
    assert np.allclose(first.light[lamps], later.light[lamps], atol=0.03)


def test_what_is_held_in_a_rest_is_a_whole_picture(engine, see):
    """A band that stops in the middle of a change of colour: the lamps that answer later do not stay in the old one."""
    play(engine, 4.0)
    for number in range(3):
        engine.hear_token(LightToken(4.0 + 0.1 * number, 900 + number, 110, 255, 0.5, 0.5))
    for number, now_s in enumerate(np.arange(4.3, 8.2, 0.025)):
        engine.hear_pulse(replace(PULSE, t_s=now_s, silent_s=now_s - 4.0), now_s)
        if number % 4 == 0:
            engine.hear_token(LightToken(now_s, 1_000 + number, 20, 0, 0.5, 0.5))
        tick = engine.tick(now_s)
        if now_s > 7.9:
            assert tick.health == "live"
            values = engine._history.at(np.linspace(0.0, 3.0, 31).astype(np.float32))
            assert np.ptp(values[0]) == 0.0
            assert values[0][0] == 220.0
            break


def test_an_accent_is_in_the_very_next_tick(engine, see):
    before = see(play(engine, 2.0)[-1]).power.mean()
    accented = engine.hear_pulse(replace(PULSE, t_s=2.0, onsets=1, onset_t_s=2.0, onset_strength=1.0), 2.001)
    assert accented
    assert see(engine.tick(2.002)).power.mean() > before + 0.05


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["grand_master", "blackout", "hold"]),
            st.floats(allow_nan=True, allow_infinity=True),
        ),
        max_size=12,
    )
)
def test_no_command_breaks_the_desk(config, patch, commands):
    engine = LookEngine(config, patch)
    for number, (name, amount) in enumerate(commands):
        engine.obey(Command(name, amount))
        tick = engine.tick(number * 0.025)
        assert 0.0 <= engine.operator.grand_master <= 1.0
        assert all(frame.slots.shape == (512,) for frame in tick.frames)


def test_commands_do_what_they_say(engine, see):
    play(engine, 2.0)
    engine.obey(Command("blackout", 1.0))
    assert not see(play(engine, 0.1, 2.0)[-1]).light.any()
    engine.obey(Command("blackout", 0.0))
    full = see(play(engine, 0.1, 2.1)[-1]).power.mean()
    engine.obey(Command("grand_master", 0.5))
    assert 0.15 < see(play(engine, 0.1, 2.2)[-1]).power.mean() / full < 0.4


def test_the_end_look_is_dark_and_final(engine, see):
    ticks = play(engine, 2.0)
    for number in range(80):
        last = engine.farewell(2.0 + number * 0.025)
    assert see(ticks[-1]).power.max() > see(last).power.max()
    assert not see(engine.farewell(3600.0)).light.any()


def test_the_same_inputs_give_the_same_bytes(config, patch):
    runs = [
        [frame.slots.tobytes() for tick in play(LookEngine(config, patch), 5.0) for frame in tick.frames]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
