"""Two machines and the network between them, in one process and a time of their own."""

import itertools
import logging

import pytest

from controller.evening.entry import ListEntry
from controller.evening.wishing import song_wish
from controller.lighting.standby.heartbeat import operator_told
from controller.lighting.standby.partner import BEAT_S, Backup, Main
from controller.messages import Command, LightToken, Operator
from controller.people.operator import OperatorState

KEY = "a long enough text, on both machines"


class Wire:
    """Carries datagrams between two ends, keeps all of them, and can be cut."""

    def __init__(self):
        self.there, self.back, self.kept = [], [], []
        self.cut = False

    def end(self, *, listens):
        wire = self

        class End:
            def receive(self, now_s):
                waiting = wire.there if listens else wire.back
                while waiting:
                    yield waiting.pop(0), ("10.0.0.1", 4000)

            def send(self, payload, now_s, address=None):
                wire.kept.append(payload)
                if not wire.cut:
                    (wire.back if listens else wire.there).append(payload)

            def close(self):
                (wire.there if listens else wire.back).clear()

        return End()


class Pair:
    def __init__(self, key=KEY):
        numbers = itertools.count(1)
        self.draw = lambda: next(numbers).to_bytes(8, "big")
        self.wire, self.now_s, self.seq = Wire(), 1_000.0, 0
        self.main = Main(KEY, self.wire.end(listens=False), self.draw)
        self.backup = Backup(key, self.wire.end(listens=True), self.draw, now_s=self.now_s, stale_s=2.0)
        self.mains, self.backups = Operator(), Operator()
        self.taken = []

    def run(self, seconds, *, main=True):
        """Cycles of both; the main decides ten times a second."""
        for _ in range(round(seconds / 0.025)):
            self.now_s += 0.025
            if main:
                self.main.listen(self.now_s)
                self.mains = obeyed(self.mains, self.main.wishes((), self.mains))
                self.seq += 1
                token = LightToken(self.now_s - 0.1, self.seq // 4, self.seq // 4 % 180, 9, 0.5, 0.25)
                self.main.speak(self.now_s, token, self.mains)
            self.backup.listen(self.now_s)
            self.backups = obeyed(self.backups, self.backup.wishes((), self.backups))
            self.taken.append(self.backup.token(None, self.now_s))
            self.backup.speak(self.now_s, None, self.backups)


def obeyed(operator, commands):
    """What the show's own state makes of commands."""
    state = OperatorState()
    state.operator = operator
    for one in commands:
        state.obey(one, 0.0)
    return state.operator


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.ERROR, "controller.lighting.standby")


def test_a_backup_hears_the_main_and_falls_silent():
    pair = Pair()
    pair.run(0.3)
    assert pair.backup.quiet
    assert pair.backup.status().state == "following"
    assert pair.main.takes_over
    tokens = [one for one in pair.taken if one is not None]
    assert [one.hue for one in tokens] == list(range(tokens[0].hue, tokens[0].hue + len(tokens)))
    assert pair.now_s - tokens[-1].t_s == pytest.approx(0.15, abs=0.06)


def test_people_at_the_main_are_obeyed_at_the_backup_and_those_at_the_backup_are_not():
    pair = Pair()
    pair.run(0.5)
    pair.mains = Operator(0.4, blackout=True)
    pair.run(0.2)
    assert pair.backups == Operator(0.4, blackout=True)
    given = (Command("blackout", 0.0),)
    assert pair.backup.wishes(given, pair.backups) == ()


def test_a_killed_main_is_replaced_after_half_a_second_and_not_before():
    pair = Pair()
    pair.run(1.0)
    pair.run(0.4, main=False)
    assert pair.backup.quiet
    pair.run(0.2, main=False)
    assert not pair.backup.quiet
    given = (Command("blackout", 1.0),)
    assert pair.backup.wishes(given, pair.backups) == given  # its people are obeyed now


def test_a_goodbye_needs_no_half_second():
    pair = Pair()
    pair.run(1.0)
    pair.main.goodbye(pair.now_s, pair.mains)
    pair.run(0.15)  # it lights on for a moment, and says no more
    assert pair.backup.status().state == "in charge"


