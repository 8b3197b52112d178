"""A sheet on its way through the page: read, shown back, kept, opened again; and what other programs may ask."""

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from demo_feed import DemoFeed
from promise import HANG_S

from controller.config import AccessConfig
from controller.evening.set_list_file import read_set_list
from controller.watching.page.access import Access
from controller.watching.page.server import Page
from controller.watching.telling import ROWS

PATIENCE_S = HANG_S
SHEET = """The Gluons
1. Black Rain - red, no strobe!
MC
2) Blue Monday: blau, ruhig
whole set: no blinders
"""
TOKENS = {"viewer": "v" * 32, "operator": "o" * 32}


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def feed():
    return DemoFeed()


@asynccontextmanager
async def serving(feed, access=None):
    page = Page(access=access)
    task = asyncio.create_task(page.serve(feed, "127.0.0.1", 0))
    await asyncio.wait_for(page.serving.wait(), PATIENCE_S)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{page.address[1]}") as session:
            yield session
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def said(answer):
    async with answer as response:
        return response.status, await response.json()


def asked(feed, asks, access=None):
    async def ask():
        async with serving(feed, access) as session:
            return await asks(session)

    return asyncio.run(ask())


def test_a_pasted_sheet_is_shown_back_line_by_line(feed):
    status, read = asked(feed, lambda page: said(page.post("/setlist/read", data=SHEET.encode())))
    assert status == 200
    assert [one["kind"] for one in read["lines"]] == ["title", "song", "talk", "song", "note"]
    assert all({"line", "understood", "rest", "asked", "strobe"} <= set(one) for one in read["lines"])
    songs = [one for one in read["entries"] if one["kind"] == "song"]
    assert [one["asked"] for one in songs] == [["red"], ["blue"]]
    assert songs[0]["strobe"] is False
    assert all(one["blinder"] is False for one in songs), "what holds for the whole set holds for each song"
    assert {one["band"] for one in songs} == {"The Gluons"}


def test_what_is_approved_is_kept_and_becomes_tonights(feed):
    async def asks(page):
        _, read = await said(page.post("/setlist/read", data=SHEET.encode()))
        kept = await said(page.post("/setlist", json={"name": "Freitag, 赤", "entries": read["entries"]}))
        return kept, await said(page.get("/setlist")), await said(page.get("/setlists"))

    (status, kept), (_, tonight), (_, names) = asked(feed, asks)
    assert status == 200
    found = read_set_list(feed.folder / "setlists" / kept["file"].rsplit("/", 1)[-1])
    assert found == feed.watch.set_list
    assert tonight["name"] == "Freitag, 赤"
    assert len(tonight["entries"]) == 5
    assert names == {"names": ["Freitag, 赤"]}


def test_a_list_of_another_night_is_opened_again(feed):
    async def asks(page):
        for name in ("one", "two"):
            await said(page.post("/setlist", json={"name": name, "entries": [{"title": f"song of {name}"}]}))
        opened = await said(page.post("/setlist/open", json={"name": "one"}))
        missing = await said(page.post("/setlist/open", json={"name": "three"}))
        return opened, missing, await said(page.get("/setlist"))

    (status, _), (missing, why), (_, tonight) = asked(feed, asks)
    assert (status, missing) == (200, 400)
    assert "'three'" in why["error"]
    assert "one, two" in why["error"]
    assert tonight["entries"][0]["title"] == "song of one"


def test_a_strobe_that_a_note_forbids_is_forbidden_whatever_a_page_sends(feed):
    entries = [{"kind": "note", "title": "whole set no strobe", "strobe": False}, {"title": "one"}, {"title": "two"}]
    asked(feed, lambda page: said(page.post("/setlist", json={"name": "x", "entries": entries})))
    assert [one.strobe for one in feed.watch.set_list.entries] == [False, False, False]


