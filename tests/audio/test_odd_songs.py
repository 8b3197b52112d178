"""Songs and stems as people bring them: hidden files, other kinds, empty ones, colons, joined and broken files."""

import subprocess
import sys

import av
import numpy as np
import pytest
import soundfile
from promise import HANG_S
from tones import RATE, loudest_hz, read_all, tone

from controller.clock import ManualClock
from controller.errors import AudioError
from controller.listening.audio.ear import accent_column
from controller.listening.audio.file_source import FileSource, MonoStream
from controller.listening.audio.mixdown import DEAD_LOOKS, Mixdown
from controller.listening.audio.onsets import Onsets
from controller.listening.audio.playback import Playback
from controller.listening.audio.stems_source import StemsSource
from controller.messages import AudioBlock


def coded(path, samples, codec, rate=RATE, container=None):
    """A file of a kind that soundfile does not write."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "stereo" if samples.shape[1] == 2 else "mono"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=stream.layout.name)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format.name, stream.layout.name, rate)
        for part in resampler.resample(frame):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


@pytest.fixture
def take(tmp_path):
    folder = tmp_path / "take"
    folder.mkdir()
    soundfile.write(folder / "drums.wav", tone(hz=500), RATE)
    soundfile.write(folder / "voice.flac", tone(hz=1500), RATE)
    return folder


def test_l12_what_a_mac_hides_is_nobodys_stem(take):
    for name in ("._drums.wav", "._voice.flac", ".DS_Store", ".hidden.wav"):
        (take / name).write_bytes(b"\0\5\x16\7 Mac OS X")
    assert StemsSource(take, {}).stems == ("drums", "voice")


def test_l12_hidden_files_are_nobodys_plan_or_profile(tmp_path, root):
    import shutil

    from controller.config import read_config, with_overrides
    from controller.listening.plan.plan import read_plans
    from controller.rig.profiles.library import Library

    plans = tmp_path / "plans"
    plans.mkdir()
    shutil.copy(root / "tests/recordings/state-0.1/plans/erlkoenig.plan", plans / "a.plan")
    shutil.copytree(root / "fixtures" / "generic", tmp_path / "fixtures" / "generic")
    for path in (plans / "._a.plan", tmp_path / "fixtures" / "generic" / "._dimmer.yaml"):
        path.write_bytes(b"\0\5\x16\7 Mac OS X")
    assert len(read_plans(plans)) == 1
    config = with_overrides(read_config(root / "config.yaml"), profiles=str(tmp_path / "fixtures"))
    assert not [one for one in Library.of(config, locked=False).references() if "._" in one]


def test_l19_every_kind_the_reader_reads_is_a_stem(take):
    coded(take / "keys.m4a", tone(hz=700), "aac")
    coded(take / "bass.caf", tone(hz=100), "pcm_s16le", container="caf")
    coded(take / "synth.mka", tone(hz=300), "pcm_s16le")
    for name in ("readme.txt", "cover.jpg", "take.als", "odd file"):
        (take / name).write_bytes(b"no sound at all" * 100)
    (take / "more").mkdir()
    assert StemsSource(take, {}).stems == ("bass", "drums", "keys", "synth", "voice")


@pytest.mark.warns("broken.wav: cannot be read as audio")
def test_l19_what_cannot_be_read_is_named_and_the_rest_plays(take):
    (take / "broken.wav").write_bytes(b"RIFF nonsense")
    assert StemsSource(take, {}).stems == ("drums", "voice")


def test_l19_a_folder_of_nothing_names_what_it_left_out(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nonsense")
    with pytest.raises(AudioError, match=r"holds no sound files.*left out: a\.wav"):
        StemsSource(tmp_path, {})


def test_l19_stems_of_one_name_are_told_apart(take):
    soundfile.write(take / "drums.flac", tone(hz=900), RATE)
    assert StemsSource(take, {}).stems == ("drums.flac", "drums.wav", "voice")


@pytest.mark.warns("empty vocals.wav is empty; it counts as silence")
def test_l20_an_empty_stem_is_silence(take):
    soundfile.write(take / "empty vocals.wav", np.zeros((0, 1), np.float32), RATE)
    source = StemsSource(take, {})
    heard = read_all(source)
    assert source.stems == ("drums", "empty vocals", "voice")
    assert np.abs(heard[:, 2]).max() == 0.0
    assert len(heard) == RATE
    with pytest.raises(AudioError, match="holds no sound"):
        MonoStream(take / "empty vocals.wav")


@pytest.mark.parametrize(
    ("stems", "chosen"),
    [
        (("Percussion loop shaker", "kick", "snare"), "kick"), (("guitar", "snare", "voice"), "snare"),
        (("01 BD", "02 SD", "03 OH"), "01 BD"), (("Drums", "Perc"), "Drums"), (("guitar", "shaker"), "shaker"),
        (("Bass", "Bass Drum"), "Bass Drum"), (("bass", "KickIn", "KickOut"), "KickIn"),
        (("Gitarre", "Schlagzeug"), "Schlagzeug"),
        (("basse", "grosse caisse", "batterie"), "grosse caisse"), (("bajo", "batería", "voz"), "batería"),
        (("бас", "бочка"), "бочка"),
        (("гитара", "ударные"), "ударные"), (("ボーカル", "ドラム"), "ドラム"), (("主唱", "架子鼓"), "架子鼓"),
        (("보컬", "드럼 버스"), "드럼 버스"), (("ντραμς", "φωνή"), "ντραμς"), (("gitar", "Davul"), "Davul"),
        (("Kick 909", "Kick"), "Kick"), (("rullante_01", "chitarra"), "rullante_01"),
    ],
)  # fmt: skip
def test_l21_accents_come_from_the_sharpest_drum(stems, chosen):
    assert stems[accent_column(stems) - 1] == chosen


def test_l21_no_drum_is_the_mix_and_the_configuration_decides():
    for stems in (("guitar", "voice"), ("Tom vocals", "keys"), ("abdomen", "sdcard")):
        assert accent_column(stems) == 0
    assert accent_column(("kick", "Snare top"), "snare") == 2
    assert accent_column(("kick", "snare"), "cowbell") == 0


def test_l22_a_desks_tracks_have_a_name_that_fits(tmp_path):
    for number in range(24):
        soundfile.write(tmp_path / f"{number:02d} a track of the desk with a long name.wav", tone(0.1), RATE)
    source = StemsSource(tmp_path, {})
    assert len(source.name) <= 120
    assert len(source.stems) == 24
    source.close()


@pytest.mark.parametrize(
    "name", ["12:51 (live).wav", "concat:a|b.wav", "http://x.wav", "pipe:1.wav", "file:x.wav", "subfile,,.wav"]
)
def test_l26_a_colon_in_a_relative_name_is_a_colon(tmp_path, name):
    folder = tmp_path / "songs"
    path = folder / name
    path.parent.mkdir(parents=True)
    soundfile.write(path, tone(), RATE)
    script = "import sys; from pathlib import Path; from controller.listening.audio.file_source import FileSource;" \
             " print(len(FileSource(Path(sys.argv[1])).read(99999)))"  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, name], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(RATE), done.stderr


def test_l27_a_rate_that_changes_is_followed(tmp_path):
    parts = []
    for number, rate in enumerate((48_000, 44_100, 22_050)):
        soundfile.write(tmp_path / f"{number}.mp3", tone(2.0, rate=rate), rate, format="MP3")
        parts.append((tmp_path / f"{number}.mp3").read_bytes())
    (tmp_path / "joined.mp3").write_bytes(b"".join(parts))
    heard = read_all(FileSource(tmp_path / "joined.mp3"))[:, 0]
    assert len(heard) / RATE == pytest.approx(6.0, abs=0.4)
    for begin_s in (0.5, 2.5, 4.6):
        part = heard[int(begin_s * RATE) : int((begin_s + 1.0) * RATE)]
        assert loudest_hz(part) == pytest.approx(1000.0, abs=4.0), begin_s


@pytest.mark.warns("joined.opus")
def test_l11_joined_files_are_played_or_end_and_never_hang(tmp_path, caplog):
    for number, channels in enumerate((2, 1)):
        soundfile.write(tmp_path / f"{number}.opus", tone(2.0, channels=channels), RATE, format="OGG", subtype="OPUS")
    joined = tmp_path / "joined.opus"
    joined.write_bytes((tmp_path / "0.opus").read_bytes() + (tmp_path / "1.opus").read_bytes())
    heard = read_all(FileSource(joined))
    assert len(heard) / RATE > 1.8


@pytest.mark.warns("cannot be played on; it is over")
@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError("the disk is gone"), MemoryError()])
def test_l11_a_song_that_breaks_is_over(error):
    class Broken:
        name, stems, duration_s, bad_samples = "song", (), 9.0, 0
        blocks = 3

        def read(self, count):
            self.blocks -= 1
            if not self.blocks:
                raise error
            return np.zeros((count, 1), np.float32)

        def close(self): ...

    playback = Playback(Broken(), block_s=0.005, clock=ManualClock())
    playback.start()
    playback._thread.join(HANG_S)
    assert playback.over


# ---------------------------------------------------------------- mixing


def blocks(samples, size=240):
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def mixed(samples, **options):
    down = Mixdown("desk", range(1, samples.shape[1] + 1), **options)
    return down, np.concatenate([down.mix(one) for one in blocks(samples)])


@pytest.mark.warns("cancel each other")
@pytest.mark.parametrize("others", [0, 2])
def test_l10_one_side_upside_down_is_heard_by_the_other(rng, others):
    music = rng.normal(0, 0.1, 4 * RATE).astype(np.float32)
    quiet = [rng.normal(0, 1e-5, 4 * RATE).astype(np.float32) for _ in range(others)]
    down, heard = mixed(np.stack([music, -0.98 * music, *quiet], axis=1))
    assert down.alone == 0
    assert np.sqrt(np.mean(heard[2 * RATE :] ** 2)) == pytest.approx(0.1, rel=0.05)
    assert len(down.said) == 1


@pytest.mark.parametrize("case", ["mono", "one side", "stereo", "apart", "eight", "eight, one plays", "silence"])
def test_l10_what_does_not_cancel_is_the_mean(rng, case):
    a, b = (rng.normal(0, 0.1, 4 * RATE).astype(np.float32) for _ in range(2))
    quiet = rng.normal(0, 1e-4, 4 * RATE).astype(np.float32)
    samples = {
        "mono": [a, a], "one side": [a, quiet], "stereo": [a + 0.3 * b, 0.3 * a + b], "apart": [a, b],
        "eight": list(rng.normal(0, 0.1, (8, 4 * RATE)).astype(np.float32)),
        "eight, one plays": [a, *[quiet] * 7], "silence": [1e-5 * a, -1e-5 * a],
    }[case]  # fmt: skip
    samples = np.stack(samples, axis=1)
    down, heard = mixed(samples)
    assert down.alone is None
    assert np.allclose(heard, samples.mean(axis=1), atol=1e-6)


@pytest.mark.warns("input 4 of desk is dead")
def test_l10_a_dead_side_is_named(rng):
    music = rng.normal(0, 0.1, (DEAD_LOOKS + 2) * RATE).astype(np.float32)
    down = Mixdown("desk", (3, 4))
    for one in blocks(np.stack([music, np.zeros_like(music)], axis=1), 4_800):
        down.mix(one)
    assert down.said == ["input 4 of desk is dead; the others are heard"]


@pytest.mark.warns("cancel each other")
def test_l10_a_file_with_one_side_upside_down_is_heard(tmp_path):
    music = tone(4.0)
    soundfile.write(tmp_path / "a.wav", np.concatenate([music, -music], axis=1), RATE, subtype="FLOAT")
    assert np.abs(read_all(FileSource(tmp_path / "a.wav"))[3 * RATE :]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("offset", [0.0, 0.001, 0.02, -0.3])
@pytest.mark.parametrize("block", [100, 240, 4_800])
def test_l30_an_offset_is_not_heard(rng, offset, block):
    onsets, last = Onsets(-60.0), None
    silence = (offset + rng.normal(0, 1e-5, (6 * RATE, 1))).astype(np.float32)
    for number, one in enumerate(blocks(silence, block)):
        for pulse in onsets.feed(AudioBlock((number + 1) * block / RATE, number, one)):
            last = pulse
    assert last.level_db < -60.0
    assert last.silent_s > 4.0


def test_l30_an_offset_that_drifts_and_infrasound_are_not_heard():
    t_s = np.arange(10 * RATE) / RATE
    sway = (0.02 * np.sin(2 * np.pi * 0.05 * t_s) + 0.01)[:, None].astype(np.float32)
    onsets = Onsets(-60.0)
    *_, last = (p for k, one in enumerate(blocks(sway, 240)) for p in onsets.feed(AudioBlock(k * 0.005, k, one)))
    assert last.level_db < -40.0


@pytest.mark.parametrize("hz", [30, 40, 60, 100, 1000])
def test_l30_bass_is_heard_as_it_is(hz):
    onsets = Onsets(-60.0)
    *_, last = (
        p for k, one in enumerate(blocks(tone(2.0, hz), 240)) for p in onsets.feed(AudioBlock(k * 0.005, k, one))
    )
    assert last.level_db == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.8 if hz > 30 else 1.5)


def test_l30_the_card_s_offset_does_not_reach_the_model(rng):
    _, heard = mixed((0.1 + rng.normal(0, 0.01, (6 * RATE, 2))).astype(np.float32), offset=True)
    assert abs(heard[4 * RATE :].mean()) < 0.002
