"""A room is learnt: adapters, a held-out night, an early stop, exact resumption, and an artefact that plays."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from torchrun import torchrun  # noqa: E402

from controller.artefacts.artefact import read_manifest, sha256_of  # noqa: E402
from controller.errors import ModelError  # noqa: E402
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD  # noqa: E402
from tools.train.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.skipbart import __main__ as skipbart  # noqa: E402
from tools.train.skipbart import live  # noqa: E402
from tools.train.skipbart.finetuning import PLANS, Finetuning, Plan, judge, learn, plan_for, rate_at  # noqa: E402
from tools.train.skipbart.learning import Wishes, name_for  # noqa: E402
from tools.train.skipbart.lora import LoraLinear, merge  # noqa: E402
from tools.train.skipbart.loss import Weights, light_loss  # noqa: E402
from tools.train.skipbart.network import SkipBart  # noqa: E402
from tools.train.skipbart.stretches import FootageError, draw, read_room  # noqa: E402
from tools.train.skipbart.verdict import standing  # noqa: E402
from tools.train.skipbart.weights import keep_weights, read_network  # noqa: E402

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "models" / "skipbart-small"
EMBEDDER = "0" * 64
PLAN = Plan(rank=2, trained="heads", steps=8, rate=2e-3, dropout=0.1, batch=2, every=2, patience=3, warmup=1)


def film(path, rng, hops=150):
    """A room whose engineer lights by what is heard: hue and value follow two numbers of the embedding."""
    music = rng.normal(size=(hops, 512)).astype(np.float32)
    np.savez(
        path,
        t_s=0.1 * (1 + np.arange(hops)),
        hue=np.where(music[:, 0] > 0, 20, 110),
        value=40 + 100 * (music[:, 1] > 0),
        trust=np.where(np.arange(hops) % 40 < 5, 0.1, 1.0),
        embedding=music,
        offset_s=0.0,
        hits=(rng.random(hops) < 0.2).astype(np.float32),
    )


@pytest.fixture
def footage(tmp_path, rng):
    folder = tmp_path / "The Cellar"
    folder.mkdir()
    for night in ("2026-11-20", "2026-11-21"):
        film(folder / f"{night}.npz", rng)
    return folder


@pytest.fixture
def checkpoint(tmp_path, tiny_network):
    save_checkpoint(tmp_path / "tiny" / "best.pt", {"network": tiny_network.state_dict(), "size": size(tiny_network)})
    return tmp_path / "tiny" / "best.pt"


def size(network):
    from dataclasses import asdict

    return asdict(network.size)


def fresh(network):
    copy = SkipBart(network.size)
    copy.load_state_dict(network.state_dict())
    return copy


def test_more_footage_moves_more():
    assert [plan_for(minutes).rank for minutes in (1, 10, 21, 100, 1_000)] == [4, 8, 8, 16, 32]
    assert [below for below, _ in PLANS] == sorted(below for below, _ in PLANS)
    assert plan_for(21).steps == 600
    asked = Wishes(rank=3, steps=7).plan(21)
    assert (asked.rank, asked.steps, asked.rate) == (3, 7, plan_for(21).rate)
    rates = [rate_at(step, PLAN) for step in range(PLAN.steps)]
    assert max(rates) == PLAN.rate
    assert rates[-1] < 0.3 * PLAN.rate


@pytest.mark.parametrize(
    ("trained", "hue_table", "first_head", "last_head"),
    [("last", False, False, True), ("heads", False, True, True), ("ends", True, True, True)],
)
def test_a_plan_says_what_is_trained(tiny_network, trained, hue_table, first_head, last_head):
    names = set(Finetuning(tiny_network, replace(PLAN, trained=trained), seed=1).trained())
    assert ("hue_embedding.weight" in names) == hue_table
    assert ("hue_head.0.weight" in names) == first_head
    assert ("value_head.2.weight" in names) == last_head
    assert "encoder.layers.0.self_attn.q_proj.lora_A.weight" in names
    assert not any("base_layer" in name or ".fc1" in name for name in names)


def test_unknown_light_costs_nothing(tiny_size):
    logits = torch.randn(1, 4, 181), torch.randn(1, 4, 257)
    light = torch.tensor([[[180, 256], [20, 256], [180, 100], [20, 100]]])
    row = light_loss(logits, light, Weights())
    wanted = torch.nn.functional.cross_entropy(logits[0][0, [1, 3]], torch.tensor([20, 20]))
    assert float(row["hue_loss"]) == pytest.approx(float(wanted), rel=1e-5)
    nothing = light_loss(logits, torch.tensor([[[180, 256]] * 4]), Weights())
    assert float(nothing["loss"]) == 0.0


def test_it_learns_the_room_and_keeps_the_best(tiny_network, footage, tmp_path):
    room = read_room(footage)
    before = judge(tiny_network, room.held_out)
    run = Finetuning(tiny_network, replace(PLAN, steps=60, every=10, rate=1e-2, batch=8), seed=1)
    learn(run, room, tmp_path / "run", 1.0)
    learnt = run.finished(tmp_path / "run" / "best.pt")
    assert not any(isinstance(module, LoraLinear) for module in learnt.modules())
    after = judge(learnt, room.held_out)
    assert after["loss"] < 0.8 * before["loss"]
    assert standing(after, before) == pytest.approx(run.best, abs=1e-3)


def test_an_interrupted_run_goes_on_to_the_same_losses(tiny_network, footage, tmp_path):
    room = read_room(footage)
    straight = Finetuning(fresh(tiny_network), PLAN, seed=5)
    learn(straight, room, tmp_path / "straight", 1.0)
    first = Finetuning(fresh(tiny_network), replace(PLAN, steps=8), seed=5)
    for _ in range(4):
        first.step([one.song() for one in room.learnt])
    save_checkpoint(tmp_path / "resumed" / "last.pt", first.state())
    second = Finetuning(fresh(tiny_network), PLAN, seed=5)
    second.restore(load_checkpoint(tmp_path / "resumed" / "last.pt"))
    learn(second, room, tmp_path / "resumed", 1.0)
    losses = [
        [json.loads(line)["held_out_loss"] for line in (tmp_path / name / "log.jsonl").read_text().splitlines()][-2:]
        for name in ("straight", "resumed")
    ]
    assert losses[0] == losses[1]
    for a, b in zip(straight.trained().values(), second.trained().values(), strict=True):
        assert torch.equal(a, b)
    other = Finetuning(fresh(tiny_network), replace(PLAN, rank=3), seed=5)
    with pytest.raises(ValueError, match="another rank"):
        other.restore(second.state())


def test_it_stops_when_the_held_out_night_gets_no_better(tiny_network, footage, tmp_path, monkeypatch):
    run = Finetuning(tiny_network, replace(PLAN, steps=100), seed=1)
    looks = (3.0, 2.0, *[2.5] * 20)
    scores = iter([{"hue_loss": loss, "value_loss": 10.0, "loss": loss + 10.0} for loss in looks])
    monkeypatch.setattr(run, "judge", lambda stretches: next(scores))
    ended = learn(run, read_room(footage), tmp_path / "run", 1.0)
    assert ended.startswith("stopped at step 8: no better for 6 steps")
    assert load_checkpoint(tmp_path / "run" / "best.pt")["step"] == 2


def test_time_that_is_up_ends_it(tiny_network, footage, tmp_path):
    ended = learn(Finetuning(tiny_network, PLAN, seed=1), read_room(footage), tmp_path / "run", 0.0)
    assert "--resume" in ended


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_the_command_writes_an_artefact_that_plays_and_shows_what_changed(footage, checkpoint, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["finetune", "--data", str(footage), "--out", str(out), "--weights", str(checkpoint), "--steps", "6"]
    assert skipbart.main(command) == 0
    said = capsys.readouterr().out
    assert "minutes of trusted footage from 1 night: rank 4, up to 6 steps" in said
    assert f"followspot models stage {out / 'artefact'}" in said
    manifest = read_manifest(out / "artefact", "decoder", 0.1)
    assert manifest.name.startswith("tiny-the-cellar-20")
    assert manifest.derived_from == "tiny"
    assert "trusted footage" in manifest.learnt_from
    changed = json.loads((out / "changes.json").read_text())
    assert set(changed["figures"]) == {"before", "after", "engineer"}
    page = (out / "report.html").read_text()
    assert page.count("data:image/png") == 3 * 1
    assert "<script" not in page
    assert "finetuned with adapters" in (out / "card.md").read_text()
    assert (out / "artefact" / "parity.npz").is_file()
    # what was learnt can be learnt from again, and an interrupted command resumed
    again = ["finetune", "--data", str(footage), "--out", str(tmp_path / "again"), "--steps", "2"]
    assert skipbart.main([*again, "--weights", str(out / "artefact")]) == 0
    second = read_manifest(tmp_path / "again" / "artefact", "decoder", 0.1)
    assert second.derived_from == manifest.name
    assert second.derived_from_sha256 == manifest.step.sha256
    assert skipbart.main([*command, "--resume"]) == 0
    assert skipbart.main([*command, "--resume", "--rank", "2"]) == 1
    assert "cannot be resumed" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_an_imported_model_keeps_its_weights_and_learns_as_well(footage, tiny_network, tmp_path):
    network = fresh(tiny_network)
    network.size = replace(network.size, chunk=0)
    folder = tmp_path / "official"
    manifest = live.export_live(
        network.eval(), folder, name="skipbart-official", embedder="openl3", embedder_sha256=None
    )
    with pytest.raises(ModelError, match="--keep-weights"):
        read_network(folder)
    keep_weights(network, folder, manifest)
    for a, b in zip(network.parameters(), read_network(folder).parameters(), strict=True):
        assert torch.equal(a, b)
    out = tmp_path / "run"
    command = ["finetune", "--data", str(footage), "--out", str(out), "--weights", str(folder), "--steps", "2"]
    assert skipbart.main([*command, "--venue", "Hall 1"]) == 0
    learnt = read_manifest(out / "artefact", "decoder", 0.1)
    assert learnt.refresh is not None
    assert learnt.weights.sha256 == sha256_of(out / "artefact" / "weights.safetensors")
    assert learnt.name.startswith("skipbart-official-hall-1-")
    (folder / "weights.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelError, match="not the file"):
        read_network(folder)


def test_the_bundled_step_graph_holds_the_weights_it_was_made_of():
    if not (BUNDLED / "step.onnx").is_file():
        pytest.skip("models/skipbart-small is not here")
    network = read_network(BUNDLED)
    with np.load(BUNDLED / "parity.npz") as stored, torch.no_grad():
        there = torch.from_numpy(stored["bearings"])[None] if "bearings" in stored else None
        music, light = (torch.from_numpy(stored[name])[None] for name in ("music", "light_in"))
        logits = network(music, light, None, there)
        for got, name in zip(logits, ("hue_logits", "value_logits"), strict=True):
            np.testing.assert_allclose(got[0].numpy(), stored[name], atol=1e-4)


def test_mistakes_are_told_in_one_line(footage, tmp_path, capsys):
    command = ["finetune", "--out", str(tmp_path / "run"), "--data"]
    assert skipbart.main([*command, str(tmp_path / "nowhere")]) == 1
    assert skipbart.main([*command, str(footage), "--weights", str(tmp_path / "nowhere")]) == 1
    assert skipbart.main([*command, str(footage), "--weights", str(ROOT / "models" / "embedder-small")]) == 1
    assert skipbart.main([*command, str(footage), "--held-out", "2025-01-01"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert all(line.startswith("skipbart finetune: ") for line in told)
    with pytest.raises(FootageError):
        read_room(tmp_path / "nowhere")


def alone(footage):
    """The same films as the extractor would write them: short, each with a scale of its own."""
    for path in footage.glob("*.npz"):
        said = {"fingerprint": {}, "hops": 150, "kept": 1.0, "night": path.stem, "brightness": {"full": 0.3}}
        path.with_suffix(".json").write_text(json.dumps(said))
    return footage


def test_o8_levels_of_films_that_were_scaled_alone_are_told_and_not_asked(footage):
    known, lone = read_room(footage), read_room(alone(footage))
    assert known.level_minutes == known.minutes == lone.minutes
    assert lone.level_minutes == 0.0
    assert "levels from 0 of them" in lone.describe()
    assert "2 films scaled alone" in lone.lone()
    assert known.lone() == ""
    crops = draw([one.song() for one in lone.learnt], 4, 40, np.random.default_rng(1))
    assert (crops.light[..., 1] == VALUE_PAD).all()
    assert (crops.light[..., 0] != HUE_PAD).any()
    assert (crops.light_in[..., 1] != VALUE_PAD).any(), "the decoder is told how bright it was a hop ago"


def test_o8_what_the_model_says_of_levels_is_held_while_it_learns_colours(tiny_network, footage):
    """Without the hold the adapters that learn colours move the levels, too."""
    room, moved = read_room(alone(footage)), {}
    music, light_in = torch.randn(2, 20, 512), torch.randint(0, 170, (2, 20, 2))
    with torch.no_grad():
        before = torch.log_softmax(tiny_network(music, light_in)[1], dim=-1)
    for hold in (True, False):
        run = Finetuning(fresh(tiny_network), replace(PLAN, rate=1e-2, batch=4, dropout=0.0), seed=1, hold=hold)
        losses = [run.step([one.song() for one in room.learnt])["hue_loss"] for _ in range(25)]
        assert np.mean(losses[-5:]) < np.mean(losses[:5])
        with torch.no_grad():
            after = torch.log_softmax(run.network.eval()(music, light_in)[1], dim=-1)
        moved[hold] = float((before.exp() * (before - after)).sum(dim=-1).mean())
    assert moved[True] < 0.5 * moved[False]


def test_names_carry_the_venue_and_no_history():
    assert name_for("skipbart-small-old-hall-20260102", "Old Hall!").startswith("skipbart-small-old-hall-20")
    assert name_for("skipbart-small", "???").startswith("skipbart-small-room-20")


def test_two_workers_learn_one_room_as_one_does_also_where_one_is_killed(footage, checkpoint, tiny_network, tmp_path):
    """Two workers with half a batch each, one of them killed and begun again, against one with the whole batch."""
    out, steps = tmp_path / "run", 20
    words = ("finetune", "--data", footage, "--out", out, "--steps", steps, "--batch", 2, "--rank", 2, "--rate", 5e-3)
    said = torchrun("tools.train.skipbart", *words, "--weights", checkpoint, "--resume", kill_when=out / "last.pt")
    assert load_checkpoint(out / "last.pt")["step"] == steps
    assert read_manifest(out / "artefact", "decoder", 0.1)
    assert said.count("stage it:") == 1
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 20], "every look once"
    room, found = read_room(footage), []
    plan = Wishes(steps=steps, batch=4, rank=2, rate=5e-3).plan(room.minutes)
    for seed in (1, 2, 3):
        one = Finetuning(fresh(tiny_network), plan, seed)
        learn(one, room, tmp_path / f"one{seed}", 1.0)
        log = (tmp_path / f"one{seed}" / "log.jsonl").read_text().splitlines()
        found.append([json.loads(line)["held_out_loss"] for line in log])
    alone, both = np.array(found), [row["held_out_loss"] for row in rows]
    noise = max(float(np.ptp(alone[:, -1])), 0.1 * float(alone[0, 0] - alone[:, -1].mean()))
    assert alone[:, -1].mean() < alone[0, 0] - 2 * noise, "otherwise nothing is compared"
    assert abs(both[-1] - alone[:, -1].mean()) <= 2 * noise


def test_merging_changes_nothing_but_the_layers(tiny_network, footage):
    room = read_room(footage)
    run = Finetuning(fresh(tiny_network), replace(PLAN, rate=0.05), seed=1)
    for _ in range(3):
        run.step([one.song() for one in room.learnt])
    apart = judge(run.network, room.held_out)
    together = judge(merge(run.network).eval(), room.held_out)
    assert together["loss"] == pytest.approx(apart["loss"], abs=1e-4)