def test_songs_below_a_heading_are_its_bands(feed):
    entries = [
        {"kind": "title", "title": "The Gluons"}, {"title": "one"}, {"kind": "note", "title": "no haze", "haze": False},
        {"kind": "title", "title": "赤組"}, {"title": "two"}, {"kind": "title", "title": "Encore"}, {"title": "three"},
    ]  # fmt: skip
    asked(feed, lambda page: said(page.post("/setlist", json={"name": "x", "entries": entries})))
    songs = [one for one in feed.watch.set_list.entries if one.kind == "song"]
    assert [(one.band, one.haze) for one in songs] == [("The Gluons", False), ("赤組", None), ("赤組", None)]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no json", "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "name"),
        (b'{"name": "x", "entries": [{"kind": "dance"}]}', "dance"),
        (b'{"name": "x", "entries": [{"asked": ["mauve-ish"]}]}', "mauve-ish"),
        (b'{"name": " ", "entries": []}', "name"),
        (json.dumps({"name": "x", "entries": [{"title": "y"}] * 400}).encode(), "300"),
        (b" " * 70_000, "64 KB"),
        (b'{"name": "x", "entries": [{"title": "\\ud800"}]}', "half a letter"),
    ],
)
def test_what_is_no_set_list_is_answered_in_a_sentence_and_changes_nothing(feed, body, why):
    status, answer = asked(feed, lambda page: said(page.post("/setlist", data=body)))
    assert status == 400
    assert why in answer["error"]
    assert feed.watch.set_list is None


def test_what_is_no_sheet_is_answered_in_a_sentence(feed):
    status, answer = asked(feed, lambda page: said(page.post("/setlist/read", data=b"\x00\x01\x02\xff" * 50)))
    assert status == 400
    assert "the sheet" in answer["error"]
    assert asked(feed, lambda page: said(page.post("/setlist/read", data=b""))) == (200, {"lines": [], "entries": []})


def test_who_may_only_look_keeps_nothing(feed):
    access = Access(
        tuple(AccessConfig(name=role, role=role, token_sha256=digest(token)) for role, token in TOKENS.items())
    )

    def as_(role):
        return {"Authorization": f"Bearer {TOKENS[role]}"}

    async def asks(page):
        keep = {"name": "x", "entries": [{"title": "y"}]}
        return [
            (await said(page.post("/setlist", json=keep, headers=as_("viewer"))))[0],
            (await said(page.post("/setlist/read", data=b"x", headers=as_("viewer"))))[0],
            (await said(page.get("/setlist", headers=as_("viewer"))))[0],
            (await said(page.get("/api/state", headers=as_("viewer"))))[0],
            (await said(page.post("/setlist", json=keep, headers=as_("operator"))))[0],
            (await page.get("/api/state")).status,
            (await page.post("/setlist", json=keep)).status,
        ]

    assert asked(feed, asks, access) == [403, 403, 200, 200, 200, 401, 401]


def test_another_sites_page_keeps_nothing(feed):
    async def asks(page):
        answer = await page.post("/setlist", json={"name": "x"}, headers={"Origin": "http://evil.example"})
        return answer.status

    assert asked(feed, asks) == 403


def test_programs_read_the_show_and_how_to_read_it(feed):
    async def asks(page):
        return await said(page.get("/api/state")), await said(page.get("/api/openapi.json"))

    (status, state), (_, text) = asked(feed, asks)
    assert status == 200
    assert {row.name for row in ROWS} <= set(state)
    described = text["paths"]["/api/state"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(state) == set(described["properties"])
    kinds = {"string": str, "integer": int, "number": (int, float)}
    assert all(isinstance(state[name], kinds[one["type"]]) for name, one in described["properties"].items())


def test_the_report_of_the_night_is_made_when_asked_for_and_shown_when_ready(feed):
    async def asks(page):
        before = (await page.get("/night")).status
        made = (await page.post("/night")).status
        working = await said(page.get("/night"))
        feed._state = "ready"
        async with page.get("/night") as answer:
            policy = answer.headers.getall("Content-Security-Policy")
            return before, made, working, answer.content_type, await answer.text(), policy

    before, made, working, kind, text, policy = asked(feed, asks)
    assert len(policy) == 1
    assert "data:" in policy[0], "its pictures are in it"
    assert (before, made, working) == (404, 202, (202, {"state": "working"}))
    assert kind == "text/html"
    assert "The night" in text


def test_the_song_that_is_played_can_be_heard_on_a_page(feed, root):
    async def asks(page):
        missing = (await page.get("/sound")).status
        feed.song = root / "controller/songs/metal_madness.opus"
        async with page.get("/sound", headers={"Range": "bytes=0-3"}) as part:
            return missing, part.status, await part.read()

    assert asked(feed, asks) == (404, 206, b"OggS")


def test_before_the_show_has_begun_programs_are_told_so(feed):
    feed.live = lambda: None
    status, answer = asked(feed, lambda page: said(page.get("/api/state")))
    assert status == 503
    assert "not begun" in answer["error"]
