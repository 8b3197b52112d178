"""The embedders: one contract, two networks, chosen by the artefact's manifest.

`small64` is the bundled network, trained here, cheap enough for one core. `openl3-mel256` runs OpenL3's
music/mel256/512 network once its official weights have been imported. Both see one window and nothing else, so an
embedding depends on its window alone. Edge: runs an ONNX session.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ModelError
from controller.listening.embed.mel import SMALL_FRAMES, SMALL_STEP, openl3_mel256, small_frames
from controller.listening.session import open_session
from controller.messages import Embedding, Window
from controller.sound_format import HOP_S, HOP_SAMPLES

EMBEDDING_SIZE = 512
NEW_FRAMES = HOP_SAMPLES // SMALL_STEP
OLD_SAMPLES = (SMALL_FRAMES - NEW_FRAMES) * SMALL_STEP
"""Where the first new frame of a window begins."""


class SmallPatch:
    """The frames of a window; of those it shares with the window before only the new ones are made."""

    def __init__(self) -> None:
        self._shared: Float32Array = np.zeros(0, np.float32)
        self._frames: Float32Array = np.zeros((0, 0), np.float32)

    def __call__(self, samples: Float32Array) -> Float32Array:
        """(1, 96, 64) of samples (48000,)."""
        if np.array_equal(samples[:-HOP_SAMPLES], self._shared):
            self._frames = np.concatenate([self._frames[NEW_FRAMES:], small_frames(samples[OLD_SAMPLES:])])
        else:
            self._frames = small_frames(samples)
        self._shared = samples[HOP_SAMPLES:].copy()  # whoever gave them may write into them again
        return self._frames[None]


def _openl3_patch(samples: Float32Array) -> Float32Array:
    return openl3_mel256(samples)[None, :, :, None]


FrontEnd = Callable[[Float32Array], Float32Array]
FRONT_ENDS: dict[str, tuple[Callable[[], FrontEnd], list[int]]] = {
    "small64": (SmallPatch, [1, 96, 64]),
    "openl3-mel256": (lambda: _openl3_patch, [1, 256, 199, 1]),
}
"""What makes one, and the shape of what it makes."""


class Embedder:
    """One second of sound to 512 floats.

    Args:
        folder: artefact folder of kind `embedder`.
        threads: ONNX threads; one is right on a busy machine.
        provider: "cpu" or "cuda".

    Raises:
        ModelError: the artefact does not fit the contract.
    """

    def __init__(self, folder: Path, *, threads: int = 1, provider: str = "cpu") -> None:
        self.manifest = read_manifest(folder, "embedder", HOP_S)
        self._front_end = _front_end(folder, self.manifest)
        self._session = open_session(folder, self.manifest, threads=threads, provider=provider)
        self._input = self.manifest.step.inputs[0].name

    @property
    def name(self) -> str:
        """What decoders are bound to."""
        return self.manifest.name

    @property
    def identity(self) -> dict[str, str]:
        """Name, and checksum of the network: what embeddings can only be compared under."""
        return {"embedder": self.manifest.name, "sha256": self.manifest.step.sha256}

    def embed(self, window: Window) -> Embedding:
        """The window's embedding; zeros if the network answers with something that is no number."""
        (vector,) = self._session.run(None, {self._input: self._front_end(window.samples)})
        flat = np.asarray(vector, np.float32).reshape(EMBEDDING_SIZE)
        if not np.isfinite(flat).all():
            flat = np.zeros(EMBEDDING_SIZE, np.float32)
        return Embedding(window.t_s - self.manifest.centre_s, window.seq, flat)


def _front_end(folder: Path, manifest: Manifest) -> FrontEnd:
    path = folder / "manifest.yaml"
    if manifest.front_end is None:
        raise ModelError(f"{path}: front_end is missing; an embedder needs one of {', '.join(FRONT_ENDS)}")
    make, shape = FRONT_ENDS[manifest.front_end]
    inputs, outputs = manifest.step.inputs, manifest.step.outputs
    if len(inputs) != 1 or inputs[0].shape != shape:
        found = [tensor.shape for tensor in inputs]
        raise ModelError(f"{path}: step.inputs: {manifest.front_end} feeds one input of shape {shape}, not {found}")
    if len(outputs) != 1 or outputs[0].shape != [1, EMBEDDING_SIZE]:
        found = [tensor.shape for tensor in outputs]
        raise ModelError(f"{path}: step.outputs: an embedding has shape [1, {EMBEDDING_SIZE}], not {found}")
    return make()
