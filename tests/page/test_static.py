"""The page works in a venue without a network: nothing in it points anywhere else."""

import re
from pathlib import Path

import pytest

from controller.rehearsal.report_page import TEMPLATE
from controller.watching.page.files import CONTENT_TYPES, STATIC

FILES = sorted(STATIC.iterdir())
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'  # a name, not an address


@pytest.mark.parametrize("path", [*FILES, TEMPLATE], ids=lambda path: path.name)
def test_no_absolute_address(path: Path):
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert not re.search(r"""(?:https?:|wss?:)//|["'(]//""", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_reference_is_relative_and_exists(path: Path):
    text = path.read_text(encoding="utf-8")
    references = re.findall(r"""(?:\b(?:src|href)=|\bfrom |\bimport\()["']([^"']+)["']""", text)
    for reference in references:
        assert not reference.startswith("/")
        assert (STATIC / reference).is_file()
    assert "@import" not in text
    assert "url(" not in text


def test_every_file_is_served():
    assert {path.suffix for path in FILES} <= set(CONTENT_TYPES)
    words = (STATIC / "words.js").stat().st_size  # three languages
    assert sum(path.stat().st_size for path in FILES) - words < 242_000
