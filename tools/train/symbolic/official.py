"""Reading the authors' checkpoints of PianoBART and Adversarial-MidiBERT.

Every tensor of a file must be one that the layout names, in the shape it names, and none may be missing; anything else
is refused with the names. Accepted besides: the prefixes of DataParallel (`module.`) and hub mixins (`model.`), the
prefix of the whole model (`pianobart.`, `midibert.`), tied tensors that safetensors keeps once (PianoBART's two input
layers and three token tables are one each), a training checkpoint that holds the tensors under `state_dict`, and, in
the same file, the output layers of pre-training (`mask_lm.`) or of a task (`attention.`, `classifier.`).

Source: the released model code's module trees: 357 tensors of PianoBart and 373 of PianoBartLM, 227 of MidiBert and 243
of MidiBertLM. What that code creates and never reads (token tables, absolute positions and pooler of the BERT, its
gate, the second token-type row) is checked and dropped. Edge: reads files; nothing in them is ever executed.
"""

import re
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tools.train.checkpoint import save_checkpoint
from tools.train.in_hand import is_safetensors, mistaken
from tools.train.symbolic.bart import BartSize
from tools.train.symbolic.bert import BertSize
from tools.train.symbolic.embedding import NoteHead
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.heads import INNER, MIDDLE, POOLS, SequenceHead, TokenHead
from tools.train.symbolic.objectives import SIZES, Size
from tools.train.symbolic.tasks import KINDS
from tools.train.symbolic.vocabulary import SIZES as CLASSES
from tools.train.symbolic.weights import new_network, part

Tensors = dict[str, Tensor]

BART_WORDS, BERT_WORDS = 50_265, 30_522
PREFIX = re.compile(r"^((module|model|_orig_mod|pianobart|midibert|bart_model)\.)*$")
ANCHOR = "word_emb.0.lut.weight"
HEADS = ("mask_lm.", "attention.", "classifier.")
NAMED_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Shape of an official tensor, and the parameter of ours it is; None: read past."""

    shape: tuple[int, ...]
    ours: str | None = None


Layout = dict[str, Place]


def layout(model: str, size: Size) -> Layout:
    """Every tensor of the body of a model of a size: 357 of pianobart, 227 of the BERTs."""
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in new_network(model, size).state_dict().items()}
    name_of = bart_name if isinstance(size, BartSize) else bert_name
    found = {name_of(name): Place(shape, name) for name, shape in shapes.items() if name != "token_type"}
    return found | (_bart_idle(size) if isinstance(size, BartSize) else _bert_idle(size))


def bart_name(ours: str) -> str:
    """The authors' name of a parameter of `bart.PianoBart`."""
    if ours.startswith("embedding.tables."):
        return ours.replace("embedding.tables.", "word_emb.").replace(".weight", ".lut.weight")
    if ours.startswith("embedding.linear."):
        return ours.replace("embedding.linear.", "encoder_linear.")
    return f"bart.{ours}"


BERT_PARTS = {
    "attention_output.": "attention.output.dense.",
    "attention_norm.": "attention.output.LayerNorm.",
    "attention.": "attention.self.",
    "fc1.": "intermediate.dense.",
    "fc2.": "output.dense.",
    "final_norm.": "output.LayerNorm.",
}


def bert_name(ours: str) -> str:
    """The authors' name of a parameter of `bert.MidiBert`."""
    if ours.startswith("embedding.tables."):
        return ours.replace("embedding.tables.", "word_emb.").replace(".weight", ".lut.weight")
    if ours.startswith("embedding.linear."):
        return ours.replace("embedding.linear.", "in_linear.")
    if ours.startswith("norm."):
        return ours.replace("norm.", "bert.embeddings.LayerNorm.")
    _, number, rest = ours.split(".", 2)
    part = next(part for part in BERT_PARTS if rest.startswith(part))
    return f"bert.encoder.layer.{number}.{BERT_PARTS[part]}{rest.removeprefix(part)}"


def _bart_idle(size: BartSize) -> Layout:
    words = Place((BART_WORDS, size.d))
    tied = {f"bart.{name}.weight": words for name in ("shared", "encoder.embed_tokens", "decoder.embed_tokens")}
    twice = {"weight": (size.d, 8 * size.width), "bias": (size.d,)}
    return tied | {f"decoder_linear.{name}": Place(shape) for name, shape in twice.items()}


def _bert_idle(size: BertSize) -> Layout:
    d, gate = size.d, (8 * size.width, 4 * size.width, 4 * size.width, 8 * size.width)
    found = {
        "bert.embeddings.word_embeddings.weight": Place((BERT_WORDS, d)),
        "bert.embeddings.position_embeddings.weight": Place((size.positions, d)),
        "bert.embeddings.token_type_embeddings.weight": Place((2, d)),  # its first row is `token_type`
        "bert.pooler.dense.weight": Place((d, d)),
        "bert.pooler.dense.bias": Place((d,)),
    }
    for index, (inputs, outputs) in enumerate(pairwise(gate)):
        found[f"attention_linear.{2 * index}.weight"] = Place((outputs, inputs))
        found[f"attention_linear.{2 * index}.bias"] = Place((outputs,))
    return found


