"""The tables of docs/architecture.md and docs/remote.md: `python -m tools.docs.tables` writes them anew.

Each stands between two comments, `<!-- NAME -->` and `<!-- /NAME -->`. A phrase about a file is the first sentence of
its docstring, so whoever changes one changes the other; `tests/docs/test_architecture.py` compares the two.
Edge: reads code, writes the page.
"""

import ast
import re
from pathlib import Path

from controller.bus.topics import TOPICS
from controller.people.commands import ROWS
from controller.watching.telling import ROWS as TOLD

ROOT = Path(__file__).parents[2]
PAGE, REMOTE = ROOT / "docs/architecture.md", ROOT / "docs/remote.md"


def blocks(page: Path = PAGE) -> dict[str, str]:
    """Every table of a page by its name."""
    if page == REMOTE:
        return {"told": told()}
    return {"topics": topics(), "commands": commands(), "tree": tree(), "tools": tools()}


def written(file: Path) -> str:
    """A page with all its tables as they should be."""
    page = file.read_text(encoding="utf-8")
    for name, block in blocks(file).items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        page, n = re.subn(pattern, lambda found, block=block: f"{found[1]}{block}\n{found[2]}", page, flags=re.DOTALL)
        if n != 1:
            raise SystemExit(f"{file.name}: `<!-- {name} -->` and `<!-- /{name} -->` have to stand there once")
    return page


def topics() -> str:
    """The topics of the bus."""
    rows = [
        (
            f"`{topic.name}`",
            f"`{topic.sender}`" + (" and `spare`" if topic.spare and topic.sender == "lighting" else ""),
            f"`{topic.carries.__name__}`",
            f"{topic.hz:g}" if topic.hz else "when wished",
            f"{topic.stale_s:g} s" if topic.stale_s else "never",
            topic.what,
        )
        for topic in TOPICS
    ]
    return table(("Topic", "Sender", "Type", "Hz", "Stale after", "What"), rows)


def commands() -> str:
    """The commands that people may give."""
    rows = [
        (f"`{row.name}`", row.kind, row.who or "no person", "yes" if row.undoable else "no", row.osc or "not by OSC")
        for row in ROWS
    ]
    return table(("Command", "Kind", "Who at the page", "Undone by `undo`", "OSC takes"), rows)


def told() -> str:
    """What other programs are told."""
    kinds = {"s": "text", "i": "whole number", "f": "number"}
    return table(("Value", "OSC", "What"), [(f"`{one.name}`", kinds[one.kind], one.what) for one in TOLD])


def tree() -> str:
    """Every file of `controller/`, wing by wing."""
    top = ROOT / "controller"
    parts = ["#### controller/\n\n" + table(("File", "What it does"), [row(one, top) for one in files(top)])]
    for wing in sorted(one.parent for one in top.glob("*/__init__.py")):
        listed = [one for one in sorted(wing.rglob("*.py")) if one.name != "__init__.py" or one.parent != wing]
        listed.sort(key=lambda one: (one.parent != wing, one.parent, one.name != "__init__.py", one.name))
        rows = [row(one, wing) for one in listed]
        parts.append(f"#### controller/{wing.name}/\n\n{phrase(wing / '__init__.py')}.\n")
        parts[-1] += "\n" + table(("File", "What it does"), rows) if rows else ""
    return "\n\n".join(parts)


def tools() -> str:
    """The packages of `tools/`, and the files beside them."""
    parts = []
    for folder in (ROOT / "tools/train", ROOT / "tools/bench", ROOT / "tools/docs"):
        packages = sorted(one for one in folder.glob("*/__init__.py"))
        rows = [row(one, folder) for one in (*files(folder), *packages)]
        parts.append(f"#### tools/{folder.name}/\n\n" + table(("File or package", "What it does"), rows))
    return "\n\n".join(parts)


def files(folder: Path) -> list[Path]:
    """The modules of a folder without its packages."""
    return sorted(one for one in folder.glob("*.py") if one.name != "__init__.py")


def row(module: Path, folder: Path) -> tuple[str, str]:
    """Name and phrase; a package is named by its folder."""
    name = module.relative_to(folder)
    return (f"**`{name.parent}/`**" if module.name == "__init__.py" else f"`{name}`", phrase(module))


def phrase(module: Path) -> str:
    """The first sentence of a module's docstring, without its full stop."""
    said = " ".join((ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split("\n\n")[0].split())
    first = re.split(r"(?<=[.?!])\s+(?=[A-Z`])", said)[0]
    return first.removesuffix(".")


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(one) + " |" for one in (heads, *[tuple(c.replace("|", "\\|") for c in r) for r in rows])]
    lines.insert(1, "|" + " --- |" * len(heads))
    return "\n".join(lines)


if __name__ == "__main__":
    for one in (PAGE, REMOTE):
        one.write_text(written(one), encoding="utf-8")
