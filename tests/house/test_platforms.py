"""What mypy is asked about for other systems, of all files: those that can be told apart there."""

import ast
from pathlib import Path

import pytest

from tools.platforms import conditional, told_apart

HERE = Path("controller/here.py")
OURS = Path("controller/ours.py")
SPLIT = "import sys\nif sys.platform == 'linux':\n    def only_here() -> int: return 1\n"


@pytest.mark.parametrize("words", [
    "import os\nprint(os.fork())",
    "from socket import AF_INET",
    "import sys\nif sys.platform == 'linux':\n    x = 1",
    "def say(found: object) -> None:\n    found.stat().st_birthtime",
    "from pathlib import Path\nPath('x').owner()",
    "from controller.ours import only_here",
    "from controller import ours\nours.only_here()",
    "from os import path",
    "import urllib.request",
])  # fmt: skip
def test_what_names_another_systems_ways_is_checked_for_it(words):
    trees = {HERE: ast.parse(words), OURS: ast.parse(SPLIT + "import pathlib, os")}
    assert HERE in told_apart(trees)


@pytest.mark.parametrize("words", [
    "import numpy as np\nnp.zeros(3)",
    "from pathlib import Path\nPath('x').read_text()",
    "from controller import ours\nours.everywhere()",
    "import threading\nthreading.Event().wait(1.0)",
])  # fmt: skip
def test_what_does_not_is_not(words):
    trees = {HERE: ast.parse(words), OURS: ast.parse(SPLIT)}
    assert told_apart(trees) == [OURS]


def test_a_class_of_one_system_is_a_name_and_its_methods_are_not():
    """Nobody holds one of those without somebody who named the class."""
    tree = ast.parse(
        "import sys\nclass All:\n    if sys.platform == 'win32':\n        def some(self): ...\n"
        "    def every(self): ...\n"
        "if sys.platform != 'win32':\n    class Some:\n        def close(self): ...\n"
    )
    found = conditional(tree)
    assert (found.top, found.members) == ({"Some"}, {"some"})