def test_what_was_set_at_the_backup_stays_set_when_the_main_is_back():
    pair = Pair()
    pair.run(1.0)
    pair.run(1.0, main=False)
    pair.backups = Operator(0.3, blackout=True)
    pair.run(0.05, main=False)
    pair.main = Main(KEY, pair.wire.end(listens=False), pair.draw)
    pair.mains = Operator()
    pair.run(0.5)
    assert pair.mains == pair.backups == Operator(0.3, blackout=True)
    assert not pair.backup.quiet
    pair.run(2.0)
    assert pair.backup.quiet


def test_a_main_that_was_asleep_adopts_what_was_set_meanwhile():
    """A blackout above all: nobody may light a room again by opening a lid."""
    pair = Pair()
    pair.run(1.0)
    pair.run(30.0, main=False)
    pair.backups = Operator(0.5, blackout=True)
    pair.run(0.3, main=False)
    pair.run(0.3)
    assert pair.mains == pair.backups == Operator(0.5, blackout=True)
    pair.run(3.0)
    assert pair.backup.quiet


def test_a_spare_process_of_the_main_is_believed_within_a_tenth_of_a_second():
    pair = Pair()
    pair.run(1.0)
    pair.main = Main(KEY, pair.wire.end(listens=False), pair.draw)
    pair.mains = Operator(0.9)
    pair.run(0.1)
    assert pair.backup.quiet
    pair.run(0.1)
    assert pair.backups.grand_master == 0.9


def test_a_spare_process_of_the_backup_goes_on_where_its_leader_stood():
    pair = Pair()
    pair.run(1.0)
    spare = Backup(KEY, pair.wire.end(listens=True), pair.draw, now_s=pair.now_s - 60.0, stale_s=2.0)
    spare.stand_as(pair.backup.status(), pair.now_s)
    pair.backup = spare
    pair.run(0.4)
    assert pair.backup.quiet
    assert pair.backup.status().state == "following"
    pair.run(1.0, main=False)
    again = Backup(KEY, pair.wire.end(listens=True), pair.draw, now_s=pair.now_s, stale_s=2.0)
    again.stand_as(pair.backup.status(), pair.now_s)
    pair.backup = again
    pair.run(0.025, main=False)
    assert not pair.backup.quiet


def test_a_recording_of_the_main_does_not_keep_a_backup_silent():
    """The attack: every datagram of an evening, played again by somebody who holds no key."""
    pair = Pair()
    pair.run(2.0)
    recorded = list(pair.wire.kept)
    pair.run(0.7, main=False)
    assert not pair.backup.quiet
    for payload in recorded:
        pair.wire.there.append(payload)
        pair.run(0.025, main=False)
        assert pair.backup.status().state == "in charge"
    fresh = Backup(KEY, pair.wire.end(listens=True), pair.draw, now_s=pair.now_s, stale_s=2.0)
    for payload in recorded:
        pair.wire.there.append(payload)
        fresh.listen(pair.now_s)
    assert fresh.status().state == "waiting"


def test_a_recorded_hello_sets_nothing_at_the_main():
    pair = Pair()
    pair.run(1.0)
    pair.run(1.0, main=False)
    pair.backups = Operator(0.0, blackout=True)
    pair.main = Main(KEY, pair.wire.end(listens=False), pair.draw)
    pair.run(0.5)
    recorded = list(pair.wire.kept)
    pair.main = Main(KEY, pair.wire.end(listens=False), pair.draw)
    for payload in recorded:
        pair.wire.back.append(payload)
    pair.main.listen(pair.now_s)
    assert pair.main.wishes((), Operator()) == ()
    assert not pair.main.takes_over


@pytest.mark.warns("refused: not signed with our key", "the main is gone")
def test_another_key_is_not_obeyed_and_said_once(caplog):
    caplog.set_level(logging.WARNING, "controller.lighting.standby")
    pair = Pair(key="another text that is long enough")
    pair.run(4.0)
    assert not pair.backup.quiet
    assert not pair.main.takes_over
    assert len([one for one in caplog.records if "refused" in one.message]) == 1


