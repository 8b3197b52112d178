"""What opens files, sockets, clocks, threads or processes says "Edge" in its docstring, and nothing else does."""

import ast
import re
from pathlib import Path

import pytest

CONTROLLER = Path(__file__).parents[2] / "controller"

LIBRARIES = {
    *("socket", "subprocess", "threading", "time", "select", "selectors", "signal", "mmap", "asyncio", "tempfile"),
    *("shutil", "multiprocessing", "concurrent", "webbrowser", "fcntl", "termios"),
    *("zmq", "serial", "sounddevice", "av", "onnxruntime", "aiohttp", "mido"),
}
OURS = {  # whoever holds one of these holds a socket, shared memory, a network, a thread or a folder of files
    *("controller.bus.sockets", "controller.bus.beats", "controller.listening.session"),
    "controller.listening.time.frame_network",
    *("controller.listening.audio.playback", "controller.rig.profiles.library"),
}
IN_MEMORY = {  # a ZIP whose bytes were passed in
    "controller/rig/profiles/gdtf.py": {".open"},
    "controller/rig/exchange/mvr.py": {".open"},
}
OF_PATHS = {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "rename", "rmdir", "touch"),
    *("stat", "iterdir", "glob", "rglob", "exists", "is_file", "is_dir", "chmod", "symlink_to", "hardlink_to"),
    "savefig",
}
OF_MODULES = {
    "os": {"open", "replace", "fsync", "stat", "kill", "environ", "getpid", "urandom", "pidfd_open", "statvfs", "link"},
    "np": {"load", "save", "savez", "savez_compressed", "memmap"},
    "sys": {"stdin"},
}


def modules() -> list[Path]:
    return sorted(CONTROLLER.rglob("*.py"))


def opened_by(source: str) -> set[str]:
    """What a module opens by itself; what stands under `if TYPE_CHECKING` opens nothing."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.split(".")[0] in LIBRARIES}
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split(".")[0] in LIBRARIES or node.module in OURS:
                found.add(node.module)
        elif isinstance(node, ast.Attribute):
            module = ast.unparse(node.value)
            if node.attr in OF_MODULES.get(module, ()):
                found.add(f"{module}.{node.attr}")
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "open":
                found.add("open")
            if isinstance(node.func, ast.Attribute):
                one_argument = len(node.args) == 1 and not node.keywords  # `str.replace` takes two
                if node.func.attr in OF_PATHS or (node.func.attr == "replace" and one_argument):
                    found.add(f".{node.func.attr}")
    return found


def says_edge(source: str) -> bool:
    return bool(re.search(r"\bEdge\b|\bedge file\b", ast.get_docstring(ast.parse(source)) or ""))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(CONTROLLER)))
def test_an_edge_says_so_and_nothing_else_does(path):
    source = path.read_text(encoding="utf-8")
    opened = opened_by(source) - IN_MEMORY.get(str(path.relative_to(CONTROLLER.parent)), set())
    if says_edge(source):
        assert opened, f"{path} says that it is an edge and opens nothing"
    else:
        assert not opened, f"{path} opens {sorted(opened)}: say `Edge: ...` in its docstring"


@pytest.mark.parametrize(
    ("source", "opens"),
    [
        ("import socket", True),
        ("def f():\n    from threading import Thread", True),
        ("open('x')", True),
        ("path.write_text('x')", True),
        ("path.replace(other)", True),
        ("'a'.replace('a', 'b')", False),
        ("from dataclasses import replace\nreplace(x, y=1)", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket", False),
        ("import numpy as np\nnp.zeros(3)", False),
    ],
)
def test_what_counts_as_opening(source, opens):
    assert bool(opened_by(source)) is opens
