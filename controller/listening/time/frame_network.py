"""A network that reads one frame after the other and keeps its own state between them. Edge: ONNX Runtime."""

import numpy as np
import onnxruntime

from controller.arrays import Float32Array


class FrameNetwork:
    """The network and its state.

    Args:
        session: its first input is the frame, its first output what is heard in it; the others are the state.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._names = [one.name for one in session.get_inputs()]
        self._shapes = [tuple(one.shape) for one in session.get_inputs()[1:]]
        self.reset()

    def reset(self) -> None:
        """As before the first frame."""
        self._state = [np.zeros(shape, np.float32) for shape in self._shapes]

    def step(self, frame: Float32Array) -> Float32Array:
        """What is heard in a frame (272,)."""
        given = dict(zip(self._names, [frame[None], *self._state], strict=True))
        heard, *self._state = self._session.run(None, given)
        return np.asarray(heard, np.float32)
