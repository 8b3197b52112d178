"""Keys of any keyboard, and a network that is away, on the page in a real Chromium.

Rows of one kind share a page: to load it takes a browser without a graphics card longer than to press a key.
"""

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.keys import Keys

from controller.messages import Operator


@pytest.fixture
def desk(chromium, served):
    return Desk(chromium, served.url)


def key(desk, key, code, kind="keyDown", *, repeat=False):
    event = {"type": kind, "key": key, "code": code, "autoRepeat": repeat}
    if key == "Enter":
        event |= {"text": "\r", "windowsVirtualKeyCode": 13} if kind == "keyDown" else {"windowsVirtualKeyCode": 13}
    desk.driver.execute_cdp_cmd("Input.dispatchKeyEvent", event)


def names(feed, name):
    return [one.amount for one in feed.commands if one.name == name]


def anew(desk, feed):
    """Nothing is on, and nothing was asked for; no snapshot of before is still on its way."""

    def shown():
        return all(desk.pressed(name) is getattr(feed.operator, name) for name in ("blackout", "hold", "quiet"))

    desk.wait(shown)
    feed.commands.clear()
    feed.operator = Operator()
    desk.wait(shown)


OF_LAYOUTS = (
    ("и", "KeyB", "blackout"), ("β", "KeyB", "blackout"), ("ב", "KeyB", "blackout"), ("ㅠ", "KeyB", "blackout"),
    ("р", "KeyH", "hold"), ("η", "KeyH", "hold"), ("й", "KeyQ", "quiet"), ("B", "KeyB", "blackout"),
    ("q", "KeyA", "quiet"), ("b", "KeyN", "blackout"),
)  # fmt: skip


def test_l23_every_layout_has_the_keys(desk, feed):
    for letter, code, does in OF_LAYOUTS:
        before, on = len(feed.commands), not desk.pressed(does)
        key(desk, letter, code)
        key(desk, letter, code, "keyUp")
        desk.wait(lambda does=does, on=on: desk.pressed(does) is on)
        assert [(one.name, one.amount) for one in feed.commands[before:]] == [(does, float(on))], letter


def test_l23_a_latin_layout_keeps_its_own_letters(desk, feed):
    for letter, code in (("a", "KeyQ"), ("ö", "KeyB"), ("x", "KeyB")):
        key(desk, letter, code)
        key(desk, letter, code, "keyUp")
    key(desk, "h", "KeyH")
    desk.wait(lambda: names(feed, "hold"))
    assert [one.name for one in feed.commands] == ["hold"]


def test_l24_enter_held_is_one_press(desk, feed):
    desk.script("document.getElementById('blackout').focus()")
    key(desk, "Enter", "Enter")
    for _ in range(10):
        key(desk, "Enter", "Enter", repeat=True)
    key(desk, "Enter", "Enter", "keyUp")
    key(desk, "h", "KeyH")
    desk.wait(lambda: names(feed, "hold"))
    assert names(feed, "blackout") == [1.0]


def test_l25_a_key_is_let_go_with_the_finger(desk, feed):
    """Whatever letter it is by then."""
    for later in ("а", "ƒ", "F", "Dead"):
        feed.commands.clear()
        key(desk, "f", "KeyF")
        desk.wait(lambda: names(feed, "blinder"))
        key(desk, later, "KeyF", "keyUp")
        desk.wait(lambda: names(feed, "blinder")[-1] == 0.0)


def test_l25_a_key_is_let_go_when_nobody_looks(desk, feed):
    key(desk, "s", "KeyS")
    desk.wait(lambda: names(feed, "strobe"))
    desk.script("dispatchEvent(new Event('blur'))")
    desk.wait(lambda: names(feed, "strobe")[-1] == 0.0)


def test_l8_what_is_not_done_because_it_came_late_is_said(desk, feed, served):
    """The page says when each command was given; here its clock is set back, as if it had waited for the network."""
    desk.script("WebSocket.prototype.send = (real => function (text) {"
                " const said = JSON.parse(text); said.at -= 5; window.was = said;"
                " return real.call(this, JSON.stringify(said)); })(WebSocket.prototype.send)")  # fmt: skip
    key(desk, "b", "KeyB")
    desk.wait(lambda: "too late: blackout" in desk.text("banner"))
    assert feed.commands == []
    assert abs(desk.script("return window.was.at + 5") - feed.clock()) < 5.0
    assert served.page.late == 1


