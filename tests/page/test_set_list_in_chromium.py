"""The set list before the night: a sheet is pasted or photographed, put right line by line, approved and taken."""

import json

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

READ = [
    {"line": "1. Metal Madness - red!! wild", "kind": "song", "title": "Metal Madness", "understood": True, "rest": "",
     "asked": ["red"], "forbidden": [], "energy": "wild", "strobe": True, "blinder": None, "haze": None,
     "dark_on_break": False, "key": None, "tempo_bpm": None},
    {"line": "2. Slow Tide (blue, no kraken)", "kind": "song", "title": "Slow Tide", "understood": False,
     "rest": "no kraken", "asked": ["blue"], "forbidden": [], "energy": "calm", "strobe": False, "blinder": None,
     "haze": None, "dark_on_break": False, "key": None, "tempo_bpm": 96},
    {"line": "-- merch --", "kind": "talk", "title": "merch", "understood": True, "rest": "", "asked": [],
     "forbidden": [], "energy": None, "strobe": None, "blinder": None, "haze": None, "dark_on_break": False,
     "key": None, "tempo_bpm": None},
]  # fmt: skip
SHOW = """
window.asked = [];
window.lists = { setlist: null, setlists: { names: ["Friday"] } };
window.fetch = async (path, { method = "GET", headers = {}, body = "" } = {}) => {
  window.asked.push([method, String(path), headers["Content-Type"] ?? "", body instanceof Blob ? body.type : body]);
  const refused = method === "POST" && path === "setlist" && window.refusal;
  const taken = refused || { file: "x.json" };
  const said = path === "setlist/read" ? { lines: %s } : method === "POST" ? taken : window.lists[path];
  return { ok: !refused, status: 400, json: async () => said };
};
"""


@pytest.fixture
def desk(chromium, served):
    desk = Desk(chromium, served.url)
    desk.script(SHOW % json.dumps(READ))
    desk.tab("list")
    return desk


def paste(desk, text="1. Metal Madness - red!! wild\n2. Slow Tide"):
    desk.find("paper-text").send_keys(text)
    desk.find("paper-read").click()
    desk.wait(lambda: len(lines(desk)) == 3)


def lines(desk):
    return desk.driver.find_elements(By.CSS_SELECTOR, "#lines > li")


def titles(desk):
    return desk.script("return [...document.querySelectorAll('#lines [data-part=title]')].map((one) => one.value)")


def part(desk, number, name):
    return lines(desk)[number].find_element(By.CSS_SELECTOR, f'[data-part="{name}"]')


def posted(desk, path):
    return [one for one in desk.script("return window.asked") if one[:2] == ["POST", path]]


def test_a_pasted_sheet_is_read_and_each_line_shows_what_was_understood(desk):
    paste(desk)
    assert posted(desk, "setlist/read")[0][2:] == ["text/plain", "1. Metal Madness - red!! wild\n2. Slow Tide"]
    assert titles(desk) == ["Metal Madness", "Slow Tide", "merch"]
    assert [line.get_attribute("data-state") for line in lines(desk)] == ["approved", "waiting", "approved"]
    assert "Not understood: no kraken" in lines(desk)[1].text
    assert "On paper: 2. Slow Tide (blue, no kraken)" in lines(desk)[1].text
    assert {"blue", "calm", "no strobe", "96 bpm"} <= set(lines(desk)[1].text.split("\n"))


def test_a_list_with_a_line_that_nobody_approved_is_not_taken(desk):
    paste(desk)
    desk.find("list-name").send_keys("Saturday")
    desk.find("list-save").click()
    desk.wait(lambda: "1 lines are not understood" in desk.text("list-said"))
    assert posted(desk, "setlist") == []
    part(desk, 1, "approve").click()
    desk.find("list-save").click()
    desk.wait(lambda: "tonight" in desk.text("list-said"))
    taken = json.loads(posted(desk, "setlist")[0][3])
    assert taken["name"] == "Saturday"
    assert [(one["kind"], one["title"], one["strobe"]) for one in taken["entries"]] == [
        ("song", "Metal Madness", True), ("song", "Slow Tide", False), ("talk", "merch", None),
    ]  # fmt: skip
    assert taken["entries"][1] == {
        "kind": "song", "title": "Slow Tide", "band": "", "asked": ["blue"], "forbidden": [], "energy": "calm",
        "strobe": False, "blinder": None, "haze": None, "dark_on_break": False, "key": None, "tempo_bpm": 96,
        "look": None, "plan": None, "note": "", "rest": "no kraken",
    }  # fmt: skip


def test_a_line_is_edited_and_what_a_person_changed_is_approved(desk):
    paste(desk)
    part(desk, 1, "edit").click()
    for name in (
        "kind-changeover",
        "strobe-null",
        "asked-amber",
        "energy-wild",
        "dark_on_break-true",
        "key-warm white",
    ):
        part(desk, 1, name).click()
    title = part(desk, 1, "title")
    title.send_keys(Keys.CONTROL + "a", Keys.NULL, "Slower Tide")
    part(desk, 1, "energy-wild").click()  # the field gives up the focus under this very press
    desk.wait(lambda: titles(desk)[1] == "Slower Tide")
    desk.wait(lambda: lines(desk)[1].get_attribute("data-state") == "approved")
    desk.find("list-name").send_keys("Saturday")
    desk.find("list-save").click()
    desk.wait(lambda: posted(desk, "setlist"))
    entry = json.loads(posted(desk, "setlist")[0][3])["entries"][1]
    assert (entry["kind"], entry["title"], entry["strobe"], entry["energy"]) == (
        "changeover",
        "Slower Tide",
        None,
        "wild",
    )
    assert (entry["asked"], entry["dark_on_break"], entry["key"]) == (["blue", "amber"], True, "warm white")


