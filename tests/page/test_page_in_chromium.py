"""The page as an operator meets it: a real browser, a real server, the demo rig."""

import contextlib
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from page_in_browser import Desk
from real_chromium import installed
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from window import resize

from controller.messages import Command, Operator
from tests.page.conftest import ServedPage, lazy_browser

PICTURE = "return document.getElementById(arguments[0]).toDataURL();"


@pytest.fixture
def desk(chromium, served) -> Desk:
    return Desk(chromium, served.url)


@pytest.mark.front
def test_the_rig_is_seen_and_follows_the_show(desk, clock):
    for tab, canvases in (("show", ("light", "lamps", "minute")), ("rig", ("plan",))):
        desk.tab(tab)
        for canvas in canvases:
            desk.wait(lambda canvas=canvas: desk.brightness(canvas) > 1.0)
        before = {canvas: desk.script(PICTURE, canvas) for canvas in canvases}
        clock.now_s += 3.0
        for canvas, picture in before.items():
            desk.wait(lambda canvas=canvas, picture=picture: desk.script(PICTURE, canvas) != picture)
    assert desk.complaints() == []


@pytest.mark.front
def test_the_marked_singer_and_drums_stand_on_the_stage_and_on_the_plan(chromium, feed):
    """Each mark changes both pictures; without any the stage is what it was."""
    seen = []
    for places in ({}, {"singer": (-2.0, 0.5, 1.6)}, {"singer": (2.0, 0.5, 1.6)}, {"drums": (1.0, 2.5, 1.0)}, {}):
        feed.places = places
        with contextlib.closing(ServedPage()) as served:
            served.start(feed)
            desk = Desk(chromium, served.url)
            pictures = []
            for tab, canvas in (("show", "scene"), ("rig", "plan")):
                desk.tab(tab)
                desk.wait(lambda canvas=canvas, desk=desk: desk.brightness(canvas) > 0.0)
                pictures.append(desk.script(PICTURE, canvas))
            seen.append(pictures)
    assert seen[0] == seen[-1], "otherwise nothing is compared"
    for canvas in (0, 1):
        assert len({pictures[canvas] for pictures in seen}) == 4


FLAGS = """
const canvas = document.getElementById("minute");
const { width, height } = canvas;
const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
const found = new Set();
for (let x = 0; x < width; x++) for (let y = 0; y < 8; y++) {
  const at = 4 * (y * width + x);
  if (pixels[at] === 0x8f && pixels[at + 1] === 0xb8 && pixels[at + 2] === 0xff) found.add(x);
}
return [...found].sort((a, b) => a - b);
"""


def test_the_last_minute_shows_where_the_music_turned(desk):
    """Three flags, sixteen seconds apart: their left edges lie as far apart as 16 of 60 seconds do."""
    columns = desk.script(FLAGS)
    starts = [column for column in columns if column - 1 not in columns]
    gaps = np.diff(starts)
    assert len(starts) == 3
    assert np.ptp(gaps) <= 2
    width = desk.script("return document.getElementById('minute').width")
    scale = desk.script("return devicePixelRatio")
    assert abs(gaps.mean() - 16 / 60 * (width - 34 * scale)) < 3


BEATS = """
return [...document.querySelectorAll("#beats i")].map((lamp) => [
  lamp.textContent, Number(getComputedStyle(lamp).getPropertyValue("--glow"))]);
"""


def test_a_lamp_for_each_beat_of_the_bar_shows_where_the_band_is(desk, clock):
    assert desk.script("return document.getElementById('band-said').textContent") == "120 bpm, heard · band"

    def lit():
        lamps = desk.script(BEATS)
        assert [label for label, _ in lamps] == ["1", "2", "3", "4"]
        return [label for label, glow in lamps if glow > 0.05]

    clock.now_s = 1000.05
    for number in (1, 2, 3, 4, 1):
        desk.wait(lambda number=number: lit() == [str(number)])
        clock.now_s += 0.5


def lit(desk):
    """How bright the stage is, once it is drawn: a dark one is below 75."""
    desk.wait(lambda: desk.brightness("light") > 75.0)
    return desk.brightness("light")


