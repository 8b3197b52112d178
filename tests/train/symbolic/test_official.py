"""Files of the authors' layout are read exactly or refused by name, and give the same answers as what was written."""

from dataclasses import asdict, replace

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from tools.train.skipbart.network import SMALL, SkipBart  # noqa: E402
from tools.train.skipbart.weights import read_network  # noqa: E402
from tools.train.symbolic import bart, bert, official  # noqa: E402
from tools.train.symbolic.embedding import NoteHead  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.evaluation import finetuned  # noqa: E402
from tools.train.symbolic.heads import SequenceHead, TokenHead  # noqa: E402
from tools.train.symbolic.into_skipbart import into_skipbart, take_backbone  # noqa: E402
from tools.train.symbolic.objectives import SIZES  # noqa: E402
from tools.train.symbolic.official import import_official, layout, official_tensors, read_official  # noqa: E402
from tools.train.symbolic.tasks import Task  # noqa: E402
from tools.train.symbolic.weights import new_network, read_weights  # noqa: E402

TINY = {
    "pianobart": replace(bart.TINY, d=16, ffn=20, positions=12, width=4),
    "adversarial-midibert": replace(bert.TINY, d=16, ffn=20, positions=12, width=4),
}
WHOLE = {"pianobart": "pianobart.", "adversarial-midibert": "midibert."}


@pytest.fixture(params=list(TINY))
def model(request):
    return request.param


@pytest.fixture
def size(model):
    return TINY[model]


@pytest.fixture
def network(model, size):
    torch.manual_seed(1)
    made = new_network(model, size).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def tensors(model, size, network):
    """A file's contents; what is idle holds numbers too, as in real files."""
    ours = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    found = official_tensors(model, size, ours)
    for name, place in layout(model, size).items():
        if place.ours is None and "_linear" not in name and "token_type" not in name:
            found[name] = torch.ones(place.shape)
    return {name: tensor.clone() for name, tensor in found.items()}


def written(tmp_path, tensors, name="file.pth"):
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)
    else:
        torch.save(tensors, path)
    return path


def understood(network, notes):
    return network.understand(notes) if isinstance(network, bart.PianoBart) else network(notes)


@pytest.mark.parametrize(("name", "body", "whole"), [("pianobart", 357, 373), ("adversarial-midibert", 227, 243)])
def test_the_official_layout_has_the_published_tensors(name, body, whole):
    size = SIZES[name]["official"]
    found = layout(name, size)
    heads = official.head_layout({"mask_lm.proj.0.weight": torch.empty(0)}, size.d)
    assert len(found) == body
    assert len(found) + len(heads) == whole
    if name == "pianobart":
        assert sum(key.startswith("bart.") for key in found) == 345
        assert found["bart.decoder.embed_positions.weight"].shape == (1026, 1024)
        assert found["decoder_linear.weight"].shape == (1024, 2048)
        assert found["word_emb.2.lut.weight"].shape == (135, 256)
    else:
        assert found["bert.encoder.layer.11.attention.self.distance_embedding.weight"].shape == (2047, 64)
        assert found["bert.encoder.layer.0.intermediate.dense.weight"].shape == (3072, 768)
        assert found["attention_linear.2.weight"].shape == (1024, 1024)
        assert found["bert.embeddings.word_embeddings.weight"].shape == (30522, 768)


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "module.model."])
def test_an_imported_network_answers_as_the_one_that_was_written(prefix, network, tensors, tmp_path, music):
    size = network.size
    model = "pianobart" if isinstance(network, bart.PianoBart) else "adversarial-midibert"
    path = written(tmp_path, {prefix + name: tensor for name, tensor in tensors.items()})
    said = import_official(path, model, tmp_path / "out", size)
    assert said.startswith(f"{tmp_path / 'out' / 'weights.pt'}: body,")
    found = read_weights(tmp_path / "out")
    notes = torch.from_numpy(music[:2, :12])
    with torch.no_grad():
        torch.testing.assert_close(understood(found.network, notes), understood(network, notes), atol=0, rtol=0)


