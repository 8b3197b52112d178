"""The page about the architecture says what the code says."""

import re

from controller.bus.topics import TOPICS
from controller.show import PARTS
from tools.docs import tables

PAGE = tables.PAGE.read_text(encoding="utf-8")


def block(name):
    return re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE, re.DOTALL).group(1)


def test_the_tables_are_those_of_the_code():
    for name, right in tables.blocks().items():
        assert block(name) == right, f"run `python -m tools.docs.tables`; the right table of {name}:\n\n{right}"


def test_every_topic_and_every_process_is_in_the_page():
    for topic in TOPICS:
        assert f"| `{topic.name}` |" in block("topics")
    for part in PARTS:
        assert re.search(rf"^\| `{part.name}` \|.*`{part.module}`", PAGE, re.MULTILINE), part


def test_every_file_of_the_controller_has_a_phrase():
    said, top, wing = {}, tables.ROOT / "controller", ""
    for line in block("tree").splitlines():
        if line.startswith("#### "):
            wing = line.removeprefix("#### ").removeprefix("controller/")
        elif found := re.match(r"\| \**`([\w./]+)`\** \| (.+) \|", line):
            said[wing + found[1].rstrip("/")] = found[2]
    for module in top.rglob("*.py"):
        name = str(module.relative_to(top)).removesuffix("/__init__.py")
        wing_itself = module.name == "__init__.py" and module.parent.parent in (top, top.parent)
        assert wing_itself or len(said[name]) > 10, name
    assert all((top / name).exists() for name in said)


def test_a_phrase_is_one_line():
    """What does not fit a line is two sentences."""
    for module in (tables.ROOT / "controller").rglob("*.py"):
        assert 10 < len(tables.phrase(module)) < 130, module
