"""Which files another system could be wrong about: `python -m tools.platforms` prints them, for mypy's other platforms.

What mypy says of a file depends on the platform by what that file names: `sys.platform` itself, a module whose stub
defines something for one system alone, or a method, an attribute or one of our own names that is defined so. A file
that names none of these is told the same on every system, and checking it three times took a minute. Types that exist
on one system alone cannot pass through such a file unseen: whoever hands them out has to name them.

`make chaos` checks every file for every system, which would find what this misses. Edge: reads code.
"""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import mypy

ROOT = Path(__file__).parents[1]
STUBS = Path(mypy.__file__).parent / "typeshed/stdlib"
INSTALLED = Path(mypy.__file__).parents[1]
ASKS = ("sys.platform", "os.name")


@dataclass
class Conditional:
    """Names that one file defines for some systems only: `top` of the module, `members` of classes all have."""

    top: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)


def conditional(tree: ast.Module) -> Conditional:
    """What a module or a stub defines for some systems only."""
    found = Conditional()

    def walk(body: list[ast.stmt], names: set[str], *, asked: bool) -> None:
        for node in body:
            if isinstance(node, ast.If):
                asks = asked or any(one in ast.unparse(node.test) for one in ASKS)
                walk(node.body, names, asked=asks)
                walk(node.orelse, names, asked=asks)
            elif isinstance(node, ast.Try):
                walk(node.body, names, asked=asked)
            elif asked:
                names.update(defined(node))
            if isinstance(node, ast.ClassDef) and not asked:
                walk(node.body, found.members, asked=False)

    walk(tree.body, found.top, asked=False)
    found.members = {one for one in found.members if not one.startswith("__")}
    return found


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement gives a meaning."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
    return []


@cache
def stub(module: str) -> Conditional:
    """Of a module of Python's, or of a package that is installed; a name that is none has nothing."""
    place = module.replace(".", "/")
    for folder, ending in ((STUBS, ".pyi"), (INSTALLED, ".pyi"), (INSTALLED, ".py")):
        for path in (folder / f"{place}{ending}", folder / place / f"__init__{ending}"):
            if path.is_file():
                return conditional(ast.parse(path.read_text(encoding="utf-8")))
    return Conditional()


def imported(tree: ast.Module) -> set[str]:
    """The modules that a file names."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return {".".join(one.split(".")[:end]) for one in modules for end in range(1, one.count(".") + 2)}


def named(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names after a dot, and all other names that a file reads or imports."""
    after = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    bare = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bare |= {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}
    return after, bare


def told_apart(trees: dict[Path, ast.Module]) -> list[Path]:
    """The files of which mypy may say different things on different systems."""
    imports = {file: imported(tree) for file, tree in trees.items()}
    outside = {one for modules in imports.values() for one in modules if one.split(".")[0] != "controller"}
    members = set().union(*(stub(one).members for one in outside))
    ours = [conditional(tree) for tree in trees.values()]
    own = set().union(*(one.top | one.members for one in ours))
    found = []
    for file, tree in trees.items():
        after, bare = named(tree)
        of_modules = any(stub(one).top for one in imports[file] & outside)
        if of_modules or after & (members | own | {"platform"}) or bare & own:
            found.append(file)
    return found


def main() -> None:
    """Print them, a line each."""
    files = sorted((ROOT / "controller").rglob("*.py"))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    print("\n".join(str(file.relative_to(ROOT)) for file in told_apart(trees)))


if __name__ == "__main__":
    main()