def test_lines_are_put_in_order_added_and_removed(desk):
    paste(desk)
    lines(desk)[2].find_element(By.CSS_SELECTOR, ".up").click()
    assert titles(desk) == ["Metal Madness", "merch", "Slow Tide"]
    assert desk.script("return document.activeElement.className").endswith("up"), "the next press moves it on"
    lines(desk)[0].find_element(By.CSS_SELECTOR, ".down").click()
    assert titles(desk) == ["merch", "Metal Madness", "Slow Tide"]
    lines(desk)[1].find_element(By.CSS_SELECTOR, '[aria-label="Remove line 2"]').click()
    desk.find("line-add").click()
    assert titles(desk) == ["merch", "Slow Tide", ""]


def test_a_photograph_goes_as_a_picture(desk, tmp_path):
    picture = tmp_path / "sheet.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    desk.find("paper-photo").send_keys(str(picture))
    desk.wait(lambda: len(lines(desk)) == 3)
    assert posted(desk, "setlist/read")[0][2:] == ["image/png", "image/png"]


def test_a_refusal_is_said_in_the_show_s_words_and_nothing_is_lost(desk):
    paste(desk)
    part(desk, 1, "approve").click()
    desk.script("window.refusal = { error: 'the disk is full' }")
    desk.find("list-name").send_keys("Saturday")
    desk.find("list-save").click()
    desk.wait(lambda: desk.text("list-said") == "the disk is full")
    assert len(lines(desk)) == 3


def test_a_kept_list_is_opened_after_a_question_where_it_would_replace_work(desk):
    paste(desk)
    desk.find("lists").find_element(By.TAG_NAME, "button").click()
    desk.find("ask-no").click()
    assert posted(desk, "setlist/open") == []
    desk.script("window.lists.setlist = { name: 'Friday', entries: [{ kind: 'song', title: 'Only one' }] }")
    desk.find("lists").find_element(By.TAG_NAME, "button").click()
    desk.find("ask-yes").click()
    desk.wait(lambda: titles(desk) == ["Only one"])
    assert json.loads(posted(desk, "setlist/open")[0][3]) == {"name": "Friday"}
    assert desk.find("list-name").get_property("value") == "Friday"


def test_a_show_that_knows_no_set_lists_says_so(chromium, served):
    desk = Desk(chromium, served.url)
    desk.script("window.fetch = async () => { throw new TypeError('away'); }")
    desk.tab("list")
    desk.find("paper-text").send_keys("One song")
    desk.find("paper-read").click()
    desk.wait(lambda: "does not answer" in desk.text("paper-said"))


def test_a_list_is_replaced_in_the_middle_of_a_song_only_after_a_question(desk, feed):
    feed.playing = 1
    paste(desk)
    part(desk, 1, "approve").click()
    desk.find("list-name").send_keys("Saturday")
    desk.script("window.later = false; setTimeout(() => window.later = true, 400)")
    desk.wait(lambda: desk.script("return window.later"))
    desk.find("list-save").click()
    desk.find("ask-no").click()
    assert posted(desk, "setlist") == []
    desk.find("list-save").click()
    desk.find("ask-yes").click()
    desk.wait(lambda: posted(desk, "setlist"))


def test_a_sheet_is_read_and_kept_by_the_show_itself(chromium, served, feed):
    """No stub: the routes of the page's own server, and the show's own reader."""
    desk = Desk(chromium, served.url)
    desk.tab("list")
    desk.find("paper-text").send_keys("Metal Madness - red, no strobe\nSlow Tide (blue)\n")
    desk.find("paper-read").click()
    desk.wait(lambda: titles(desk) == ["Metal Madness", "Slow Tide"])
    assert {"red", "no strobe"} <= set(lines(desk)[0].text.split("\n"))
    desk.find("list-name").send_keys("Saturday")
    desk.find("list-save").click()
    desk.wait(lambda: feed.watch.set_list is not None)
    kept = feed.watch.set_list
    assert (kept.name, [one.title for one in kept.entries]) == ("Saturday", ["Metal Madness", "Slow Tide"])
    assert kept.entries[0].strobe is False
    desk.wait(lambda: "Saturday" in desk.text("lists"))


def test_the_report_of_the_night_is_made_and_opened(desk, feed):
    desk.driver.refresh()
    desk.wait(lambda: desk.text("health") == "LIVE")
    desk.tab("technician")
    assert not desk.find("night-open").is_displayed()
    desk.find("night-make").click()
    desk.wait(lambda: "being made" in desk.text("night-said"))
    feed._state = "ready"
    desk.wait(lambda: desk.find("night-open").is_displayed())
    assert desk.find("night-open").get_attribute("href").endswith("/night")
