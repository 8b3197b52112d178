"""A night's show log becomes footage of what people did with their hands, and of nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")
pytest.importorskip("scipy")

from controller.config import with_overrides
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle, checksum
from controller.lighting.takeover.console_merge import ConsoleMerge, News
from controller.listening.audio.file_source import FileSource
from controller.listening.audio.onsets import Onsets
from controller.messages import AudioBlock, Command, Embedding, LightToken
from controller.records.cycles import Cycle, Heard
from controller.records.heard_log import HeardRecorder
from controller.records.recording import Recorder
from controller.records.show_log import header_of
from tools.train.nights.night_sound import Levels, SoundError, begins_at, level_of
from tools.train.nights.takeovers import replayed, strongest_hue
from tools.train.skipbart import __main__ as skipbart
from tools.train.skipbart.stretches import read_footage

ROOT = Path(__file__).parents[2]
SECONDS, BEGAN_S = 36, 5_000.0
SPARE_S = 3.7
"""The recording was started this long before the show."""
DESK_FROM, DESK_TO = 8.0, 14.0
HAND_FROM, HAND_TO = 18.0, 24.0
DARK_FROM, DARK_TO = 28.0, 31.0
OURS = 60
COMMANDS = {
    HAND_FROM: Command("hand", 1.0, "all", (0.9, 240.0, 1.0)),
    HAND_TO: Command("hand", 0.0, "all"),
    DARK_FROM: Command("blackout", 1.0),
    DARK_TO: Command("blackout", 0.0),
}


@pytest.fixture(scope="module")
def night(config, patch, tmp_path_factory):
    """A log as the output process writes it, of a show that is green by itself, and the sound it was played to.

    A person's desk lights six front lamps red for six seconds (less than a third of the stage), then somebody at the
    page holds everything in blue, then it is blacked out.
    """
    folder = tmp_path_factory.mktemp("night")
    source = FileSource(ROOT / "controller/songs/metal_madness.opus")
    source.read(20 * 48_000)
    sound = np.asarray(source.read(SECONDS * 48_000))[:, 0].astype(np.float32)
    source.close()
    lead_in = np.random.default_rng(1).normal(0.0, 1e-3, round(SPARE_S * 48_000)).astype(np.float32)
    soundfile.write(folder / "night.wav", np.concatenate([lead_in, sound]), 48_000)
    config = with_overrides(config, desk={"inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 5}],
                                          "hands_off_s": DESK_TO - DESK_FROM - 1.0})  # fmt: skip
    made = OutputCycle(config, patch, ConsoleMerge(config, patch, NOBODY))
    onsets, recorder = Onsets(config.audio.silence_db), Recorder(folder / "a.showlog", header_of(config))
    commands, tokens = dict(COMMANDS), 0
    for number in range(SECONDS * 40):
        at_s = number * 0.025
        now_s = BEGAN_S + at_s
        block = AudioBlock(now_s, number, sound[round(48_000 * (at_s - 0.025)) :][:1_200, None])
        pulses = tuple((now_s, pulse) for pulse in onsets.feed(block)) if number else ()
        token = None
        if number % 4 == 0:
            token, tokens = LightToken(now_s - 0.02, tokens, OURS, 180, 0.5, 0.5), tokens + 1
        due = tuple(commands.pop(t_s) for t_s in list(commands) if t_s <= at_s)
        desk = {}
        if number == 0 or abs(at_s - DESK_FROM) < 0.001:
            levels = np.zeros(512, np.uint8)
            for address in range(0, 48, 8) if number else ():
                levels[address : address + 4] = (255, 255, 0, 0)  # dimmer, red, green, blue
            desk = {1: levels.tobytes()}
        heard = Heard(pulses=pulses[-1:], token=token, commands=due, desk=desk)
        for at, pulse in heard.pulses:
            made.hear_pulse(pulse, at)
        tick = made.run(now_s, heard, News(heard.desk, heard.turned))
        recorder.add(Cycle(now_s, heard, checksum(tick.frames)))
    recorder.close()
    return folder


@pytest.fixture(scope="module")
def found(night):
    return replayed(night / "a.showlog")


def between(hops, t_s, margin=0.5):
    return [one for one in hops if t_s[0] + margin < one.t_s - BEGAN_S < t_s[1] - 0.2]


def test_only_what_people_decided_is_trusted(found):
    assert 345 <= len(found.hops) <= 360
    quiet = [one for one in found.hops if one.t_s - BEGAN_S < DESK_FROM - 0.2]
    assert not any(one.label.hue_trust or one.label.value_trust for one in quiet)
    assert not any(one.ways for one in quiet)
    by_hand = between(found.hops, (HAND_FROM, HAND_TO))
    assert all(one.label.hue_trust == one.label.value_trust == 1.0 for one in by_hand)
    assert all(abs(one.label.hue - 120) <= 3 for one in by_hand)
    assert all("hand" in one.ways for one in by_hand)
    dark = between(found.hops, (DARK_FROM, DARK_TO), margin=1.0)
    assert all((one.label.value, one.label.value_trust, one.label.hue_trust) == (0, 1.0, 0.0) for one in dark)


def test_a_few_lamps_do_not_make_the_stage(found):
    at_desk = between(found.hops, (DESK_FROM, DESK_TO - 1.0))
    assert at_desk
    assert not any(one.label.hue_trust or one.label.value_trust for one in at_desk)


def test_a_recording_is_laid_under_the_log_and_becomes_footage(night, tmp_path):
    out = tmp_path / "footage"
    command = ["takeovers", str(night / "a.showlog"), "--out", str(out), "--audio", str(night / "night.wav")]
    assert skipbart.main([*command, "--embedder", str(ROOT / "models/embedder-small")]) == 0
    with np.load(out / "a.npz") as arrays:
        assert arrays["embedding"].shape == (len(arrays["t_s"]), 512)
        assert np.linalg.norm(arrays["embedding"].astype(np.float32), axis=1).min() > 0
        assert 0.2 < (arrays["trust"] > 0).mean() < 0.8  # people's hops, and what led to them
    said = json.loads((out / "a.json").read_text())
    assert len(said["embedder_sha256"]) == 64
    assert set(said["ways"]) >= {"hand", "blackout"}
    stretches = read_footage(out / "a.npz", out)
    assert sum(one.trusted for one in stretches) >= 75


def test_the_place_of_a_recording_is_found_to_some_milliseconds(night, found):
    samples, _ = soundfile.read(night / "night.wav", dtype="float32")
    levels = Levels.of(found.pulses)
    assert begins_at(samples, levels) == pytest.approx(BEGAN_S - SPARE_S, abs=0.04)
    with pytest.raises(SoundError, match="does not follow"):
        begins_at(samples[::-1].copy(), levels)


def test_the_level_is_that_of_the_last_fifty_milliseconds():
    samples = np.zeros(48_000, np.float32)
    samples[24_000:] = 0.1
    level = level_of(samples)
    assert level[49] < -60
    assert level[54] == pytest.approx(-20.0, abs=0.1)
    assert level[51] == pytest.approx(-24.0, abs=0.2)


NAMES = ("2026-11-24T200000-000-club.showlog", "2026-11-24T200001-000-club.heard", "2026-11-22T200001-000-club.heard")


def keep_heard(path, hops, vectors, sha256=None):
    from controller.artefacts.artefact import read_manifest

    sha256 = sha256 or read_manifest(ROOT / "models/embedder-small", "embedder", 0.1).step.sha256
    recorder = HeardRecorder(path, {"embedder": "embedder-small", "sha256": sha256})
    for number, (hop, vector) in enumerate(zip(hops, vectors, strict=True)):
        recorder.add(Embedding(hop.t_s, number, vector))
    recorder.close()


def test_what_the_show_kept_is_taken_and_a_torn_end_left_out(night, found, tmp_path, rng):
    hops, vectors = found.hops, rng.normal(size=(len(found.hops), 512)).astype(np.float32)
    (tmp_path / NAMES[0]).write_bytes((night / "a.showlog").read_bytes())
    keep_heard(tmp_path / NAMES[1], hops, vectors)
    keep_heard(tmp_path / NAMES[2], hops, -vectors)  # another night's
    content = (tmp_path / NAMES[1]).read_bytes()
    (tmp_path / NAMES[1]).write_bytes(content[:-100])
    command = ["takeovers", str(tmp_path / NAMES[0]), "--out", str(tmp_path / "footage")]
    assert skipbart.main([*command, "--embedder", str(ROOT / "models/embedder-small")]) == 0
    with np.load(next((tmp_path / "footage").glob("*.npz"))) as arrays:
        first = round((arrays["t_s"][0] - 0.1) * 10)
        np.testing.assert_allclose(arrays["embedding"][0], vectors[first], atol=2e-3)


def test_what_another_embedder_kept_is_refused(night, found, tmp_path, capsys):
    (tmp_path / NAMES[0]).write_bytes((night / "a.showlog").read_bytes())
    keep_heard(tmp_path / NAMES[1], found.hops, np.zeros((len(found.hops), 512), np.float32), sha256="1" * 64)
    assert skipbart.main(["takeovers", str(tmp_path / NAMES[0]), "--out", str(tmp_path / "footage")]) == 1
    assert "another embedder" in capsys.readouterr().err


def test_without_sound_it_says_what_to_record(night, tmp_path, capsys):
    assert skipbart.main(["takeovers", str(night / "a.showlog"), "--out", str(tmp_path)]) == 1
    assert "--audio" in capsys.readouterr().err
    both = ["--audio", str(night / "night.wav")] * 2
    assert skipbart.main(["takeovers", str(night / "a.showlog"), "--out", str(tmp_path), *both]) == 1
    assert "2 recordings for 1 logs" in capsys.readouterr().err


def test_the_strongest_hue_is_that_of_most_light():
    light = np.array([[1, 0, 0]] * 3 + [[0, 0, 1]] * 5 + [[0.01, 0.01, 0.01]] * 9, np.float32)
    assert strongest_hue(light) == (120, True)
    assert strongest_hue(np.ones((4, 3), np.float32))[1] is False
    assert strongest_hue(np.zeros((0, 3), np.float32))[1] is False
