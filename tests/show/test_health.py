"""The fallback states (lighting.md 7.3): every state with every event, on the pure function and through the desk."""

from itertools import product

import numpy as np
import pytest

from controller.lighting.engine import LookEngine
from controller.lighting.health import Limits, health
from controller.messages import LightToken, Pulse
from controller.rig.observe import Observer

LIMITS = Limits(token_stale_s=2.0, token_dead_s=10.0, pulse_dead_s=1.0, silence_after_s=4.0)
CYCLE_S = 0.025
NEVER = float("inf")
LATE_S = 0.3

REACHED_BY = {
    "live": {"tokens": True, "pulses": True, "seconds": 1.0},
    "fallback": {"tokens": False, "pulses": True, "seconds": 3.0},
    "quiet": {"tokens": True, "pulses": True, "silent": True, "seconds": 5.0},
    "house": {"tokens": False, "pulses": False, "seconds": 3.0},
}
EVENTS = {
    # what the inputs do from now on, for how long, and where that leads from any state
    "all is well": ({"tokens": True, "pulses": True, "seconds": 0.2}, "live"),
    "the model is late by a second": ({"tokens": False, "pulses": True, "seconds": 1.0}, None),
    "the model is gone for three seconds": ({"tokens": False, "pulses": True, "seconds": 3.0}, "fallback"),
    "the model is gone for eleven seconds": ({"tokens": False, "pulses": True, "seconds": 11.0}, "house"),
    "silence, or no sound card": ({"tokens": False, "pulses": True, "silent": True, "seconds": 5.0}, "quiet"),
    "silence while the model decides": ({"tokens": True, "pulses": True, "silent": True, "seconds": 5.0}, "quiet"),
    "the engine is dead": ({"tokens": False, "pulses": False, "seconds": 3.0}, "house"),
}
LATE = {"live": "live", "fallback": "fallback", "quiet": "live", "house": "fallback"}
"""A second without tokens, with sound: who was live stays live on its last target. After a silence with tokens, too."""


class Stage:
    """A desk and what reaches it."""

    def __init__(self, config, patch):
        self.engine, self.observer = LookEngine(config, patch), Observer(patch)
        self.now_s, self.number, self.silent_s = 100.0, 0, 0.0

    def play(self, *, tokens, pulses, seconds, silent=False):
        """Cycles under these conditions; the light of each."""
        light = []
        for _ in range(round(seconds / CYCLE_S)):
            self.now_s += CYCLE_S
            self.number += 1
            self.silent_s = self.silent_s + CYCLE_S if silent else 0.0
            if pulses:
                pulse = Pulse(self.now_s, self.number, -20.0, 0.7, self.silent_s, 0, float("-inf"), 0.0, ())
                self.engine.hear_pulse(pulse, self.now_s)
            if tokens and self.number % 4 == 0:
                self.engine.hear_token(LightToken(self.now_s, self.number // 4, 20, 180, 0.5, 0.5))
            self.tick = self.engine.tick(self.now_s)
            light.append(self.observer.observe({one.universe: one.slots for one in self.tick.frames}).power.copy())
        return np.array(light)


@pytest.fixture
def stage(config, patch):
    return Stage(config, patch)


@pytest.mark.parametrize(("state", "event"), list(product(REACHED_BY, EVENTS)))
def test_every_state_with_every_event_and_back(stage, state, event):
    stage.play(tokens=True, pulses=True, seconds=1.0)
    stage.play(**REACHED_BY[state])
    assert stage.tick.health == state
    conditions, leads_to = EVENTS[event]
    stage.play(**conditions)
    assert stage.tick.health == (leads_to or LATE[state])
    stage.play(tokens=True, pulses=True, seconds=0.2)  # each returns by itself, within two tokens
    assert stage.tick.health == "live"


def test_every_age_has_its_rung():
    """The function itself over all edges of its limits."""
    ages = [0.0, 0.29, 0.31, 1.0, 1.01, 2.0, 2.01, 3.99, 4.0, 10.0, 10.01, 1e6, NEVER]
    for token_age_s, pulse_age_s, silent_s in product(ages, ages, ages):
        heard = pulse_age_s <= 1.0
        if heard and silent_s >= 4.0:
            expected = "quiet"
        elif token_age_s <= 2.0:
            expected = "live"
        else:
            expected = "fallback" if heard and token_age_s <= 10.0 else "house"
        assert health(token_age_s, pulse_age_s, silent_s, LIMITS) == expected


def test_a_late_model_is_no_jump(stage):
    """From 300 ms to two seconds without a token the light goes on fading to where the last one pointed."""
    stage.play(tokens=True, pulses=True, seconds=3.0)
    stage.engine.hear_token(LightToken(stage.now_s, 10_000, 20, 60, 0.5, 0.5))
    light = stage.play(tokens=False, pulses=True, seconds=1.9)
    assert stage.tick.health == "live"
    late = light[round(LATE_S / CYCLE_S) :]
    assert np.abs(np.diff(late.mean(axis=1))).max() < 0.02
    assert np.abs(late[-1] - late[-20]).max() < 0.05  # it has arrived


def test_no_rung_is_dark_and_none_is_full_on(stage):
    for name, conditions in REACHED_BY.items():
        stage.play(tokens=True, pulses=True, seconds=3.0)
        light = stage.play(**conditions)
        assert light[-1].max() > 0.02, name
        assert light.mean(axis=1).max() < 0.9, name


def test_panic_keys_work_on_every_rung(stage):
    from controller.messages import Command

    for conditions in REACHED_BY.values():
        stage.play(tokens=True, pulses=True, seconds=1.0)
        stage.play(**conditions)
        stage.engine.obey(Command("blackout", 1.0))
        stage.play(**conditions | {"seconds": CYCLE_S})
        frames = {one.universe: one.slots for one in stage.tick.frames}
        assert not stage.observer.observe(frames).light.any()
        stage.engine.obey(Command("blackout", 0.0))
