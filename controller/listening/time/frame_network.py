"""A network that reads one frame after the other and keeps its own state between them. Edge: ONNX sessions."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest
from controller.listening.session import Bound, open_session

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
        inputs, outputs = session.get_inputs(), session.get_outputs()
        self._frame: Float32Array = np.zeros(inputs[0].shape, np.float32)
        self._heard: Float32Array = np.zeros(outputs[0].shape, np.float32)
        # read from one, written to the other, in turns
        self._states = [[np.zeros(one.shape, np.float32) for one in inputs[1:]] for _ in range(2)]
        self._runs = [
            Bound(
                session,
                dict(zip([one.name for one in inputs], [self._frame, *before], strict=True)),
                dict(zip([one.name for one in outputs], [self._heard, *after], strict=True)),
            )
            for before, after in (self._states, self._states[::-1])
        ]
        self._turn = 0

    def another(self) -> "FrameNetwork":
        """The same network with a state of its own."""
        return FrameNetwork(self._session)

    def reset(self) -> None:
        """As before the first frame."""
        for one in self._states[self._turn]:
            one[:] = 0.0

    def step(self, frame: Float32Array) -> Float32Array:
        """What is heard in a frame (272,)."""
        self._frame[0] = frame
        self._runs[self._turn].run()
        self._turn = 1 - self._turn
        return self._heard.copy()
