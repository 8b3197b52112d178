"""The room as somebody meets it in a browser: everything on the screen, nothing that moves, keys, first sight."""

import threading
from itertools import pairwise

import pytest
from promise import HANG_S
from real_chromium import PLAYS, begin_with_plan, installed, start_chromium
from room_in_browser import Served
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from window import resize

from controller.evening.set_lists import SetLists
from controller.rehearsal.room.history import RoomStep
from controller.rehearsal.room.server import Room
from controller.rehearsal.room.studio import Studio

BOXES = """
const box = (selector) => {
  const { top, bottom, left, right } = document.querySelector(selector).getBoundingClientRect();
  return { top, bottom, area: (bottom - top) * (right - left) }; };
return { stage: box("#stage"), timeline: box("#timeline"), tools: box(".tools"), window: innerHeight,
  page: document.scrollingElement.scrollHeight,
  hidden: document.querySelector(".tools").scrollHeight - document.querySelector(".tools").clientHeight };
"""
WRITE = """
const done = arguments[arguments.length - 1];
const texts = [], old = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, left) {
  if (this.canvas.id === "timeline") texts.push([text, left, left + this.measureText(text).width]);
  return old.apply(this, arguments);
};
document.getElementById("line").dispatchEvent(new Event("change"));
CanvasRenderingContext2D.prototype.fillText = old;
done([texts, document.getElementById("timeline").clientWidth]);
"""
PLAYING = "return !document.getElementById('audio').paused"


