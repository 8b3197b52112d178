"""What a file that was handed over as weights really is, by what is in it and not by its name. Edge: reads files.

People have archives, web pages saved under a file's name, pointers that git left, and downloads that never ended. Each
has its own remedy, and "damaged" is none.
"""

import tarfile
import zipfile
from pathlib import Path

HEAD_BYTES = 512
NAMED_AT_MOST = 4
WEIGHTS = {".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".h5", ".gz"}
UNFINISHED = {".part", ".partial", ".crdownload", ".download", ".aria2", ".incomplete"}
UNPACK = "unpack it and give the files in it"
AGAIN = "fetch the file itself"
GZIP, HDF5 = b"\x1f\x8b", b"\x89HDF\r\n\x1a\n"
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive; {UNPACK}"),
    (b"Rar!\x1a\x07", f"a RAR archive; {UNPACK}"),
    (b"\xfd7zXZ\x00", f"packed with xz; {UNPACK}"),
    (b"BZh", f"packed with bzip2; {UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"packed with zstd; {UNPACK}"),
    (GZIP, f"packed with gzip; {UNPACK}"),
    (b"version https://git-lfs", f"a pointer of git-lfs and not the file; run git lfs pull, or {AGAIN}"),
    (b"/annex/objects/", f"a pointer of git-annex and not the file; run git annex get, or {AGAIN}"),
    (HDF5, "HDF5, as Keras writes it; weights of OpenL3 go to python -m tools.train.openl3 import"),
    (b"GGUF", "a GGUF file, which is for language models; give the authors' file"),
    (b"\x93NUMPY", "an array of NumPy; give the authors' file"),
    (b"%PDF", f"a PDF; {AGAIN}"),
)


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as safetensors does: the length of a JSON header, and that."""
    with path.open("rb") as stream:
        head = stream.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def archived(path: Path) -> list[str] | None:
    """Names in a ZIP that is an archive; None: it is none, or one that PyTorch wrote as a checkpoint."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as packed:
        names = [info.filename for info in packed.infolist() if not info.is_dir()]
    return None if any(Path(name).name == "data.pkl" for name in names) else names


def mistaken(path: Path, *, hdf5: bool = False) -> str | None:
    """What a file is that cannot be weights, and what to do, in one line; None: it may be weights.

    Args:
        hdf5: whether weights in HDF5, plain or as .gz, are wanted.
    """
    if path.is_dir():
        return (
            f"a folder{_with(sorted(one.name for one in path.iterdir() if one.suffix in WEIGHTS))}; give a file in it"
        )
    if path.suffix in UNFINISHED:
        return "a download that has not ended; let it end, or fetch it again"
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        return "empty (0 bytes); fetch it again"
    return _archive(path, head) or _magic(head, passed=(GZIP, HDF5) if hdf5 else ()) or _text(head)


def _archive(path: Path, head: bytes) -> str | None:
    names = archived(path)
    if names is not None and all(name.endswith(".npy") for name in names):
        return "arrays of NumPy (.npz); give the authors' file"
    if names is not None:
        return f"a ZIP{_with(names)}; {UNPACK}"
    return f"a tar archive{_with(_of_tar(path))}; {UNPACK}" if head[257:262] == b"ustar" else None


def _magic(head: bytes, passed: tuple[bytes, ...]) -> str | None:
    return next((what for magic, what in MAGIC if head.startswith(magic) and magic not in passed), None)


def _text(head: bytes) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<!--")):
        return f"a web page saved under this name; {AGAIN} (followspot models pull, or the page's download button)"
    if start.startswith((b"<?xml", b'{"', b"{'")):
        return f"a text, perhaps what a server answered in place of the file; {AGAIN}"
    return None


def _of_tar(path: Path) -> list[str]:
    try:
        with tarfile.open(path) as packed:
            return [one.name for one in packed if one.isfile()]
    except (tarfile.TarError, OSError, EOFError):
        return []


def _with(names: list[str]) -> str:
    """Words: " with a, b and 3 more", weights first."""
    first = sorted(names, key=lambda name: Path(name).suffix not in WEIGHTS)
    more = f" and {len(first) - NAMED_AT_MOST} more" if len(first) > NAMED_AT_MOST else ""
    return f" with {', '.join(first[:NAMED_AT_MOST])}{more}" if first else ""
