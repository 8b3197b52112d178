"""ONNX sessions opened from a checked artefact. Edge: the runtime that both networks share."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, Tensor
from controller.errors import ModelError, first_line

if TYPE_CHECKING:
    import onnxruntime

APART = 16
"""Each tensor begins at a multiple of so many numbers: at least at 64 bytes, as the runtime's own do."""
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def runtime() -> Any:  # noqa: ANN401 - a module without type hints
    """ONNX Runtime.

    Raises:
        ModelError: it is not installed; says which package has it.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - the rest of the program works without it
    except ImportError as error:
        raise ModelError(
            f"the models need ONNX Runtime, which cannot be loaded here ({first_line(error)}); install it: "
            "pip install onnxruntime (the extra cpu), or onnxruntime-gpu (the extra gpu) where there is an NVIDIA card"
        ) from error
    return onnxruntime


def open_session(folder: Path, manifest: Manifest, *, threads: int, provider: str) -> "onnxruntime.InferenceSession":
    """A session whose inputs and outputs are exactly those the manifest promises.

    What hears may leave dimensions open: how many frames it reads at once.

    Raises:
        ModelError: not an ONNX network, other names, types or shapes than promised, or the provider is not to be had.
    """
    path, onnxruntime = folder / manifest.step.file, runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # a spinning worker would take the core that the output process needs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wished = PROVIDERS[provider]
    _check_provider(path, provider, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(path, options, providers=[wished])
    except Exception as error:
        # onnxruntime raises a class of its own for each failure and documents none of them as stable
        raise ModelError(
            f"{path}: not a usable ONNX network ({first_line(error)[:200]}); export the model again"
        ) from error
    # a GPU build lists CUDA as available without a GPU and falls back in silence: only the session itself knows
    _check_provider(path, provider, session.get_providers())
    fits = _fits if manifest.kind == "hearing" else list.__eq__
    _compare(path, "input", manifest.step.inputs, session.get_inputs(), fits)
    _compare(path, "output", manifest.step.outputs, session.get_outputs(), fits)
    return session


class Bound:
    """A session that reads and writes arrays of ours, always the same ones: nothing is made anew in a run.

    Args:
        session: the network. inputs, outputs: all of both, C-contiguous, by name; they are kept.
    """

    def __init__(
        self,
        session: "onnxruntime.InferenceSession",
        inputs: Mapping[str, Float32Array],
        outputs: Mapping[str, Float32Array],
    ) -> None:
        self._session, self._kept = session, (inputs, outputs)
        self._binding = session.io_binding()
        for bind, arrays in ((self._binding.bind_input, inputs), (self._binding.bind_output, outputs)):
            for name, array in arrays.items():
                bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def run(self) -> None:
        """From the inputs to the outputs."""
        self._session.run_with_iobinding(self._binding)


def _check_provider(path: Path, provider: str, offered: list[str]) -> None:
    if PROVIDERS[provider] not in offered:
        raise ModelError(
            f"{path}: model.provider is '{provider}' but this machine offers {', '.join(offered)}; "
            "use 'cpu', or install the gpu extra with its driver"
        )


def zeros(tensors: list[Tensor]) -> dict[str, Float32Array]:
    """A zeroed array for each tensor, by name; those of one type lie side by side in memory.

    A decoder's caches are megabytes that are read through in every hop. NumPy asks for large pages for an array of more
    than 4 MiB: looking up thousands of small ones took a fifth of the time of a hop.
    """
    made: dict[str, Float32Array] = {}
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        alike = [tensor for tensor in tensors if tensor.dtype == dtype]
        sizes = [-(-math.prod(tensor.shape) // APART) * APART for tensor in alike]
        block, at = np.zeros(sum(sizes), dtype), 0
        for tensor, size in zip(alike, sizes, strict=True):
            made[tensor.name] = block[at : at + math.prod(tensor.shape)].reshape(tensor.shape)
            at += size
    return made


def _compare(
    path: Path,
    what: str,
    promised: list[Tensor],
    found: "list[onnxruntime.NodeArg]",
    fits: Callable[[list[Any], list[Any]], bool],
) -> None:
    kinds = {"tensor(float)": "float32", "tensor(int64)": "int64"}
    there = {node.name: (kinds.get(node.type, node.type), list(node.shape)) for node in found}
    wanted = {tensor.name: (str(tensor.dtype), list(tensor.shape)) for tensor in promised}
    for name in sorted(set(there) ^ set(wanted)):
        place = "the network" if name in there else "the manifest"
        raise ModelError(f"{path}: {what} '{name}' is only in {place}; export the model again")
    for name, (dtype, shape) in wanted.items():
        if there[name][0] != dtype or not fits(there[name][1], shape):
            raise ModelError(
                f"{path}: {what} '{name}' is {there[name][0]} {there[name][1]}, the manifest says {dtype} {shape}; "
                "export the model again"
            )


def _fits(there: list[Any], promised: list[Any]) -> bool:
    """Whether a network takes this shape: a dimension that is no number is open."""
    alike = zip(there, promised, strict=False)
    return len(there) == len(promised) and all(not isinstance(one, int) or one == other for one, other in alike)
