"""RPMC-L2 files: read as published, and never run."""

import os
import pickle

import numpy as np
import pytest

pytest.importorskip("h5py")
pytest.importorskip("scipy")

from tools.train.footage import plain_pickle, rpmc
from tools.train.footage.__main__ import main
from tools.train.footage.plain_pickle import read_plain
from tools.train.footage.source import FootageError


def clip(rng, n=30, keyed=True):
    """Frames twice as many as music, as in the data set; hue 40 and value 90, saturation 200."""
    light = []
    for _ in range(2 * n):
        hue, saturation, level = np.zeros(180, np.int64), np.zeros(256, np.int64), np.zeros(256, np.int64)
        hue[[0, 40]] = 500, 60
        saturation[200], level[90] = 70, 70
        both = [hue, saturation, level]
        light.append({0: both, 60: both} if keyed else [both] * 61)
    return {"music": rng.normal(size=(n, 512)), "sample": [float(2 * k) for k in range(n)], "light": light}


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_published_clip_is_read(tmp_path, rng, keyed, protocol):
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(clip(rng, keyed=keyed), protocol=protocol))
    for channel, level in (("saturation", 200), ("value", 90)):
        assert main(["import-rpmc", str(path), "--out", str(tmp_path / channel), "--value-channel", channel]) == 0
        with np.load(tmp_path / channel / "clip.npz") as found:
            assert set(found["hue"]) == {40}  # bin 0 is grey and stands for nothing
            assert set(found["value"]) == {level}
            assert found["embedding"].shape == (30, 512)


class Evil:
    def __reduce__(self):
        return os.system, ("echo ran > EVIL",)


class Greedy:
    def __reduce__(self):
        return np._core.multiarray._reconstruct, (np.ndarray, (1 << 40,), b"b")


@pytest.mark.parametrize("bad", [Evil(), {"music": Evil()}, Greedy(), {"light": [pickle.Unpickler]}, {1: slice(3)}])
def test_a_pickle_that_asks_for_more_than_data_is_refused(tmp_path, bad, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickle.dumps(bad))
    with pytest.raises(FootageError, match="refused"):
        read_plain(path)
    assert not (tmp_path / "EVIL").exists()
    assert main(["import-rpmc", str(path), "--out", str(tmp_path / "out")]) == 1


@pytest.mark.parametrize("raw", [b"", b"\x80\x04", b"not a pickle", b"cos\nsystem\n(S'x'\ntR."])
def test_damaged_pickles_are_refused(tmp_path, raw):
    path = tmp_path / "bad.pkl"
    path.write_bytes(raw)
    with pytest.raises(FootageError, match="refused"):
        read_plain(path)


def test_a_pickle_too_large_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(plain_pickle, "MOST_BYTES", 10)
    path = tmp_path / "large.pkl"
    path.write_bytes(pickle.dumps(list(range(100))))
    with pytest.raises(FootageError, match="refused"):
        read_plain(path)


@pytest.mark.parametrize("broken", ["music", "sample", "light"])
def test_what_is_missing_is_named(tmp_path, rng, broken):
    told = clip(rng)
    del told[broken]
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(told))
    with pytest.raises(FootageError, match=broken):
        rpmc.read_clip(path)
