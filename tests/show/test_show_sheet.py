"""The show sheet: the same picture for the same song, every part of it where the data says."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from made_rig import lamps, made_rig

from controller.records.told_form import ToldForm, ToldLook, ToldSection
from controller.rehearsal import show_sheet
from controller.rehearsal.show_sheet import Sheet, draw, head_order


@pytest.fixture
def sheet(rng):
    rig = made_rig(lambda t_s: lamps(np.where(t_s < 20, 0.0, 220.0), 0.6, blinder=1.0 * (abs(t_s - 25) < 0.3)), 40)
    return Sheet(
        title="a song",
        waveform=rng.uniform(-1, 1, (1600, 2)).astype(np.float32),
        waveform_hz=40.0,
        tokens=np.tile([[10, 200]], (400, 1)),
        rig=rig,
        form=ToldForm(
            [ToldSection(0.0, 0.1, "A", 1.0), ToldSection(20.0, 19.0, "B", 0.5)], [ToldLook(0.0, "dim", "A")]
        ),
        bars_s=(0.0, 2.0, 4.0),
        limited_s=(12.0,),
    )


def pixels(path):
    from matplotlib.image import imread

    return imread(path)[:, :, :3]


def test_the_same_song_gives_the_same_bytes(sheet, tmp_path):
    draw(sheet, tmp_path / "one.png")
    draw(sheet, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    width, height = struct.unpack(">II", (tmp_path / "one.png").read_bytes()[16:24])
    assert width == 1600
    assert 400 < height < 1200


def near(picture, colour, away=0.12):
    """Where the picture has about this colour: (rows, columns)."""
    return np.nonzero((np.abs(picture - np.array(colour)) < away).all(axis=2))


def test_heads_are_lit_in_their_colours_when_they_were(sheet, tmp_path):
    draw(sheet, tmp_path / "sheet.png")
    picture = pixels(tmp_path / "sheet.png")
    red, blue = (near(picture, colour) for colour in ((0.6, 0.0, 0.0), (0.0, 0.2, 0.6)))
    left, right = show_sheet.LEFT * 100, 1600 - show_sheet.RIGHT * 100
    middle = (left + right) / 2
    assert len(red[0]) > 10_000
    assert len(blue[0]) > 10_000
    assert np.quantile(red[1], 0.99) <= middle + 2
    assert np.quantile(blue[1], 0.01) >= middle - 2


def test_without_cues_it_says_so_and_without_moving_heads_it_is_lower(sheet, tmp_path):
    draw(sheet, tmp_path / "still.png")
    turned = sheet.rig.pan_tilt_deg.copy()
    turned[200:, 0, 0] = 40.0
    draw(replace(sheet, form=ToldForm(), rig=replace(sheet.rig, pan_tilt_deg=turned)), tmp_path / "moving.png")
    assert pixels(tmp_path / "moving.png").shape[0] > pixels(tmp_path / "still.png").shape[0] + 50


def test_heads_stand_by_role_from_left_to_right():
    roles, places = ("blinder", "back", "wash", "wash", "odd"), ((0, 0, 0), (0, 3, 3), (2, 0, 3), (-2, 0, 3), (0, 0, 0))
    rig = made_rig(lambda t_s: np.zeros((len(t_s), 5, 3), np.float32), 1, roles, places)
    assert head_order(rig) == [3, 2, 1, 0, 4]


def test_a_song_of_one_hop_and_a_rig_without_washes_can_be_drawn(sheet, tmp_path):
    rig = made_rig(lambda t_s: np.zeros((len(t_s), 1, 3), np.float32), 0.1, ("strobe",), [(0, 0, 0)])
    waveform = np.zeros((4, 2), np.float32)
    draw(replace(sheet, rig=rig, tokens=sheet.tokens[:1], waveform=waveform, form=ToldForm()), tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1_000
