"""R10: a dimmer, shutter or colour whose name names a part of the lamp is that part's alone."""

import numpy as np
import pytest

from controller.config import FixtureConfig
from controller.messages import Picture
from controller.rig.patch.patch import build_patch
from controller.rig.patch.render import Renderer
from controller.rig.profiles.assembly import Cell, assemble
from controller.rig.profiles.meaning import channel_of
from controller.rig.profiles.parts import Part, heads_by_name, parts_named
from controller.rig.profiles.spans import Span

NOBODY: frozenset[int] = frozenset()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Derby 1 Color", [Part("derby", 1)]),
        ("Spot: Dimmer", [Part("spot", 0)]),
        ("Color Spot 2", [Part("spot", 2)]),
        ("Pars / Derby Red", [Part("par", 0), Part("derby", 0)]),
        ("Background - Red (8bit)", [Part("background", 0)]),
        ("Flower Effect 2 - Dimmer intensity (8bit)", [Part("flower", 2)]),
        ("White Strobe Dimmer", [Part("white_strobe", 0)]),
        ("Dimmer/Strobe 5ch", []),
        ("Red 4", []),
        ("Master Dimmer", []),
        ("Sparkle spotless washing", []),
    ],
)
def test_r10_the_part_that_a_name_names(name, parts):
    assert parts_named(name) == parts


def test_r10_one_part_alone_is_the_lamp_itself():
    given = {"Wash Dimmer": NOBODY, "Red": NOBODY, "Strobe": NOBODY}
    assert heads_by_name(given, set(given)) == given


def test_r10_what_the_file_tells_stays_and_the_other_parts_come_after_it():
    given = {"Par 1 Red": frozenset({0}), "Par 2 Red": frozenset({1}), "Par Strobe": NOBODY,
             "White Strobe Dimmer": NOBODY, "Mode": NOBODY}  # fmt: skip
    assert heads_by_name(given, {"Par 1 Red", "Par 2 Red", "White Strobe Dimmer"}) == {
        "Par 1 Red": {0}, "Par 2 Red": {1}, "Par Strobe": {0, 1}, "White Strobe Dimmer": {2}, "Mode": NOBODY,
    }  # fmt: skip


def test_r10_each_part_is_dimmed_and_darkened_by_its_own():
    wheel = [Span(0, 9, "colour", colour="#000000", name="Blackout"),
             Span(10, 99, "colour", colour="#ff0000", name="Red"),
             Span(100, 255, "colour", colour="#ffffff", name="White")]  # fmt: skip
    spans = {"Par Red": [Span(0, 255, "emitter", name="red")], "Par Green": [Span(0, 255, "emitter", name="green")],
             "Par Blue": [Span(0, 255, "emitter", name="blue")], "Derby Color": wheel,
             "White Strobe Dimmer": [Span(0, 255, "intensity")]}  # fmt: skip
    header = {"maker": "acme", "model": "Bar", "kind": "bar", "source": "a test"}
    profile = assemble(header, {"m": [Cell(name) for name in spans]}, lambda name: channel_of(spans[name], note=name))
    fixture = FixtureConfig(id="bar", profile="p", mode="m", universe=1, address=1, role="wash", position_m=(0, 1, 3))
    patch = build_patch([fixture], [1], {"p": profile}, lambda place: ".".join(map(str, place)))
    assert patch.heads == 3
    half = np.full(3, 0.5, np.float32)

    def levels(*intensity):
        look = Picture(0.0, 0, np.array(intensity, np.float32), np.ones((3, 3), np.float32), half, half)
        return Renderer(patch).render(look)[0].slots[:5].tolist()

    assert levels(0, 0, 0) == [0, 0, 0, 4, 0]
    assert levels(1, 0, 0) == [255, 255, 255, 4, 0]
    assert levels(0.5, 1, 1) == [64, 64, 64, 177, 255]  # the square law: a quarter of the power, by its own emitters
    assert levels(0, 0, 1) == [0, 0, 0, 4, 255]
