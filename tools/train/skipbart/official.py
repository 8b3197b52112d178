"""Reading and writing the authors' Skip-BART checkpoints: `bart_finetune.pth` and `head_finetune.pth`.

Every tensor of a file must be one that the layout names, in the shape it names, and none may be missing; anything else
is refused with the names. Accepted besides: the `module.` of DataParallel, the `model.` of hub mixins, one of three
tied token embeddings standing for all (safetensors keeps one), a backbone saved without adapters, and both files in
one. Tensors are looked up by name, so the order in which a file holds them means nothing.

Source: the released model code's module tree (RS2002/Skip-BART): 455 and 16 tensors. Tensors that the authors' code
creates and never uses (the idle `attention` of each MLP, the shared token embedding) are checked and dropped.
Edge: reads and writes files; nothing in them is ever executed (weights-only loading).
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from controller.artefacts.pulling import PUBLISHED, unpack
from controller.errors import ModelError
from tools.train.embedder.network import EMBEDDING
from tools.train.in_hand import archived, is_safetensors, mistaken
from tools.train.skipbart.lora import adapt
from tools.train.skipbart.network import Size, SkipBart

OPENL3 = "openl3-music-mel256-512"
"""Name of the embedder that the authors' weights were trained on."""
VOCABULARY = 50_265
PREFIXES = re.compile(r"^((module|model|_orig_mod)\.)*$")
BART_ANCHOR, HEAD_ANCHOR = "decoder_emb.0.weight", "classifier.0.layers.0.weight"
TIED = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
NAMED_AT_MOST = 6
FILES = PUBLISHED["skip-bart"].members

Tensors = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Place:
    """Shape of an official tensor, and the parameter of ours it is; None: read past."""

    shape: tuple[int, ...]
    ours: str | None


MODULES = {
    "hue_embedding.": "decoder_emb.0.",
    "value_embedding.": "decoder_emb.1.",
    "music_encoder.": "encoder.layers.0.",
    "music_decoder.": "decoder.layers.0.",
    "hue_head.0.": "classifier.0.layers.0.",
    "hue_head.2.": "classifier.0.layers.1.",
    "value_head.0.": "classifier.1.layers.0.",
    "value_head.2.": "classifier.1.layers.1.",
}


def official_name(ours: str, backbone: str) -> str:
    """The authors' name of one of our parameters; `backbone`: what their BART's names begin with."""
    for mine, theirs in MODULES.items():
        if ours.startswith(mine):
            return theirs + ours.removeprefix(mine)
    return backbone + re.sub(r"\.lora_([AB])\.", r".lora_\1.default.", ours)


def _idle(name: str, width: int) -> dict[str, Place]:
    """The two layers of an MLP's `attention`, which nothing calls."""
    places = {}
    for layer in (0, 3):
        places[f"{name}.attention.{layer}.weight"] = Place((width, width), None)
        places[f"{name}.attention.{layer}.bias"] = Place((width,), None)
    return places


def _ours(size: Size, *, adapters: bool) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        network = SkipBart(size)
        if adapters:
            adapt(network)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def bart_layout(size: Size, *, adapters: bool = True) -> dict[str, Place]:
    """`bart_finetune.pth` of a size: 455 tensors for the official one with adapters."""
    backbone = "bart.base_model.model." if adapters else "bart."
    places = {
        official_name(name, backbone): Place(shape, name)
        for name, shape in _ours(size, adapters=adapters).items()
        if "_head." not in name
    }
    places |= {f"{backbone}{name}": Place((VOCABULARY, size.d), None) for name in TIED}
    return places | _idle("encoder", EMBEDDING) | _idle("decoder", EMBEDDING)


def head_layout(size: Size) -> dict[str, Place]:
    """`head_finetune.pth` of a size: 16 tensors."""
    places = {
        official_name(name, ""): Place(shape, name)
        for name, shape in _ours(size, adapters=False).items()
        if "_head." in name
    }
    return places | _idle("classifier.0", size.d) | _idle("classifier.1", size.d)


def read_tensors(path: Path) -> Tensors:
    """All tensors of a file of PyTorch's or of safetensors, told by what is in it.

    Raises:
        ModelError: missing, truncated, or something else than named tensors.
    """
    if not path.exists():
        raise ModelError(f"{path}: no such file; give the path of an official checkpoint")
    if (what := mistaken(path)) is not None:
        raise ModelError(f"{path}: is {what}")
    try:
        if is_safetensors(path):
            return dict(load_file(path))
        with path.open("rb") as stream:  # by its path, PyTorch would go by its name again
            found = torch.load(stream, map_location="cpu", weights_only=True)
    except (
        SafetensorError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        torch.serialization.pickle.UnpicklingError,
    ) as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"{path}: not readable as a checkpoint, perhaps cut short ({reason}); fetch it again"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise ModelError(f"{path}: holds something else than named tensors; give the file of a state_dict")
    return dict(found)


