"""Rehearsal: the same files for the same input and seed, in the fixed formats, and every stage in the report."""

import contextlib
import csv
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from controller.config import with_overrides
from controller.errors import AudioError
from controller.listening.decider import Decider
from controller.messages import Cue
from controller.metrics.meanings import MEANINGS
from controller.records.rendered import read_rendered
from controller.rehearsal.rehearse import rehearse
from controller.rig.observe import Observer


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
    for name in ("tokens.csv", "dmx.show", "heads.npz", "form.json", "sheet.png"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    rehearse(with_overrides(config, seed=99), excerpt, tmp_path / "other")
    assert (out / "tokens.csv").read_bytes() != (tmp_path / "other" / "tokens.csv").read_bytes()


def test_p5_at_a_terminal_it_ends_in_words(tmp_path, root_folder):
    """A real terminal; what a program reads is JSON, and the same at a terminal with --json."""
    soundfile.write(tmp_path / "tone.wav", np.full((48_000, 1), 0.1), 48_000)
    ends = []
    for words in ([], ["--json"]):
        reads, terminal = os.openpty()
        command = [sys.executable, "-P", "-m", "controller", "rehearse", str(tmp_path / "tone.wav"), "--out",
                   str(tmp_path / "out"), "--config", str(root_folder / "config.yaml"), *words]  # fmt: skip
        done = subprocess.run(command, stdout=terminal, stderr=subprocess.DEVNULL, cwd=tmp_path, check=False)
        os.close(terminal)
        said = b""
        with contextlib.suppress(OSError):  # the end of what a terminal was told
            while part := os.read(reads, 65_536):
                said += part
        os.close(reads)
        assert done.returncode == 0
        ends.append(said.decode().splitlines())
    people, programs = ends
    assert people[0].startswith("tone.wav: 0:01 minutes, ")
    assert people[-1].endswith("sheet.png")
    assert "{" not in "".join(people)
    assert json.loads(programs[-1])["song"] == "tone.wav"


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


def test_heads_show_what_the_bytes_say(first, patch):
    rig = read_rendered(first[0] / "heads.npz")
    np.testing.assert_allclose(rig.time_s, np.arange(100) / 10, atol=1e-9)
    np.testing.assert_allclose(rig.tick_s, np.arange(400) / 40, atol=1e-9)
    assert "hazer" not in rig.role
    assert len(rig.id) == patch.heads - 1
    lines = (first[0] / "dmx.show").read_text().splitlines()[1::2]
    observer, kept = Observer(patch), [head for head in range(patch.heads) if patch.roles[head] != "hazer"]
    for number in range(100):
        frames = {}
        for line in lines[8 * number : 8 * number + 2]:  # two universes, forty cycles a second
            universe, levels = line.split()
            frames[int(universe)] = np.zeros(512, np.uint8)
            frames[int(universe)][: levels.count(",") + 1] = [int(level) for level in levels.split(",")]
        stage = observer.observe(frames)
        np.testing.assert_allclose(rig.light[number], stage.light[kept], atol=1e-6)
        np.testing.assert_allclose(rig.pan_tilt_deg[number, :, 1], stage.tilt_deg[kept], atol=1e-4)
    assert rig.light.max() > 0.2
    washes = rig.light[:, rig.role == "wash"].mean(axis=1)
    np.testing.assert_allclose(rig.group_light[::4, list(rig.group).index("wash")], washes, atol=1e-5)


def test_a_song_has_a_form_and_looks(first):
    told = json.loads((first[0] / "form.json").read_text())
    assert [label for _, _, label, _ in told["sections"]][:1] == ["A"]
    assert told["looks"]
    assert all(0.0 <= sure <= 1.0 and known_s > start_s - 2.0 for start_s, known_s, _, sure in told["sections"])


def test_without_cues_a_song_has_no_form(config, excerpt, tmp_path):
    rehearse(with_overrides(config, look={"pack": "none"}), excerpt, tmp_path)
    assert json.loads((tmp_path / "form.json").read_text()) == {"sections": [], "looks": []}


def test_sections_and_looks_are_those_of_the_cues(config, excerpt, tmp_path, monkeypatch):
    step = Decider.step

    def cued(self, window):
        t_s = window.t_s
        cue = Cue("dawn", 0.0, label="A", confidence=0.5)
        if t_s >= 3.95:
            cue = Cue("roar", 4.2, label="B", section_s=4.2, confidence=0.75)
        if t_s >= 6.95:
            cue = Cue("dawn", 6.4, label="A", section_s=6.4, confidence=1.0)
        return replace(step(self, window), cue=cue)

    monkeypatch.setattr(Decider, "step", cued)
    rehearse(config, excerpt, tmp_path)
    told = json.loads((tmp_path / "form.json").read_text())
    assert told["sections"] == [[0.0, 0.1, "A", 0.5], [4.2, 4.0, "B", 0.75], [6.4, 7.0, "A", 1.0]]
    assert told["looks"] == [[0.0, "dawn", "A"], [4.2, "roar", "B"], [6.4, "dawn", "A"]]
    assert '"sections":[[0.0,4.2,"A"]' in (tmp_path / "report.html").read_text()


def test_the_report_names_what_made_it(first, config):
    report = json.loads((first[0] / "report.json").read_text())
    assert report["seed"] == config.seed
    assert set(report["identity"]) >= {"embedder", "embedder_sha256", "decoder", "decoder_sha256", "config_sha256"}
    assert {"embed", "decode", "analysis", "accent", "tick"} <= set(report["timings_ms"])
    assert all(set(three) == {"p50", "p95", "p99"} for three in report["timings_ms"].values())
    figures = report["metrics"]
    assert figures["flashes_in_worst_second"] <= 3
    assert figures["dark_share"] < 0.05
    # the demo has no fixture of the role key: all front washes are taken for it, and a quiet opening is a dim one
    assert 0.2 < figures["key_at_floor_share"] <= 1.0
    assert figures["stops"] == 1.0  # the two seconds of silence at the end
    assert {"brightness_sd", "dim_share", "washes_lit_share", "hues_median", "held_looks_a_minute"} <= figures.keys()
    page = (first[0] / "report.html").read_text()
    assert "Contrast of the song" in page
    assert set(figures) - {"states"} <= set(MEANINGS), "every figure of the report is said in words"
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
