"""The patch page over HTTP, with real Art-Net behind it; and in a real Chromium, by mouse and by finger."""

import asyncio
import time

import aiohttp
import pytest
from gdtf_file import packed
from promise import HANG_S
from real_chromium import installed, start_chromium
from room_in_browser import Served

from controller.bundled import bundled
from controller.clock import MonotonicClock
from controller.commands.answers import Answers
from controller.commands.drawing import server
from controller.commands.drawing.file import PatchFile
from controller.commands.drawing.questions import QuestionsPage
from controller.commands.drawing.served import addresses, key_for
from controller.commands.drawing.server import DrawPage
from controller.commands.init import first_run
from controller.commands.qr_code import qr_lines
from controller.config import read_config
from controller.one_show import OneShow
from controller.rig.profiles.library import Library

FULL = 200
HEADER = 18
"""Bytes of an ArtDmx packet before its slots."""


@pytest.fixture
def page(venue):
    served = Served(DrawPage(PatchFile(venue), MonotonicClock()))
    yield served
    served.close()


def levels(node, lit):
    """Slots 1 to 14 of the first frame in which the first PAR is lit, or is not."""
    end_s = time.monotonic() + HANG_S
    while time.monotonic() < end_s:
        packet = node.recv(2048)
        slots = packet[HEADER : HEADER + 14]
        if len(packet) > HEADER and (max(slots[:7]) > FULL) == lit:
            return slots
    raise AssertionError("never")


def test_a_lamp_is_lit_alone_and_dark_when_the_page_is_gone(page, node, monkeypatch):
    ((status, state),) = page.talk({"verb": "identify", "names": ["wash-1"]})
    assert (status, state["showing"]) == (200, "wash-1")
    assert max(levels(node, lit=True)[7:]) < FULL  # the other one
    monkeypatch.setattr(server, "LEFT_S", 0.1)  # nobody asks any more
    assert levels(node, lit=False)
    assert page.talk({"verb": "undo"})[0][1]["showing"] == ""


def test_a_walk_along_the_lamps_is_answered_and_never_beside_a_show(page, node, venue):
    show = OneShow(read_config(venue)).hold_places()
    ((status, said),) = page.talk({"verb": "check"})
    show.close()
    assert status == 400
    assert "another show is running" in said["said"]
    asked = page.talk({"verb": "check"}, *({"verb": "answer", "word": word} for word in ("yes", "no", "skip")))
    assert [one["check"].get("fixture") for _, one in asked] == ["wash-1", "wash-2", "spot", None]
    assert asked[-1][1]["check"]["answers"] == {"wash-1": {"white": True}, "wash-2": {"white": False}}
    assert levels(node, lit=False)


BROKEN = ("{", "[]", '{"verb": 3}', '{"verb": "add"}', '{"verb": "set", "names": ["spot"], "values": 7}',
          '{"verb": "add", "reference": "generic/dimmer", "mode": "1ch", "places": [["a", "b"]]}',
          '{"verb": "add", "reference": "generic/dimmer", "mode": "1ch", "count": 1e99}',
          '{"verb": "shift", "names": ["spot"], "by": []}', '{"verb": "answer", "word": "yes"}',
          '{"verb": "fly"}')  # fmt: skip


def test_nonsense_is_refused_and_changes_nothing(page):
    before = page.talk({"verb": "dark"})[0][1]["fixtures"]
    for status, said in page.talk(*BROKEN):
        assert status == 400, said
        assert said["said"]
    assert page.talk({"verb": "dark"})[0][1]["fixtures"] == before
    ((status, _),) = page.talk({"verb": "dark"}, headers={"Origin": "http://elsewhere"})
    assert status == 403


def bring(page, name, content):
    async def post():
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{page.url}own", params={"name": name}, data=content) as answer,
        ):
            return answer.status, await answer.json()

    return asyncio.run(post())


