"""The song of a silent machine, heard on the page: in step with the show, over its loop, and never without a press."""

import time

import av
import pytest
from demo_feed import DemoFeed
from page_in_browser import Desk

IN_STEP_S = 0.05
BEFORE_THE_END_S = 12.0
HEARD = """
const audio = document.getElementById("listen-audio");
return [audio.currentTime, Date.now() / 1000, audio.paused || audio.seeking || audio.readyState < 3];
"""


@pytest.fixture
def feed(root):
    song = root / "controller/songs/metal_madness.opus"
    with av.open(str(song)) as container:
        song_s = container.duration / av.time_base
    return DemoFeed(time.monotonic, song=song, song_s=song_s, from_s=song_s - BEFORE_THE_END_S)


@pytest.fixture
def desk(chromium, served):
    return Desk(chromium, served.url)


def off_s(desk, feed):
    """How far the page's sound is ahead of the show's, by this process's clock; None while it is silent."""
    place_s, told_s, silent = desk.script(HEARD)
    wall_s = time.time() - time.monotonic()  # noqa: TID251 - the browser's clock has no other that is the same here
    due_s = feed.from_s + told_s - wall_s - feed.started_s
    return None if silent else (place_s - due_s + feed.song_s / 2) % feed.song_s - feed.song_s / 2


def in_step(desk, feed):
    found = off_s(desk, feed)
    return found is not None and abs(found) < IN_STEP_S


def test_the_song_is_heard_in_step_with_the_show_and_begins_anew_with_it(desk, feed):
    desk.wait(lambda: desk.find("listen").is_displayed())
    assert off_s(desk, feed) is None, "nobody pressed yet"
    assert not desk.pressed("listen")
    desk.find("listen").click()
    desk.wait(lambda: in_step(desk, feed))
    assert desk.pressed("listen")
    desk.wait(lambda: desk.script(HEARD)[0] < feed.song_s / 2 and in_step(desk, feed))
    feed.from_s += 40.0  # a song that is started somewhere else is followed
    desk.wait(lambda: in_step(desk, feed))
    desk.find("listen").click()
    desk.wait(lambda: not desk.pressed("listen") and off_s(desk, feed) is None)
    assert desk.complaints() == []


def test_it_stops_when_the_source_goes_away_and_the_button_goes_with_it(desk, feed):
    desk.wait(lambda: desk.find("listen").is_displayed())
    desk.find("listen").click()
    desk.wait(lambda: off_s(desk, feed) is not None)
    feed.song = None
    desk.wait(lambda: not desk.find("listen").is_displayed())
    assert off_s(desk, feed) is None
    assert not desk.pressed("listen")


def test_a_file_that_no_browser_plays_is_said_in_a_sentence(desk, feed, root):
    feed.song = root / "README.md"
    desk.wait(lambda: desk.find("listen").is_displayed())
    desk.find("listen").click()
    desk.wait(lambda: desk.text("banner") == "This browser cannot play the song's file.")
    assert not desk.pressed("listen")
