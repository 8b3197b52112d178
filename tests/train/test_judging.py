"""The table of many songs: pooling, intervals, baselines, and a run that goes on where it was broken off."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.listening.decider import Decider
from controller.messages import Window
from controller.metrics.criteria import CRITERIA
from controller.metrics.professionals import IN_LIKENESS, PROFESSIONALS
from tools.train.judging import __main__ as judging
from tools.train.judging.lights import WrittenDecider, decider_of
from tools.train.judging.table import cell, markdown, over_seeds, over_songs

BY_NAME = {one.name: one for one in CRITERIA}


def test_seeds_are_pooled_and_what_is_unknown_stays_out():
    pooled = over_seeds([{"a": 1.0, "b": None}, {"a": 3.0, "b": 5.0}, {"a": 2.0, "c": None}])
    assert pooled["a"] == 2.0
    assert pooled["b"] == 5.0
    assert math.isnan(pooled["c"])


def test_an_interval_is_over_songs(rng):
    criterion = BY_NAME["brightness_sd"]
    songs = [{"brightness_sd": float(value)} for value in rng.normal(0.2, 0.05, 40)]
    mean, low, high = over_songs(criterion, songs)
    assert low < mean < high
    assert high - low == pytest.approx(2 * 1.96 * 0.05 / np.sqrt(40), rel=0.25)
    assert cell(criterion, songs[:1]) == f"{songs[0]['brightness_sd']:.2f}"
    assert cell(criterion, [{"brightness_sd": math.nan}]) == "–"


def test_likeness_is_that_of_medians():
    middle = {name: PROFESSIONALS[name].median for name in IN_LIKENESS}
    low, high = ({name: value + by for name, value in middle.items()} for by in (-0.2, 0.2))
    mean, *_ = over_songs(BY_NAME["likeness"], [low, middle, high])
    assert mean == pytest.approx(0.0, abs=1e-9)  # although the mean over songs is far from people


def test_every_figure_has_a_row_and_every_light_a_column():
    table = markdown(
        {"show": [{"form_same": 0.5}, {"form_same": 1.0}], "one colour": [{"form_same": 1.0}]}, "two songs"
    )
    for criterion in CRITERIA:
        assert criterion.words.strip() in table
    assert "| one kind of section, one main hue | 75% [50%, 100%] | 100% | 55% | ≥ 70 % |" in table


def verdict(value):
    rows = {one.name: {"show": value, "one_colour": 1.0, "shuffled": None} for one in CRITERIA}
    return {"figures": rows, "blinders_s": []}


def test_a_run_that_was_broken_off_goes_on(tmp_path, monkeypatch, root):
    songs = tmp_path / "songs"
    songs.mkdir()
    for name in ("a.wav", "b.opus", "notes.mid"):
        (songs / name).write_bytes(b"")
    played, heard = [], []

    def rehearse(config, song, folder, decider):
        played.append((song.stem, folder.parent.name, config.seed))
        folder.mkdir(parents=True)
        (folder / "heads.npz").write_bytes(b"")
        identity = {
            "config_sha256": judging.sha256_of(config.file),
            "decoder_sha256": judging.sha256_of(config.path(config.model.decoder) / "manifest.yaml"),
        }
        (folder / "report.json").write_text(json.dumps({"identity": identity, "seed": config.seed}))
        if len(played) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(judging, "rehearse", rehearse)
    monkeypatch.setattr(judging, "decider_of", lambda light, config, song: None)
    monkeypatch.setattr(judging, "heard", lambda song, kept: heard.append(song) or (None, 60.0))
    monkeypatch.setattr(
        judging, "judged_rig", lambda folder, music, music_s: verdict(0.25 if "no-form" in str(folder) else 0.75)
    )
    words = ["--songs", str(songs), "--out", str(tmp_path / "out"), "--config", str(root / "config.yaml")]
    words += ["--lights", "show", "no-form", "--seeds", "1", "2"]
    with pytest.raises(KeyboardInterrupt):
        judging.main(words)
    assert judging.main(words) == 0
    assert len(played) == len(set(played)) == 8  # two songs, two lights, two seeds, each once
    table = (tmp_path / "out" / "table.md").read_text()
    assert "| rig brightness, mean | 0.75 [0.75, 0.75] | 0.25 [0.25, 0.25] | 1.00 [1.00, 1.00] | – |" in table
    assert len(heard) == 8
    assert judging.main(words) == 0
    assert len(played) == len(heard) == 8
    assert judging.main([*words, "--again"]) == 0
    assert (len(played), len(heard)) == (8, 16)
    told = json.loads((tmp_path / "out" / "table.json").read_text())
    assert told["no-form"]["b"]["form_same"] == 0.25
    (tmp_path / "out" / "show" / "a-1").rename(tmp_path / "elsewhere")
    assert judging.main(words) == 0
    assert len(played) == 9


def test_what_was_made_with_another_model_is_not_taken(tmp_path, config):
    identity = {
        "config_sha256": judging.sha256_of(config.file),
        "decoder_sha256": judging.sha256_of(config.path(config.model.decoder) / "manifest.yaml"),
    }
    (tmp_path / "heads.npz").write_bytes(b"")
    for change, right in (({}, True), ({"decoder_sha256": "0"}, False), ({"config_sha256": "0"}, False)):
        report = {"identity": {**identity, **change}, "seed": config.seed}
        (tmp_path / "report.json").write_text(json.dumps(report))
        assert judging.rehearsed(config, tmp_path) is right
    (tmp_path / "report.json").write_text("[]")
    assert not judging.rehearsed(config, tmp_path)


def test_no_songs_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="no songs there"):
        judging.main(["--songs", str(tmp_path), "--out", str(tmp_path / "out")])


def test_a_written_light_is_there_with_its_song(config):
    def window_of(seq):
        return Window((seq + 1) / 10, seq, np.zeros(48_000, np.float32), np.zeros((0, 48_000), np.float32))

    light = np.stack([np.arange(10), np.arange(10) * 2], axis=1)
    decider = WrittenDecider(config, light)
    tokens = [decider.step(window_of(seq)) for seq in (0, 5, 20)]
    assert [(one.hue, one.value) for one in tokens] == [(1, 2), (6, 12), (9, 18)]
    assert tokens[1].cue is None


def test_a_decider_without_bearings_tells_its_decoder_none(config):
    told = []

    class Decoder:
        def step(self, embedding, hue, value, bearings=None):
            told.append(bearings)
            return np.zeros(181, np.float32), np.zeros(257, np.float32)

    silence = np.zeros(48_000, np.float32)
    for light in ("no-bearings", "show"):
        decider = decider_of(light, config, Path("any.wav")) or Decider(config, ManualClock(), patient=True)
        decider._networks.decoder = Decoder()
        decider.step(Window(1.0, 0, silence, silence[None, :0]))
    assert told[0] is None
    assert told[1] is not None