@pytest.mark.front
def test_dim_light_is_seen_and_a_blackout_is_dark(desk, feed):
    full = lit(desk)
    feed.brightness = 0.1
    desk.wait(lambda: desk.brightness("light") < 0.7 * full)
    dim = desk.brightness("light")
    feed.operator = Operator(blackout=True)
    desk.wait(lambda: desk.brightness("light") < 0.8 * dim)
    assert 15.0 < desk.brightness("light") < 75.0  # the room itself can still be made out


@pytest.mark.front
def test_nothing_flashes_for_those_who_asked_for_less_motion(desk, feed):
    feature = {"name": "prefers-reduced-motion", "value": "reduce"}
    full = lit(desk)
    feed.operator = Operator(blackout=True)
    desk.wait(lambda: desk.brightness("light") < 75.0)
    desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    dark = desk.brightness("light")
    snapshots = itertools.count()
    feed.operator, feed.clock = Operator(), lambda: 1024.5 + 0.001 * next(snapshots)  # one after the other, all alike
    seen = []
    desk.wait(lambda: seen.append(desk.brightness("light")) or seen[-1] > 0.95 * full)
    desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len([each for each in seen if dark + 2 < each < 0.9 * full]) >= 3


def test_names_and_numbers(desk, clock):
    desk.tab("technician")
    assert desk.text("venue") == "Basement Club"
    assert desk.text("source") == "fixtures/audio/bundled-song.opus"
    assert desk.text("models") == "ear-small · skip-bart-small"
    clock.now_s += 61.0  # second 5 of 20, when the decoder is within its budget
    desk.wait(lambda: desk.text("elapsed") == "1:01")
    rows = [row.text.split() for row in desk.find("stages").find_elements(By.TAG_NAME, "tr")]
    assert rows[1] == ["embed", "7.40", "11.8", "25.0"]
    assert "output 40.0 Hz" in desk.text("counters").replace("\n", " ")
    assert desk.text("processes").split("\n") == ["listening up", "lighting up"]


def test_a_stage_over_budget_and_a_dead_process_stand_out(desk, clock, feed):
    desk.tab("technician")
    assert desk.driver.find_elements(By.CSS_SELECTOR, "tr.over") == []
    clock.now_s = 1040.5
    feed.processes = {"listening": "down", "lighting": "up"}
    desk.wait(
        lambda: [row.text.split()[0] for row in desk.driver.find_elements(By.CSS_SELECTOR, "tr.over")] == ["decode"]
    )
    desk.wait(lambda: desk.driver.find_element(By.CSS_SELECTOR, "#processes .bad").text == "listening down")


def test_switches_by_hand_and_by_key(desk, feed):
    for name in ("blackout", "hold"):
        desk.find(name).click()
        desk.wait(lambda name=name: desk.pressed(name))
        assert feed.commands == [Command(name, 1.0)]
        assert desk.text("mark") == name.upper()
        assert desk.find("stage").get_attribute("data-state") == name
        desk.type(name[0])
        desk.wait(lambda name=name: not desk.pressed(name))
        desk.type(name[0].upper())
        desk.wait(lambda name=name: desk.pressed(name))
        assert feed.commands == [Command(name, 1.0), Command(name, 0.0), Command(name, 1.0)]
        feed.commands.clear()
        feed.operator = Operator()
        desk.wait(lambda name=name: not desk.pressed(name))


@pytest.mark.front
def test_a_switch_shows_what_the_server_says_and_nothing_else(desk, feed, clock):
    feed.command = feed.commands.append  # asked, but not done
    desk.find("blackout").click()
    desk.wait(lambda: feed.commands)
    frame = desk.script(PICTURE, "light")
    clock.now_s += 1.0
    desk.wait(lambda: desk.script(PICTURE, "light") != frame)  # a later snapshot was shown
    assert not desk.pressed("blackout")
    feed.operator = Operator(blackout=True, hold=True)  # done by somebody else
    desk.wait(lambda: desk.pressed("blackout") and desk.pressed("hold"))


