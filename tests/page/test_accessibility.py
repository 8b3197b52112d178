"""WCAG 2.2 AA, as far as axe-core can tell: no violation on any tab, at a desk, on a phone and in each language."""

import shutil
import subprocess
import tarfile

import pytest
from page_in_browser import Desk
from window import resize

AXE = "axe-core@4.14.1"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: arguments[0], rules: { "target-size": { enabled: true } } })
  .then((found) => done(found.violations.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))])));
"""
UNSTUCK = """
const style = new CSSStyleSheet();
style.replaceSync(".top, .console { position: static !important; }");
document.adoptedStyleSheets = [style];
"""
STATES = {
    "blackout": "document.getElementById('blackout').click()",
    "list": "document.getElementById('songs-open').click()",
    "why": "document.querySelector('#fixture-list button').click()",
    "question": "document.getElementById('moment-end').click()",
    "learning": "document.getElementById('learn').click(); document.getElementById('quiet').click()",
    "writing": "document.getElementById('scene-name').focus()",
    "more": "document.getElementById('more').click()",
    "glossary": "document.getElementById('glossary-open').click()",
    "wishes": "document.getElementById('next').click(); document.getElementById('next').click()",
}


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The accessibility checker's script, from npm; None without npm or a network."""
    if shutil.which("npm") is None:
        return None
    folder = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run(["npm", "pack", AXE], cwd=folder, check=True, capture_output=True, timeout=100)
    except (subprocess.SubprocessError, OSError):
        return None
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        return package.extractfile("package/axe.min.js").read().decode()


@pytest.fixture
def desk(chromium, served, axe, require_real):
    require_real("axe-core (npm)", axe is not None)
    desk = Desk(chromium, served.url)
    desk.script(axe)
    return desk


def violations(desk):
    return desk.driver.execute_async_script(RUN, RULES)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (844, 390)], ids=str)
@pytest.mark.parametrize("tab", ["show", "rig", "list", "technician"])
def test_no_violation_on_any_tab(desk, tab, size):
    resize(desk.driver, *size, mobile=size[0] < 1000)
    desk.tab(tab)
    if size[0] < 1000:  # what lies below the console at this moment is scrolled out from under it, and no small target
        desk.script(UNSTUCK)
    assert violations(desk) == []


@pytest.mark.parametrize("state", STATES)
def test_no_violation_in_any_state(desk, state):
    desk.script(STATES[state])
    desk.script("window.later = false; setTimeout(() => window.later = true, 400)")
    desk.wait(lambda: desk.script("return window.later"))
    assert violations(desk) == []


@pytest.mark.parametrize("language", ["de", "ja"])
def test_no_violation_in_any_language(desk, language):
    desk.find(f"language-{language}").click()
    assert violations(desk) == []
    desk.script("localStorage.clear()")


def test_no_violation_while_lines_of_a_sheet_are_edited(desk):
    desk.tab("list")
    for _ in range(2):
        desk.find("line-add").click()
    assert violations(desk) == []


def test_no_violation_where_one_signs_in(desk, axe):
    desk.driver.get(f"{desk.url}login.html")
    desk.wait(lambda: desk.driver.find_element("css selector", ".switch").text)
    desk.script(axe)
    assert violations(desk) == []
