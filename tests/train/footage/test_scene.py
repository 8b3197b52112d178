"""Films in a log profile that a person names: what their makers publish of curve and gamut is undone."""

import json

import numpy as np
import pytest
from film_chart import MEAN, MOST, SATURATION, film, off, read, scene

pytest.importorskip("scipy")

from tools.train.footage.__main__ import main
from tools.train.footage.scene import PROFILES, matrix
from tools.train.footage.source import FootageError, read_facts

GREYS = {
    # what the makers' own tables say of black, of 18 % grey and of white paper (90 %), numbers of ten bits
    "slog2": (90, 347, 582),
    "slog3": (95, 420, 598),
    "slog3-sgamut3": (95, 420, 598),
    "vlog": (128, 433, 602),
    "clog": (128, 351, 614),
    "clog2": (95, 407, 575),
    "clog3": (128, 351, 577),
    "flog": (95, 470, 705),
    "flog2": (95, 400, 570),
    "dlog": (95, 408, 586),
    "nlog": (127, 372, 603),
    "logc3": (95, 400, 572),
}


@pytest.mark.parametrize("name", GREYS)
def test_black_grey_and_white_are_where_the_makers_say(name):
    black, grey, white = PROFILES[name].light(np.array(GREYS[name]) / 1023.0)
    assert abs(black) < 0.004
    assert grey == pytest.approx(0.18, rel=0.03)
    assert white == pytest.approx(0.90, rel=0.03)


def test_apple_log_counts_in_shares_of_the_signal():
    assert PROFILES["applelog"].light(np.array([0.1505, 0.4882]))[1] == pytest.approx(0.18, rel=0.03)
    assert abs(PROFILES["applelog"].light(np.array([0.1505]))[0]) < 0.002


@pytest.mark.parametrize("name", PROFILES)
def test_a_curve_rises_without_a_jump(name):
    light = PROFILES[name].light(np.linspace(0.0, 1.0, 1024))
    rising = np.diff(light)
    assert (rising > -1e-6).all()
    assert rising.max() < 0.25 * light[-1]


def test_white_stays_white_in_every_gamut():
    for name, profile in PROFILES.items():
        np.testing.assert_allclose(matrix(profile.primaries) @ np.ones(3), np.ones(3), atol=2e-3, err_msg=name)


def coded(name):
    """The chart as a camera in this profile writes it: scene light in its gamut, its curve by looking it up."""
    profile = PROFILES[name]
    codes = np.linspace(0.0, 1.0, 1 << 16)
    light = profile.light(codes)

    def curve(code):
        found = np.interp(scene(code) @ np.linalg.inv(matrix(profile.primaries)).T, light, codes)
        return (found * 1023.0 - 64.0) / 876.0 if profile.numbers else found

    return curve


@pytest.mark.parametrize("name", ["slog3", "vlog", "clog3", "applelog"])
def test_o1_a_log_profile_that_is_named_keeps_its_colours(tmp_path, name):
    path = film(tmp_path / "chart.mov", "bt709 ten bits", curve=coded(name))
    _, pale, _ = off(read(path)[0])
    picture, trouble, _ = read(path, profile=name)
    hue, saturation, _ = off(picture)
    assert np.abs(hue).mean() <= MEAN
    assert np.abs(hue).max() <= MOST
    assert np.abs(saturation - 1).max() <= SATURATION
    assert pale.min() < 0.85, "otherwise this test sees nothing"
    assert any("converted" in note for note in trouble.notes)


def test_a_film_that_names_its_curve_is_read_by_whoever_names_it_too(tmp_path):
    path = film(tmp_path / "log.mov", metadata={"com.apple.proapps.customgamma": "com.apple.log"})
    with pytest.raises(FootageError, match="--transfer"):
        read_facts(path)
    assert read_facts(path, profile="applelog").colours == "Apple Log"


def test_the_option_reaches_the_films_and_is_remembered(tmp_path, capsys):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    film(films / "log.mov", "bt709 ten bits", curve=coded("slog3"), frames=30)
    assert main(["extract", str(films), "--out", str(out), "--transfer", "slog3"]) == 0
    assert "its colours (S-Log3, S-Gamut3.Cine) were converted to BT.709" in capsys.readouterr().out
    assert json.loads((out / "log.json").read_text())["source"]["profile"] == "slog3"
    assert main(["extract", str(films), "--out", str(out)]) == 0
    assert "skipped" not in capsys.readouterr().out, "without the option it is another film"
