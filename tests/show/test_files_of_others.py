"""What others wrote and this program reads: patterns, graphs, headers, nesting; each ends soon, in one line."""

import json
import subprocess
import sys
import time
import wave

import pytest

from controller.errors import ModelError, OpeningError, ProfileError
from controller.rig.profiles.ofl import _matches


@pytest.mark.parametrize(
    "pattern",
    ["^(1+)+y$", "(a*)*b", "(x|xx)+y", "a*a*a*a*b", r"(.)\1", "(?=a)", "a{9}b{9}c{9}", "[", "", None, "x" * 999],
)
def test_h23_patterns_that_may_not_end_are_not_run(pattern):
    began_s = time.thread_time()  # a busy machine is nobody's fault
    with pytest.raises(ProfileError, match="pixelGroups"):
        _matches(pattern, "1" * 41)
    assert time.thread_time() - began_s < 1.0


@pytest.mark.parametrize(
    ("pattern", "key", "is_in"),
    [("^1$", "1", True), ("^1", "10", True), ("^(Left|Right)", "Left 3", True), ("^[0-9]+$", "12", True),
     (r"^Ring \d+", "Ring 7", True), ("Master", "Pixel", False), (r"^\(1, \d\)$", "(1, 4)", True),
     ("^1?[0-9]$", "14", True)],
)  # fmt: skip
def test_h23_simple_patterns_are_run(pattern, key, is_in):
    assert _matches(pattern, key) is is_in


def test_h26_weights_beside_the_checksum_are_refused(root, tmp_path):
    import hashlib
    import shutil

    import yaml

    from controller.artefacts.artefact import read_manifest
    from controller.sound_format import HOP_S

    folder = tmp_path / "embedder-small"
    shutil.copytree(root / "models" / "embedder-small", folder)
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    read_manifest(folder, "embedder", HOP_S)
    onnx = folder / manifest["step"]["file"]
    # as onnx writes `external_data { key: "location" value: "extra.bin" }` into a tensor
    onnx.write_bytes(onnx.read_bytes() + b"\x6a\x15\x0a\x08location\x12\x09extra.bin")
    manifest["step"]["sha256"] = hashlib.sha256(onnx.read_bytes()).hexdigest()
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    with pytest.raises(ModelError, match="keeps weights in another file"):
        read_manifest(folder, "embedder", HOP_S)


@pytest.mark.parametrize("rate", [1, 100, 10_000_000])
def test_h28_a_tune_of_a_rate_that_no_card_has_is_none(tmp_path, rate):
    from controller.listening.opening.opening import seconds_of

    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(bytes(200))
    with pytest.raises(OpeningError, match="samples a second"):
        seconds_of(tmp_path / "a.wav")


def test_h31_few_open_files_are_said(venue):
    script = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); import logging;" \
             " logging.basicConfig(); from controller.show import have_files; have_files()"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "gives a process 64 open files" in done.stderr
    many = script.replace("(64, 64)", "(64, 4096)")
    assert subprocess.run([sys.executable, "-c", many], capture_output=True, text=True, check=True).stderr == ""


def test_h27_ctrl_c_while_it_still_loads_is_no_traceback(monkeypatch):
    from controller import __main__ as command

    def interrupted(_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "build_parser", interrupted)
    assert command.main(["show"]) == 130


def test_h27_a_log_whose_configuration_nests_without_end_is_one_line(tmp_path, capsys):
    from controller.__main__ import main
    from controller.records.recording import Recorder

    deep = json.dumps({"file": "x", "config": 0}).replace("0}", "[" * 100_000 + "]" * 100_000 + "}")
    recorder = Recorder(tmp_path / "a.showlog", {"venue": "x", "config": deep, "profiles": "{}"})
    recorder.close()
    assert main(["replay", str(tmp_path / "a.showlog"), "--out", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
