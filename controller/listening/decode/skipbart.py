"""Skip-BART, one step for each hop, at constant cost and in constant memory for as long as the night lasts.

The network reads one embedding and the previous light token, and keeps keys and values of earlier hops in caches of a
fixed length (its learned positions end there). It writes them itself, where they stand (docs/decisions/0057); one
exported before December 2026 returns a column for each, which is written here. Two contexts run side by side, half a
cache apart, and are fed the same hops. The older one decides; before it is full its say fades over to the younger one,
which by then remembers half a cache and takes over. So a set has no length limit and no seam (docs/decisions/0004).

Source: Zhao et al., "Skip-BART", ICLR 2026. Edge: runs an ONNX session.
"""

from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ModelError
from controller.listening.decode.vocabulary import (
    BEARINGS,
    BEARINGS_VERSION,
    HUE_CLASSES,
    HUE_PAD,
    VALUE_CLASSES,
    VALUE_PAD,
)
from controller.listening.session import Bound, open_session, zeros
from controller.messages import Embedding
from controller.sound_format import HOP_S

KEPT = ".kept"
"""How the caches that a network writes itself are called among its outputs, after their names as inputs."""
FADE_HOPS = 32
"""How long the say passes from the older context to the younger one."""

Logits = tuple[Float32Array, Float32Array]


class DecoderNetwork:
    """The step graph behind its manifest.

    Args:
        folder: artefact folder of kind `decoder`.
        embedder: manifest of the embedder that will feed it.

    Raises:
        ModelError: the artefact does not fit the contract, or was trained on another embedder.
    """

    def __init__(self, folder: Path, embedder: Manifest, *, threads: int = 1, provider: str = "cpu") -> None:
        self.manifest = read_manifest(folder, "decoder", HOP_S)
        _check_contract(folder, self.manifest, embedder)
        self.takes_bearings = self.manifest.bearings is not None
        self._session = open_session(folder, self.manifest, threads=threads, provider=provider)
        self.caches = [tensor for tensor in self.manifest.step.inputs if "." in tensor.name]
        self.keeps = any(tensor.name.endswith(KEPT) for tensor in self.manifest.step.outputs)

    @property
    def context_hops(self) -> int:
        """Positions in the cache."""
        return self.manifest.context_hops or 0

    def bound(self, feed: dict[str, Float32Array]) -> tuple[Bound, list[Float32Array]]:
        """The network reading these inputs, and what it writes when it runs.

        Hue logits (1, 181), value logits (1, 257), then the new column of each cache, in the order of `caches`; a
        network that keeps its caches itself writes them where they are read, and nothing comes after the logits.
        """
        there = zeros([tensor for tensor in self.manifest.step.outputs if not tensor.name.endswith(KEPT)])
        columns = [] if self.keeps else [f"{tensor.name}.new" for tensor in self.caches]
        told = [there[name] for name in ("hue_logits", "value_logits", *columns)]
        kept = {f"{tensor.name}{KEPT}": feed[tensor.name] for tensor in self.caches} if self.keeps else {}
        return Bound(self._session, feed, {**there, **kept}), told


class Context:
    """What one run of the network remembers: preallocated caches and how far they are filled."""

    def __init__(self, network: DecoderNetwork) -> None:
        self._network = network
        self._feed = zeros(network.manifest.step.inputs)
        self._bound, self._made = network.bound(self._feed)
        self.length = 0

    def step(self, music: Float32Array, hue: int, value: int, bearings: Float32Array | None = None) -> Logits:
        """Advance one hop.

        Args:
            music: (512,) float32 embedding of this hop.
            hue, value: the light before this hop, 0..179 and 0..255, or PAD.
            bearings: (BEARINGS,) float32; None: nothing is known.

        Returns:
            Hue logits (181,) and value logits (257,), float32.
        """
        feed = self._feed
        feed["music"][0, 0] = music
        feed["hue"][0, 0] = hue
        feed["value"][0, 0] = value
        feed["position"][0] = self.length
        if self._network.takes_bearings:
            feed["bearings"][0, 0] = 0.0 if bearings is None else bearings
        self._bound.run()
        hue_logits, value_logits, *columns = self._made
        if columns:
            self._keep(columns)
        self.length += 1
        return hue_logits[0].copy(), value_logits[0].copy()

    def _keep(self, columns: list[Float32Array]) -> None:
        """What a network that does not keep its caches itself has to say of this hop."""
        for tensor, column in zip(self._network.caches, columns, strict=True):
            cache = self._feed[tensor.name]
            if tensor.name.endswith(".key"):
                cache[..., self.length] = column[..., 0]
            else:
                cache[..., self.length, :] = column[..., 0, :]

    def state(self) -> Float32Array:
        """(caches,): what each cache holds, see `summary`."""
        return np.array([summary(self._feed[tensor.name], self.length) for tensor in self._network.caches], np.float32)

    def clear(self) -> None:
        """Forget everything. The caches need no wiping: the network never looks past `length`."""
        self.length = 0


def summary(cache: Float32Array, length: int) -> float:
    """One number that says whether two caches hold the same: their entries, each with a weight of its own.

    Args:
        cache: zero where nothing was written. length: hops that were.
    """
    weights = np.cos(np.arange(cache.size, dtype=np.float64))
    return float(cache.ravel() @ weights) / float(max(length, 1) ** 0.5)


