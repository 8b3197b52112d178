"""The room's server and its page: every verb, bad wishes, strangers; and a browser that draws on the timeline."""

import asyncio
import base64
import json
import threading
from copy import copy
from dataclasses import replace
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from promise import HANG_S
from real_chromium import PLAYS, installed, start_chromium
from room_in_browser import Served

from controller.evening.set_list_file import read_set_list
from controller.listening.plan.plan import read_plan
from controller.rehearsal.room.server import Room, _shape

CUE = {"t_s": 12.0, "name": "blackout"}


@pytest.fixture
def served(studio, take, tmp_path):
    served = Served(Room(studio, take, take, tmp_path))
    yield served
    served.close()


def light(state):
    return np.frombuffer(base64.b64decode(state["light"]), "<i2").reshape(-1, 2)


def test_verbs(served, tmp_path):
    part = {"from_s": 5.0, "to_s": 10.0}
    answers = served.talk(
        {"verb": "pin", **part}, {"verb": "roll", "from_s": 0.0, "to_s": 20.0, "seed": 9, "palette": ["#ff0000"]},
        {"verb": "notes", "marks": [[3.0, "verse"], [1.0, "intro"]], "cues": [{"t_s": 2.0, "name": "hold"}]},
        {"verb": "notes", "lines": {"energy": [[0.0, 0.1], [9.0, 1.0]]}}, {"verb": "save"},
        {"verb": "export", "what": "tokens"},
    )  # fmt: skip
    assert [status for status, _ in answers] == [200] * 6
    last = answers[-1][1]
    assert last["notes"]["marks"] == [[1.0, "intro"], [3.0, "verse"]]
    assert last["notes"]["pins"] == [[5.0, 10.0]]
    assert (light(answers[0][1])[50:100] == light(last)[50:100]).all()
    plan = read_plan(tmp_path / "take.plan")
    assert (plan.light == light(last)).all()
    assert (tmp_path / "take.csv").is_file()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"verb": "fly"}, "does not know"),
        ({"verb": "roll", "from_s": 3, "to_s": 1, "seed": 1}, "choose a part"),
        ({"verb": "roll", "from_s": 0, "to_s": 1, "seed": "x"}, ""),
        ({"verb": "notes", "lines": {"fog": [[0, 1]]}}, "lines"),
        ({"verb": "notes", "cues": [{"t_s": -1, "name": "hold"}]}, "t_s"),
        ({"verb": "export", "what": "poster"}, "none of tokens"),
        ({"no": "verb"}, ""),
        ("[[[", ""),
    ],
)
def test_bad_wishes_change_nothing_and_are_named(served, wish, said):
    before = json.loads(json.dumps(served.room._state()))
    ((status, answer),) = served.talk(wish)
    assert status == 400
    assert said in answer["said"]
    assert {**answer, "said": ""} == {**before, "version": answer["version"]}


def test_a_loud_song_has_a_shape_and_silence_has_none():
    """A song that is loud throughout shows its quieter half; what is silent is nothing."""
    levels = np.array([[0.4] * 50 + [0.28] * 50 + [0.0] * 5, [0.1] * 105], np.float32)
    mix, stem = _shape(levels)
    assert mix[0] == 255
    assert 120 < mix[60] < 200
    assert mix[-1] == 0
    assert stem.max() < mix[60], "a stem is drawn by the measure of the mix"


def test_what_is_done_next_does_not_wait_for_the_stage(served):
    """A wish is taken at once while the stage is made; the stage that comes is that of the newest one."""
    studio = served.room._studio
    began, asked = threading.Event(), threading.Event()
    make = studio.stage

    def slow(tell):
        def telling(share):
            tell(share)
            if share > 0.1 and not asked.is_set():
                began.set()
                assert asked.wait(HANG_S)

        make(telling)

    studio.stage = slow
    ((_, first),) = served.talk({"verb": "roll", "from_s": 0.0, "to_s": 24.0, "seed": 9})
    assert first["staging"]
    assert began.wait(HANG_S)
    answers = []
    other = threading.Thread(target=lambda: answers.extend(served.talk({"verb": "notes", "cues": [CUE]})))
    other.start()
    while not served.room._busy:
        assert other.is_alive()
    asked.set()
    other.join(HANG_S)
    assert answers[0][0] == 200
    assert answers[0][1]["stages"] == first["stages"], "the stage that nobody wants any more was broken off"
    served.staged()
    assert served.room._state()["stages"] == first["stages"] + 1
    whole = replace(studio)
    whole.stage()
    assert np.array_equal(whole.rows, studio.rows)
    assert served.room._history.now.rows is studio.rows


