"""What people hand over as weights is named for what it is; weights are read whatever their name."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from controller.errors import ModelError  # noqa: E402
from tools.train.in_hand import mistaken  # noqa: E402
from tools.train.skipbart.official import read_tensors  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.official import read_tensors as read_symbolic  # noqa: E402

TENSORS = {"one.weight": torch.arange(6.0).reshape(2, 3)}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 560000000\n"


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def tarred(mode):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        info = tarfile.TarInfo("trained/bart_finetune.pth")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    return packed.getvalue()


def arrays():
    packed = io.BytesIO()
    np.savez(packed, a=np.ones(3))
    return packed.getvalue()


KINDS = {
    "a ZIP": (zipped(bart_finetune__pth=b"x", a__txt=b"y"), "a ZIP with bart_finetune.pth, a.txt; unpack"),
    "arrays": (arrays(), "arrays of NumPy"),
    "tar": (tarred("w"), "a tar archive with trained/bart_finetune.pth; unpack"),
    "tar.gz": (tarred("w:gz"), "packed with gzip; unpack"),
    "tar.xz": (tarred("w:xz"), "packed with xz; unpack"),
    "tar.bz2": (tarred("w:bz2"), "packed with bzip2; unpack"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7z archive; unpack"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(99), "a RAR archive; unpack"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(99), "packed with zstd"),
    "git-lfs": (POINTER, "a pointer of git-lfs"),
    "web page": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "a web page saved under this name"),
    "answer": (b'{"error":"Repository not found"}', "what a server answered"),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5, as Keras writes it"),
    "gguf": (b"GGUF" + bytes(99), "a GGUF file"),
    "empty": (b"", "empty (0 bytes)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["trained.zip", "bart_finetune.pth", "model.safetensors"])
@pytest.mark.parametrize(("read", "error"), [(read_tensors, ModelError), (read_symbolic, SymbolicError)])
def test_what_is_no_weights_is_named(tmp_path, kind, name, read, error):
    content, words = KINDS[kind]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as refused:
        read(tmp_path / name)
    assert words in str(refused.value)
    assert "cut short" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors", "a.bin"])
@pytest.mark.parametrize(
    "write", [torch.save, save_file, lambda t, p: torch.save(t, p, _use_new_zipfile_serialization=False)]
)
def test_weights_are_told_by_what_is_in_them(tmp_path, name, write):
    write(TENSORS, tmp_path / name)
    assert mistaken(tmp_path / name) is None
    for read in (read_tensors, read_symbolic):
        assert torch.equal(read(tmp_path / name)["one.weight"], TENSORS["one.weight"])


def test_a_folder_and_a_download_that_has_not_ended_are_named(tmp_path):
    (tmp_path / "bart_finetune.pth").write_bytes(b"x")
    assert mistaken(tmp_path) == "a folder with bart_finetune.pth; give a file in it"
    (tmp_path / "trained.zip.part").write_bytes(b"PK")
    assert "has not ended" in mistaken(tmp_path / "trained.zip.part")


def test_weights_that_are_cut_short_are_still_called_that(tmp_path):
    for number, write in enumerate((torch.save, save_file)):
        path = tmp_path / f"{number}.pth"
        write({"w": torch.ones(4000)}, path)
        path.write_bytes(path.read_bytes()[:-500])
        with pytest.raises(ModelError, match="cut short"):
            read_tensors(path)


def test_openl3_takes_hdf5_and_gzip_and_names_the_rest(tmp_path):
    pytest.importorskip("h5py")
    from tools.train.openl3.weights import read_weights

    (tmp_path / "a.h5.gz").write_bytes(gzip.compress(b"nothing"))
    assert mistaken(tmp_path / "a.h5.gz", hdf5=True) is None
    (tmp_path / "a.h5").write_bytes(POINTER)
    with pytest.raises(ModelError, match="a pointer of git-lfs"):
        read_weights(tmp_path / "a.h5")