class SkipBart:
    """Logits for hop after hop, without end.

    Args:
        network: the step graph.
    """

    def __init__(self, network: DecoderNetwork) -> None:
        self._older = Context(network)
        self._younger = Context(network)
        self._limit = network.context_hops
        self._fade = min(FADE_HOPS, self._limit // 4)

    def step(
        self, embedding: Embedding, hue: int = HUE_PAD, value: int = VALUE_PAD, bearings: Float32Array | None = None
    ) -> Logits:
        """Logits of this hop, given the light before it.

        Args:
            embedding: of this hop.
            hue, value: the light before this hop; PAD where nothing was lit yet.
            bearings: where the hop lies; None: nothing is known.

        Returns:
            Hue logits (181,) and value logits (257,), float32.
        """
        if self._older.length == self._limit:
            self._older, self._younger = self._younger, self._older
            self._younger.clear()
        logits = self._older.step(embedding.vector, hue, value, bearings)
        if self._older.length <= self._limit // 2:
            return logits  # the first half of a set, or of a cache of odd length: one context is enough
        young = self._younger.step(embedding.vector, hue, value, bearings)
        weight = max(0.0, 1.0 - (self._limit - self._older.length) / self._fade)
        if weight == 0.0:
            return logits
        return _blend(logits[0], young[0], weight), _blend(logits[1], young[1], weight)


def _blend(older: Float32Array, younger: Float32Array, weight: float) -> Float32Array:
    """Logits between two opinions: normalised first, so that neither speaks louder by its scale."""
    mixed = (1.0 - weight) * _log_softmax(older) + weight * _log_softmax(younger)
    return mixed.astype(np.float32)


def _log_softmax(logits: Float32Array) -> Float32Array:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def check_binding(folder: Path, manifest: Manifest, embedder: Manifest) -> None:
    """Refuse embeddings that the decoder was not trained on.

    Raises:
        ModelError: another embedder, or another version of it, and none that was made to stand in for it.
    """
    path = folder / "manifest.yaml"
    if embedder.derived_from == manifest.embedder and manifest.embedder_sha256 in (None, embedder.derived_from_sha256):
        return
    if manifest.embedder != embedder.name:
        raise ModelError(
            f"{path}: trained on embeddings of '{manifest.embedder}', but model.embedder is '{embedder.name}'; "
            "use the embedder it was trained on"
        )
    if manifest.embedder_sha256 not in (None, embedder.step.sha256):
        raise ModelError(
            f"{path}: trained on another version of '{embedder.name}' (sha256 {str(manifest.embedder_sha256)[:12]}…, "
            f"not {embedder.step.sha256[:12]}…); restore that one or train the decoder again"
        )


def _check_contract(folder: Path, manifest: Manifest, embedder: Manifest) -> None:
    path = folder / "manifest.yaml"
    check_binding(folder, manifest, embedder)
    if manifest.context_hops is None:
        raise ModelError(f"{path}: context_hops is missing; export the model again")
    wanted_inputs = {"music": [1, 1, 512], "hue": [1, 1], "value": [1, 1], "position": [1]}
    if manifest.bearings not in (None, BEARINGS_VERSION):
        raise ModelError(
            f"{path}: told bearings of version {manifest.bearings}, this program tells version {BEARINGS_VERSION}; "
            "take the program that it was trained with, or train it again"
        )
    if manifest.bearings is not None:
        wanted_inputs["bearings"] = [1, 1, BEARINGS]
    wanted_outputs = {"hue_logits": [1, HUE_CLASSES], "value_logits": [1, VALUE_CLASSES]}
    inputs = {tensor.name: tensor.shape for tensor in manifest.step.inputs}
    outputs = {tensor.name: tensor.shape for tensor in manifest.step.outputs}
    for what, wanted, there in (("inputs", wanted_inputs, inputs), ("outputs", wanted_outputs, outputs)):
        for name, shape in wanted.items():
            if there.get(name) != shape:
                raise ModelError(f"{path}: step.{what}: '{name}' must have shape {shape}, not {there.get(name)}")
    for name, shape in inputs.items():
        if "." in name:
            _check_cache(path, name, shape, outputs, manifest.context_hops)
        elif name not in wanted_inputs:
            raise ModelError(f"{path}: step.inputs: nothing tells '{name}'; export the model again")


def _check_cache(path: Path, name: str, shape: list[int], outputs: dict[str, list[int]], hops: int) -> None:
    keeps = any(one.endswith(KEPT) for one in outputs)
    axis = 3 if name.endswith(".key") and not keeps else 2
    if len(shape) != 4 or shape[axis] != hops:
        raise ModelError(f"{path}: step.inputs: cache '{name}' has shape {shape}; axis {axis} must be {hops} hops")
    if keeps:
        if outputs.get(f"{name}{KEPT}") != shape:
            raise ModelError(f"{path}: step.outputs: '{name}{KEPT}' must have the shape of its input, {shape}")
        return
    column = [1 if index == axis else size for index, size in enumerate(shape)]
    if outputs.get(f"{name}.new") != column:
        raise ModelError(f"{path}: step.outputs: '{name}.new' must have shape {column}")
