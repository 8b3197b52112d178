"""Model artefacts: a folder with ONNX files and a manifest that says exactly what they are.

A manifest is checked before a session is made from it: a missing file, a wrong checksum, shape or hop is refused here,
before the show, and never discovered by a crash in it. Edge: reads files.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.errors import ModelError
from controller.yaml_places import NO_YAML, composed, meant

LOCATION = b"\x0a\x08location\x12"
"""How an entry `location` of a tensor's external data begins in the file (protobuf: field 1, eight bytes; field 2)."""
MAX_MANIFEST_BYTES = 100_000
Kind = Literal["embedder", "decoder", "hearing"]
Shape = list[Annotated[int, Field(ge=1)]]


class Tensor(BaseModel):
    """Name, element type and fixed shape of one input or output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dtype: Literal["float32", "int64"]
    shape: Shape


class OnnxFile(BaseModel):
    """One ONNX file of an artefact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    """In the artefact's own folder: a model that somebody sent names no other files."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    inputs: list[Tensor]
    outputs: list[Tensor]


class Weights(BaseModel):
    """The file that training goes on from, where the ONNX files do not hold the weights as they were trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """`manifest.yaml` of an artefact folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    name: str
    kind: Kind
    hop_s: Annotated[float, Field(gt=0)]
    window_s: Annotated[float, Field(gt=0)]
    front_end: Literal["small64", "openl3-mel256"] | None = None
    """Embedders: which spectrogram of `embed/mel.py` the network reads."""
    embedder: str | None = None
    """Decoders: name of the embedder whose embeddings they were trained on; any other is refused."""
    embedder_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Decoders: checksum of that embedder's network; one of the same name that was trained again is refused."""
    context_hops: Annotated[int, Field(ge=4)] | None = None
    """Decoders: positions in the cache."""
    bearings: Annotated[int, Field(ge=1)] | None = None
    """Decoders: version of the numbers of `decode/bearings.py` that they are told; None: they are told none."""
    look_ahead_s: Annotated[float, Field(ge=0)] = 0.0
    """How much future sound one output depends on."""
    centre_s: Annotated[float, Field(ge=0)] = 0.0
    """Embedders: how long before the window's end the moment lies that an embedding stands for. OpenL3's, whose
    decoders were trained on centred windows: 0.5."""
    derived_from: str | None = None
    """Embedders: name of the one this stands in for (its int8 form, a distilled student); its decoders accept this.
    Decoders: name of the model this was finetuned from."""
    derived_from_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Checksum of that one's step network."""
    learnt_from: Annotated[str, Field(max_length=500)] | None = None
    """Decoders that were finetuned: what they learnt from, in a sentence."""
    worse: Annotated[str, Field(max_length=1000)] | None = None
    """Decoders that were finetuned: what got worse by it on light that nothing was learnt from. Such a model is staged
    only by somebody who says so."""
    weights: Weights | None = None
    """Not read by a show."""
    step: OnnxFile
    refresh: OnnxFile | None = None
    """Decoders with a bidirectional encoder: reads the past anew, every `refresh_hops` hops."""
    refresh_hops: Annotated[int, Field(ge=1)] | None = None
    sound: OnnxFile | None = None
    """Hearing: tells drums, voice and kinds of sound, and helps with beats."""


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_manifest(folder: Path, kind: Kind, hop_s: float) -> Manifest:
    """The manifest of `folder`, after every check that needs no ONNX runtime.

    Raises:
        ModelError: folder, manifest or ONNX file missing, manifest invalid, wrong kind or hop, checksum differs.
    """
    path = folder / "manifest.yaml"
    if not path.is_file():
        raise ModelError(f"{path}: no such manifest; `model.{kind}` in config.yaml must name a folder under models/")
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise ModelError(f"{path}: larger than {MAX_MANIFEST_BYTES} bytes; this is no manifest")
    try:
        data = meant(composed(path.read_text(encoding="utf-8")))
    except (*NO_YAML, OSError) as error:
        raise ModelError(f"{path}: not readable as YAML: {error}; restore the file") from error
    manifest = manifest_of(data, path)
    if manifest.kind != kind:
        raise ModelError(f"{path}: this is a {manifest.kind}, `model.{kind}` needs a {kind}")
    if abs(manifest.hop_s - hop_s) > 1e-9:
        raise ModelError(f"{path}: hop_s is {manifest.hop_s:g}, the controller runs at {hop_s:g}; use another model")
    for graph in (manifest.step, manifest.refresh, manifest.sound):
        if graph is not None:
            _check_file(folder, graph)
    return manifest


def manifest_of(data: object, path: Path) -> Manifest:
    """Plain data as the manifest that `path` holds.

    Raises:
        ModelError: a value is unknown, missing or out of range.
    """
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{path}: {place}: {first['msg']}; restore the file or export the model again") from error


def _check_file(folder: Path, graph: OnnxFile) -> None:
    onnx = folder / graph.file
    try:
        there = onnx.is_file()
    except OSError:  # no file can have such a name
        there = False
    if not there:
        raise ModelError(f"{onnx}: named by manifest.yaml but missing; restore it or export the model again")
    found = sha256_of(onnx)
    if found != graph.sha256:
        raise ModelError(
            f"{onnx}: sha256 is {found[:12]}…, the manifest says {graph.sha256[:12]}…; the file "
            "is damaged or was swapped: restore it or export the model again"
        )
    if _keeps_weights_elsewhere(onnx):
        raise ModelError(
            f"{onnx}: keeps weights in another file, which no checksum covers; export the model with its weights in it"
        )


def _keeps_weights_elsewhere(onnx: Path) -> bool:
    """Whether a graph names a file of weights (ONNX: `TensorProto.external_data`, the key `location`)."""
    rest = b""
    with onnx.open("rb") as file:
        while chunk := file.read(1 << 20):
            if LOCATION in rest + chunk:
                return True
            rest = chunk[-len(LOCATION) :]
    return False
