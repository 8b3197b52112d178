"""Pickles from strangers: arrays, lists, dicts and numbers come through, anything else is named and refused. Edge.

A pickle is a program. This reader runs it with a few functions and nothing else to call, none of which can do more than
make an array from bytes that are in the file.
"""

import io
import pickle
from pathlib import Path

import numpy as np

from tools.train.footage.source import FootageError

MOST_BYTES = 1 << 30


def _empty_array(kind: type, shape: tuple[int, ...], code: bytes | str) -> np.ndarray:
    """What NumPy starts an array with; its contents come later. Other shapes would be memory on demand."""
    if kind is not np.ndarray or tuple(shape) != (0,):
        raise pickle.UnpicklingError("an array that is not made of the file's own bytes")
    return np.ndarray.__new__(np.ndarray, (0,), code)


def _scalar(dtype: np.dtype, raw: bytes) -> object:
    if dtype.hasobject or len(raw) != dtype.itemsize:
        raise pickle.UnpicklingError("a number that is none")
    return np.frombuffer(raw, dtype)[0]


def _bytes_of(text: str, encoding: str) -> bytes:
    """How Python 3 wrote bytes for Python 2."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text in {encoding}")
    return text.encode("latin-1")


def _from_buffer(raw: bytes, dtype: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    """How protocol 5 writes an array."""
    dtype = np.dtype(dtype)
    if dtype.hasobject or order not in ("C", "F"):
        raise pickle.UnpicklingError("an array of objects")
    return np.frombuffer(raw, dtype).reshape(shape, order=order)


ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _bytes_of,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _empty_array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return ALLOWED[module, name]

    def persistent_load(self, _pid: object) -> object:
        raise pickle.UnpicklingError("it asks for objects outside the file")


def read_plain(path: Path) -> object:
    """The contents of a pickle.

    Raises:
        FootageError: missing, too large, damaged, or made of more than plain data; nothing of it has been run.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise FootageError(f"{path}: {size} bytes; pickles above {MOST_BYTES} are refused, convert it to HDF5")
        return _Plain(io.BytesIO(path.read_bytes())).load()
    except FootageError:
        raise
    except (pickle.UnpicklingError, EOFError, OSError, ValueError, TypeError, AttributeError, IndexError, KeyError,
            ImportError, MemoryError, OverflowError, UnicodeError, RecursionError) as error:  # fmt: skip
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise FootageError(f"{path}: refused: {reason}; only arrays, lists, dicts and numbers are read") from error
