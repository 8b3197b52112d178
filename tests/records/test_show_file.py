"""Frames as text, as `ola_recorder` writes and plays them."""

import io

import numpy as np
import pytest
from single_fixture import patch_of

from controller.messages import DmxFrame
from controller.records.show_file import ShowFile


@pytest.mark.parametrize("channels", [1, 3, 300])
def test_every_level_stands_in_its_line(channels):
    patch = patch_of({f"c{n}": {"does": "hold", "at": 0} for n in range(channels)})
    slots = (np.arange(512) * 7 % 256).astype(np.uint8)
    slots[:2] = 0, 255
    file = io.StringIO()
    show = ShowFile(file, patch)
    for number in range(3):
        show.write([DmxFrame(0.025 * number, number, 1, np.roll(slots, number))], 0.025 * number)
    show.close(0.025)
    lines = file.getvalue().splitlines()
    assert lines[0] == "OLA Show"
    assert lines[2::2] == ["25", "25", "25"]
    for number, line in enumerate(lines[1::2]):
        universe, levels = line.split(" ")
        assert universe == "1"
        assert [int(one) for one in levels.split(",")] == np.roll(slots, number)[:channels].tolist()
