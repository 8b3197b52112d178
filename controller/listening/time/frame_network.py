"""A network that reads one frame after the other and keeps its own state between them. Edge: ONNX sessions."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest
from controller.listening.session import open_session

if TYPE_CHECKING:
    import onnxruntime


def open_networks(folder: Path, manifest: Manifest) -> "tuple[FrameNetwork, FrameNetwork | None]":
    """The network of beats, and that of drums, voice and kinds of sound, if the artefact has it.

    Raises:
        ModelError: one of them cannot be used.
    """
    beats = FrameNetwork(open_session(folder, manifest, threads=1, provider="cpu"))
    if manifest.sound is None:
        return beats, None
    named = manifest.model_copy(update={"step": manifest.sound})
    return beats, FrameNetwork(open_session(folder, named, threads=1, provider="cpu"))


class FrameNetwork:
    """The network and its state.

    Args:
        session: its first input is the frame, its first output what is heard in it; the others are the state.
    """

    def __init__(self, session: "onnxruntime.InferenceSession") -> None:
        self._session = session
        self._names = [one.name for one in session.get_inputs()]
        self._shapes = [tuple(one.shape) for one in session.get_inputs()[1:]]
        self.reset()

    def another(self) -> "FrameNetwork":
        """The same network with a state of its own."""
        return FrameNetwork(self._session)

    def reset(self) -> None:
        """As before the first frame."""
        self._state = [np.zeros(shape, np.float32) for shape in self._shapes]

    def step(self, frame: Float32Array) -> Float32Array:
        """What is heard in a frame (272,)."""
        given = dict(zip(self._names, [frame[None], *self._state], strict=True))
        heard, *self._state = self._session.run(None, given)
        return np.asarray(heard, np.float32)
