"""Our ABC reader and abc2midi hear the same notes, on texts of every kind that differed once, and on printed tunes."""

import pytest

from tools.train.image2music.agreement import main, once_through, ours, same, theirs, tunes_in
from tools.train.image2music.gate import second_opinion
from tools.train.image2music.notation import read_tune

pytest.importorskip("symusic")

TUNE = "X:1\nT:t\nM:4/4\nL:1/8\nK:{key}\n{body}\n"
TEXTS = {
    "metre inside": ("C", "C2 D2 E2 F2 | [M:2/4] C2 D2 | C4 |"),
    "accidentals of the key": ("D exp _b _e ^f", "e2 f2 b2 d2 |"),
    "a mode with accidentals": ("D Phr ^f", "e2 f2 b2 d2 |"),
    "far keys": ("Gb", "e2 f2 b2 g2 |"),
    "another octave": ("C", "^F2 f2 F,2 z2 | f2 F2 z4 |"),
    "chords": ("G", "[GBd]4 [Ac]4 |"),
    "tuplets": ("G", "(3ABc (3def (5ABcde z3 |"),
    "tuplets in another metre": ("G", "M:3/4\n(5ABcde A2 (7GABcdef | A6 |"),
    "a hornpipe": ("G", "R:hornpipe\nA>B cd e2 d2 | A8 |"),
    "broken rhythms": ("G", "A>B c<d A>>B c<<d |"),
    "ties": ("G", "A8- | A4 B4- | B2 B2 c4 |"),
    "repeats": ("G", "|: A8 :| B8 |1 c8 :|2 d8 |]"),
    "ornaments": ("G", '"Am"~A2 !trill!B2 {ga}c2 .d2 |'),
}


@pytest.fixture
def program():
    return second_opinion() or pytest.skip("abc2midi is not installed")


@pytest.mark.parametrize("name", TEXTS)
def test_both_hear_the_same(program, name):
    key, body = TEXTS[name]
    text = once_through(TUNE.format(key=key, body=body))
    tune = read_tune(text)
    assert tune.faults == []
    assert ours(tune)
    assert same(ours(tune), theirs(text, program))


def test_a_difference_is_seen(program):
    text = once_through(TUNE.format(key="C", body="C2 D2 E2 F2 |"))
    heard = theirs(text, program)
    assert not same(ours(read_tune(text.replace("E2", "_E2"))), heard)
    assert not same(ours(read_tune(text.replace("E2", "E3"))), heard)


def test_printed_tunes_agree(program, tmp_path, shared_data, capsys):
    """Every fortieth of the folk tunes; all of them by the command."""
    if not (shared_data / "abc").is_dir():
        pytest.skip("the collections are not here")
    some = [abc for number, (_, abc) in enumerate(tunes_in(shared_data / "abc")) if number % 40 == 0]
    (tmp_path / "some.abc").write_text("\n".join(some))
    assert main([str(tmp_path)]) == 0, capsys.readouterr().out
