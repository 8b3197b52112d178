"""The bundled artefact `models/opening-composer`: its manifest, and opening it. Edge: reads files.

The show's manifests (`controller/artefacts/artefact.py`) have fixed shapes and a hop; a composer has neither, so this
one is its own: `manifest.json` names every file with its checksum, and nothing is used that does not match.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

from controller.artefacts.artefact import sha256_of
from tools.train.image2music.errors import OpeningError

BUNDLED = Path(__file__).parents[3] / "models" / "opening-composer"
GRAPHS = ("read.onnx", "write.onnx", "judge.onnx")
FILES = (*GRAPHS, "forms.json", "heights.npz", "weights.json")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Artefact:
    """An artefact whose files are what its manifest says."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def identity(self) -> str:
        """Name and the beginning of a checksum over all files."""
        return f"{self.manifest['name']} {self.manifest['files']['write.onnx'][:12]}"

    @property
    def weights(self) -> dict[str, Any]:
        """`weights.json`: the critic's targets and weights, and how much counts weigh beside the composer's network."""
        return dict(json.loads((self.folder / "weights.json").read_text(encoding="utf-8")))

    def session(self, name: str) -> onnxruntime.InferenceSession:
        """An ONNX session on one thread: two threads that wait for each other cost more than they bring here."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(self.folder / name, options, providers=["CPUExecutionProvider"])


def open_artefact(folder: Path = BUNDLED) -> Artefact:
    """Check an artefact.

    Raises:
        OpeningError: it is missing, damaged or of another format.
    """
    file = folder / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        known = manifest["format"], manifest["name"], manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OpeningError(f"{file}: not readable ({error}); restore it, or compose with --composer ngram") from error
    if known[0] != FORMAT:
        raise OpeningError(f"{file}: format {known[0]} instead of {FORMAT}; use the tools that wrote it")
    for name in FILES:
        there = folder / name
        if not there.is_file() or sha256_of(there) != known[2].get(name):
            raise OpeningError(f"{there}: missing, damaged or swapped; restore it, or compose with --composer ngram")
    return Artefact(folder, manifest)


def write_manifest(folder: Path, name: str, **facts: object) -> None:
    """Write `manifest.json` for the files of a folder."""
    plain = {"format": FORMAT, "name": name, **facts, "files": {one: sha256_of(folder / one) for one in FILES}}
    (folder / "manifest.json").write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
