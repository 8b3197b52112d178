"""What nobody calls outside of its own file is a test's own, or goes: a list by syntax tree, and the few exceptions."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
CALLED_BY_OTHERS = {"main"}
"""Entry points: of programs, by the words of a command line."""
EXCEPTIONS = {
    "controller/lighting/protocol/artnet.py:encode_artdmx": "a packet in one call, by the sender's template",
    "controller/lighting/protocol/sacn.py:encode_data": "a packet in one call, by the sender's template",
    "tools/train/skipbart/official.py:official_tensors": "the way back of the import, which proves it",
    "tools/train/symbolic/official.py:official_tensors": "the way back of the import, as above",
}
"""Name: why it stays."""


def names_in(tree: ast.AST) -> Counter[str]:
    """Every name that is read, by itself, after a dot, in an import or as a whole string."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                found[name.rsplit(".", 1)[-1].rsplit(":", 1)[-1]] += 1
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                found.update(one.name for one in names)
    return found


def trees(*folders: str) -> dict[Path, ast.Module]:
    return {
        file: ast.parse(file.read_text(encoding="utf-8"))
        for folder in folders
        for file in sorted((ROOT / folder).rglob("*.py"))
    }


@cache
def left_over() -> tuple[str, ...]:
    """Public functions and classes that their own file does not use, nor any other of the program or its tools."""
    program = trees("controller", "tools")
    used = {file: names_in(tree) for file, tree in program.items()}
    everywhere = sum(used.values(), Counter())
    found = []
    for file, tree in program.items():
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.decorator_list and not isinstance(node, ast.ClassDef):
                continue  # what a decorator takes is registered
            if node.name not in everywhere and node.name not in CALLED_BY_OTHERS and not node.name.startswith("_"):
                found.append(f"{file.relative_to(ROOT)}:{node.name}")
    return tuple(found)


def test_every_function_and_class_is_used_by_the_program_itself():
    assert [one for one in left_over() if one not in EXCEPTIONS] == []


def test_every_exception_is_one():
    assert sorted(EXCEPTIONS) == sorted(set(EXCEPTIONS) & set(left_over()))
