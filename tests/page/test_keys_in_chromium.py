"""Keys of any keyboard, and a network that is away, on the page in a real Chromium."""

import pytest
from page_in_browser import Desk


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


@pytest.mark.parametrize(
    ("letter", "code", "does"),
    [("и", "KeyB", "blackout"), ("β", "KeyB", "blackout"), ("ב", "KeyB", "blackout"), ("ㅠ", "KeyB", "blackout"),
     ("р", "KeyH", "hold"), ("η", "KeyH", "hold"), ("й", "KeyQ", "quiet"), ("B", "KeyB", "blackout"),
     ("q", "KeyA", "quiet"), ("b", "KeyN", "blackout")],
)  # fmt: skip
def test_l23_every_layout_has_the_keys(desk, feed, letter, code, does):
    key(desk, letter, code)
    key(desk, letter, code, "keyUp")
    desk.wait(lambda: names(feed, does) == [1.0])


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


@pytest.mark.parametrize(("later", "code"), [("а", "KeyF"), ("ƒ", "KeyF"), ("F", "KeyF"), ("Dead", "KeyF")])
def test_l25_a_key_is_let_go_with_the_finger(desk, feed, later, code):
    key(desk, "f", "KeyF")
    desk.wait(lambda: names(feed, "blinder"))
    key(desk, later, code, "keyUp")
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
