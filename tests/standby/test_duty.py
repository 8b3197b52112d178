"""When a backup lights: every state with every event, and what a night of them comes to."""

from itertools import product

import numpy as np
import pytest

from controller.lighting.standby.duty import LOST_S, RETURN_S, WAIT_S, Duty

STATES = ("waiting", "following", "in charge", "returning")
BETWEEN_S = 0.05


def duty_in(state, now_s=100.0):
    duty = Duty(now_s)
    duty.stand_as(state, now_s)
    return duty


def beat(duty):
    duty.beat(100.05)
    return duty.step(100.05)


def goodbye(duty):
    duty.goodbye()
    return duty.step(100.05)


def soon(duty):
    return duty.step(100.0 + LOST_S - 0.01)


def silence(duty):
    return duty.step(100.0 + LOST_S + 0.01)


def long_silence(duty):
    return duty.step(100.0 + WAIT_S + 0.01)


def steady(duty):
    """Beats for as long as a main must be steady."""
    for at in range(1, round(RETURN_S / BETWEEN_S) + 2):
        duty.beat(100.0 + at * BETWEEN_S)
        duty.step(100.0 + at * BETWEEN_S)
    return duty.state


EXPECTED = {
    beat: ("following", "following", "returning", "returning"),
    goodbye: ("in charge",) * 4,
    soon: STATES,
    silence: ("waiting", "in charge", "in charge", "in charge"),
    long_silence: ("in charge",) * 4,
    steady: ("following",) * 4,
}


@pytest.mark.parametrize(("event", "at"), list(product(EXPECTED, range(len(STATES)))))
def test_every_state_with_every_event(event, at):
    duty = duty_in(STATES[at])
    assert event(duty) == EXPECTED[event][at]
    assert duty.quiet == (duty.state in ("waiting", "following"))


def test_a_goodbye_is_heeded_at_once_and_a_return_only_when_it_is_steady():
    duty = duty_in("following")
    duty.goodbye()
    assert not duty.quiet
    for at in range(20):  # a main that cannot stay: a second of beats, a second of nothing
        for tick in range(40):
            now_s = 101.0 + 2.0 * at + 0.05 * tick
            if tick < 20:
                duty.beat(now_s)
            duty.step(now_s)
            assert not duty.quiet


def test_random_nights_are_never_silent_while_the_main_is_gone():
    """Whatever arrives when: half a second after the last beat this machine lights, however it got there."""
    rng = np.random.default_rng(8)
    for _ in range(200):
        now_s = heard_s = 50.0
        duty = Duty(now_s)
        for _ in range(300):
            now_s += float(rng.choice([0.01, 0.05, 0.3, 0.6, 2.5], p=[0.4, 0.4, 0.1, 0.05, 0.05]))
            if rng.random() < 0.5:
                duty.beat(now_s)
                heard_s = now_s
            duty.step(now_s)
            if now_s - heard_s > WAIT_S:
                assert not duty.quiet
            if duty.quiet and duty.state == "following":
                assert now_s - heard_s <= LOST_S
