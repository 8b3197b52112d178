"""The evening on the first screen: song and next song, what the band wishes, moments that are no song."""

import pytest
from page_in_browser import Desk
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from controller.messages import Command
from controller.watching.page.feed import Evening

LISTED = "return [...document.querySelectorAll('#song-list button')].map((one) => one.textContent)"


@pytest.fixture
def desk(chromium, served):
    return Desk(chromium, served.url)


def go_to(desk, title):
    while desk.text("song-now") != title:
        before = desk.text("song-now")
        desk.find("next").click()
        desk.wait(lambda before=before: desk.text("song-now") != before)


def test_next_goes_through_the_list_and_says_what_comes_and_why(desk, feed):
    assert (desk.text("song-now"), desk.text("song-next")) == ("Before the first song", "Metal Madness")
    assert desk.text("song-why") == "next on the list"
    desk.find("next").click()
    desk.wait(lambda: desk.text("song-now") == "Metal Madness")
    assert feed.commands[-1] == Command("next_song", 1.0)
    assert desk.text("song-sub") == "song 1 of 4 · The Cellar Rats"
    desk.type("n")
    desk.wait(lambda: desk.text("song-now") == "Slow Tide")
    assert desk.text("song-next") == "Merch and thanks"


def test_a_proposal_other_than_the_next_is_taken_by_one_tap(desk, feed, monkeypatch):
    there = Evening(1, 4, "recognised from its first bars", recognised="Last Train Home")
    monkeypatch.setattr(feed, "evening", lambda: there)
    desk.wait(lambda: desk.text("song-next") == "Last Train Home")
    assert desk.text("song-why") == "recognised from its first bars"
    assert "sounds like “Last Train Home”" in desk.text("song-sub")
    desk.find("next").click()
    desk.wait(lambda: feed.commands and feed.commands[-1] == Command("song", 1.0, "@4"))


def test_another_song_is_chosen_from_the_list_and_escape_leaves_it(desk, feed):
    desk.find("songs-open").click()
    assert desk.script(LISTED) == [
        "Metal Madness", "Slow Tide", "Merch and thanks", "Last Train Home", "Drums off, piano on", "Lantern",
    ]  # fmt: skip
    desk.type(Keys.ESCAPE)
    assert not desk.find("songs").is_displayed()
    assert desk.script("return document.activeElement.id") == "songs-open"
    desk.find("songs-open").click()
    desk.driver.find_element(By.CSS_SELECTOR, '[data-do="song:@7"]').click()
    desk.wait(lambda: desk.text("song-now") == "Lantern")
    assert not desk.find("songs").is_displayed()


def test_what_the_sheet_forbids_is_crossed_out_and_does_nothing(desk, feed):
    go_to(desk, "Slow Tide")
    feed.commands.clear()
    desk.wait(lambda: "forbidden" in desk.find("strobe").get_attribute("class"))
    assert "set list forbids it for “Slow Tide”" in desk.find("strobe").get_attribute("title")
    ActionChains(desk.driver).click_and_hold(desk.find("strobe")).release().perform()
    desk.wait(lambda: "forbids" in desk.text("banner"))
    desk.type("s")
    desk.type("h")
    desk.wait(lambda: feed.operator.hold)
    assert [one.name for one in feed.commands] == ["hold"]


def test_the_wishes_are_ignored_only_on_purpose(desk, feed):
    go_to(desk, "Slow Tide")
    chips = desk.text("wishes").split("\n")
    assert chips == ["blue", "calm", "no strobe", "no blinder"]
    desk.find("wishes_off").click()
    desk.find("ask-no").click()
    assert not any(one.name == "wishes_off" for one in feed.commands)
    desk.find("wishes_off").click()
    desk.find("ask-yes").click()
    desk.wait(lambda: desk.pressed("wishes_off"))
    desk.wait(lambda: "forbidden" not in desk.find("strobe").get_attribute("class"))
    ActionChains(desk.driver).click_and_hold(desk.find("strobe")).perform()
    desk.wait(lambda: feed.operator.strobe)
    ActionChains(desk.driver).release().perform()
    desk.find("wishes_off").click()  # back needs no question
    desk.wait(lambda: not desk.pressed("wishes_off"))


def test_a_moment_is_one_tap_and_a_second_one_gives_it_back(desk, feed):
    for name in ("band", "talk", "changeover", "walk_in"):
        desk.find(f"moment-{name}").click()
        desk.wait(lambda name=name: desk.pressed(f"moment-{name}"))
        assert feed.commands[-1] == Command("moment", 1.0, name)
        desk.find(f"moment-{name}").click()
        desk.wait(lambda name=name: not desk.pressed(f"moment-{name}"))
        assert feed.commands[-1] == Command("moment", 0.0, name)


def test_the_end_of_the_night_is_asked_about(desk, feed):
    desk.find("moment-end").click()
    desk.type(Keys.ESCAPE)
    desk.wait(lambda: not desk.find("ask").is_displayed())
    assert feed.commands == []
    desk.find("moment-end").click()
    desk.type("b")  # the key is the show's, a question or not
    desk.wait(lambda: desk.pressed("blackout"))
    desk.find("ask-yes").click()
    desk.wait(lambda: feed.commands[-1] == Command("moment", 1.0, "end"))


def test_without_a_set_list_it_is_free_play(chromium, served, feed):
    feed.set_list = None
    desk = Desk(chromium, served.url)
    assert desk.text("song-now") == "Free play"
    assert not desk.find("next").is_enabled()
    desk.type("n")
    desk.type("h")
    desk.wait(lambda: feed.operator.hold)
    assert [one.name for one in feed.commands] == ["hold"]


def test_a_list_that_is_taken_during_the_show_is_on_open_pages(chromium, served, feed):
    taken, feed.set_list = feed.set_list, None
    desk = Desk(chromium, served.url)
    feed.set_list = taken
    desk.wait(lambda: desk.text("song-next") == "Metal Madness")