TIED = (
    ("encoder_linear.weight", "decoder_linear.weight"),
    ("encoder_linear.bias", "decoder_linear.bias"),
    ("bart.shared.weight", "bart.encoder.embed_tokens.weight", "bart.decoder.embed_tokens.weight"),
)


def head_layout(tensors: Tensors, d: int) -> Layout:
    """Tensors of the output layers that a file has: of pre-training, of a sequence task or of a token task.

    The number of answers is what the file's last layer has.
    """
    found: Layout = {}
    if any(name.startswith("mask_lm.") for name in tensors):
        for index, classes in enumerate(CLASSES):
            found[f"mask_lm.proj.{index}.weight"] = Place((classes, d), f"head.proj.{index}.weight")
            found[f"mask_lm.proj.{index}.bias"] = Place((classes,), f"head.proj.{index}.bias")
    layers = sorted({int(name.split(".")[1]) for name in tensors if re.match(r"classifier\.\d+\.", name)})
    if layers:
        pooled = any(name.startswith("attention.") for name in tensors)
        answers = len(tensors[f"classifier.{layers[-1]}.bias"])
        shapes = ((MIDDLE, POOLS * d if pooled else d), (answers, MIDDLE))
        for layer, ours, shape in zip(layers, (1, 3), shapes, strict=False):
            found[f"classifier.{layer}.weight"] = Place(shape, f"answers.classifier.{ours}.weight")
            found[f"classifier.{layer}.bias"] = Place(shape[:1], f"answers.classifier.{ours}.bias")
        if pooled:
            found["attention.ws1.weight"] = Place((INNER, d), "answers.attention.ws1.weight")
            found["attention.ws2.weight"] = Place((POOLS, INNER), "answers.attention.ws2.weight")
    return found


def read_tensors(path: Path) -> Tensors:
    """All tensors of a file of PyTorch's or of safetensors, told by what is in it.

    Raises:
        SymbolicError: missing, truncated, or something else than named tensors.
    """
    if not path.exists():
        raise SymbolicError(f"{path}: no such file; give the path of an official checkpoint")
    if (what := mistaken(path)) is not None:
        raise SymbolicError(f"{path}: is {what}")
    try:
        if is_safetensors(path):
            return dict(load_file(path))
        with path.open("rb") as stream:  # by its path, PyTorch would go by its name again
            found = torch.load(stream, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError, KeyError,
            torch.serialization.pickle.UnpicklingError) as error:  # fmt: skip
        words = str(error).strip().splitlines()
        reason = words[0][:160] if words else type(error).__name__
        words_of = f"not readable as a checkpoint, perhaps cut short ({reason}); fetch it again"
        raise SymbolicError(f"{path}: {words_of}") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not found or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise SymbolicError(f"{path}: holds something else than named tensors; give the file of a state_dict")
    return dict(found)


def plain_names(path: Path, tensors: Tensors) -> Tensors:
    """Names without the prefixes that wrappers add.

    Raises:
        SymbolicError: no model of these, or an unknown prefix.
    """
    found = [name.removesuffix(ANCHOR) for name in tensors if name.endswith(ANCHOR)]
    if not found:
        raise SymbolicError(f"{path}: no tensor is named '{ANCHOR}' ({some(tensors)}); is this the right file?")
    prefix = min(found, key=len)
    if not PREFIX.match(prefix):
        raise SymbolicError(f"{path}: names begin with '{prefix}', which no known tool adds")
    plain = {}
    for name, tensor in tensors.items():
        # output layers stand outside of the model: their prefix is shorter
        parts = [name.removeprefix(prefix)] if name.startswith(prefix) else re.split(r"^(?:(?:module|model)\.)+", name)
        plain[parts[-1]] = tensor
    return plain


def filled(tensors: Tensors) -> Tensors:
    """With every member of a tied group that a file keeps once."""
    whole = dict(tensors)
    for group in TIED:
        there = [name for name in group if name in whole]
        if there:
            whole |= {name: whole.get(name, whole[there[0]]) for name in group}
    return whole


def check(path: Path, tensors: Tensors, wanted: Layout) -> None:
    """That a file is exactly of a layout.

    Raises:
        SymbolicError: something is missing, unknown or of another shape, by name.
    """
    missing = [name for name in wanted if name not in tensors]
    unknown = [name for name in tensors if name not in wanted]
    if missing:
        raise SymbolicError(f"{path}: lacks {some(missing)}; is the file whole, and of this model?")
    if unknown:
        raise SymbolicError(f"{path}: holds {some(unknown)}, which this model has not; nothing was imported")
    for name, place in wanted.items():
        if tuple(tensors[name].shape) != place.shape:
            shape = list(tensors[name].shape)
            raise SymbolicError(f"{path}: '{name}' is {shape}, not {list(place.shape)}; another size? (--size)")
        if not torch.isfinite(tensors[name].float()).all():
            raise SymbolicError(f"{path}: '{name}' holds numbers that are not finite")
    for group in TIED:
        if group[0] in wanted and not all(torch.equal(tensors[group[0]], tensors[name]) for name in group):
            raise SymbolicError(f"{path}: {some(group)} should be one tensor and differ")


