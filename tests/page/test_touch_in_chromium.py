"""Fingers on the page: a fader follows one that moves sideways, and a finger that scrolls moves nothing."""

import pytest
from page_in_browser import Desk
from promise import STRICT
from window import resize

FADERS = ("master", "energy", "intensity", "pace", "spread")
PLACE = """
const one = document.getElementById(arguments[0]);
one.scrollIntoView({ block: "center", behavior: "instant" });
const box = one.getBoundingClientRect();
return [box.left, box.top, box.width, box.height];
"""
VALUES = "return [...document.querySelectorAll('input[type=range]')].map((one) => [one.id, one.value])"


@pytest.fixture
def desk(chromium, served):
    resize(chromium, 390, 844, mobile=True)
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    yield Desk(chromium, served.url)
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def finger(desk, path):
    """One finger along (x, y), in CSS pixels of the window."""
    for number, (x, y) in enumerate(path):
        kind = "touchMove" if number else "touchStart"
        desk.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    desk.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def line(begin, end, steps=12):
    return [
        (begin[0] + (end[0] - begin[0]) * step / steps, begin[1] + (end[1] - begin[1]) * step / steps)
        for step in range(steps + 1)
    ]


def settled(desk, feed):
    """The page shows what the show says, and no more of it is on its way."""
    desk.script("window.settled = false; setTimeout(() => window.settled = true, 900)")
    desk.wait(lambda: desk.script("return window.settled"))
    return list(feed.commands)


def test_p27_a_scroll_that_begins_on_a_fader_moves_nothing(desk, feed):
    """Left, middle and right of each fader, each in one of three directions; in all of them in `make chaos`."""
    before, ways = desk.script(VALUES), ((0, -260), (60, -200), (-30, 120))
    for turn, share in enumerate((0.1, 0.5, 0.9)):
        for number, name in enumerate(FADERS):
            for across, along in ways if STRICT else (ways[(number + turn) % 3],):
                left, top, width, height = desk.script(PLACE, name)  # where it is now: the page has scrolled
                begin = (left + share * width, top + height / 2)
                finger(desk, line(begin, (begin[0] + across, begin[1] + along)))
    assert settled(desk, feed) == []
    assert desk.script(VALUES) == before


def test_p27_a_tap_on_a_fader_moves_nothing(desk, feed):
    for name in FADERS:
        for share in (0.05, 0.95):
            left, top, width, height = desk.script(PLACE, name)
            finger(desk, [(left + share * width, top + height / 2)])
    assert settled(desk, feed) == []


def test_p27_a_finger_that_moves_sideways_moves_a_fader_by_as_much(desk, feed):
    left, top, width, height = desk.script(PLACE, "master")
    y = top + height / 2
    finger(desk, line((left + 0.5 * width, y), (left + 0.25 * width, y + 6), 20))
    desk.wait(lambda: 0.7 < feed.operator.grand_master < 0.85)  # a quarter less, and no jump to where the finger began
    desk.wait(lambda: desk.find("master").get_property("value") == str(round(100 * feed.operator.grand_master)))


def test_p27_a_ride_that_the_browser_takes_for_a_scroll_is_put_back(desk, feed):
    """The browser says so by `pointercancel`; what the ride had set is set back, and said to the show."""
    desk.script(
        """
        const input = document.getElementById("energy");
        const at = (kind, x) => input.dispatchEvent(new PointerEvent(kind, {
          bubbles: true, pointerId: 7, pointerType: "touch", clientX: x, clientY: 400 }));
        at("pointerdown", 100); at("pointermove", 130); at("pointermove", 170); at("pointercancel", 170);
        """
    )
    desk.wait(lambda: feed.commands and feed.commands[-1].amount == 0.5)
    assert desk.find("energy").get_property("value") == "50"


def test_p38_the_label_of_a_fixture_that_was_touched_goes_with_the_next_touch(desk):
    assert desk.pointed("front-1 ")
    desk.script(
        """
        const where = { bubbles: true, pointerType: "touch", clientX: 100, clientY: 500 };
        document.getElementById("blackout").dispatchEvent(new PointerEvent("pointerdown", where));
        """
    )
    assert not desk.find("tip").is_displayed()


def test_targets_are_large_enough_for_a_finger(desk):
    """44 pixels each way for what is touched in a hurry, 24 for every other target (WCAG 2.5.8)."""
    small = desk.script(
        """
        const shown = (what) => [...document.querySelectorAll(what)].filter(
          (one) => one.offsetParent && !one.closest(".fixture-list"));
        const box = (one) => one.getBoundingClientRect();
        const below = (px) => (one) => box(one).width < px || box(one).height < px;
        const main = ".console button, .swatch, #next, #scenes .chip, .segments button, .extra button, .tabs button";
        return [...shown("button, select, .chip").filter(below(24)), ...shown(main).filter(below(43.5))]
          .map((one) => [one.id || one.className, box(one).width, box(one).height]);
        """
    )
    assert small == []
