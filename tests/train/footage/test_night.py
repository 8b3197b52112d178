"""A rendered night: what is found is what was lit. Limits a little looser than those of docs/footage.md."""

import json

import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage.__main__ import main
from tools.train.venue.score import score


@pytest.fixture(scope="module")
def result(venue_film):
    return score(venue_film, venue_film / "features")


def test_hue_and_value_are_what_was_lit(result):
    assert result["overall"]["hue_mae"] <= 5.0
    assert result["overall"]["value_correlation"] >= 0.9


def test_offset_is_found_within_a_frame_and_corrected(result, venue_film):
    assert result["overall"]["offset_error_s"] <= 0.04
    told = json.loads((venue_film / "features" / "night.json").read_text())
    assert told["offset"]["corrected_s"] == pytest.approx(told["offset"]["offset_s"])


def test_good_material_is_kept_and_spoiled_is_dropped(result):
    assert result["overall"]["good_kept"] >= 0.88
    assert result["overall"]["spoiled_dropped"] >= 0.85


def test_file_contract(venue_film):
    with np.load(venue_film / "features" / "night.npz", allow_pickle=False) as film:
        n = len(film["t_s"])
        np.testing.assert_allclose(np.diff(film["t_s"]), 0.1, atol=1e-6)
        assert film["t_s"][0] == pytest.approx(0.1)
        shapes = {"hue": (n,), "value": (n,), "hue_trust": (n,), "embedding": (n, 512), "hits": (n,), "loudness": (n,),
                  "bearings": (n, 54), "zone_hue": (n, 3), "zone_value": (n, 3),
                  "hue_histogram": (n, 5, 180)}  # fmt: skip
        assert {name: film[name].shape for name in shapes} == shapes
        assert film["embedding"].dtype == np.float16
        assert 0 <= film["hue"].min() <= film["hue"].max() <= 179
        assert 0 <= film["value"].min() <= film["value"].max() <= 255
        assert 0.0 <= film["trust"].min() <= film["trust"].max() <= 1.0
        assert film["offset_s"].shape == ()


def test_what_was_dropped_is_named(venue_film):
    told = json.loads((venue_film / "features" / "night.json").read_text())
    assert told["dropped"]
    for segment in told["dropped"]:
        assert segment["end_s"] > segment["start_s"] >= 0
        assert segment["reason"]
    assert {"codec", "width", "fps", "rotation", "duration_s", "sound"} <= set(told["source"])


def test_a_second_run_skips_and_again_redoes(venue_film, capsys):
    features = venue_film / "features"
    before = (features / "night.npz").stat().st_mtime_ns
    assert main(["extract", str(venue_film / "night.mp4"), "--out", str(features)]) == 0
    assert "skipped" in capsys.readouterr().out
    assert (features / "night.npz").stat().st_mtime_ns == before


def test_report_holds_the_film_and_reaches_for_nothing(venue_film):
    assert main(["inspect", str(venue_film / "features")]) == 0
    text = (venue_film / "features" / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "http" not in text.replace('http-equiv="', "")
    assert '"name":"night"' in text
    assert "<b>1</b> with a brightness scale of its own: levels are not learnt" in text
    assert "camera cut" in text


def test_rpmc_round_trip(venue_film, tmp_path):
    from tools.train.footage import rpmc

    features = venue_film / "features"
    for form in ("pkl", "hdf5"):
        assert main(["export-rpmc", str(features), "--out", str(tmp_path / form), "--format", form]) == 0, form
    clips = sorted((tmp_path / "pkl").glob("*.pkl"))
    others = sorted((tmp_path / "hdf5").glob("*.h5"))
    assert len(clips) == len(others) >= 1
    first, second = rpmc.read_clip(clips[0]), rpmc.read_clip(others[0])
    for name in ("music", "hue", "saturation", "value"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for channel in ("saturation", "value"):
        out = tmp_path / channel
        assert main(["import-rpmc", str(clips[0]), "--out", str(out), "--value-channel", channel]) == 0
    with (
        np.load(tmp_path / "saturation" / f"{clips[0].stem}.npz") as a,
        np.load(tmp_path / "value" / f"{clips[0].stem}.npz") as b,
    ):
        assert (a["hue"] == b["hue"]).all()
        assert np.abs(a["value"] - b["value"]).mean() > 5
