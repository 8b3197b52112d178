"""H24, H25: a model is a program of somebody else; one that loops or wants all memory ends in one line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx")

RUN = """
import sys
import onnxruntime
from controller.commands.trial import bounded
from controller.errors import ModelError
try:
    with bounded("that model", seconds=float(sys.argv[2]), most_bytes=2 << 30):
        onnxruntime.InferenceSession(sys.argv[1]).run(None, {})
except ModelError as error:
    print(f"followspot: {error}", file=sys.stderr)
    raise SystemExit(1)
"""
WATCH = """
import sys, time
from controller.commands.trial import end_with_parent
end_with_parent()
print("here", flush=True)
while True:
    time.sleep(60)
"""
PARENT = """
import subprocess, sys
one = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print(one.pid, flush=True)
one.wait()
"""


def graph(tmp_path, nodes, constants):
    made = onnx.helper.make_graph(
        nodes, "g", [], [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, None)], constants
    )
    file = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), file)
    return file


def tried(file, seconds):
    return subprocess.run(
        [sys.executable, "-c", RUN, str(file), str(seconds)], capture_output=True, text=True, check=False
    )


def test_h25_a_graph_without_end_is_ended_with_one_line(tmp_path):
    value, node, number = onnx.helper.make_tensor_value_info, onnx.helper.make_node, onnx.helper.make_tensor
    real, whole, yes = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL
    body = onnx.helper.make_graph(
        [node("Identity", ["more"], ["more_out"]), node("Add", ["x", "one"], ["x_out"])],
        "body",
        [value("turn", whole, []), value("more", yes, []), value("x", real, [1])],
        [value("more_out", yes, []), value("x_out", real, [1])],
    )
    constants = [number("turns", whole, [], [2**62]), number("go", yes, [], [True])]
    constants += [number("start", real, [1], [0.0]), number("one", real, [1], [1.0])]
    loop = node("Loop", ["turns", "go", "start"], ["out"], body=body)
    done = tried(graph(tmp_path, [loop], constants), 0.5)
    assert done.returncode == 1
    assert "that model: did not end within" in done.stderr
    assert "Traceback" not in done.stderr


def test_h25_a_graph_that_wants_all_memory_is_one_line(tmp_path):
    shape = [onnx.helper.make_tensor("shape", onnx.TensorProto.INT64, [1], [1 << 32])]
    fill = onnx.helper.make_node("ConstantOfShape", ["shape"], ["out"])
    done = tried(graph(tmp_path, [fill], shape), 600)
    assert done.returncode == 1
    assert "that model: " in done.stderr
    assert "Traceback" not in done.stderr
    assert sum(line.startswith("followspot: ") for line in done.stderr.splitlines()) == 1  # ORT logs lines of its own


def test_h24_a_check_ends_with_who_started_it():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, WATCH], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "here"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        while _lives(child):
            time.sleep(0.05)  # noqa: TID251 - a real process takes real time; only a hang reaches the test's limit
    finally:
        if _lives(child):
            os.kill(child, signal.SIGKILL)


def _lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
