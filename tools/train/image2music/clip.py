"""CLIP as the user brings it: two ONNX files and a tokenizer, for a third way of searching. Edge: reads files.

DIR holds `image.onnx` (pixels (1, 3, S, S) float32 in, one vector out), `text.onnx` (ids (1, L) int64 in, one vector
out), and `tokenizer.json`, which needs the package `tokenizers`. No CLIP is shipped: none that may be was found.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from controller.arrays import ByteArray, Float32Array
from tools.train.image2music.cache import missing_package
from tools.train.image2music.errors import OpeningError

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
SPREAD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


class Clip:
    """Pictures and texts in one space.

    Args:
        folder: see the module.

    Raises:
        OpeningError: a file is missing or does not fit.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("image.onnx", "text.onnx", "tokenizer.json"):
            if not (folder / name).is_file():
                raise OpeningError(
                    f"{folder / name}: missing; --clip names a folder with image.onnx, text.onnx, tokenizer.json"
                )
        try:
            from tokenizers import Tokenizer  # noqa: PLC0415 - only for those who bring CLIP
        except ImportError as error:
            raise missing_package(error) from error
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._image, self._text = (
                onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
                for name in ("image.onnx", "text.onnx")
            )
        except Exception as error:  # both libraries raise their own plain exceptions for damaged files
            raise OpeningError(f"{folder}: not usable as CLIP: {error}") from error
        self._pixels, self._ids = self._image.get_inputs()[0], self._text.get_inputs()[0]

    def image(self, rgb: ByteArray) -> Float32Array:
        """(D,) unit vector of a picture (H, W, 3)."""
        side = self._pixels.shape[-1] if isinstance(self._pixels.shape[-1], int) else 224
        small = np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255.0
        pixels = ((small - MEAN) / SPREAD).transpose(2, 0, 1)[None]
        return _unit(self._image.run(None, {self._pixels.name: pixels})[0])

    def texts(self, captions: Sequence[str]) -> Float32Array:
        """(N, D) unit vectors of texts."""
        return np.stack([self._one(one) for one in captions])

    def _one(self, text: str) -> Float32Array:
        length = self._ids.shape[-1]
        ids = self._tokenizer.encode(text).ids
        if isinstance(length, int):
            ids = (ids + [0] * length)[:length]
        return _unit(self._text.run(None, {self._ids.name: np.array([ids], np.int64)})[0])


def _unit(vector: Float32Array) -> Float32Array:
    row = np.asarray(vector, np.float32).reshape(-1)
    return row / max(float(np.linalg.norm(row)), 1e-9)


def open_clip(folder: Path) -> Clip:
    """The CLIP in a folder; see `Clip`."""
    return Clip(folder)