def test_safetensors_keep_tied_tensors_once(tmp_path, music):
    size = TINY["pianobart"]
    torch.manual_seed(2)
    network = new_network("pianobart", size).eval()
    whole = official_tensors("pianobart", size, {f"network.{n}": t for n, t in network.state_dict().items()})
    once = ("encoder_linear.weight", "encoder_linear.bias", "bart.shared.weight", "bart.encoder.embed_tokens.weight")
    path = written(tmp_path, {f"model.{n}": t for n, t in whole.items() if n not in once}, "model.safetensors")
    found = read_official(path, "pianobart", size)
    assert torch.equal(found["network.embedding.linear.weight"], network.embedding.linear.weight)
    with pytest.raises(SymbolicError, match=r"lacks 'encoder_linear.weight', 'decoder_linear.weight'"):
        read_official(
            written(tmp_path, {n: t for n, t in whole.items() if "_linear.weight" not in n}), "pianobart", size
        )


def test_tied_tensors_that_differ_are_refused(tmp_path):
    size = TINY["pianobart"]
    ours = {f"network.{n}": t for n, t in new_network("pianobart", size).state_dict().items()}
    whole = official_tensors("pianobart", size, ours)
    whole["decoder_linear.weight"] = whole["decoder_linear.weight"] + 1.0
    with pytest.raises(SymbolicError, match="should be one tensor and differ"):
        read_official(written(tmp_path, whole), "pianobart", size)


@pytest.mark.parametrize("kind", ["lm", "sequence", "token"])
def test_output_layers_come_with_it(kind, model, size, tensors, tmp_path):
    """A whole model's file: the body below a name of its own, the output layers beside it."""
    torch.manual_seed(3)
    if kind == "lm":
        head = NoteHead(size.d)
        crown = {f"mask_lm.{name}": tensor for name, tensor in head.state_dict().items()}
    else:
        head = SequenceHead(size.d, 8) if kind == "sequence" else TokenHead(size.d, 7)
        crown = head.state_dict()
    whole = {f"{WHOLE[model]}{name}": tensor for name, tensor in tensors.items()} | crown
    path = written(tmp_path, {"epoch": 3, "state_dict": {f"module.{name}": tensor for name, tensor in whole.items()}})
    import_official(path, model, tmp_path / "out", size)
    found = read_weights(tmp_path / "out")
    if kind == "lm":
        assert torch.equal(found.head.proj[7].weight, head.proj[7].weight)
    else:
        assert found.content["level"] == kind
        assert found.content["answered"] == (8 if kind == "sequence" else 7)
        for name, tensor in head.state_dict().items():
            assert torch.equal(found.content["answers"][name], tensor)


def test_a_finetuned_file_can_be_evaluated(tmp_path):
    """Its token head has a class for padding behind the others."""
    size = TINY["pianobart"]
    ours = {f"network.{n}": t for n, t in new_network("pianobart", size).state_dict().items()}
    head = TokenHead(size.d, 4)
    path = written(tmp_path, official_tensors("pianobart", size, ours) | head.state_dict())
    import_official(path, "pianobart", tmp_path / "out", size, "melody")
    weights = read_weights(tmp_path / "out")
    task = Task("melody", "token", ("melody", "bridge", "piano"), (), {})
    found = finetuned(weights, task).answers.classifier[3]
    assert torch.equal(found.weight, head.classifier[3].weight[:3])
    with pytest.raises(SymbolicError, match="velocity needs 6 answers for a token, this file has 4"):
        import_official(path, "pianobart", tmp_path / "out", size, "velocity")
    with pytest.raises(SymbolicError, match="composer needs 8 answers for a sequence"):
        import_official(path, "pianobart", tmp_path / "out", size, "composer")


