"""The command that measures training on a device runs on a processor, too, and says where there is no other."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("symusic")

from tools.train import throughput  # noqa: E402
from tools.train.skipbart.network import SMALL  # noqa: E402


@pytest.fixture
def small(monkeypatch):
    from dataclasses import replace

    tiny = replace(SMALL, d=32, encoder_layers=1, decoder_layers=1, heads=4, ffn=48, positions=24)
    models = {"light": ("hops", throughput.light_model(tiny, 2)),
              "notes": ("notes", throughput.symbolic_model("pianobart", "tiny", 2))}  # fmt: skip
    monkeypatch.setattr(throughput, "MODELS", models)


def test_a_processor_is_measured_and_goes_its_own_way(small, tmp_path, capsys):
    assert throughput.main(["--device", "cpu", "--steps", "2", "--out", str(tmp_path / "o.json")]) == 0
    rows = json.loads((tmp_path / "o.json").read_text())
    assert [row["name"] for row in rows] == ["light", "notes"]
    assert all(row["per_s"] > 0 for row in rows)
    assert all(row["apart"] == 0.0 for row in rows), "the same arithmetic twice"
    assert "| light |" in capsys.readouterr().out


def test_without_a_card_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert throughput.main([]) == 1
    assert "no CUDA device here" in capsys.readouterr().out
