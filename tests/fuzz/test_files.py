"""Configuration, model manifests and show logs with anything in them: one kind of error, in its own words, soon."""

import io
import shutil

import numpy as np
import pytest
import yaml
from damage import Watch, bent, bent_bytes

from controller.artefacts.artefact import manifest_of, read_manifest
from controller.config import checked, read_config
from controller.errors import ConfigError, ModelError, RecordingError
from controller.messages import Command, LightToken, Pulse
from controller.records.cycles import Cycle, Heard, blocks, cycle_of, encode_block, plain

BOMB = "\n".join(["a0: &a0 [x, x]", *[f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 30)]])
NASTY = (
    "", "\0", "[" * 5_000, "{a: " * 5_000, "- " * 20_000, "? " * 3_000, BOMB, "&a [*a]", "a: &a {b: *a}",
    "!!python/object/apply:os.system [exit]", "!!python/name:os.system", "x: !!binary 'not base64!'", "1" * 200_000,
    "x: 2001-99-99", "x: 1:99:99:99", "x: 0x" + "f" * 10_000, "x: " + "9" * 6_000, "\ufeffvenue: x",
    "%YAML 9.9\n---\nx", "--- a\n--- b\n", "<<: {a: 1}", "<<: [1]", "? [1, 2]\n: 3", "x: !!timestamp 99999-01-01",
    "x: !!timestamp nope", "x: !!float nope", "x: !!int nope", "x: !!bool nope", "x: !!null []", "x: !!set {a, b}",
    "x: 2001-01-01T00:00:00+99:99", "x: !!omap 1", "x: !!pairs [1]", "x: !!int ''", "x: !!str {}", "!!map 1",
)  # fmt: skip


def variants(text, rng):
    """Damaged text, and damaged data written as text."""
    if rng.random() < 0.3:
        return bent_bytes(text, rng)
    data = bent(yaml.load(text, Loader=yaml.CSafeLoader), rng)
    while rng.random() < 0.5:
        data = bent(data, rng)
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False).encode()


def texts(good, rng, count):
    """So many variants."""
    for _ in range(count):
        yield variants(good, rng)


def test_configurations(root, tmp_path, inputs, texts_tried):
    """Nasty texts, some damaged texts (YAML is slow), and damaged data in their multitude."""
    good = (root / "docs/rigs/four-pars.yaml").read_bytes()
    path, rng, watch = tmp_path / "config.yaml", np.random.default_rng(1), Watch()
    for text in NASTY:
        path.write_text(text)
        with watch.one(ConfigError):
            read_config(path)
    for text in texts(good, rng, texts_tried):
        path.write_bytes(text)
        with watch.one(ConfigError):
            read_config(path)
    data = yaml.safe_load(good)
    while watch.count < inputs:
        worse = bent(data, rng)
        with watch.one(ConfigError):
            checked(worse, path, {})
    watch.tell("configurations")
    assert watch.refused > watch.count / 2


@pytest.mark.parametrize("kind_and_name", [("embedder", "embedder-small"), ("decoder", "skipbart-small")])
def test_manifests(root, tmp_path, inputs, texts_tried, kind_and_name):
    kind, name = kind_and_name
    good = (root / "models" / name / "manifest.yaml").read_bytes()
    data = yaml.safe_load(good)
    for graph in (data["step"], data.get("refresh")):
        if graph is not None:
            shutil.copy(root / "models" / name / graph["file"], tmp_path)
    path, rng, watch = tmp_path / "manifest.yaml", np.random.default_rng(2), Watch()
    for text in NASTY:
        path.write_text(text)
        with watch.one(ModelError):
            read_manifest(tmp_path, kind, 0.1)
    for text in texts(good, rng, texts_tried // 2):
        path.write_bytes(text)
        with watch.one(ModelError):
            read_manifest(tmp_path, kind, 0.1)
    while watch.count < inputs:
        worse = bent(data, rng)
        with watch.one(ModelError):
            manifest_of(worse, path)
    watch.tell(f"manifests of {name}")
    assert watch.refused > watch.count / 2


@pytest.mark.parametrize("outside", ["/etc/hostname", "../secret.onnx", "sub/../../secret.onnx", "/dev/stdin"])
def test_a_manifest_names_files_of_its_own_folder_only(root, tmp_path, outside):
    """A model that somebody sent must not make us read, and tell the checksum of, other files."""
    (tmp_path / "secret.onnx").write_text("private")
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    data = yaml.safe_load((root / "models/embedder-small/manifest.yaml").read_text())
    data["step"]["file"] = outside
    (folder / "manifest.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(ModelError, match=r"step\.file"):
        read_manifest(folder, "embedder", 0.1)


def a_log():
    pulse = Pulse(1.0, 1, -20.0, 0.7, 0.0, 3, 0.9, 0.8, (-30.0,))
    heard = Heard(
        ((1.0, pulse),), LightToken(1.0, 1, 90, 128, 0.5, 0.5), (Command("hold", 1.0),), {1: bytes(512)}, (1,)
    )
    cycles = [Cycle(1.0 + 0.025 * k, heard if k % 3 == 0 else Heard(), k) for k in range(12)]
    return [plain(one) for one in cycles]


def test_show_logs(inputs):
    """Damaged files, and whole ones that hold nonsense."""
    rng, watch, good = np.random.default_rng(3), Watch(), a_log()
    file = encode_block({"version": 1}) + encode_block(good)
    for count in range(inputs):
        data = bent_bytes(file, rng) if count % 2 else encode_block(bent(good, rng))
        with watch.one(RecordingError):
            for block in blocks(io.BytesIO(data)):
                for one in block.content if isinstance(block.content, list) else ():
                    cycle_of(one)
    watch.tell("show logs")
    assert 0 < watch.refused < watch.count
    (content,) = [block.content for block in blocks(io.BytesIO(file)) if isinstance(block.content, list)]
    assert [cycle_of(one).now_s for one in content] == [1.0 + 0.025 * k for k in range(12)]
