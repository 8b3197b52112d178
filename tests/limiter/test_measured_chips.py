"""A tenth is a tenth of what a lamp can do, whatever the emitters in its file measure (R6)."""

import numpy as np
import pytest

from controller.rig.mixing import EmitterColour, mixer

RED, GREEN, BLUE = (0.69, 0.31, 300.0), (0.17, 0.7, 700.0), (0.14, 0.04, 80.0)
WHITE = (0.31, 0.33, 900.0)
DEEP = (0.15, 0.02, 30.0)


@pytest.mark.parametrize(
    "measured",
    [
        {"red": RED, "green": GREEN, "blue": BLUE},
        {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE, "amber": (0.56, 0.43, 400.0), "indigo": DEEP},
        {"warm_white": (0.44, 0.40, 800.0), "cold_white": (0.31, 0.32, 900.0)},
    ],
    ids=["three chips", "six chips", "two whites"],
)
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3], ids="flux in {}".format)
def test_full_white_of_measured_emitters_is_full(measured, unit):
    lamp = mixer(tuple(EmitterColour(name, (x, y, flux * unit)) for name, (x, y, flux) in measured.items()))
    levels = lamp.levels(np.ones((1, 3), np.float32), np.ones(1, np.float32))
    for power in (1.0, 0.5, 0.1):
        assert lamp.light(levels * power)[0].max() == pytest.approx(power, rel=0.02)


def test_a_set_that_mixes_no_white_stays_as_it_is():
    lamp = mixer((EmitterColour("red", RED), EmitterColour("amber", (0.56, 0.43, 400.0))))
    assert lamp.light(np.eye(2, dtype=np.float32)).max() == pytest.approx(1.0)
