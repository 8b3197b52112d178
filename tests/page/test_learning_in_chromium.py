"""Learning: everything of the table of commands can be taught, and nothing that is touched meanwhile acts."""

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from controller.messages import Operator
from controller.people.commands import COMMANDS, CommandRow, bindable
from controller.watching.controls.mapping import HandPart, binding_from

TAUGHT = "return [...document.querySelectorAll('[data-do]')].map((one) => one.dataset.do)"
TOUCH = """
const one = document.querySelector(`[data-do="${arguments[0]}"]`);
const how = { bubbles: true, cancelable: true };
for (const kind of ["pointerdown", "mousedown", "pointerup", "click"]) {
  one.dispatchEvent(kind.startsWith("pointer") ? new PointerEvent(kind, how) : new MouseEvent(kind, how));
}
"""


@pytest.fixture
def desk(chromium, served):
    return Desk(chromium, served.url)


def acted(feed):
    return [one for one in feed.commands if one.name != "learn"]


def test_p28_every_command_that_a_knob_may_be_taught_has_its_control_on_the_page(desk):
    taught = desk.script(TAUGHT)
    assert set(bindable()) - {one.partition(":")[0] for one in taught} == set()
    assert {f"hand:all:{part}" for part in HandPart.__args__} <= set(taught)


def test_p28_what_the_page_asks_for_can_be_bound(desk):
    for one in desk.script(TAUGHT):
        do, _, rest = one.partition(":")
        target, _, part = rest.rpartition(":") if do == "hand" else (rest, "", "intensity")
        assert binding_from(do, target, part or "intensity") is not None, one


def test_p29_nothing_that_is_touched_acts_and_each_control_is_named(desk, feed):
    before = feed.operator
    desk.find("learn").click()
    for one in desk.script(TAUGHT):
        desk.script(TOUCH, one)
        desk.wait(lambda one=one: feed.commands and feed.commands[-1].target == one)
    assert acted(feed) == []
    assert feed.operator == before == Operator()


def test_p29_a_mouse_a_key_and_a_swatch_act_on_nothing(desk, feed):
    desk.find("learn").click()
    ActionChains(desk.driver).click_and_hold(desk.find("master")).move_by_offset(-90, 0).release().perform()
    ActionChains(desk.driver).click_and_hold(desk.find("blinder")).release().perform()
    desk.driver.find_element(By.CSS_SELECTOR, '[data-name="red"]').click()
    for key in ("b", "h", "q", "t", "f", "s", "n", "z", Keys.ARROW_LEFT):
        desk.type(key)
    desk.wait(lambda: feed.commands[-1].target == "undo")
    assert acted(feed) == []
    assert desk.find("master").get_property("value") == "100"
    assert "blackout" in [one.target for one in feed.commands]


def test_p30_the_answer_is_read_in_full_and_escape_ends_it(desk, feed):
    desk.find("learn").click()
    assert "nothing on this page acts" in desk.text("learning")
    desk.find("quiet").click()
    desk.wait(lambda: "Quiet" in desk.text("learning"))
    fits = "const one = document.getElementById('learning'); return one.scrollWidth <= one.clientWidth + 1"
    assert desk.script(fits)
    desk.type(Keys.ESCAPE)
    assert not desk.find("learning").is_displayed()
    desk.wait(lambda: feed.commands[-1].name == "learn" and feed.commands[-1].amount == 0.0)
    desk.type("b")
    desk.wait(lambda: desk.pressed("blackout"))


def test_escape_ends_it_also_before_the_show_has_answered(desk, feed):
    desk.find("learn").click()
    desk.script("arguments[0].click(); arguments[1].click()", desk.find("quiet"), desk.find("learn"))
    desk.wait(lambda: len(feed.commands) == 2)
    assert [(one.name, one.target, one.amount) for one in feed.commands] == [("learn", "quiet", 1), ("learn", "", 0)]


def test_a_command_that_is_new_in_the_table_is_on_the_page_and_can_be_taught(chromium, served, feed, monkeypatch):
    kinds = ("fader", "switch", "held", "press")
    for kind in kinds:
        monkeypatch.setitem(COMMANDS, f"new_{kind}", CommandRow(f"new_{kind}", kind, label=f"A new {kind}"))
    desk = Desk(chromium, served.url)
    desk.find("more").click()
    desk.find("learn").click()
    for kind in kinds:
        control = desk.driver.find_element(By.CSS_SELECTOR, f'#more-commands [data-do="new_{kind}"]')
        assert control.is_displayed()
        desk.script(TOUCH, f"new_{kind}")
        desk.wait(lambda kind=kind: feed.commands and feed.commands[-1].target == f"new_{kind}")
