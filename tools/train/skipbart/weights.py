"""The weights of an artefact, for training to go on from: read out of its step graph, or from a file beside it.

The step graph of a streaming decoder holds every weight in single precision under the network's own names; only those
of the two music layers have no name there, and are known by their shapes. So an artefact that can be shown can be
trained, and no second copy of the weights can be another one (docs/decisions/0026). Graphs of a bidirectional decoder
may be quantised and hold some weights twice: those artefacts keep a `weights.safetensors` if they are asked to.

Edge: reads and writes files.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from controller.artefacts.artefact import Manifest, read_manifest, sha256_of
from controller.errors import ModelError
from controller.listening.decode.vocabulary import BEARINGS_VERSION
from tools.train.artefact import save_manifest
from tools.train.checkpoint import load_checkpoint
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.network import POSITION_OFFSET, Size, SkipBart

Arrays = dict[str, np.ndarray]
FILE = "weights.safetensors"
PREFIX = "network."


def told_version(network: SkipBart) -> int | None:
    """Version of the bearings that a network is told, as manifests have it; None: it is told none."""
    return BEARINGS_VERSION if network.size.bearings else None


def read_network(source: Path) -> SkipBart:
    """The network of an artefact folder or of a checkpoint (`last.pt`), in eval mode.

    Raises:
        ModelError: there is none, it is damaged, or it holds no weights that could be trained.
    """
    if source.is_file():
        return _of_checkpoint(source)
    if not source.is_dir():
        raise ModelError(f"{source}: no such model; --weights takes an artefact folder or a checkpoint (.pt)")
    manifest = read_manifest(source, "decoder", 0.1)
    if manifest.weights is not None:
        return _of_safetensors(source / manifest.weights.file, manifest.weights.sha256)
    if manifest.refresh is not None:
        raise ModelError(
            f"{source}: its graphs hold no weights that could be trained; import the model again with --keep-weights"
        )
    return _of_graph(source / manifest.step.file, manifest)


def keep_weights(network: SkipBart, folder: Path, manifest: Manifest) -> Manifest:
    """Write the weights beside an artefact's graphs and name them in its manifest."""
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(state, folder / FILE, metadata={"size": json.dumps(asdict(network.size))})
    kept = {"file": FILE, "sha256": sha256_of(folder / FILE)}
    return save_manifest(folder, Manifest.model_validate({**manifest.model_dump(), "weights": kept}))


def _of_checkpoint(path: Path) -> SkipBart:
    try:
        state = load_checkpoint(path)
        network = SkipBart(Size(**state["size"]))
        network.load_state_dict(state["network"])
    except (KeyError, TypeError, RuntimeError, ValueError, torch.serialization.pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: not a checkpoint of this decoder: {str(error).splitlines()[0]}") from error
    return network.eval()


def _of_safetensors(path: Path, sha256: str) -> SkipBart:
    if not path.is_file() or sha256_of(path) != sha256:
        raise ModelError(f"{path}: missing, or not the file that the manifest names; import the model again")
    try:
        with safe_open(path, "pt") as file:
            size = Size(**json.loads((file.metadata() or {})["size"]))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
        network = SkipBart(size)
        network.load_state_dict(state)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: not weights of this decoder: {str(error).splitlines()[0]}") from error
    return network.eval()


def _of_graph(path: Path, manifest: Manifest) -> SkipBart:
    try:
        arrays = graph_weights(onnx.load(path))
        network = SkipBart(size_of(arrays, manifest))
        network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: its weights cannot be read out of the graph: {error}; use its checkpoint") from error
    return network.eval()


def graph_weights(model: onnx.ModelProto) -> Arrays:
    """The weights inside a step graph, by the names of the network's own parameters.

    Raises:
        KeyError: a music layer is not where `step.export_step` puts it.
    """
    held = {one.name: one for one in model.graph.initializer}
    # the exporter keeps equal parameters once, and calls them by their own names through Identity
    same = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Identity"}
    names = [name for name in (*held, *same) if name.startswith(PREFIX)]
    found = {name.removeprefix(PREFIX): numpy_helper.to_array(held[same.get(name, name)]) for name in names}
    d = len(found["encoder.layernorm_embedding.weight"])
    factors = [node.input[1] for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in held]
    nameless = {tuple(held[name].dims): numpy_helper.to_array(held[name]) for name in factors}
    for layer, width in (("music_encoder", d), ("music_decoder", d // 2)):
        # torch keeps (out, in) and multiplies by the transpose, which the exporter stores
        found[f"{layer}.weight"] = nameless[EMBEDDING, width].T
    return found


def size_of(arrays: Arrays, manifest: Manifest) -> Size:
    """Dimensions of a streaming network, from the shapes of its weights and caches."""
    layers = {
        side: 1 + max(int(name.split(".")[2]) for name in arrays if name.startswith(f"{side}.layers."))
        for side in ("encoder", "decoder")
    }
    caches = {tensor.name: tensor.shape for tensor in manifest.step.inputs}
    return Size(
        d=len(arrays["encoder.layernorm_embedding.weight"]),
        encoder_layers=layers["encoder"],
        decoder_layers=layers["decoder"],
        heads=caches["encoder.0.key"][1],
        ffn=len(arrays["encoder.layers.0.fc1.bias"]),
        positions=len(arrays["encoder.embed_positions.weight"]) - POSITION_OFFSET,
        chunk=1,
        bearings=len(arrays.get("bearings.encoder", ())),
    )
