"""Pre-training rebuilds music, masks what it says, resumes exactly, and runs on two workers under torchrun."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torchrun import torchrun  # noqa: E402

from tools.train.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.skipbart.dataset import PreparedSong, load_songs  # noqa: E402
from tools.train.skipbart.network import Size  # noqa: E402
from tools.train.skipbart.pretraining import LEAST, MOST, Pretraining, PretrainRecipe, mask_music  # noqa: E402
from tools.train.workers import Workers  # noqa: E402


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


def waves(rng):
    """Music (1, 240, 512) of slow waves."""
    moving = np.sin(np.arange(240)[:, None] * rng.uniform(0.1, 0.5, 6) + rng.uniform(0.0, 6.0, 6))
    return (moving @ rng.normal(size=(6, 512)))[None].astype(np.float16)


def test_it_learns_to_rebuild(tiny_size, rng):
    """Music of slow waves can be told from its surroundings; answering with the mean is what it has to beat."""
    songs = [PreparedSong("waves", waves(rng), np.zeros((1, 240, 2), np.int16))]
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
def prepared(tmp_path):
    """A folder as `skipbart prepare` leaves it, of music that can be rebuilt."""
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        for number in range(2):
            path = tmp_path / split / f"{number}.npz"
            np.savez(path, music=waves(np.random.default_rng(number)), light=np.zeros((1, 240, 2), np.int16))
    return tmp_path


SMALL = '{"d": 32, "encoder_layers": 1, "decoder_layers": 1, "heads": 4, "ffn": 48, "positions": 24, "chunk": 1}'


def test_two_workers_learn_as_one_does_also_where_one_is_killed(prepared, tmp_path):
    """Two workers with half a batch each, one of them killed and begun again, against one with the whole batch."""
    out, steps = tmp_path / "run", 40
    said = torchrun("tools.train.skipbart", "pretrain", "--data", prepared, "--out", out, "--steps", steps, "--resume",
                    "--size", SMALL, "--batch", 2, "--rate", 3e-3, "--evaluate-every", 10,
                    kill_when=out / "last.pt")  # fmt: skip
    state = load_checkpoint(out / "last.pt")
    assert state["step"] == steps
    assert all(torch.isfinite(tensor).all() for tensor in state["network"].values())
    assert "hops a second" in said
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    looks = {row["step"]: row["validation_masked"] for row in rows if "validation_masked" in row}
    assert list(looks) == [10, 20, 30, 40], "every look once"
    songs, ends = load_songs(prepared, "train"), []
    for seed in (1, 2, 3):
        one = Pretraining(Size(**json.loads(SMALL)), PretrainRecipe(steps=steps, batch=4, rate=3e-3), seed)
        first = one.validate(songs)["masked"]
        for _ in range(steps):
            one.step(songs)
        ends.append(one.validate(songs)["masked"])
    noise = max(float(np.ptp(ends)), 0.1 * (first - float(np.mean(ends))))
    assert np.mean(ends) < first - 2 * noise, "otherwise nothing is compared"
    assert abs(looks[steps] - np.mean(ends)) <= 2 * noise


def test_workers_draw_crops_of_their_own_also_after_a_run_was_resumed(tiny_size, lit_songs):
    """What one worker saved must not make the others draw as it does."""
    draws = {}
    for rank in (0, 1):
        fresh, again = (Pretraining(tiny_size, PretrainRecipe(batch=2), 5) for _ in range(2))
        for one in (fresh, again):
            one.workers = Workers(rank)
        fresh.step(lit_songs)
        again.restore(fresh.state())
        draws[rank] = (fresh.workers.draws(fresh.seed, fresh.step_count).random(3).tolist(),
                       again.workers.draws(again.seed, again.step_count).random(3).tolist())  # fmt: skip
    assert draws[0][0] == draws[0][1]
    assert draws[1][0] == draws[1][1]
    assert draws[0][1] != draws[1][1]
