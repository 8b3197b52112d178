"""Steps that are undone and done again, and work that nobody saved."""

import time

import numpy as np
import pytest
from room_in_browser import Served

from controller.listening.plan.plan import read_plan
from controller.rehearsal.room import history, opened, server
from controller.rehearsal.room.aside import Aside
from controller.rehearsal.room.history import RoomHistory, RoomStep
from controller.rehearsal.room.server import Room

UNDO, REDO = {"verb": "undo"}, {"verb": "redo"}


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def served(studio, take, tmp_path, state):
    served = Served(Room(studio, take, take, tmp_path / "out"))
    yield served
    served.close()


def marked(count):
    return [{"verb": "notes", "marks": [[1.0, f"mark {number}"]]} for number in range(count)]


def test_every_kind_of_change_is_undone_and_done_again(served, studio):
    seen = [RoomStep.of(studio)]
    for wish in (
        {"verb": "roll", "from_s": 5.0, "to_s": 10.0, "seed": 9}, {"verb": "pin", "from_s": 5.0, "to_s": 8.0},
        *marked(1), {"verb": "notes", "cues": [{"t_s": 2.0, "name": "blackout"}]},
    ):  # fmt: skip
        ((status, _),) = served.talk(wish)
        assert status == 200
        served.staged()
        seen.append(RoomStep.of(studio))
    back = served.talk(UNDO, UNDO, UNDO, UNDO)
    assert [answer["undoes"] for _, answer in back] == [3, 2, 1, 0]
    assert not any(answer["staging"] for _, answer in back), "stages of before are kept"
    assert same(studio, seen[0])
    for step in seen[1:]:
        assert served.talk(REDO)[0][1]["said"] == "done again"
        assert same(studio, step)


def same(studio, step):
    return (
        studio.notes == step.notes
        and np.array_equal(studio.light, step.light)
        and np.array_equal(studio.rows, step.rows)
        and studio.limited == step.limited
    )


def test_fifty_steps_and_more_are_kept(served, studio):
    first = studio.notes
    served.talk(*marked(60))
    answers = served.talk(*[UNDO] * 61)
    assert [status for status, _ in answers] == [200] * 60 + [400]
    assert answers[-1][1]["said"] == "nothing to undo"
    assert studio.notes == first


def test_a_change_after_an_undo_leaves_nothing_to_do_again(served):
    served.talk(*marked(2), UNDO, {"verb": "pin", "from_s": 1.0, "to_s": 2.0})
    ((status, answer),) = served.talk(REDO)
    assert (status, answer["said"]) == (400, "nothing to do again")


def test_stages_that_take_too_much_room_are_made_again(studio, monkeypatch):
    monkeypatch.setattr(history, "MOST_BYTES", 1.5 * studio.rows.nbytes)
    first = RoomStep.of(studio)
    steps = RoomHistory(first)
    studio.roll(5.0, 10.0, 9)
    assert RoomStep.of(studio).rows is None, "its stage is not made yet"
    studio.stage()
    steps.add(RoomStep.of(studio))
    assert steps.now.rows is studio.rows
    assert steps.move(-1).rows is None
    steps.now.put_back(studio)
    studio.stage()
    steps.stage(studio)
    assert same(studio, first)
    assert steps.now.rows is studio.rows


def test_unsaved_work_is_kept_aside_every_few_seconds(served, studio, take, monkeypatch):
    monkeypatch.setattr(server, "KEEP_S", 0.05)
    file = Aside.of(take).file
    served.talk(*marked(1))
    wait(file.is_file)
    assert read_plan(file).notes.marks == ((1.0, "mark 0"),)
    assert file.parent.stat().st_mode & 0o077 == 0
    served.talk({"verb": "save"})
    wait(lambda: not file.is_file())
    served.talk(*marked(2))
    wait(file.is_file)
    served.talk(UNDO, UNDO)
    wait(lambda: not file.is_file())


def wait(condition):
    until_s = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)  # noqa: TID251 - the room's own clock runs


def test_a_room_that_closes_keeps_what_is_not_saved_and_offers_it_again(room_config, studio, take, state):
    out, sound = state.parent / "out", studio.sound
    first = Served(Room(studio, take, take, out))
    first.talk({"verb": "notes", "marks": [[2.0, "saved"]]}, {"verb": "save"})
    roll = {"verb": "roll", "from_s": 5.0, "to_s": 10.0, "seed": 9}
    first.talk(roll, {"verb": "notes", "marks": [[3.0, "not saved"]]})
    first.close()

    again, saved, since = opened(room_config, sound, take, out)
    assert (again.light == studio.light).all()
    assert again.notes.marks == ((3.0, "not saved"),)
    second = Served(Room(again, take, take, out, saved=saved, since=since))
    try:
        assert since
        assert second.room._state()["since"] == since
        ((status, answer),) = second.talk(UNDO)
        assert status == 200
        assert answer["since"] == ""
        assert answer["notes"]["marks"] == [[2.0, "saved"]]
        assert np.array_equal(again.light, read_plan(out / "take.plan").light)
        assert len(again.rows) == len(studio.rows)
    finally:
        second.close()
    assert Aside.of(take).found() is None, "it is as it was saved: nothing is unsaved"
    third, saved, since = opened(room_config, sound, take, out)
    assert (third.notes.marks, saved, since) == (((2.0, "saved"),), None, "")


@pytest.mark.warns("it is kept as")
def test_damaged_work_is_set_aside_and_the_room_opens(room_config, sound, take, tmp_path, state):
    file = Aside.of(take).file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"nothing")
    studio, saved, since = opened(room_config, sound, take, tmp_path)
    assert (studio.light.shape, saved, since) == ((240, 2), None, "")
    assert [one.name for one in file.parent.iterdir()] == [f"{file.name}.damaged-1"]


@pytest.mark.warns("cannot be kept aside")
def test_a_disk_that_takes_nothing_stops_no_work(studio, state, take, caplog):
    state.write_text("a file where the folder should be")
    aside = Aside.of(take)
    assert not aside.keep(studio.plan())
    assert not aside.keep(studio.plan())
    assert caplog.text.count("cannot be kept aside") == 1
    state.unlink()
    assert aside.keep(studio.plan())
    assert aside.found() is not None


def test_two_songs_of_one_name_are_kept_apart(tmp_path, state):
    one, other = tmp_path / "a" / "take.flac", tmp_path / "b" / "take.flac"
    assert Aside.of(one) != Aside.of(other)
