"""The night's set list in the process that shows: moved by people and by hearing, and found again after a restart."""

import json
import time
from dataclasses import replace

import pytest
from promise import HANG_S

from controller.evening.entry import ListEntry, SetList
from controller.evening.set_lists import SetLists
from controller.messages import NO_WISH, Command
from controller.watching.evening import EveningWatch
from controller.watching.remembering import LASTS_S, Remembering

LIST = SetList(
    "Friday", (ListEntry("song", "one", asked=("red",)), ListEntry("talk", "hello"), ListEntry("song", "two"))
)


class Desk:
    """A watch with lights that stand where they are told, a tenth of a second later."""

    def __init__(self, folder):
        self.folder, self.t_s, self.wish = folder, 0.0, NO_WISH
        self.watch = EveningWatch(SetLists(folder / "setlists"), Remembering(folder / "tonight.json"))
        self.told = []

    def press(self, name, target="", amount=1.0):
        self._send(self.watch.obey(Command(name, amount, target), self.t_s))

    def hear(self, kind, seconds, recognised=""):
        for _ in range(round(seconds / 0.1)):
            self.t_s += 0.1
            self._send(self.watch.hear(kind, recognised, self.wish.number, self.t_s))

    def _send(self, command):
        if command is not None:
            self.told.append(command.wish)
            self.wish = command.wish

    def restart(self):
        """The page's process dies and comes back: what the lights stand at stays."""
        after = Desk(self.folder)
        after.t_s, after.wish = self.t_s, self.wish
        return after


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    made.watch.keep(LIST)
    made.hear("silence", 0.3)
    return made


def kept(desk, place):
    """Wait until the place is on disk."""
    file, end_s = desk.folder / "tonight.json", time.monotonic() + 30.0
    while not file.is_file() or json.loads(file.read_text())["place"] != place:
        assert time.monotonic() < end_s
    return file


def test_people_move_through_the_list(desk):
    desk.press("next_song")
    assert (desk.wish.title, desk.wish.asked[0]) == ("one", 0.0)
    desk.press("next_song")
    assert (desk.wish.kind, desk.wish.title) == ("talk", "hello")
    desk.press("song", "two")
    assert desk.wish.number == 2
    desk.press("previous_song")
    assert desk.wish.title == "hello"
    desk.press("song", "1")
    assert desk.wish.title == "one"
    desk.press("song", "one", amount=0.0)
    assert desk.wish == NO_WISH
    count = len(desk.told)
    desk.press("song", "no such song")
    assert len(desk.told) == count


def test_hearing_moves_it_too(desk):
    desk.hear("band", 3.0)
    assert desk.wish.title == "one"
    desk.hear("band", 60.0)
    desk.hear("applause", 6.0)
    desk.hear("talk", 3.0)
    assert desk.wish.title == "hello"


def test_undo_at_the_lights_is_followed(desk):
    desk.press("next_song")
    desk.hear("band", 40.0)
    desk.press("next_song")
    desk.wish = desk.told[0]
    desk.hear("band", 2.0)
    assert desk.watch.view("band", "hearing").now == 0


def test_the_pages_process_comes_back_where_the_lights_stand(desk):
    desk.press("song", "two")
    kept(desk, 2)
    after = desk.restart()
    after.hear("band", 2.0)
    assert after.watch.view("band", "hearing").now == 2
    assert after.wish.number == 2


def test_after_a_power_cut_the_night_goes_on_where_it_was(desk):
    desk.press("song", "two")
    kept(desk, 2)
    after = Desk(desk.folder)
    after.hear("band", 0.2)
    assert after.wish.title == "two"
    assert after.watch.view("band", "hearing").now == 2


def test_another_night_begins_at_the_beginning(desk):
    desk.press("song", "two")
    file = kept(desk, 2)
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "at_s": said["at_s"] - LASTS_S - 60.0}))
    after = Desk(desk.folder)
    after.hear("silence", 1.0)
    assert after.watch.set_list == LIST
    assert after.wish == NO_WISH


@pytest.mark.warns("cannot be read")
@pytest.mark.parametrize("damage", ["", "{", "[]", '{"name": 1}', '{"name": "Friday", "place": "x", "at_s": 1}'])
def test_a_damaged_place_is_said_and_the_night_begins_anew(desk, damage):
    kept(desk, -1).write_text(damage)
    after = Desk(desk.folder)
    after.hear("band", 0.5)
    assert after.watch.set_list is None


@pytest.mark.warns("there is no set list tonight")
def test_a_list_that_is_gone_is_said(desk):
    kept(desk, -1)
    for file in (desk.folder / "setlists").iterdir():
        file.unlink()
    assert Desk(desk.folder).watch.set_list is None


def test_an_edited_list_counts_at_once_and_stays_where_it_was(desk):
    desk.press("next_song")
    first, *others = LIST.entries
    desk.watch.keep(replace(LIST, entries=(replace(first, asked=("green",)), *others)))
    desk.hear("band", 0.2)
    assert desk.wish.asked[0] == pytest.approx(134.0)
    assert desk.watch.view("band", "hearing").now == 0


def test_another_list_takes_the_wish_of_the_one_before_back(desk):
    desk.press("song", "two")
    desk.watch.keep(SetList("Saturday", (ListEntry("song", "x"), ListEntry("song", "y"), ListEntry("song", "z"))))
    desk.hear("silence", 0.2)
    assert desk.wish == NO_WISH
    assert desk.watch.view("band", "hearing").now == -1
    desk.watch.open("Friday")
    assert desk.watch.set_list == LIST


def test_keeping_the_place_waits_for_no_disk(tmp_path, monkeypatch):
    import threading

    stalled, began = threading.Event(), threading.Event()

    def stall(_file, _text):
        began.set()
        stalled.wait()

    monkeypatch.setattr("controller.watching.remembering.write_private", stall)
    remembering = Remembering(tmp_path / "tonight.json")
    for place in range(1000):
        remembering.keep("Friday", place)
    assert began.wait(HANG_S)
    remembering.keep("Friday", 5)
    stalled.set()
