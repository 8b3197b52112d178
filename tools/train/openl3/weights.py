"""OpenL3's released Keras weights (`openl3_audio_mel256_music.h5`, v0.4 layout), read with h5py: no TensorFlow.

Layers are walked in the order of the file's own `layer_names` and matched by it, because their names carry counters:
those that have weights alternate between batch normalisation (gamma, beta, mean, variance) and convolution (kernel as
height, width, in, out; bias), eight of each. Files up to v0.2 begin with a spectrogram layer of kapre's: it is dropped.
Edge: reads a file; nothing in it is executed.
"""

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import torch

from controller.errors import ModelError
from tools.train.in_hand import mistaken
from tools.train.openl3.network import CHANNELS, OpenL3

Arrays = list[npt.NDArray[np.float32]]
NORM_KINDS, CONVOLUTION_KINDS = ("gamma", "beta", "moving_mean", "moving_variance"), ("kernel", "bias")


def read_weights(path: Path) -> OpenL3:
    """The network with the weights of a file, in eval mode.

    Args:
        path: `.h5`, or `.h5.gz` as it is published.

    Raises:
        ModelError: not HDF5, cut short, or not exactly the layers and shapes of music/mel256/512.
    """
    if not path.exists():
        raise ModelError(f"{path}: no such file; give the path of OpenL3's .h5 weights")
    if (what := mistaken(path, hdf5=True)) is not None:
        raise ModelError(f"{path}: is {what}")
    try:
        with _plain(path) as plain, h5py.File(plain, "r") as file:
            layers = list(_layers(path, file))
    except (OSError, EOFError, KeyError, RuntimeError, gzip.BadGzipFile) as error:
        raise ModelError(
            f"{path}: not readable as HDF5 weights, perhaps cut short ({error}); fetch it again"
        ) from error
    if layers and _is_spectrogram(layers[0]):
        layers = layers[1:]
    return _network(path, layers)


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """The file itself, or what is inside its `.gz`."""
    if path.suffix != ".gz":
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".h5") as unpacked, gzip.open(path) as packed:
        shutil.copyfileobj(packed, unpacked)
        unpacked.flush()
        yield Path(unpacked.name)


def _layers(path: Path, file: h5py.File) -> Iterator[tuple[str, list[str], Arrays]]:
    """Name, weight names and weights of each layer that has any, in the file's order."""
    root = file.get("model_weights", file)
    if "layer_names" not in root.attrs:
        raise ModelError(f"{path}: has no 'layer_names'; this is not a Keras weights file")
    for name in (_text(name) for name in root.attrs["layer_names"]):
        if name not in root:
            raise ModelError(f"{path}: layer '{name}' is listed but missing; the file is damaged, fetch it again")
        names = [_text(weight) for weight in root[name].attrs.get("weight_names", [])]
        if names:
            yield name, names, [np.asarray(root[name][weight], np.float32) for weight in names]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _is_spectrogram(layer: tuple[str, list[str], Arrays]) -> bool:
    """kapre's layers hold Fourier and mel matrices, never four vectors."""
    name, _, arrays = layer
    return "spectrogram" in name or any(array.ndim in (2, 4) and array.size > 100_000 for array in arrays)


def _network(path: Path, layers: list[tuple[str, list[str], Arrays]]) -> OpenL3:
    network = OpenL3()
    if len(layers) != 2 * len(CHANNELS):
        named = ", ".join(name for name, _, _ in layers[:4])
        raise ModelError(
            f"{path}: {len(layers)} layers with weights ({named}…), not {2 * len(CHANNELS)}; "
            "give the file of music, mel256 (or env, mel256)"
        )
    for index, (layer, norm, convolution) in enumerate(
        zip(layers[1::2], network.norms, network.convolutions, strict=True)
    ):
        before = layers[2 * index]
        channels = norm.num_features
        _check(path, before, NORM_KINDS, [(channels,)] * 4)
        _check(path, layer, CONVOLUTION_KINDS, [(3, 3, channels, CHANNELS[index]), (CHANNELS[index],)])
        gamma, beta, mean, variance = (torch.from_numpy(array) for array in before[2])
        kernel, bias = (torch.from_numpy(array) for array in layer[2])
        norm.load_state_dict(
            {
                "weight": gamma,
                "bias": beta,
                "running_mean": mean,
                "running_var": variance,
                "num_batches_tracked": torch.tensor(0),
            }
        )
        convolution.load_state_dict({"weight": kernel.permute(3, 2, 0, 1).contiguous(), "bias": bias})
    return network.eval()


def _check(
    path: Path, layer: tuple[str, list[str], Arrays], kinds: tuple[str, ...], shapes: list[tuple[int, ...]]
) -> None:
    name, names, arrays = layer
    found = [array.shape for array in arrays]
    ends = [weight.rsplit("/", 1)[-1].split(":")[0] for weight in names]
    if found != shapes or ends != list(kinds):
        there = ", ".join(f"{end} {list(shape)}" for end, shape in zip(ends, found, strict=True))
        wanted = ", ".join(f"{kind} {list(shape)}" for kind, shape in zip(kinds, shapes, strict=True))
        raise ModelError(f"{path}: layer '{name}' holds {there}, where {wanted} should be; reordered or another model?")
    if not all(np.isfinite(array).all() for array in arrays):
        raise ModelError(f"{path}: layer '{name}' holds numbers that are not finite; fetch the file again")