class RoomPage:
    """What a test does in the room."""

    def __init__(self, browser, served):
        self.browser, self.served = browser, served
        browser.get(served.url)
        self.wait(lambda: "Press Play" in self.text("said"))

    def wait(self, condition):
        WebDriverWait(self.browser, HANG_S, poll_frequency=0.05).until(lambda _: condition())

    def find(self, name):
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        return self.find(name).text

    def script(self, source):
        return self.browser.execute_script(source)

    def type(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def shared(self):
        """How far the progress bar says that something is."""
        return float(self.find("share").get_attribute("value") or 0)

    @property
    def playing(self):
        return self.script(PLAYING)


@pytest.fixture(scope="module")
def browser(require_real, tmp_path_factory):
    require_real("chromium", installed())
    browser = start_chromium(tmp_path_factory.mktemp("chromium"), PLAYS, "--window-size=1280,1400")
    begin_with_plan(browser)
    yield browser
    browser.quit()


@pytest.fixture
def page(browser, studio, take, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    served = Served(Room(studio, take, take, tmp_path))
    resize(browser, 1280, 800)
    yield RoomPage(browser, served)
    browser.get("about:blank")
    served.close()


def test_the_space_bar_plays_whatever_has_the_focus(page):
    for focused in ("play", "loop", "pin", "cue-kind", "seed", "timeline"):
        page.script(f"document.getElementById('{focused}').focus()")
        page.type(" ")
        page.wait(lambda: page.playing)
        page.type(" ")
        page.wait(lambda: not page.playing)
        assert page.find("loop").get_attribute("aria-pressed") == "false", focused
        assert page.served.room._studio.notes.pins == (), focused


def test_the_space_bar_is_a_letter_where_somebody_writes(page):
    page.find("mark-name").click()
    page.type("second", " ", "verse")
    assert page.find("mark-name").get_attribute("value") == "second verse"
    assert not page.playing


def test_all_lanes_and_all_tools_are_on_the_screen(page):
    for size in ((2560, 1440), (1920, 1080), (1280, 800)):  # the last is the hardest, and comes from a larger one
        resize(page.browser, *size)
        page.wait(lambda size=size: page.script("return innerHeight") == size[1])
        page.wait(lambda size=size: page.script(BOXES)["timeline"]["bottom"] <= size[1])
        page.wait(lambda: page.script(BOXES)["hidden"] <= 1)  # lanes are drawn anew a moment after the window is small
        boxes = page.script(BOXES)
        assert boxes["page"] <= boxes["window"], "nothing has to be scrolled to"
        assert boxes["timeline"]["area"] > boxes["stage"]["area"]
        assert boxes["stage"]["bottom"] <= boxes["timeline"]["top"]


def test_what_takes_long_says_what_it_is_and_how_far_and_moves_nothing(page, monkeypatch):
    rolls, stages = Gate(), Gate()
    monkeypatch.setattr(Studio, "roll", rolls.slowed(Studio.roll))
    monkeypatch.setattr(Studio, "stage", stages.slowed(Studio.stage))
    before = page.script(BOXES)
    assert not page.find("share").is_displayed()
    page.find("roll").click()
    assert rolls.reached.wait(HANG_S)
    page.wait(lambda: page.shared() > 0.5)
    assert page.text("said") == "lighting the part …"
    assert page.find("share").is_displayed()
    assert page.script(BOXES) == before
    assert not page.find("pin").is_enabled()
    rolls.opened.set()
    assert stages.reached.wait(HANG_S)
    page.wait(lambda: page.text("said").startswith("seed") and page.shared() > 0.5)
    assert page.find("pin").is_enabled(), "nobody waits for the stage"
    assert page.script(BOXES) == before
    stages.opened.set()
    page.wait(lambda: page.text("said").startswith("The stage is made"))
    assert not page.find("share").is_displayed()
    assert page.script(BOXES) == before


class Gate:
    """Lets some work go half its way, and on when it is opened."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def slowed(self, work):
        def slow(studio, *args, progress=lambda _share: None, **more):
            told = args[-1] if args and callable(args[-1]) else progress

            def tell(share):
                told(share)
                if share > 0.5:
                    self.reached.set()
                    assert self.opened.wait(HANG_S)

            return work(studio, *(one for one in args if one is not told), progress=tell, **more)

        return slow


def test_a_look_is_seen_in_the_lane_and_changed_at_the_line(page):
    studio = page.served.room._studio
    page.script("document.getElementById('audio').currentTime = 20")
    page.wait(lambda: page.text("look-of").endswith(f"since {studio.notes.looks[-1].t_s:.1f} s"))
    before = len(studio.notes.looks)
    page.find("look-begin").click()
    page.wait(lambda: len(studio.notes.looks) == before + 1 and page.find("look-begin").is_enabled())
    assert studio.notes.looks[-1].t_s == 20.0
    Select(page.find("look-gel-1")).select_by_visible_text("Tokyo Blue L071")
    page.wait(lambda: studio.notes.looks[-1].palette[0] == (240.0, 1.0) and page.find("look-begin").is_enabled())
    Select(page.find("look-spend")).select_by_visible_text("blinder")
    page.wait(lambda: studio.notes.looks[-1].spend == "blinder" and page.find("look-begin").is_enabled())
    names, _ = page.browser.execute_async_script(WRITE)
    assert any(studio.notes.looks[0].look in text for text, *_ in names)
    page.served.staged()
    lit = studio.rows[420:470, :, :3].astype(float).sum(axis=(0, 1))
    assert lit[2] > lit[0], "the stage is in the gel that was chosen"
    page.wait(lambda: page.text("said").startswith("The stage is made"))
    page.find("look-remove").click()
    page.wait(lambda: len(studio.notes.looks) == before)


def test_a_song_s_line_of_the_set_list_is_written_in_the_room(page, tmp_path, monkeypatch):
    lists = SetLists(tmp_path / "setlists")
    monkeypatch.setattr(page.served.room.lists, "_lists", lists)
    page.find("to-list").click()
    page.wait(lambda: "take" in page.text("this-song"))
    page.find("paper-text").send_keys("Opener - blue")
    page.find("paper-read").click()
    page.wait(lambda: len(page.browser.find_elements(By.CSS_SELECTOR, "#lines > li")) == 1)
    page.find("this-song").click()
    page.wait(lambda: len(page.browser.find_elements(By.CSS_SELECTOR, "#lines > li")) == 2)
    page.browser.find_element(By.CSS_SELECTOR, "[data-part='asked-red']").click()
    page.find("list-name").send_keys("Friday")
    page.find("list-save").click()
    page.wait(lambda: "is saved" in page.text("list-said"))
    first, second = lists.read("Friday").entries
    assert (first.title, first.asked) == ("Opener", ("blue",))
    assert (second.title, second.asked) == ("take", ("red",))
    assert second.plan.endswith("take.plan")
    severe = [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


def test_changes_are_undone_by_button_and_by_key(page):
    marks = page.served.room._studio.notes.marks

    def names():
        return [name for _, name in page.served.room._studio.notes.marks]

    assert not page.find("undo").is_enabled()
    page.find("mark-name").send_keys("solo")
    page.find("mark").click()
    page.wait(lambda: "solo" in names() and page.find("undo").is_enabled())
    page.find("undo").click()
    page.wait(lambda: page.served.room._studio.notes.marks == marks and page.find("redo").is_enabled())
    control = ActionChains(page.browser).key_down(Keys.CONTROL)
    control.key_down(Keys.SHIFT).send_keys("z").key_up(Keys.SHIFT).key_up(Keys.CONTROL).perform()
    page.wait(lambda: "solo" in names() and page.find("undo").is_enabled())
    ActionChains(page.browser).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.wait(lambda: page.served.room._studio.notes.marks == marks)
    page.wait(lambda: page.find("redo").is_enabled())
    page.find("mark-name").click()
    control = ActionChains(page.browser).key_down(Keys.CONTROL).key_down(Keys.SHIFT)
    control.send_keys("z").key_up(Keys.SHIFT).key_up(Keys.CONTROL).send_keys("b").perform()
    page.wait(lambda: page.find("mark-name").get_attribute("value").endswith("b"))
    assert page.served.room._history.redoes == 1, "in a field the keys are the field's"


def test_the_first_sight_is_a_lit_moment_and_says_what_to_do(page):
    assert page.text("said").startswith("Press Play or the space bar.")
    at_s = page.script("return document.getElementById('audio').currentTime")
    rows = page.served.room._studio.rows[:, :, :3].astype(float).sum(axis=(1, 2))
    assert rows[round(at_s * 20)] >= 0.6 * rows.max()
    page.wait(lambda: page.text("time") == f"0:{at_s:04.1f}")


def test_marks_are_readable_on_a_phone(page):
    names = [f"part {number}" for number in range(1, 13)]
    marks = [[2.0 * number, name] for number, name in enumerate(names)]
    page.served.talk({"verb": "notes", "marks": marks})
    resize(page.browser, 390, 844, mobile=True)
    page.browser.get(page.served.url)
    page.wait(lambda: "Press Play" in page.text("said"))
    page.script("document.getElementById('audio').currentTime = 20.5")
    page.wait(lambda: page.text("time") == "0:20.5")
    texts, width = page.browser.execute_async_script(WRITE)
    shown = [one for one in texts if one[0].startswith("p")]
    assert len(shown) >= 3
    assert {text for text, _, _ in shown} <= set(names), "whole names only"
    assert "part 11" in {text for text, _, _ in shown}, "the part at the line has its name"
    shown.sort(key=lambda one: one[1])
    assert all(one[2] < other[1] for one, other in pairwise(shown))
    assert shown[-1][2] <= width


def test_what_leaves_the_room_is_called_export(page):
    assert "Export" in [one.text.capitalize() for one in page.browser.find_elements(By.TAG_NAME, "h2")]


def test_unsaved_work_is_offered_where_it_is_seen(browser, studio, take, tmp_path):
    saved = RoomStep.of(studio)
    studio.notes = studio.notes.model_copy(update={"marks": ((2.0, "not saved"),)})
    served = Served(Room(studio, take, take, tmp_path, saved=saved, since="28 November, 21:03"))
    try:
        page = RoomPage(browser, served)
        page.wait(lambda: page.text("kept-said") == "Your unsaved work of 28 November, 21:03 is open again.")
        page.find("instead").click()
        page.wait(lambda: studio.notes == saved.notes and not page.find("kept").is_displayed())
        browser.get("about:blank")
    finally:
        served.close()
