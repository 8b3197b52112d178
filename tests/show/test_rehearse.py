"""Rehearsal: the same files for the same input and seed, in the fixed formats, and every stage in the report."""

import csv
import json

import numpy as np
import pytest
import soundfile

from controller.config import with_overrides
from controller.errors import AudioError
from controller.rehearsal.rehearse import rehearse


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory, root_folder):
    """Eight seconds of the bundled song, two of silence."""
    from controller.listening.audio.file_source import FileSource

    source = FileSource(root_folder / "controller/songs/metal_madness.opus")
    path = tmp_path_factory.mktemp("song") / "excerpt & more.wav"
    soundfile.write(path, np.concatenate([source.read(8 * 48_000), np.zeros((96_000, 1))]), 48_000)
    source.close()
    return path


@pytest.fixture(scope="module")
def root_folder():
    from pathlib import Path

    return Path(__file__).parents[2]


@pytest.fixture(scope="module")
def first(excerpt, config, tmp_path_factory):
    out = tmp_path_factory.mktemp("first")
    return out, rehearse(config, excerpt, out)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(first, excerpt, config, tmp_path):
    out, _ = first
    rehearse(config, excerpt, tmp_path / "again")
    for name in ("tokens.csv", "dmx.show"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    rehearse(with_overrides(config, seed=99), excerpt, tmp_path / "other")
    assert (out / "tokens.csv").read_bytes() != (tmp_path / "other" / "tokens.csv").read_bytes()


def test_tokens_have_a_row_for_each_hop(first):
    with (first[0] / "tokens.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["t_s", "hue", "value"]
    assert [float(row["t_s"]) for row in rows] == [round(0.1 * (n + 1), 1) for n in range(100)]
    assert all(0 <= int(row["hue"]) < 180 and 0 <= int(row["value"]) < 256 for row in rows)


def test_dmx_is_in_ola_recorder_format(first, config):
    lines = (first[0] / "dmx.show").read_text().splitlines()
    assert lines[0] == "OLA Show"
    frames, waits = lines[1::2], lines[2::2]
    assert len(frames) == len(waits)
    assert sum(int(wait) for wait in waits) == 10_000
    universes = [int(frame.split()[0]) for frame in frames]
    assert universes[:4] == [1, 2, 1, 2]
    levels = [[int(level) for level in frame.split()[1].split(",")] for frame in frames]
    assert all(0 <= level <= 255 for frame in levels for level in frame)
    assert {len(frame) for frame in levels} == {127, 512}
    assert any(any(frame) for frame in levels)


def test_the_report_names_what_made_it(first, config):
    report = json.loads((first[0] / "report.json").read_text())
    assert report["seed"] == config.seed
    assert set(report["identity"]) >= {"embedder", "embedder_sha256", "decoder", "decoder_sha256", "config_sha256"}
    assert {"embed", "decode", "analysis", "accent", "tick"} <= set(report["timings_ms"])
    assert all(set(three) == {"p50", "p95", "p99"} for three in report["timings_ms"].values())
    figures = report["metrics"]
    assert figures["flashes_in_worst_second"] <= 3
    assert figures["dark_share"] < 0.05
    page = (first[0] / "report.html").read_text()
    assert "Timing, ms" in page
    assert "excerpt &amp; more.wav" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_stems_are_rehearsed_too(config, root_folder, tmp_path, monkeypatch):
    summary = rehearse(with_overrides(config, seed=1), short_stems(root_folder, tmp_path), tmp_path / "out")
    assert summary["music_s"] == 3.0


def short_stems(root_folder, tmp_path):
    from controller.listening.audio.stems_source import StemsSource

    source = StemsSource(root_folder / "controller/songs/escape_from_chaosland", {})
    samples = source.read(3 * 48_000)
    source.close()
    folder = tmp_path / "take"
    folder.mkdir()
    for column, name in enumerate(source.stems, start=1):
        soundfile.write(folder / f"{name}.wav", samples[:, column], 48_000)
    return folder


def test_a_sound_shorter_than_a_hop_is_refused(config, tmp_path):
    soundfile.write(tmp_path / "blip.wav", np.zeros(100), 48_000)
    with pytest.raises(AudioError, match="shorter than one hop"):
        rehearse(config, tmp_path / "blip.wav", tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_refused(config, excerpt, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(AudioError, match="choose another folder with --out"):
        rehearse(config, excerpt, tmp_path / "taken")