def test_a_file_of_ones_own_is_kept_beside_the_configuration_and_patched(page, venue):
    content = packed()  # once: an archive has the time in it
    status, said = bring(page, "../../Acme@Spot 2@v1.gdtf", content)
    assert status == 200, said
    assert (said["reference"], said["maker"]) == ("gdtf:Acme@Spot 2@v1", "Acme")
    assert (venue.parent / "profiles/gdtf/Acme@Spot 2@v1.gdtf").read_bytes() == content
    wish = {"verb": "add", "reference": said["reference"], "mode": "Extended", "count": 2}
    (status, state), (written, _) = page.talk(wish, {"verb": "write"})
    assert (status, written, state["refusal"]) == (200, 200, "")
    assert read_config(venue).fixtures[-1].profile == "gdtf:Acme@Spot 2@v1"
    for name, broken, reason in (
        ("lamp.gdtf", b"PK broken", "lamp.gdtf"),
        ("lamp.exe", b"MZ", "is brought as .gdtf or .qxf"),
        ("lamp.qxf", b"<html/>", "without a maker"),
        ("Acme@Spot 2@v1.gdtf", content + b" ", "says something else"),
    ):
        status, said = bring(page, name, broken)
        assert (status, reason in said["said"]) == (400, True), said
    assert [one.name for one in (venue.parent / "profiles").rglob("*") if one.is_file()] == ["Acme@Spot 2@v1.gdtf"]


def test_a_tablet_comes_in_with_the_key_only(venue):
    key = key_for("0.0.0.0")
    served = Served(DrawPage(PatchFile(venue), MonotonicClock(), key))

    async def come(query):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(f"{served.url}{query}") as first:
                text = await first.text()
            async with session.get(f"{served.url}state") as second:
                return first.status, second.status, text

    try:
        assert asyncio.run(come(""))[:2] == (403, 403)
        assert asyncio.run(come("?key=guess"))[:2] == (403, 403)
        assert asyncio.run(come(f"?key={key}"))[:2] == (200, 200)
    finally:
        served.close()
    assert key_for("127.0.0.1") == ""
    assert addresses("10.0.0.5", 8130, "abc") == ["http://10.0.0.5:8130/?key=abc"]


