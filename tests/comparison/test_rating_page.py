"""The page on which people rate: invented people whose preferences are known, strangers, and a browser."""

import asyncio
import json
import threading
from types import SimpleNamespace

import aiohttp
import numpy as np
import pytest
from promise import HANG_S
from raters import scores_of
from real_chromium import PLAYS, installed, start_chromium

from controller.__main__ import main
from controller.metrics.ratings import QUESTIONS
from controller.rehearsal.comparison.kit import Clip, Kit
from controller.rehearsal.comparison.server import RatingPage

LIKINGS = {"engineer": 1.2, "ours": 0.5, "rules": -1.2}


@pytest.fixture
def kit(tmp_path):
    made = Kit(tmp_path / "kit")
    (tmp_path / "kit" / "clips").mkdir(parents=True)
    for song in ("s", "t"):
        for number, light in enumerate(LIKINGS):
            clip = Clip(f"{song}{number}abc", song, light, 0.0, 20.0)
            made.add(clip)
            made.file(clip.name).write_bytes(b"film of " + clip.name.encode())
    return made


@pytest.fixture
def served(kit):
    """The page in a thread of its own, until the test ends."""
    page, loop = RatingPage(kit), asyncio.new_event_loop()
    task = loop.create_task(page.serve("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.gather(task, return_exceptions=True)))
    thread.start()
    asyncio.run_coroutine_threadsafe(page.serving.wait(), loop).result(HANG_S)
    yield SimpleNamespace(page=page, url=f"http://127.0.0.1:{page.address[1]}")
    loop.call_soon_threadsafe(task.cancel)
    thread.join(HANG_S)
    loop.close()


def talk(url, conversation):
    async def go():
        async with aiohttp.ClientSession(url) as session:
            return await conversation(session)

    return asyncio.run(go())


async def told(answer):
    async with answer as said:
        return said.status, (await said.json() if said.content_type == "application/json" else await said.text())


def test_people_whose_preferences_are_known_are_understood(served, kit, capsys):
    pytest.importorskip("scipy")
    rng = np.random.default_rng(6)
    truth = {one.name: LIKINGS[one.light] for one in kit.clips}

    async def everybody(session):
        for number in range(25):
            me = {"rater": f"{number:032x}"}  # a key drawn by lot would give each run an order of its own
            _, following = await told(session.get("/next", params=me))
            bias, seen = rng.normal(0, 0.7), []
            while (clip := following["clip"]) is not None:
                assert following["number"] == len(seen) + 1
                seen.append(clip)
                scores = dict(zip(QUESTIONS, scores_of(rng, bias + truth[clip]), strict=True))
                status, following = await told(session.post("/rate", json={**me, "clip": clip, "scores": scores}))
                assert status == 200
            assert sorted(seen) == sorted(truth)

    talk(served.url, everybody)
    assert main(["compare", "report", str(kit.folder), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["people"] == 25
    overall = {light: rows["overall"][0] for light, rows in result["means"].items()}
    assert sorted(overall, key=lambda light: -overall[light]) == ["engineer", "ours", "rules"]
    assert {row["verdict"] for row in result["differences"] if row["question"] == "overall"} == {"different"}
    assert main(["compare", "report", str(kit.folder)]) == 0
    out = capsys.readouterr().out
    for said in ("25 people, 2 songs", "engineer – rules", "people needed", "±", "equivalence test"):
        assert said in out


def test_who_stops_goes_on_later_on_another_day(served, kit):
    me = {"rater": "ab" * 16}

    async def three(session):
        _, following = await told(session.get("/next", params=me))
        for _ in range(3):
            scores = dict.fromkeys(QUESTIONS, 5)
            _, following = await told(session.post("/rate", json={**me, "clip": following["clip"], "scores": scores}))
        return following

    following = talk(served.url, three)
    again = RatingPage(Kit(kit.folder))
    assert json.loads(again._following(me["rater"]).body) == following
    assert following["number"] == 4


def test_nothing_that_leaves_says_which_light_it_is(served, kit):
    async def everything(session):
        found = []
        for path in ("/", "/rating.js", "/rating.css", "/next?rater=" + "0" * 32, f"/clip/{kit.clips[0].name}"):
            async with session.get(path) as answer:
                assert answer.status == 200
                found.append(await answer.read())
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        return b"".join(found)

    said = talk(served.url, everything)
    assert not any(light.encode() in said for light in LIKINGS)
    assert b"film of s0abc" in said


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"rater": "x", "clip": "s0abc", "scores": {}}', "[" * 3_000,
     json.dumps({"rater": "0" * 32, "clip": "s0abc", "scores": dict.fromkeys(QUESTIONS, 9)}),
     json.dumps({"rater": "0" * 32, "clip": "../kit", "scores": dict.fromkeys(QUESTIONS, 4)}),
     json.dumps({"rater": "me", "clip": "s0abc", "scores": dict.fromkeys(QUESTIONS, 4)}),
     json.dumps({"rater": ["0"], "clip": "s0abc", "scores": dict.fromkeys(QUESTIONS, 4)})],
)  # fmt: skip
def test_what_is_no_rating_is_refused(served, kit, body):
    status, _ = talk(served.url, lambda session: told(session.post("/rate", data=body)))
    assert status == 400
    assert kit.said() == []


def test_everybody_who_joins_gets_a_key_of_their_own(served):
    keys = [talk(served.url, lambda session: told(session.post("/join", json={}))) for _ in range(3)]
    assert {status for status, _ in keys} == {200}
    assert len({said["rater"] for _, said in keys}) == 3
    for _, said in keys:
        assert talk(served.url, lambda session, said=said: told(session.get("/next", params=said)))[0] == 200


def test_other_files_and_strangers_are_refused(served):
    for path in ("/clip/none", "/clip/..%2Fkit.json", "/kit.json", "/ratings.jsonl"):
        assert talk(served.url, lambda session, path=path: told(session.get(path)))[0] == 404
    for headers in ({"Host": "elsewhere.example"}, {"Origin": "http://elsewhere.example"}):
        join = lambda session, headers=headers: told(session.post("/join", headers=headers))  # noqa: E731
        assert talk(served.url, join)[0] == 403
    assert talk(served.url, lambda session: told(session.get("/next?rater=me")))[0] == 400


def test_a_taken_port_is_one_message(served, kit, capsys):
    port = served.page.address[1]
    assert main(["compare", "serve", str(kit.folder), "--port", str(port)]) == 1
    assert "choose another with --port" in capsys.readouterr().err


def test_a_browser_rates_a_clip(served, kit, require_real, tmp_path, config):
    require_real("chromium", installed())
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    from controller.rehearsal.room.film import encode

    picture = np.full((180, 320, 3), 80, np.uint8)
    for one in kit.clips:
        encode(kit.file(one.name), (picture for _ in range(20)), [np.zeros(48_000, np.float32)])
    browser = start_chromium(tmp_path / "chromium", PLAYS, "--window-size=900,1400")
    soon = WebDriverWait(browser, HANG_S, poll_frequency=0.1)
    try:
        browser.get(served.url)
        find = lambda name: browser.find_element(By.ID, name)  # noqa: E731
        soon.until(lambda _: find("place").text == "Clip 1 of 6")
        for name in QUESTIONS:
            six = browser.find_element(By.CSS_SELECTOR, f'input[name="{name}"][value="6"]')
            six.find_element(By.XPATH, "..").click()
        assert not find("send").is_enabled()  # nobody has watched it
        assert "to its end" in find("missing").text
        browser.execute_script(
            "document.getElementById('clip').currentTime = 0.9; document.getElementById('clip').play()"
        )
        soon.until(lambda _: browser.execute_script("return document.getElementById('clip').ended"))
        assert not find("send").is_enabled()  # nor has who jumps ahead
        browser.execute_script("document.getElementById('clip').play()")
        soon.until(lambda _: find("send").is_enabled())
        find("send").click()
        soon.until(lambda _: find("place").text == "Clip 2 of 6")
        (said,) = kit.said()
        assert said["scores"] == (6,) * 7
        assert said["rater"] == browser.execute_script("return localStorage.getItem('followspot-rater')")
        browser.refresh()
        soon.until(lambda _: find("place").text == "Clip 2 of 6")
        browser.save_screenshot(str(tmp_path / "page.png"))
        assert [
            one for one in browser.get_log("browser") if one["level"] == "SEVERE" and "favicon" not in one["message"]
        ] == []
    finally:
        browser.quit()
