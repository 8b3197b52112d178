"""Every command that README and guides show is understood by the program, and the message they quote is right."""

import re
import shlex
from pathlib import Path

import pytest

from controller.__main__ import build_parser
from controller.config import read_config
from controller.errors import PatchError
from controller.rig.patch.configured import patch_of

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(path):
    """The lines of its blocks that call the program, without remarks; those that are shortened (...) are left out."""
    found = []
    for block in BLOCK.findall(path.read_text(encoding="utf-8")):
        lines = block.replace("\\\n", " ").splitlines()
        found += [line for line in lines if line.startswith("followspot ") and not re.search(r"\.\.\.|…", line)]
    return found


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_what_a_guide_shows_can_be_typed(path, capsys):
    wrong = []
    for line in commands(path):
        try:
            words = shlex.split(line, comments=True)[1:]
            if words != ["--version"] and not re.fullmatch(r"[\d.]+", words[0]):
                build_parser(words).parse_args(words)
        except (SystemExit, ValueError):
            wrong.append(f"{line}: {capsys.readouterr().err.splitlines()[-1:]}")
    assert wrong == []


def test_the_guides_show_commands():
    assert sum(len(commands(path)) for path in GUIDES) > 40


def test_the_refusal_that_the_readme_quotes_is_said_of_the_demos_rig(tmp_path):
    """Its second fixture moved onto the first one: the message, and the line of `config.yaml` that it names."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if "id: front-2," in one)
    (tmp_path / "config.yaml").write_text(
        text.replace(line, line.replace("address: 9", "address: 3")).replace(
            "profiles: fixtures", f"profiles: {ROOT}/fixtures"
        ),
        encoding="utf-8",
    )
    with pytest.raises(PatchError) as refused:
        patch_of(read_config(tmp_path / "config.yaml"))
    said = str(refused.value).removeprefix(f"{tmp_path}/")
    assert f"followspot: {said}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_a_fixture_of_the_demo_is_one_that_it_has(path):
    """A command without `--config` is about the demo's rig."""
    known = {one.id for one in read_config(ROOT / "config.yaml").fixtures}
    named = re.findall(r"patch identify ([\w-]+)`", path.read_text(encoding="utf-8"))
    assert {one for one in named if one.islower()} <= known