@contextmanager
def unpacked(bart: Path, head: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """Both files as they are, or out of the ZIP that the authors publish, for as long as it is asked for.

    Args:
        bart: one of the files, or the archive. head: the other, or nothing.

    Raises:
        ModelError: the archive is damaged, or there is no room for what is in it.
    """
    inside = {Path(name).name for name in archived(bart) or []}
    if head is not None or not inside.issuperset(FILES):
        yield bart, head
        return
    with TemporaryDirectory(prefix=f"{bart.name}-") as folder:
        first, second = unpack(bart, Path(folder), FILES)
        yield first, second


def without_prefix(path: Path, tensors: Tensors, anchor: str, prefix: str | None) -> Tensors:
    """Names as the layout has them.

    Args:
        anchor: a name that the layout certainly has.
        prefix: what to take off; None: find it, if it is a known one.
    """
    if prefix is None:
        found = [name.removesuffix(anchor) for name in tensors if name.endswith(anchor)]
        if not found:
            raise ModelError(f"{path}: no tensor is named '{anchor}' ({_some(tensors)}); is this the right file?")
        prefix = min(found, key=len)
        if not PREFIXES.match(prefix):
            raise ModelError(
                f"{path}: names begin with '{prefix}', which no known tool adds; if it is meant: --prefix '{prefix}'"
            )
    strangers = [name for name in tensors if not name.startswith(prefix)]
    if strangers:
        raise ModelError(
            f"{path}: names begin with '{prefix}', but not {_some(strangers)}; the file was put together wrongly"
        )
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def check_layout(path: Path, tensors: Tensors, layout: dict[str, Place]) -> None:
    """Refuse anything but the layout.

    Raises:
        ModelError: names what is missing, unknown, of another shape or not finite.
    """
    tied = [name for name in layout if name.endswith(TIED) and layout[name].ours is None]
    needed = set(layout) - (set(tied) if any(name in tensors for name in tied) else set())
    there = {name: place for name, place in layout.items() if name in tensors}
    shapes = {name: tuple(tensors[name].shape) for name in there}
    found = {
        "missing": [name for name in layout if name in needed and name not in tensors],
        "not part of this model": [name for name in tensors if name not in layout],
        "not finite": [name for name, place in there.items() if place.ours and not tensors[name].isfinite().all()],
    }
    problems = [f"{problem}: {_some(names)}" for problem, names in found.items() if names]
    wrong = [name for name, place in there.items() if shapes[name] != place.shape]
    problems += [f"'{n}' has shape {list(shapes[n])}, not {list(layout[n].shape)}" for n in wrong[:NAMED_AT_MOST]]
    if problems:
        raise ModelError(f"{path}: {'; '.join(problems)}; give an untouched file of the authors' layout and size")


def read_official(bart: Path, head: Path | None, size: Size, *, prefix: str | None = None) -> SkipBart:
    """A network with the weights of an official pair, adapters still apart (see `lora.merge`), in eval mode.

    Args:
        bart, head: the two files; without `head`, `bart` holds both.
        prefix: what names in `bart` begin with, where it is none of the known ones.

    Raises:
        ModelError: a file is not exactly of the layout.
    """
    body = without_prefix(bart, read_tensors(bart), BART_ANCHOR, prefix)
    if head is None:
        crown, head = {name: body.pop(name) for name in list(body) if name.startswith("classifier.")}, bart
    else:
        crown = without_prefix(head, read_tensors(head), HEAD_ANCHOR, None)
    adapters = any(".lora_" in name for name in body)
    bodies, crowns = bart_layout(size, adapters=adapters), head_layout(size)
    check_layout(bart, body, bodies)
    check_layout(head, crown, crowns)
    places = {**bodies, **crowns}
    network = SkipBart(size)
    if adapters:
        adapt(network)
    loaded = {place.ours: tensor.float() for name, tensor in (body | crown).items() if (place := places[name]).ours}
    network.load_state_dict(loaded)
    return network.eval()


def official_tensors(network: SkipBart, *, adapters: bool) -> tuple[Tensors, Tensors]:
    """Both files' contents for a network; what the authors' code never uses is zero.

    Args:
        adapters: whether the network has adapters (`lora.adapt`).
    """
    state = network.state_dict()
    tied = torch.zeros(VOCABULARY, network.size.d)

    def fill(layout: dict[str, Place]) -> Tensors:
        return {
            name: state[place.ours] if place.ours else tied if name.endswith(TIED) else torch.zeros(place.shape)
            for name, place in layout.items()
        }

    return fill(bart_layout(network.size, adapters=adapters)), fill(head_layout(network.size))


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - NAMED_AT_MOST} more" if len(listed) > NAMED_AT_MOST else ""
    return ", ".join(f"'{name}'" for name in listed[:NAMED_AT_MOST]) + more
