"""Pre-training rebuilds music, masks what it says, resumes exactly, and runs on two workers under torchrun."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.skipbart.dataset import PreparedSong  # noqa: E402
from tools.train.skipbart.pretraining import LEAST, MOST, Pretraining, PretrainRecipe, mask_music  # noqa: E402

ROOT = Path(__file__).parents[2]


def test_noise_has_the_statistics_of_the_music_and_the_share_is_kept(rng):
    music = torch.from_numpy((5.0 + 2.0 * rng.normal(size=(4, 200, 512))).astype(np.float32))
    noisy, mask, late = mask_music(music, rng)
    share = mask.float().mean(dim=1)
    assert (share >= LEAST - 0.01).all()
    assert (share <= MOST + 0.01).all()
    assert float(noisy[mask].mean()) == pytest.approx(5.0, abs=0.1)
    assert float(noisy[mask].std()) == pytest.approx(2.0, abs=0.1)
    assert torch.equal(noisy[~mask], music[~mask])
    assert torch.equal(late[:, 1:], music[:, :-1])
    assert not torch.equal(late[:, 0], music[:, 0])


def test_it_learns_to_rebuild(tiny_size, rng):
    """Music of slow waves can be told from its surroundings; answering with the mean is what it has to beat."""
    waves = np.sin(np.arange(240)[:, None] * rng.uniform(0.1, 0.5, 6) + rng.uniform(0.0, 6.0, 6))
    music = (waves @ rng.normal(size=(6, 512)))[None].astype(np.float16)
    songs = [PreparedSong("waves", music, np.zeros((1, 240, 2), np.int16))]
    run = Pretraining(tiny_size, PretrainRecipe(batch=8, length=24, rate=6e-3), seed=2)
    for _ in range(60):
        run.step(songs)
    scores = run.validate(songs)
    assert scores["masked"] < 0.7 * scores["mean"]


def test_an_interrupted_run_ends_with_the_same_weights(tiny_size, lit_songs, tmp_path):
    recipe = PretrainRecipe(batch=2, length=24)
    straight = Pretraining(tiny_size, recipe, seed=5)
    for _ in range(4):
        straight.step(lit_songs)
    first = Pretraining(tiny_size, recipe, seed=5)
    for _ in range(2):
        first.step(lit_songs)
    save_checkpoint(tmp_path / "last.pt", first.state())
    second = Pretraining(tiny_size, recipe, seed=99)
    second.restore(load_checkpoint(tmp_path / "last.pt"))
    for _ in range(2):
        second.step(lit_songs)
    for a, b in zip(straight.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.fixture
def prepared(tmp_path, lit_songs):
    """A folder as `skipbart prepare` leaves it."""
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        for song in lit_songs:
            np.savez(tmp_path / split / f"{song.name}.npz", music=song.music, light=song.light)
    return tmp_path


SMALL = '{"d": 32, "encoder_layers": 1, "decoder_layers": 1, "heads": 4, "ffn": 48, "positions": 24, "chunk": 1}'


def test_two_workers_end_with_one_set_of_weights(prepared, tmp_path):
    """`finetune` has the same in test_finetuning.py."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "tools.train.skipbart", "pretrain", "--data", str(prepared), "--out", str(out), "--steps", "3"]
    command += ["--size", SMALL, "--batch", "2"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    state = load_checkpoint(out / "last.pt")
    assert state["step"] == 3
    assert all(torch.isfinite(tensor).all() for tensor in state["network"].values())
    assert "hops a second" in done.stdout
