"""A night through its set list: by a person's word, by what is heard, by what is recognised."""

import pytest

from controller.evening.entry import ListEntry
from controller.evening.tonight import PERSON_S, SONG_S, Tonight, plain_title

STEP_S = 0.1
LIST = (
    ListEntry("title", "The Gluons"),
    ListEntry("song", "Black Rain"),
    ListEntry("song", "Escape"),
    ListEntry("talk", "merch"),
    ListEntry("note", "check the hazer"),
    ListEntry("song", "Alles ist gut"),
    ListEntry("changeover", "Umbau"),
    ListEntry("song", "赤い夜"),
    ListEntry("song", "Encore"),
)


class Night:
    """Plays a night in steps of a tenth of a second; `moved` is where it went by itself, and when."""

    def __init__(self, entries=LIST, now=-1):
        self.tonight, self.t_s, self.moved = Tonight(entries, now), 0.0, []

    def hear(self, kind, seconds, recognised=""):
        for _ in range(round(seconds / STEP_S)):
            self.t_s += STEP_S
            place = self.tonight.hear(kind, self.t_s, recognised)
            if place is not None:
                self.moved.append((place, round(self.t_s, 1)))
        return self

    @property
    def title(self):
        return self.tonight.entries[self.tonight.now].title if self.tonight.now >= 0 else ""


