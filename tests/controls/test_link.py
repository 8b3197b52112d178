"""What a Link session says to the show: tempo and bars on the beat, and nothing while nobody else is there."""

from dataclasses import dataclass

import pytest

from tools.link.__main__ import client_of, lasting, parsed
from tools.link.beats import Beats


@dataclass
class Session:
    tempo: float = 128.0
    num_peers: int = 1


def played(session, numbers, beats_a_bar=4):
    said, noted = [], []
    beats = Beats(
        session, beats_a_bar, lambda address, given: said.append((address.rsplit("/", 1)[1], *given)), noted.append
    )
    for number in numbers:
        beats.beat(number)
    return said, noted, beats


def test_each_bar_is_told_with_its_tempo():
    said, noted, _ = played(Session(), [3.0, 4.0, 5.0, 6.0, 7.0, 8.000001])
    assert said == [("tempo", 128.0), ("tempo", 128.0), ("one",), ("tempo", 128.0), ("one",)]
    assert len(noted) == 1


@pytest.mark.parametrize(("beats_a_bar", "ones"), [(3, 3), (4, 2), (7, 2)])
def test_bars_are_as_long_as_the_session_says(beats_a_bar, ones):
    said, _, _ = played(Session(), range(8), beats_a_bar)
    assert said.count(("one",)) == ones


def test_a_tempo_that_moves_is_told_at_the_next_beat():
    session = Session()
    said, _, beats = played(session, [4.0])
    session.tempo = 131.5
    beats.beat(5.0)
    beats.beat(6.0)
    assert said == [("tempo", 128.0), ("one",), ("tempo", 131.5)]


def test_alone_it_says_nothing_and_notes_who_comes_and_goes():
    session = Session(num_peers=0)
    said, noted, beats = played(session, range(9))
    assert said == []
    session.num_peers = 2
    beats.beat(12.0)
    session.num_peers = 0
    beats.beat(16.0)
    assert [one[0] for one in said] == ["tempo", "one"]
    assert len(noted) == 3


@pytest.mark.parametrize("bpm", [20.0, 999.0])
def test_a_tempo_that_no_show_takes_is_kept_back(bpm):
    assert played(Session(tempo=bpm), range(9))[0] == []


@pytest.mark.parametrize("words", [["--to", "9000"], ["--to", "host:x"], ["--to", "host:99999"], ["--beats", "0"]])
def test_bad_words_are_one_line(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parsed(words)
    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_a_host_that_is_not_there_is_one_line():
    with pytest.raises(SystemExit, match=r"no.such.host.invalid:9000: no such host"):
        client_of("no.such.host.invalid", 9000)


def test_a_network_that_is_away_is_said_once_each_time_and_ends_nothing():
    noted, got, there = [], [], False

    def send(address, given):
        if not there:
            raise OSError(101, "Network is unreachable")
        got.append((address, given))

    say = lasting(send, noted.append)
    for there in (False, False, True, False, False):  # noqa: B007 - `send` looks
        say("/followspot/one", ())
    assert ["Network is unreachable" in one for one in noted] == [True, True]
    assert got == [("/followspot/one", ())]