def read_official(path: Path, model: str, size: Size) -> Tensors:
    """A file's tensors by our names: `network.*`, and `head.*` or `answers.*` if it has them.

    Raises:
        SymbolicError: it is not exactly of the layout.
    """
    tensors = plain_names(path, read_tensors(path))
    body = {name: tensor for name, tensor in tensors.items() if not name.startswith(HEADS)}
    crown = {name: tensor for name, tensor in tensors.items() if name.startswith(HEADS)}
    if isinstance(size, BartSize):
        body = filled(body)
    bodies, crowns = layout(model, size), head_layout(crown, size.d)
    check(path, body, bodies)
    check(path, crown, crowns)
    found = {f"network.{place.ours}": body[name].float() for name, place in bodies.items() if place.ours}
    if not isinstance(size, BartSize):
        found["network.token_type"] = body["bert.embeddings.token_type_embeddings.weight"][0].float()
    return found | {str(place.ours): crown[name].float() for name, place in crowns.items()}


def official_tensors(model: str, size: Size, ours: Tensors) -> Tensors:
    """A file's contents for tensors of ours; what the authors' code never reads is zero."""
    found = {}
    for name, place in layout(model, size).items():
        found[name] = ours[f"network.{place.ours}"] if place.ours else torch.zeros(place.shape)
    if isinstance(size, BartSize):
        found |= {f"decoder_linear.{part}": found[f"encoder_linear.{part}"] for part in ("weight", "bias")}
        return found
    found["bert.embeddings.token_type_embeddings.weight"][0] = ours["network.token_type"]
    return found


def import_official(path: Path, model: str, out: Path, size: Size | None = None, task: str | None = None) -> str:
    """Write an official file as a checkpoint that `finetune --weights` and `generate --model` read.

    Args:
        task: what the output layers in it answer, for `evaluate` and `label`. The class for padding that the authors'
            token tasks have behind the others is taken off.

    Returns:
        What was taken, in a line.

    Raises:
        SymbolicError: it is not of the layout, or has no answers for the task.
    """
    size = size or SIZES[model]["official"]
    tensors = read_official(path, model, size)
    network = new_network(model, size)
    network.load_state_dict(part(tensors, "network."))
    parts = ["body"]
    if any(name.startswith("head.") for name in tensors):
        NoteHead(size.d).load_state_dict(part(tensors, "head."))
        parts.append("pre-training's output layers")
    if task is not None:
        tensors |= {
            f"answers.{name}": tensor for name, tensor in answers_for(path, task, part(tensors, "answers.")).items()
        }
    answers = part(tensors, "answers.")
    content: dict[str, Any] = {"model": model, "size": asdict(size), "objective": tensors, "imported": path.name}
    if answers:
        level = "sequence" if "attention.ws1.weight" in answers else "token"
        count = len(answers["classifier.3.bias"])
        (SequenceHead if level == "sequence" else TokenHead)(size.d, count).load_state_dict(answers)
        content |= {"level": level, "answered": count}
        if task is not None:
            content |= {"task": task, "classes": list(KINDS[task].classes), "length": size.positions}
        parts.append(f"a {level} task's output layers with {count} answers")
    save_checkpoint(out / "weights.pt", content)
    return f"{out / 'weights.pt'}: {' and '.join(parts)}, {sum(x.numel() for x in tensors.values()):,} parameters"


def answers_for(path: Path, task: str, answers: Tensors) -> Tensors:
    """A task's output layers without a class for padding.

    Raises:
        SymbolicError: there are none, or of another number of classes.
    """
    classes = len(KINDS[task].classes)
    level = "sequence" if "attention.ws1.weight" in answers else "token"
    found = len(answers.get("classifier.3.bias", ()))
    if level != KINDS[task].level or found not in (classes, classes + 1):
        has = f"{found} answers for a {level}" if found else "none"
        raise SymbolicError(f"{path}: {task} needs {classes} answers for a {KINDS[task].level}, this file has {has}")
    return {
        **answers,
        **{f"classifier.3.{name}": answers[f"classifier.3.{name}"][:classes] for name in ("weight", "bias")},
    }


def some(names: Any) -> str:  # noqa: ANN401 - anything that gives names
    """The first few names."""
    listed = list(names)
    more = f" and {len(listed) - NAMED_AT_MOST} more" if len(listed) > NAMED_AT_MOST else ""
    return ", ".join(f"'{name}'" for name in listed[:NAMED_AT_MOST]) + more