def test_anything_else_is_refused_by_name(model, size, tensors, tmp_path):
    name = next(name for name in tensors if name.endswith(("fc1.weight", "intermediate.dense.weight")))
    for change, words in (
        ({name: None}, f"lacks '{name}'"),
        ({"surprise.weight": torch.zeros(1)}, "holds 'surprise.weight'"),
        ({name: torch.zeros(3, 3)}, rf"'{name}' is \[3, 3\]"),
        ({name: torch.full_like(tensors[name], float("nan"))}, "not finite"),
    ):
        changed = {key: tensor for key, tensor in (tensors | change).items() if tensor is not None}
        with pytest.raises(SymbolicError, match=words):
            read_official(written(tmp_path, changed), model, size)
    with pytest.raises(SymbolicError, match="no tensor is named"):
        read_official(written(tmp_path, {"a": torch.zeros(1)}), model, size)
    with pytest.raises(SymbolicError, match="no known tool"):
        read_official(written(tmp_path, {f"odd.{n}": t for n, t in tensors.items()}), model, size)


def test_unreadable_files_are_refused(model, size, tensors, tmp_path):
    path = written(tmp_path, tensors)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SymbolicError, match="cut short"):
        read_official(path, model, size)
    with pytest.raises(SymbolicError, match="no such file"):
        read_official(tmp_path / "none.pth", model, size)
    torch.save([1, 2], path)
    with pytest.raises(SymbolicError, match="something else"):
        read_official(path, model, size)


@pytest.mark.parametrize("model", ["adversarial-midibert"], indirect=True)
def test_relative_attention_of_an_import_uses_the_distances(network, music):
    notes = torch.from_numpy(music[:1, :12])
    with torch.no_grad():
        before = network(notes)
        for layer in network.layers:
            layer.attention.distance_embedding.weight.zero_()
        assert float((network(notes) - before).abs().max()) > 1e-3


def test_a_backbone_moves_into_a_light_model(tmp_path):
    torch.manual_seed(4)
    music = new_network("pianobart", bart.SMALL)
    small = replace(SMALL, positions=300)
    light = SkipBart(small)
    before = {name: tensor.clone() for name, tensor in light.state_dict().items()}
    taken = take_backbone(light, music)
    after, theirs = light.state_dict(), music.state_dict()
    for name in taken.whole:
        assert torch.equal(after[name], theirs[name])
    for name in taken.fresh:
        assert torch.equal(after[name], before[name])
    assert taken.cut == {f"{side}.embed_positions.weight": (300, 300) for side in ("encoder", "decoder")}
    assert len(taken.whole) + len(taken.cut) + len(taken.fresh) == len(after)
    assert all(name.startswith("embedding.") for name in taken.left)
    assert torch.equal(after["decoder.embed_positions.weight"], theirs["decoder.embed_positions.weight"][:302])


def test_a_longer_light_model_keeps_its_own_later_positions():
    music = new_network("pianobart", TINY["pianobart"])
    size = replace(SMALL, d=16, encoder_layers=2, decoder_layers=2, heads=4, ffn=20, positions=20)
    light = SkipBart(size)
    last = light.encoder.embed_positions.weight[-1].clone()
    taken = take_backbone(light, music)
    assert taken.cut["encoder.embed_positions.weight"] == (12, 20)
    assert torch.equal(light.encoder.embed_positions.weight[-1], last)
    with pytest.raises(SymbolicError, match="backbones differ"):
        take_backbone(SkipBart(replace(size, ffn=24)), music)


def test_skipbart_reads_what_is_written(tmp_path):
    tensors = {f"network.{n}": t for n, t in new_network("pianobart", bart.SMALL).state_dict().items()}
    (tmp_path / "music").mkdir()
    torch.save({"model": "pianobart", "size": asdict(bart.SMALL), "objective": tensors}, tmp_path / "music" / "best.pt")
    said = into_skipbart(tmp_path / "music", tmp_path / "light.pt", SMALL)
    assert "512 of its 512 positions" in said
    network = read_network(tmp_path / "light.pt")
    assert torch.equal(network.decoder.layers[3].fc1.weight, tensors["network.decoder.layers.3.fc1.weight"])