def test_a_cut_network_leaves_both_lighting_and_heals():
    pair = Pair()
    pair.run(1.0)
    pair.wire.cut = True
    pair.run(2.0)
    assert not pair.backup.quiet
    assert not pair.main.takes_over
    pair.wire.cut = False
    pair.run(2.5)
    assert pair.backup.quiet
    assert pair.main.takes_over


def test_tokens_of_the_main_count_only_while_they_are_fresh():
    pair = Pair()
    pair.run(1.0)
    own = LightToken(pair.now_s, 3, 77, 8, 0.5, 0.5)
    old = LightToken(pair.now_s - 60.0, 4_000, 5, 5, 0.5, 0.5)
    pair.main.speak(pair.now_s + BEAT_S, old, pair.mains)  # its model died a minute ago
    pair.backup.listen(pair.now_s + BEAT_S)
    assert pair.backup.token(own, pair.now_s + BEAT_S) == own


def test_a_backup_in_charge_lifts_its_sacn_above_the_mains_last_packet():
    """Receivers hold a source that vanished for 2.5 s (E1.31 6.7.1); the higher priority wins at once."""
    pair = Pair()
    pair.run(1.0)
    assert pair.backup.lift == 0
    pair.run(0.6, main=False)
    assert pair.backup.lift == 11
    pair.run(0.2)
    assert pair.backup.lift == 0  # the main is back and stands above at once


def foretell(machine, text, now_s):
    machine.foretell(text, text, now_s)


def test_a_backup_goes_on_from_what_the_main_was_about_to_show_last():
    pair = Pair()
    pair.run(1.0)
    foretell(pair.main, b"the frame before", pair.now_s)
    pair.run(0.025)
    foretell(pair.main, b"announced and dead before it left", pair.now_s)
    assert pair.backup.standing() is None
    pair.run(0.6, main=False)
    assert pair.backup.standing() == b"announced and dead before it left"
    assert pair.backup.standing() is None  # once


def test_a_backup_that_was_told_nothing_lately_goes_on_from_its_own():
    pair = Pair()
    pair.run(1.0)
    foretell(pair.main, b"long ago", pair.now_s)
    pair.run(1.0)
    pair.run(0.6, main=False)
    assert pair.backup.standing() == b""


def test_a_main_that_is_back_goes_on_from_where_the_backup_stopped_and_is_kept_below_until_it_does():
    pair = Pair()
    pair.run(1.0)
    pair.run(1.0, main=False)
    pair.main = Main(KEY, pair.wire.end(listens=False), pair.draw)
    told = []
    for cycle in range(12):
        foretell(pair.backup, f"frame {cycle}".encode(), pair.now_s)
        pair.run(0.025)
        now = pair.main.standing()
        if now is not None:
            told.append(now)
        if (stays := pair.backup.standing()) not in (None, b""):
            stayed, lifted = stays, pair.backup.lift
    assert told[-1] == stayed
    assert lifted == 11
    assert pair.backup.lift == 0


def test_what_the_set_list_forbids_to_the_main_is_forbidden_to_the_backup():
    pair = Pair()
    wish = song_wish(ListEntry("song", "赤い夜" * 30, asked=("red",), strobe=False, key="amber"), 3)
    pair.mains = Operator(wish=wish)
    pair.run(0.3)
    told = pair.backups.wish
    assert (told.number, told.asked, told.strobe, told.key) == (3, wish.asked, False, wish.key)
    pair.mains = Operator(wish=wish, more=(("wishes_off", 1.0),))
    pair.run(0.3)
    assert pair.backups.wish.strobe, "a person ignores it there, and so it is ignored here"


@pytest.mark.parametrize(
    "wrong", [1, "x", {"number": "x"}, {"strobe": 3, "number": 1}, {"asked": ["red"], "number": 1}]
)
def test_a_wish_that_is_none_is_nothing(wrong):
    assert operator_told({"operator": [1.0, False, False], "wish": wrong}) == Operator()