def test_set_lists_are_edited_in_the_room(studio, take, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(studio.config.file.read_text(encoding="utf-8"), encoding="utf-8")
    here = copy(studio)
    here.config = replace_file(studio.config, file)
    served = Served(Room(here, take, take, tmp_path))
    try:
        status, read = asyncio.run(said(served, "setlist/read", "Take – red, no strobe"))
        assert (status, read["entries"][0]["asked"], read["entries"][0]["strobe"]) == (200, ["red"], False)
        entries = [{**read["entries"][0], "look": "hold", "plan": "plans/take.plan"}]
        status, kept = asyncio.run(said(served, "setlist", json.dumps({"name": "Friday", "entries": entries})))
        assert status == 200
        assert read_set_list(Path(kept["file"])).entries[0].plan == "plans/take.plan"
        assert Path(kept["file"]).parent == tmp_path / "setlists"
        status, wrong = asyncio.run(said(served, "setlist", json.dumps({"name": "", "entries": []})))
        assert (status, "what is the evening called" in wrong["error"]) == (400, True)
    finally:
        served.close()


def replace_file(config, file):
    """The same configuration beside another folder of set lists."""
    moved = config.model_copy()
    moved._file = file
    return moved


async def said(served, path, body):
    async with aiohttp.ClientSession() as session, session.post(served.url + path, data=body) as answer:
        return answer.status, await answer.json()


def test_the_room_tells_the_bars_it_heard(served):
    async def ask():
        async with aiohttp.ClientSession() as session, session.get(served.url + "song") as answer:
            return await answer.json()

    song = asyncio.run(ask())
    sure = [row for row in song["beats"] if row[3] > 0.6]
    assert len(sure) > 20
    assert np.median(np.diff([row[0] for row in sure])) == pytest.approx(0.4, abs=0.02)  # 150 a minute
    assert {row[2] for row in sure} == {1, 2, 3, 4}
    assert {row[3] for row in song["kinds"]} <= {"band", "solo", "talk", "applause", "silence"}


def test_strangers_are_refused(served):
    ((status, _),) = served.talk({"verb": "save"}, headers={"Origin": "http://elsewhere.example"})
    assert status == 403
    ((status, _),) = served.talk({"verb": "save"}, headers={"Host": "elsewhere.example"})
    assert status == 403


def test_a_browser_works_on_a_song(served, require_real, tmp_path):
    require_real("chromium", installed())
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser = start_chromium(tmp_path / "chromium", PLAYS, "--window-size=1280,1400")
    studio, soon = served.room._studio, WebDriverWait(browser, HANG_S, poll_frequency=0.1)
    try:
        browser.get(served.url)
        find = lambda name: browser.find_element(By.ID, name)  # noqa: E731
        soon.until(lambda _: "Press Play" in find("said").text)
        timeline, width = find("timeline"), find("timeline").size["width"]

        def drag(from_share, to_share, from_y, to_y):
            middle, half = width / 2, timeline.size["height"] / 2
            hand = ActionChains(browser).move_to_element_with_offset(
                timeline, from_share * width - middle, from_y - half
            )
            hand.click_and_hold().move_by_offset(
                int((to_share - from_share) * width), to_y - from_y
            ).release().perform()

        def done(condition):
            chip = browser.find_element(By.CSS_SELECTOR, ".tools .chip")
            soon.until(lambda _: condition() and not chip.get_property("disabled"))

        drag(0.25, 0.5, 60, 60)
        assert find("part").text.startswith(("5.9", "6.0", "6.1"))
        before = studio.light.copy()
        find("pin").click()
        done(lambda: studio.notes.pins)
        drag(0.0, 0.9, 60, 60)
        find("roll").click()
        done(lambda: not np.array_equal(studio.light, before))
        ((from_s, to_s),) = studio.notes.pins
        kept = slice(round(from_s * 10), round(to_s * 10))
        assert (studio.light[kept] == before[kept]).all()
        bottom = timeline.size["height"] - 10
        drag(0.1, 0.8, bottom, bottom - 40)
        done(lambda: len(studio.notes.lines.get("intensity", ())) >= 2)
        find("mark-name").send_keys("solo")
        find("mark").click()
        done(lambda: any(name == "solo" for _, name in studio.notes.marks))
        find("cue").click()
        done(lambda: [one.name for one in studio.notes.cues] == ["blackout"])
        place = "return document.getElementById('audio').currentTime"
        began_s = browser.execute_script(place)
        find("play").click()
        soon.until(lambda _: browser.execute_script(place) > began_s + 0.5)
        find("play").click()
        find("save").click()
        soon.until(lambda _: (tmp_path / "take.plan").is_file())
        for view, canvas in (("view-plan", "above"), ("view-front", "light")):
            find(view).click()
            assert find(view).get_attribute("aria-pressed") == "true"
            assert find(canvas).is_displayed()
        severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert severe == []
    finally:
        browser.quit()