def test_the_master_by_arrow_keys_and_by_number(desk, feed):
    slider = desk.find("master")
    slider.send_keys(Keys.ARROW_LEFT * 5)
    desk.wait(lambda: feed.operator.grand_master == 0.95)
    number = desk.find("master-number")
    number.send_keys(Keys.CONTROL + "a", Keys.NULL, "40", Keys.ENTER)
    desk.wait(lambda: feed.operator.grand_master == 0.4)
    desk.wait(lambda: slider.get_property("value") == "40")
    number.send_keys("b")
    desk.wait(lambda: desk.pressed("blackout"))
    assert number.get_property("value") == "40"


def test_the_master_follows_another_desk(desk, feed):
    feed.operator = replace(feed.operator, grand_master=0.3)
    desk.wait(lambda: desk.find("master").get_property("value") == "30")
    assert desk.find("master-number").get_property("value") == "30"


def test_a_lost_connection_is_said_and_comes_back_by_itself(desk, served, feed):
    port = served.page.address[1]
    served.stop(comes_back=True)
    desk.wait(lambda: "the lights keep running" in desk.text("banner"))
    assert desk.text("health") == "NO NEWS"
    assert not desk.find("blackout").is_enabled()
    served.start(feed, port)
    desk.wait(lambda: not desk.find("banner").is_displayed())
    desk.find("blackout").click()
    desk.wait(lambda: desk.pressed("blackout"))
    desk.driver.get_log("browser")  # refused connections are logged by the browser itself


def test_silence_from_the_lights_is_said(desk, clock):
    desk.wait(lambda: "not current" in desk.text("banner"))  # this clock stands still
    clock.now_s += 1.0
    desk.wait(lambda: not desk.find("banner").is_displayed())


@pytest.mark.front
def test_a_fixture_tells_its_name_and_address(desk):
    box = desk.find("stage").rect
    assert desk.pointed("spot-1 ").startswith("spot-1 · Moving head · beam\n2.1–16\n#")
    assert desk.pointed("back-3 ").startswith("back-3 · RGBAW+UV PAR · back\n1.117–124\n#")
    assert desk.point(box["x"] + 5, box["y"] + box["height"] - 5) == ""


@pytest.fixture
def observed(require_real, tmp_path):
    """A Chromium that keeps what it asked of the network."""
    require_real("chromium", installed())
    with lazy_browser(tmp_path, ("browser", "performance")) as get:
        yield get()


def test_no_request_leaves_the_machine(observed, served):
    observed.get("about:blank")
    observed.get_log("performance")  # the browser's own first page is one too
    desk, addresses = Desk(observed, served.url), []
    for entry in desk.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(message["params"]["request"]["url"])
        if message["method"] == "Network.webSocketCreated":
            addresses.append(message["params"]["url"])
    assert any(address.endswith("/page.js") for address in addresses)
    own = (served.url, served.url.replace("http", "ws"), "about:", "data:")
    assert [address for address in addresses if not address.startswith(own)] == []


@pytest.mark.front
def test_nothing_sticks_out_sideways(desk):
    for width in (360, 390, 820, 1280, 2560):
        resize(desk.driver, width, 844 if width < 500 else 1440, mobile=width < 500)
        desk.wait(lambda width=width: desk.script("return innerWidth") == width)
        assert desk.script("return document.documentElement.scrollWidth") <= width


def test_switches_are_in_reach_of_the_thumb_on_a_phone(desk):
    resize(desk.driver, 390, 844, mobile=True)
    desk.wait(lambda: desk.script("return innerWidth") == 390)
    desk.script("scrollTo(0, 10000)")
    for name in ("blackout", "hold"):
        box = desk.script("return document.getElementById(arguments[0]).getBoundingClientRect().toJSON()", name)
        assert box["height"] >= 64
        assert box["left"] >= 0
        assert box["right"] <= 390
        assert 600 < box["top"] < box["bottom"] <= 844


def test_every_control_has_a_name(desk):
    nameless = desk.script(
        """
        return [...document.querySelectorAll("button, input, canvas:not([aria-hidden])")]
          .filter((each) => !(each.getAttribute("aria-label") || each.labels?.length || each.textContent.trim()))
          .map((each) => each.outerHTML);
        """
    )
    assert nameless == []
