"""Files and stems: formats, rates, channels, damage, and gains."""

import csv

import numpy as np
import pytest
import soundfile
from tones import RATE, loudest_hz, read_all, tone

from controller.clock import ManualClock
from controller.errors import AudioError
from controller.listening.audio.block_queue import BlockQueue
from controller.listening.audio.ear import accent_column
from controller.listening.audio.file_source import FileSource, finite
from controller.listening.audio.playback import Playback
from controller.listening.audio.source import open_recorded
from controller.listening.audio.stems_source import StemsSource


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("song.wav", {"subtype": "PCM_16"}),
        ("song.wav", {"subtype": "FLOAT"}),
        ("song.flac", {}),
        ("song.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("song.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("song.mp3", {"format": "MP3"}),
    ],
)
def test_every_format_gives_the_same_tone(tmp_path, name, options):
    soundfile.write(tmp_path / name, tone(2.0), RATE, **options)
    heard = read_all(FileSource(tmp_path / name))
    assert heard.shape[1] == 1
    assert abs(len(heard) / RATE - 2.0) < 0.1
    assert abs(loudest_hz(heard[4800:52_800, 0]) - 1000.0) < 2.0
    assert abs(np.sqrt(np.mean(heard[4800:52_800] ** 2)) - 0.5 / np.sqrt(2)) < 0.02


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (44_100, 2), (192_000, 7), (22_050, 6)])
def test_any_rate_and_channel_count_becomes_48_khz_mono(tmp_path, rate_hz, channels):
    soundfile.write(tmp_path / "a.wav", tone(1.5, rate=rate_hz, channels=channels), rate_hz, subtype="FLOAT")
    heard = read_all(FileSource(tmp_path / "a.wav"))
    assert abs(len(heard) / RATE - 1.5) < 0.01
    assert abs(loudest_hz(heard[4800:52_800, 0]) - 1000.0) < 2.0
    assert abs(np.abs(heard[9600:52_800]).max() - 0.5) < 0.02


@pytest.mark.parametrize("count", [1, 999, 48_000, 200_000])
def test_how_much_is_asked_for_changes_nothing(tmp_path, count):
    soundfile.write(tmp_path / "a.wav", tone(0.3, rate=44_100), 44_100)
    assert np.array_equal(read_all(FileSource(tmp_path / "a.wav"), count), read_all(FileSource(tmp_path / "a.wav")))


def test_what_is_no_number_becomes_silence(tmp_path):
    sound = tone(0.5)
    sound[100:200], sound[300] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    source = FileSource(tmp_path / "a.wav")
    heard = source.read(RATE)
    assert np.isfinite(heard).all()
    assert not heard[100:200].any()
    assert source.bad_samples == 101
    source.close()


@pytest.mark.parametrize(
    ("samples", "heard", "bad"),
    [
        ([0.5, -8.0, 8.0], [0.5, -8.0, 8.0], 0), ([0.5, 100.0], [0.5, 8.0], 0), ([-100.0, 0.5], [-8.0, 0.5], 0),
        ([np.nan, 0.5], [0.0, 0.5], 1), ([0.5, np.inf, -np.inf], [0.5, 0.0, 0.0], 2), ([], [], 0),
    ],
)  # fmt: skip
def test_a_sample_that_is_far_too_large_or_no_number_is_put_right(samples, heard, bad):
    found, count = finite(np.array(samples, np.float32))
    assert (found.tolist(), count) == (heard, bad)


def test_a_looped_song_never_ends_and_repeats_exactly(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.1), RATE, subtype="FLOAT")
    source = FileSource(tmp_path / "a.wav", loop=True)
    heard = source.read(4800 * 3)
    assert np.array_equal(heard[:4800], heard[4800:9600])
    assert np.array_equal(heard[:4800], heard[9600:])
    source.close()


@pytest.mark.parametrize("content", [b"", b"this is a shopping list\n" * 100, b"RIFF\x10\0\0\0WAVEfmt "])
def test_what_is_no_sound_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / "list.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"list\.wav: .*use"):
        FileSource(path)


@pytest.mark.warns("is damaged")
def test_a_damaged_middle_does_not_end_the_song(tmp_path, caplog):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.2, (RATE * 4, 1)), RATE, format="MP3")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(bytes(data))
    heard = read_all(FileSource(path))
    assert len(heard) > 3 * RATE
    assert np.abs(heard[-RATE // 2 :]).max() > 0.1


def test_common_opus_files_are_read_to_their_end(root):
    """libsndfile 1.2.2 stops in this very file after four seconds; that is why PyAV reads for us."""
    source = FileSource(root / "controller/songs/metal_madness.opus")
    assert abs(len(read_all(source, 48_000)) / RATE - 143.68) < 0.1


def test_real_songs_are_read_to_the_length_their_table_states(shared_data):
    with (shared_data / "audio" / "tracks.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::9]
    assert len(rows) >= 7
    for row in rows:
        source = FileSource(shared_data / "audio" / row["file"])
        assert abs(len(read_all(source, 48_000)) / RATE - float(row["seconds"])) < 0.2, row["file"]


def stems(folder):
    folder.mkdir()
    soundfile.write(folder / "Drums.wav", tone(1.0, hz=200), RATE, subtype="FLOAT")
    soundfile.write(folder / "guitar.flac", tone(0.5, hz=2000), RATE)
    (folder / "notes.txt").write_text("not a stem")
    return folder


def test_stems_are_mixed_with_their_gains_and_stay_visible(tmp_path):
    source = StemsSource(stems(tmp_path / "take"), {"guitar": -6.0})
    assert source.stems == ("Drums", "guitar")
    heard = read_all(source)
    assert heard.shape == (RATE, 3)
    gain = 10 ** (-6 / 20)
    assert np.allclose(heard[:, 0], heard[:, 1] + gain * heard[:, 2], atol=1e-6)
    assert not heard[RATE // 2 + 10 :, 2].any()
    assert accent_column(source.stems) == 1
    assert accent_column(("guitar", "voice")) == 0


def test_stems_that_cannot_be_are_refused(tmp_path, config):
    folder = stems(tmp_path / "take")
    with pytest.raises(AudioError, match=r"stem_gains_db names bass; the stems are Drums, guitar"):
        StemsSource(folder, {"bass": 1.0})
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no sound files"):
        StemsSource(tmp_path / "empty", {})
    with pytest.raises(AudioError, match="no such file"):
        open_recorded(tmp_path / "missing.wav", config)


def test_a_full_queue_drops_the_newest_and_counts(rng):
    queue = BlockQueue(slots=3, samples=10, channels=1)
    blocks = [rng.normal(size=(10, 1)).astype(np.float32) for _ in range(5)]
    for number, block in enumerate(blocks):
        queue.put(block, float(number))
    assert queue.overruns == 2
    for number in range(3):
        samples, t_s = queue.get(0.0)
        assert t_s == number
        assert np.array_equal(samples, blocks[number])
    assert queue.get(0.0) is None


def test_playback_keeps_time_and_leaves_nothing_out(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.2), RATE, subtype="FLOAT")
    source = FileSource(tmp_path / "a.wav")
    playback = Playback(source, block_s=0.005, clock=ManualClock(10.0))
    playback.start()
    blocks = [playback.read(5.0) for _ in range(40)]
    playback.stop()
    times_s = [t_s for _, t_s in blocks]
    assert np.allclose(np.diff(times_s), 0.005)
    assert np.isclose(times_s[0], 10.005)
    assert np.array_equal(np.concatenate([samples for samples, _ in blocks]), tone(0.2))