def test_the_code_in_the_terminal_is_what_segno_draws():
    import segno

    text = "http://10.0.0.5:8130/?key=abc"
    drawn = qr_lines(text).splitlines()
    modules = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=2)]
    for number, row in enumerate(modules):
        dark = [sign in ("▀ " if number % 2 else "▄ ") for sign in drawn[number // 2]]
        assert dark == [bool(one) for one in row]


@pytest.fixture(scope="module")
def browser(tmp_path_factory, require_real):
    require_real("Chromium", installed())
    driver = start_chromium(tmp_path_factory.mktemp("chromium") / "profile", "--window-size=1280,800")
    driver.set_script_timeout(HANG_S)
    yield driver
    driver.quit()


@pytest.fixture
def questions(tmp_path):
    """The page of `init --web`, and the file that it is to write."""
    file, clock = tmp_path / "new.yaml", MonotonicClock()
    library = Library(bundled("fixtures"))

    def write(answers):
        first_run(file, answers, clock, replace=False, ask=None, say=print)

    served = Served(QuestionsPage(file, {"venue": "The Loft"}, write, Answers(library, clock)))
    yield served, file
    served.close()


def until(driver, condition, what):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, HANG_S, poll_frequency=0.05).until(lambda _: driver.execute_script(condition), what)


def test_a_rig_is_drawn_by_mouse_and_by_finger_and_saved(browser, page, venue):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    find = lambda selector: browser.find_element(By.CSS_SELECTOR, selector)  # noqa: E731
    lamps = "return document.querySelectorAll('.lamp').length"
    browser.get_log("browser")  # what another test left
    browser.get(page.url)
    until(browser, f"{lamps} === 4", "the rig")
    find("#search").send_keys("rgb par 7ch")
    until(browser, "return document.querySelectorAll('#found .name').length === 1", "one is found")
    ActionChains(browser).drag_and_drop(find("#found .name"), find("#plan .ground")).perform()
    until(browser, f"{lamps} === 5", "a lamp that was dropped")
    new = page.talk({"verb": "dark"})[0][1]["fixtures"][-1]
    assert (new["id"], new["address"], abs(new["x"]) < 0.1, abs(new["y"] - 2.0) < 0.3) == ("wash-3", 15, True, True)
    browser.execute_script(
        "const at = document.getElementById('one-address'); at.value = 9; at.dispatchEvent(new Event('change'))"
    )
    until(browser, "return document.querySelectorAll('.lamp.bad').length === 2", "both are red")
    assert "shares address 9 with wash-2" in find("#problems").text
    find("#undo").click()
    until(browser, "return !document.querySelector('.lamp.bad')", "undone")

    find("[data-marks=singer]").click()
    until(browser, "return document.querySelectorAll('.place-mark').length === 1", "the singer's mark")
    ActionChains(browser).drag_and_drop_by_offset(find(".place-mark .body"), -60, 0).perform()
    until(browser, "return document.querySelector('.place-mark').getAttribute('transform').includes('(-')", "moved")
    boxes = browser.execute_script(
        "return ['.place-mark .body', '.ground', '.place-mark text'].map((one) => "
        "document.querySelector(one).getBoundingClientRect().toJSON())"
    )
    mark, stage, name = boxes  # it is seen where it is said to be, with its name in one piece
    assert stage["left"] < mark["left"] < mark["right"] < stage["right"]
    assert abs(mark["left"] + mark["right"] - name["left"] - name["right"]) < 8

    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 768, "height": 1024, "deviceScaleFactor": 1, "mobile": True}
    )
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    until(browser, "return innerWidth === 768", "a tablet")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 768
    box = browser.execute_script("return document.querySelector('.lamp[data-id=spot] .body').getBoundingClientRect()")
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind, point in (("touchStart", at), ("touchMove", {**at, "x": at["x"] + 80}), ("touchEnd", None)):
        points = [point] if point else []
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    until(browser, "return document.getElementById('one-title').textContent === 'spot'", "a finger chooses")
    until(browser, "return !document.getElementById('save').disabled", "something to save")
    assert page.talk({"verb": "dark"})[0][1]["fixtures"][2]["x"] > 0.5
    find("#save").click()
    until(browser, "return document.getElementById('saving').open", "the difference")
    assert "wash-3" in find("#difference").text
    find("#write").click()
    until(browser, "return document.getElementById('save').disabled", "saved")
    assert [one.id for one in read_config(venue).fixtures][-1] == "wash-3"
    assert read_config(venue).look.singer_m[0] < -0.2
    assert "# flickers" in venue.read_text()
    assert [one for one in browser.get_log("browser") if one["level"] == "SEVERE"] == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_the_questions_of_init_are_checked_one_by_one_and_end_in_the_patch_page(browser, questions):
    from selenium.webdriver.common.by import By

    served, file = questions
    browser.get(served.url)
    allowed = "return !document.getElementById('write').disabled"
    until(browser, allowed, "the usual answers are good")
    notes = browser.find_elements(By.CSS_SELECTOR, ".question p.quietly")
    assert all(one.get_attribute("textContent") for one in notes), "each question says what it means"
    answer = browser.find_element(By.ID, "answer-output")
    answer.send_keys("banana\t")
    said = "document.getElementById('answer-output-said').textContent"
    until(browser, f"return {said}.includes('is none of artnet, sacn')", "the reason stands below the answer")
    assert not browser.execute_script(allowed)
    assert not file.exists()
    sacn = next(one for one in browser.find_elements(By.CSS_SELECTOR, ".offers button") if one.text == "sacn")
    sacn.click()
    until(browser, allowed, "put right by one press")
    browser.find_element(By.ID, "write").click()
    until(browser, "return document.querySelectorAll('.lamp').length === 4", "the rig on its plan")
    made = read_config(file)
    assert (made.venue, made.universes[1].outputs[0].type, len(made.fixtures)) == ("The Loft", "sacn", 4)
    assert served.talk({"verb": "remove", "names": ["wash-1"]})[0][0] == 200


def test_a_file_that_came_meanwhile_is_not_written_over(questions):
    served, file = questions
    file.write_text("mine")

    async def write():
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{served.url}answer", json={"answers": {}}) as answer:
                said = (await answer.json())["said"]
            async with session.get(f"{served.url}state") as state:
                return answer.status, said, state.status

    status, said, state = asyncio.run(write())
    assert (status, state, "is there already" in said) == (400, 400, True)
    assert file.read_text() == "mine"
