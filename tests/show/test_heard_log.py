"""What a show heard, kept: embeddings that come back, sound that any player plays, and nothing lost but the tail."""

import av
import numpy as np
import pytest

from controller.config import with_overrides
from controller.errors import RecordingError
from controller.listening.keeping import Keeping
from controller.messages import AudioBlock, Embedding
from controller.records.heard_log import GAP_S, HeardRecorder, SoundRecorder, read_heard

IDENTITY = {"embedder": "embedder-small", "sha256": "0" * 64}


def heard(path, count, rng):
    recorder, vectors = HeardRecorder(path, IDENTITY), rng.normal(0, 1, (count, 512)).astype(np.float32)
    for hop, vector in enumerate(vectors):
        recorder.add(Embedding(7.0 + hop * 0.1, hop, vector))
    recorder.close()
    return vectors


def decoded(path):
    """Samples and the time of the first one."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
        began = float(container.metadata["comment"].removeprefix("began_s="))
    return np.concatenate(parts).astype(np.float32) / 32768.0, began


def played(recorder, samples, *, begin_s=5.0, lose=()):
    """Blocks of 5 ms, those in `lose` never come."""
    for k in range(len(samples) // 240):
        if k not in lose:
            part = samples[k * 240 : (k + 1) * 240]
            recorder.add(AudioBlock(begin_s + (k + 1) * 0.005, k, part[:, None]))


def test_embeddings_come_back(tmp_path, rng):
    vectors = heard(tmp_path / "a.heard", 57, rng)
    found = read_heard(tmp_path / "a.heard")
    assert found.embedder == IDENTITY
    assert found.damage == ""
    assert np.allclose(found.t_s, 7.0 + 0.1 * np.arange(57))
    assert np.allclose(found.embedding, vectors, atol=2e-3)


def test_a_damaged_tail_costs_the_tail(tmp_path, rng):
    heard(tmp_path / "a.heard", 57, rng)
    content = (tmp_path / "a.heard").read_bytes()
    (tmp_path / "b.heard").write_bytes(content[:-100])
    found = read_heard(tmp_path / "b.heard")
    assert len(found.t_s) == 50
    assert "cut off" in found.damage


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"FOLLOWSPOT HEARD LOG 1\n", b"FOLLOWSPOT HEARD LOG 1\n\x01\x02"]
)
def test_other_files_are_named(tmp_path, content):
    (tmp_path / "a.heard").write_bytes(content)
    with pytest.raises(RecordingError, match=r"a\.heard"):
        read_heard(tmp_path / "a.heard")
    with pytest.raises(RecordingError, match="No such file"):
        read_heard(tmp_path / "nowhere.heard")


def test_the_sound_comes_back(tmp_path, rng):
    samples = rng.normal(0, 0.1, 48_000 * 3 + 4_800).astype(np.float32)
    recorder = SoundRecorder(tmp_path / "a.flac", "The Basement")
    played(recorder, samples)
    recorder.close()
    found, began_s = decoded(tmp_path / "a.flac")
    assert began_s == pytest.approx(5.0)
    assert len(found) == len(samples)
    assert np.abs(found - samples).max() < 1e-4


def test_lost_sound_is_silence_of_the_same_length(tmp_path, rng):
    samples = rng.normal(0, 0.1, 48_000 * 3).astype(np.float32)
    recorder = SoundRecorder(tmp_path / "a.flac", "The Basement")
    lost = range(200, 200 + 2 * round(GAP_S / 0.005))
    played(recorder, samples, lose=lost)
    recorder.close()
    found, _ = decoded(tmp_path / "a.flac")
    assert len(found) == len(samples)
    assert not found[200 * 240 : lost.stop * 240].any()
    assert np.abs(found[lost.stop * 240 :] - samples[lost.stop * 240 :]).max() < 1e-4


def test_a_crash_costs_less_than_two_seconds(tmp_path, rng):
    """Nothing is closed: what is on the disk plays."""
    samples = rng.normal(0, 0.1, 48_000 * 6).astype(np.float32)
    recorder = SoundRecorder(tmp_path / "a.flac", "The Basement")
    played(recorder, samples)
    recorder._file.close()  # the thread has written what it was given; the recorder itself never ends
    found, _ = decoded(tmp_path / "a.flac")
    assert len(found) > 48_000 * 4
    assert np.abs(found - samples[: len(found)]).max() < 1e-4


def test_sound_is_kept_only_where_somebody_asked_for_it(config, tmp_path):
    def kept(**record):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        keeping = Keeping(with_overrides(config, record={"folder": str(folder), **record}), IDENTITY)
        keeping.block(AudioBlock(0.1, 0, np.zeros((4_800, 1), np.float32)))
        keeping.embedding(Embedding(0.1, 0, np.zeros(512, np.float32)))
        keeping.close()
        return sorted(file.suffix for file in folder.iterdir()) if folder.exists() else []

    assert kept() == [".heard"]
    assert kept(audio=True) == [".flac", ".heard"]
    assert kept(heard=False) == []
    assert kept(enabled=False, audio=True) == []
