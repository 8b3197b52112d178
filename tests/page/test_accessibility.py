"""WCAG 2.2 AA, as far as axe-core can tell: no violation on any tab, at a desk, on a phone and in each language."""

import shutil
import subprocess
import tarfile

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.keys import Keys
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
document.adoptedStyleSheets = arguments[0] ? [style] : [];
"""
STATES = (
    ("#blackout", "#blackout[aria-pressed=true]", "#blackout"),
    ("#songs-open", "#songs", ""),
    ("#fixture-list button", "#why", ""),
    ("#moment-end", "#ask[open]", ""),
    ("#learn, #quiet", "#learning", ""),
    ("#scene-name", "#keys-off", ""),
    ("#glossary-open", "#glossary", ""),
    ("#more", "#more-commands", "#more"),
    ("#next", "#wishes .wish", None),
)
"""What is pressed, what is shown then, and what is pressed to end it; Escape where that is empty."""
PRESS = "const one = document.querySelector(arguments[0]); one.focus(); one.click()"
SHOWN = "return [...document.querySelectorAll(arguments[0])].some((one) => one.checkVisibility())"


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


@pytest.mark.front
@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (844, 390)], ids=str)
def test_no_violation_on_any_tab(desk, size):
    resize(desk.driver, *size, mobile=size[0] < 1000)
    for tab in ("show", "rig", "list", "technician"):
        desk.script(UNSTUCK, False)
        desk.tab(tab)
        # what lies below a small screen's console at this moment is scrolled out from under it, and no small target
        desk.script(UNSTUCK, size[0] < 1000)
        assert violations(desk) == [], tab


def test_no_violation_in_any_state(desk):
    for pressed, shown, ends in STATES:
        assert not desk.script(SHOWN, shown), pressed
        for one in pressed.split(", "):
            desk.script(PRESS, one)
        desk.wait(lambda shown=shown: desk.script(SHOWN, shown))
        if shown == "#learning":  # and what it answers
            desk.wait(lambda: "Quiet" in desk.text("learning"))
        assert violations(desk) == [], pressed
        if ends is None:
            continue
        desk.script(PRESS, ends) if ends else desk.type(Keys.ESCAPE)
        desk.wait(lambda shown=shown: not desk.script(SHOWN, shown))


def test_no_violation_in_any_language(desk):
    for language in ("de", "ja"):
        desk.find(f"language-{language}").click()
        assert violations(desk) == [], language
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
