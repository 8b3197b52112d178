"""A network that reads one frame after the other and keeps its own state between them. Edge: ONNX sessions.

Some read several frames in one call: their weights, megabytes, then come through the processor's caches once for all
of them, which takes a third of the time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, OnnxFile, Tensor
from controller.errors import ModelError, first_line
from controller.listening.session import Bound, open_session

if TYPE_CHECKING:
    import onnxruntime


def open_networks(folder: Path, manifest: Manifest) -> "tuple[FrameNetwork, FrameNetwork | None]":
    """The network of beats, and that of drums, voice and kinds of sound, if the artefact has it.

    Raises:
        ModelError: one of them cannot be used.
    """
    beats = _opened(folder, manifest, manifest.step)
    return beats, None if manifest.sound is None else _opened(folder, manifest, manifest.sound)


def _opened(folder: Path, manifest: Manifest, file: OnnxFile) -> "FrameNetwork":
    """One of them, tried once: one that leaves a dimension open shows only then what it makes of it."""
    network = FrameNetwork(
        open_session(folder, manifest.model_copy(update={"step": file}), threads=1, provider="cpu"), file
    )
    silence = [np.zeros(one, np.float32) for one in [file.inputs[0].shape[1:]] * network.together]
    try:
        network.hear(silence)
        network.hear(silence[:1])
    except Exception as error:
        # onnxruntime raises a class of its own for each failure and documents none of them as stable
        raise ModelError(
            f"{folder / file.file}: does not hear {network.together} frames at once, and not one after them "
            f"({first_line(error)[:200]}); export the model again"
        ) from error
    network.reset()
    return network


class FrameNetwork:
    """The network and its state.

    Args:
        session: the network. file: its entry in the manifest. Its first input is frames (together, 272), its first
            output what is heard in them; the others are the state.

    Attributes:
        together: so many frames are read in one call.
    """

    def __init__(self, session: "onnxruntime.InferenceSession", file: OnnxFile) -> None:
        self._session, self._file = session, file
        self.together = file.inputs[0].shape[0]
        self._frames, self._heard = (_room_for(one[:1])[0] for one in (file.inputs, file.outputs))
        # read from one, written to the other, in turns
        self._states = [_room_for(file.inputs[1:]) for _ in range(2)]
        self._runs = {self.together: self._bound(self.together)}
        self._turn = 0

    def _bound(self, count: int) -> list[Bound]:
        """Runs for so many frames at once, in both turns."""
        inputs, outputs = ([one.name for one in tensors] for tensors in (self._file.inputs, self._file.outputs))
        heard = self._heard[: count * len(self._heard) // self.together]
        return [
            Bound(
                self._session,
                dict(zip(inputs, [self._frames[:count], *before], strict=True)),
                dict(zip(outputs, [heard, *after], strict=True)),
            )
            for before, after in (self._states, self._states[::-1])
        ]

    def another(self) -> "FrameNetwork":
        """The same network with a state of its own."""
        return FrameNetwork(self._session, self._file)

    def reset(self) -> None:
        """As before the first frame."""
        for one in self._states[self._turn]:
            one[:] = 0.0

    def hear(self, frames: Sequence[Float32Array]) -> Float32Array:
        """What is heard in frames (272,) each, a row for each; in as many calls as it takes."""
        if len(frames) <= self.together:
            return self._call(frames)
        return np.concatenate(
            [self._call(frames[first : first + self.together]) for first in range(0, len(frames), self.together)]
        )

    def _call(self, frames: Sequence[Float32Array]) -> Float32Array:
        count = len(frames)
        self._frames[:count] = frames
        if count not in self._runs:
            self._runs[count] = self._bound(count)
        self._runs[count][self._turn].run()
        self._turn = 1 - self._turn
        return self._heard.reshape(self.together, -1)[:count].copy()


def _room_for(tensors: list[Tensor]) -> list[Float32Array]:
    return [np.zeros(one.shape, np.float32) for one in tensors]