def test_a_night_that_goes_as_it_was_written_moves_by_itself():
    night = Night()
    night.hear("band", 3.0)
    assert night.title == "Black Rain"
    night.hear("band", 120.0).hear("applause", 8.0)
    assert night.title == "Black Rain"
    assert LIST[night.tonight.proposal.place].title == "Escape"
    night.hear("band", 3.0)
    assert night.title == "Escape"
    night.hear("band", 120.0).hear("applause", 6.0).hear("talk", 5.0)
    assert night.title == "merch"
    night.hear("talk", 30.0).hear("band", 3.0)
    assert night.title == "Alles ist gut"
    night.hear("band", 100.0).hear("applause", 30.0)
    assert night.title == "Umbau"
    night.hear("band", 8.0).hear("silence", 30.0).hear("band", 5.0).hear("talk", 3.0)
    assert night.title == "Umbau", "drums are tried out"
    night.hear("band", 30.0)
    assert night.title == "赤い夜"
    night.hear("band", 60.0).hear("silence", 9.0).hear("solo", 2.0)
    assert night.title == "Encore"
    assert [one for one, _ in night.moved] == [1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize("pause", [("silence", 4.0), ("talk", 4.0), ("applause", 3.0), ("solo", 30.0), ("", 60.0)])
def test_a_break_within_a_song_moves_nothing(pause):
    night = Night(now=1)
    night.hear("band", 100.0).hear(*pause).hear("band", 100.0)
    assert night.moved == []


def test_hits_of_a_drum_do_not_put_a_changeover_off():
    night = Night(now=5)
    night.hear("band", 60.0)
    for _ in range(8):
        night.hear("applause", 2.0).hear("band", 0.4)
    assert night.title == "Umbau"


def test_who_was_just_beginning_is_not_over():
    night = Night(now=1)
    night.hear("band", 0.5 * SONG_S).hear("silence", 20.0).hear("band", 30.0)
    assert night.moved == []


def test_a_talk_that_nobody_holds_is_passed_over():
    night = Night(now=2)
    night.hear("band", 90.0).hear("applause", 7.0).hear("band", 5.0)
    assert night.title == "Alles ist gut"


def test_a_persons_word_comes_first_and_holds_for_a_while():
    night = Night(now=1)
    night.hear("band", 10.0)
    assert night.tonight.go(5, night.t_s)
    night.hear("band", 5.0, recognised="Black Rain")
    assert night.title == "Alles ist gut"
    assert LIST[night.tonight.proposal.place].title == "Black Rain", "it is proposed, for one tap"
    night.hear("band", PERSON_S)
    assert night.title == "Alles ist gut"


def test_a_song_that_is_recognised_puts_a_wrong_order_right():
    night = Night(now=1)
    night.hear("band", 90.0).hear("applause", 7.0).hear("band", 3.0)
    assert night.title == "Escape"
    night.hear("band", 1.0, recognised="alles IST gut!")
    assert night.title == "Alles ist gut"
    assert night.tonight.recognised == "alles IST gut!"
    # and nothing that was recognised before drags the night back
    night.tonight.go(2, night.t_s)
    night.hear("band", PERSON_S + 10.0, recognised="alles IST gut!")
    assert night.title == "Escape"


def test_a_song_that_was_played_tonight_is_not_gone_back_to_by_itself():
    night = Night(now=1)
    night.hear("band", 90.0).hear("applause", 7.0).hear("band", 5.0)
    assert night.title == "Escape"
    night.hear("band", 90.0, recognised="Black Rain").hear("applause", 7.0)
    assert night.tonight.proposal.place > 2
    night.hear("band", 5.0)
    assert "Black Rain" not in [LIST[at].title for at, _ in night.moved]


def test_a_song_that_was_played_before_a_restart_ends_with_its_next_rest():
    night = Night(now=-1)
    night.tonight.resume(1)
    night.hear("band", 25.0).hear("applause", 8.0).hear("band", 3.0)
    assert night.title == "Escape"


def test_a_band_that_was_cut_off_too_begins_its_song_again():
    night = Night(now=-1)
    night.tonight.resume(1)
    night.hear("silence", 60.0).hear("band", 5.0).hear("silence", 6.0).hear("band", 5.0)
    assert night.title == "Black Rain"


def test_titles_that_are_no_song_of_the_list_move_nothing():
    night = Night(now=1)
    night.hear("band", 20.0, recognised="Somebody else's song").hear("band", 20.0, recognised="merch")
    assert night.moved == []


def test_next_and_previous_pass_over_what_the_night_cannot_be_at():
    tonight = Tonight(LIST)
    assert tonight.step(1) == 1
    assert tonight.step(-1) == -1
    tonight.go(3, 0.0)
    assert (tonight.step(1), tonight.step(-1)) == (5, 2)
    tonight.go(8, 1.0)
    assert tonight.step(1) == 8
    assert not tonight.go(0, 2.0)
    assert not tonight.go(99, 2.0)


def test_what_was_played_is_not_proposed_again():
    night = Night()
    night.tonight.go(5, 0.0)
    night.hear("band", 60.0)
    night.tonight.go(1, night.t_s)
    night.tonight.go(3, night.t_s)
    assert LIST[night.tonight.proposal.place].kind == "changeover", "number 5 was played"


def test_who_pages_through_the_list_has_played_nothing():
    tonight = Tonight(LIST)
    for at_s in range(6):
        tonight.go(tonight.step(1), float(at_s))
    tonight.go(1, 10.0)
    assert [tonight.step(1), LIST[tonight.proposal.place].title] == [2, "Escape"]


def test_entries_are_found_by_number_and_by_title():
    tonight = Tonight(LIST)
    assert tonight.place_of("2") == 1
    assert tonight.place_of("@1") == 1
    assert Tonight([ListEntry("song", "x"), ListEntry("song", "1979"), ListEntry("song", "2")]).place_of("1979") == 1
    assert Tonight([ListEntry("song", "x"), ListEntry("song", "y"), ListEntry("song", "2")]).place_of("2") == 2
    assert tonight.place_of(" black rain ") == 1
    assert tonight.place_of("赤い夜") == 7
    assert tonight.place_of("nothing") == -1
    assert plain_title("Ａｌｌｅｓ, ist—gut?") == "allesistgut"


def test_a_list_without_entries_moves_nothing():
    night = Night(entries=())
    night.hear("band", 100.0).hear("talk", 10.0).hear("band", 10.0, recognised="x")
    assert night.moved == []
    assert night.tonight.step(1) == -1


def test_the_place_is_taken_over_from_the_lights():
    night = Night()
    night.tonight.adopt(5)
    assert night.title == "Alles ist gut"
    assert night.tonight.proposal.place == 6
