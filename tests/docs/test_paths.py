"""Every path, module and link that a docstring, a comment, a guide or the README names is there."""

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("controller", "tools", "docs", "tests", "models", "fixtures")
FULL = re.compile(rf"(?<![\w./:-])(?:{'|'.join(TOPS)})(?:/[\w.*-]+)+/?")
DOTTED = re.compile(r"(?<![\w./-])(?:controller|tools)(?:\.[A-Za-z_]\w*)+")
SHORT = re.compile(
    r"(?<![\w./:*-])(\.?[a-z_][\w]*(?:/[\w]+)*\.py)\b|(?<![\w./:*-])([a-z_]\w*(?:/[a-z_]\w*)+)(?![\w/.-])"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
MADE_LATER = {
    "models/published",
    "models/skipbart-official",
    "models/openl3",
    "fixtures/imported",
    "controller/data",
}  # by a command that the guide is about
HISTORY = {"CHANGELOG.md"}  # tells of files that are gone


@cache
def code() -> list[Path]:
    return sorted(path for top in ("controller", "tools") for path in (ROOT / top).rglob("*.py"))


@cache
def guides() -> list[Path]:
    found = [*ROOT.glob("*.md")]
    for top in ("docs", "controller", "tools", "models", "fixtures"):
        found += (ROOT / top).rglob("*.md")
    return sorted(found)


@cache
def packages() -> frozenset[str]:
    return frozenset(path.parent.name for path in code())


@cache
def file_names() -> frozenset[str]:
    return frozenset(path.name for top in ("controller", "tools", "tests") for path in (ROOT / top).rglob("*.py"))


def docstrings(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [text for node in ast.walk(tree) if isinstance(node, kinds) and (text := ast.get_docstring(node))]


def is_there(named: str) -> bool:
    """A file, a folder, a module without its ending, a decision by its number, or a pattern."""
    named = named.rstrip("/.")
    if any(named.startswith(made) for made in MADE_LATER):
        return True
    place = ROOT / named
    if place.exists() or place.with_name(place.name + ".py").exists():
        return True
    if "*" in named or re.fullmatch(r"docs/decisions/\d{4}", named):
        return any(ROOT.glob(named if "*" in named else f"{named}-*.md"))
    return False


def is_module(named: str) -> bool:
    """A module, or a name that stands in one."""
    place, parts = ROOT, named.split(".")
    for at, part in enumerate(parts):
        if (place / part).is_dir():
            place = place / part
            continue
        module = place / f"{part}.py"
        if module.exists():
            rest = parts[at + 1 :]
        else:
            module, rest = place / "__init__.py", parts[at:]
        return module.exists() and all(re.search(rf"\b{name}\b", module.read_text(encoding="utf-8")) for name in rest)
    return True


def resolves(short: str, package: Path) -> bool:
    """From the package that the docstring is in, or one that it is in, up to the root."""
    while True:
        place = package / short
        if place.exists() or place.with_name(place.name + ".py").exists():
            return True
        if package == ROOT:
            return False
        package = package.parent


def lost_in_code(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    lost = [named for named in FULL.findall(text) if not is_there(named)]
    for said in docstrings(path):
        lost += [named for named in DOTTED.findall(said) if not is_module(named)]
        for named, bare in SHORT.findall(said):
            short = named or bare
            first = short.split("/")[0]
            if (named or first in packages()) and first not in TOPS and not resolves(short, path.parent):
                lost.append(short)
    return lost


def anchors(path: Path) -> set[str]:
    """The anchors of a page, as GitHub and the site make them."""
    heads = HEADING.findall(re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def lost_in_guide(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    lost = []
    for target in LINK.findall(text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        file, _, anchor = unquote(target).partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (anchor and anchor not in anchors(place)):
            lost.append(target)
    if path.name in HISTORY:
        return lost
    unlinked = LINK.sub("", text)
    lost += [named for named in FULL.findall(unlinked) if not is_there(named)]
    lost += [named for named in DOTTED.findall(unlinked) if not is_module(named)]
    bare = re.findall(r"`([\w/]+\.py)`", unlinked)
    lost += [named for named in bare if named.split("/")[0] not in TOPS and named.split("/")[-1] not in file_names()]
    return lost


@pytest.mark.parametrize("path", code(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_code_names_is_there(path):
    assert lost_in_code(path) == []


@pytest.mark.parametrize("path", guides(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_guide_names_is_there(path):
    assert lost_in_guide(path) == []


def test_files_that_are_no_python_name_only_what_is_there():
    for name in ("Makefile", "pyproject.toml", "config.yaml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert [named for named in FULL.findall(text) if not is_there(named)] == [], name


def test_a_wrong_path_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](gone.md) `controller/gone.py` controller.gone `gone.py` [b](#nowhere)", encoding="utf-8")
    assert lost_in_guide(page) == ["gone.md", "#nowhere", "controller/gone.py", "controller.gone", "gone.py"]
    module = ROOT / "controller/listening/audio/ear.py"
    assert resolves("hits.py", module.parent)
    assert resolves("audio/hits.py", module.parent)
    assert not resolves("look/hits.py", module.parent)