def test_p44_keys_are_the_show_s_whatever_has_the_focus(desk, feed):
    for tab, field in (
        ("show", "master"), ("show", "energy"), ("show", "master-number"), ("show", "stage"), ("rig", "target"),
        ("rig", "walk-colours"),
    ):  # fmt: skip
        anew(desk, feed)
        desk.tab(tab)
        desk.script("document.getElementById(arguments[0]).focus()", field)
        before = desk.script("return document.getElementById('target').value")
        for letter, does in (("b", "blackout"), ("h", "hold"), ("q", "quiet")):
            desk.type(letter)
            desk.wait(lambda does=does: names(feed, does) == [1.0])
        assert desk.script("return document.getElementById('target').value") == before, field


def test_p44_and_on_every_tab(desk, feed):
    for tab in ("show", "rig", "list", "technician"):
        anew(desk, feed)
        desk.tab(tab)
        desk.type("b")
        desk.wait(lambda: names(feed, "blackout") == [1.0])


def test_p45_while_somebody_writes_a_sign_says_that_keys_are_off_and_escape_leads_out(desk, feed):
    for tab, field in (("show", "scene-name"), ("list", "paper-text"), ("list", "list-name")):
        anew(desk, feed)
        desk.tab(tab)
        desk.find(field).click()
        desk.type("bhqfs")
        assert "KEYS ARE OFF" in desk.text("keys-off"), field
        assert float(desk.find("keys-off").value_of_css_property("font-size").removesuffix("px")) >= 18
        assert feed.commands == []
        desk.type(Keys.ESCAPE)
        assert not desk.find("keys-off").is_displayed(), field
        assert desk.find(field).get_property("value") == "bhqfs"
        desk.type("b")
        desk.wait(lambda: names(feed, "blackout") == [1.0])


def test_p45_a_look_that_is_kept_gives_the_keys_back(desk, feed):
    desk.find("scene-name").send_keys("Bright", Keys.ENTER)
    desk.wait(lambda: names(feed, "save_scene"))
    desk.type("b")
    desk.wait(lambda: names(feed, "blackout") == [1.0])


def test_a_list_that_is_opened_says_that_keys_are_off(desk):
    desk.tab("rig")
    desk.script("document.getElementById('target').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))")
    assert "KEYS ARE OFF" in desk.text("keys-off")
    desk.script("document.getElementById('target').dispatchEvent(new Event('change', { bubbles: true }))")
    assert not desk.find("keys-off").is_displayed()


def test_a_key_that_is_held_repeats_no_switch(desk, feed):
    key(desk, "b", "KeyB")
    for _ in range(10):
        key(desk, "b", "KeyB", repeat=True)
    key(desk, "b", "KeyB", "keyUp")
    key(desk, "h", "KeyH")
    desk.wait(lambda: names(feed, "hold"))
    assert names(feed, "blackout") == [1.0]


def test_l23_an_input_method_keeps_no_key_from_the_show(desk, feed):
    for letter in ("Process", "Unidentified", "Dead", "ｂ", "B", "Б", "ب"):
        anew(desk, feed)
        key(desk, letter, "KeyB")
        desk.wait(lambda: names(feed, "blackout") == [1.0])
        key(desk, letter, "KeyB", "keyUp")


def test_l25_on_a_mac_what_is_held_ends_with_the_command_key(desk, feed):
    """While it is down, no other key is let go there."""
    key(desk, "f", "KeyF")
    desk.wait(lambda: names(feed, "blinder"))
    key(desk, "Meta", "MetaLeft")
    desk.wait(lambda: names(feed, "blinder")[-1] == 0.0)


def test_p43_every_fixture_is_reached_by_tab_and_told_by_name(desk):
    reached = desk.script(
        "return [...document.querySelectorAll('#fixture-list button')].map((one) => [one.tabIndex, one.textContent])"
    )
    assert len(reached) == 21
    assert all(index == 0 for index, _ in reached)
    assert reached[0][1] == "front-1 · RGBW PAR · wash · 1.1–8"
    desk.script("document.querySelector('#fixture-list [data-fixture=spot-1]').focus()")
    assert desk.text("tip").startswith("spot-1")
    desk.type(Keys.ENTER)
    desk.wait(lambda: "2.6 is at" in desk.text("why-said"))
    assert desk.script("return document.getElementById('why').contains(document.activeElement)")
    desk.type(Keys.ESCAPE)
    assert not desk.find("why").is_displayed()
    assert desk.script("return document.activeElement.dataset.fixture") == "spot-1"
