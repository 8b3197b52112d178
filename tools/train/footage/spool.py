"""Arrays that grow on disk: a film's features are written as they come and become one `.npz` at the end. Edge.

Nothing of a film's length is held in memory, and a killed run leaves only a folder that the next one throws away.
"""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.arrays import AnyArray

COPY_BYTES = 1 << 20


class Spool:
    """A folder of raw arrays, one file each, appended row by row.

    Args:
        folder: made anew; what an earlier run left there is deleted.
    """

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self._forms: dict[str, tuple[np.dtype[np.generic], tuple[int, ...]]] = {}
        self.rows: dict[str, int] = {}

    def append(self, name: str, rows: AnyArray) -> None:
        """Add rows (n, ...); dtype and shape of a row are those of the first call."""
        form = self._forms.setdefault(name, (rows.dtype, rows.shape[1:]))
        if form != (rows.dtype, rows.shape[1:]):
            raise ValueError(f"{name}: rows of {rows.dtype} {rows.shape[1:]} after {form}")
        with (self.folder / name).open("ab") as stream:
            stream.write(np.ascontiguousarray(rows).tobytes())
        self.rows[name] = self.rows.get(name, 0) + len(rows)

    def read(self, name: str, first: int, last: int) -> AnyArray:
        """Rows first..last-1, a copy."""
        dtype, shape = self._forms[name]
        size = dtype.itemsize * int(np.prod(shape, dtype=int))
        with (self.folder / name).open("rb") as stream:
            stream.seek(first * size)
            raw = stream.read(max(last - first, 0) * size)
        return np.frombuffer(raw, dtype).reshape(-1, *shape)

    def take(self, name: str, indices: npt.NDArray[np.int64]) -> AnyArray:
        """Some rows in rising order of index; read as one run."""
        if not len(indices):
            return self.read(name, 0, 0)
        first = int(indices[0])
        return self.read(name, first, int(indices[-1]) + 1)[indices - first]

    def write_npz(self, path: Path, names: list[str], **small: npt.ArrayLike) -> None:
        """One `.npz` of spooled `names` and `small` arrays, complete or not there at all; of the same arrays, the same
        bytes."""
        partial = self.folder / "whole.partial"
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, array in small.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)
            for name in names:
                self._copy(archive, name)
        partial.replace(path)

    def _copy(self, archive: zipfile.ZipFile, name: str) -> None:
        dtype, shape = self._forms[name]
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False,
                  "shape": (self.rows[name], *shape)}  # fmt: skip
        entry = zipfile.ZipInfo(f"{name}.npy")  # of no date
        with archive.open(entry, "w", force_zip64=True) as target, (self.folder / name).open("rb") as source:
            np.lib.format.write_array_header_1_0(target, header)
            while chunk := source.read(COPY_BYTES):
                target.write(chunk)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
