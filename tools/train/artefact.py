"""Writing model artefacts: the other side of `controller.artefacts.artefact`, which reads and checks them.

Edge: writes files.
"""

from pathlib import Path

import onnx
import yaml
from onnx import TensorProto

from controller.artefacts.artefact import Manifest, OnnxFile, Tensor, sha256_of

DTYPES = {TensorProto.FLOAT: "float32", TensorProto.INT64: "int64"}


def _tensor(info: onnx.ValueInfoProto) -> Tensor:
    kind = info.type.tensor_type
    return Tensor(name=info.name, dtype=DTYPES[kind.elem_type], shape=[d.dim_value for d in kind.shape.dim])


def describe_onnx(path: Path) -> OnnxFile:
    """Names, types and shapes as the file itself states them; a dynamic shape is refused (a dimension of 0)."""
    graph = onnx.load(path).graph
    inputs, outputs = [_tensor(i) for i in graph.input], [_tensor(o) for o in graph.output]
    return OnnxFile(file=path.name, sha256=sha256_of(path), inputs=inputs, outputs=outputs)


def write_manifest(folder: Path, step: Path, *, refresh: Path | None = None, **fields: str | float | None) -> Manifest:
    """Write `folder/manifest.yaml` (format 1) for its ONNX files; `fields` are those of `Manifest`."""
    graphs = {"step": describe_onnx(step)} | ({"refresh": describe_onnx(refresh)} if refresh else {})
    return save_manifest(folder, Manifest.model_validate({"format": 1, **fields, **graphs}))


def save_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write `folder/manifest.yaml`."""
    text = yaml.safe_dump(manifest.model_dump(exclude_none=True), sort_keys=False, default_flow_style=None, width=120)
    (folder / "manifest.yaml").write_text(text, encoding="utf-8")
    return manifest
