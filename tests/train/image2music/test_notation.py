"""Our own ABC reader: what it reads, what it refuses with a place, and that no text can end it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tools.train.image2music.melody import melody_of, write_abc
from tools.train.image2music.notation import bar_faults, parse_key, read_tune

HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:D\n"


def pitches(body, head=HEAD):
    return [note.pitch for note in read_tune(head + body).notes()]


def lengths(body, head=HEAD):
    return [note.length for note in read_tune(head + body).notes()]


def test_keys_accidentals_and_octaves():
    assert pitches("F f F, f' |") == [66, 78, 54, 90]
    assert pitches("=F F ^G G | F G |") == [65, 65, 68, 68, 66, 67]  # an accidental lasts to the bar line
    assert (parse_key("Ador").sharps, parse_key("Bb").sharps, parse_key("EMinor").sharps) == (1, -2, 1)
    assert parse_key("Q") is None


def test_lengths_tuplets_and_broken_rhythms():
    half, quarter = Fraction(1, 2), Fraction(1)
    assert lengths("A A2 A/ A// A3/2 |") == [half, quarter, half / 2, half / 4, half * 3 / 2]
    assert lengths("(3AAA A>B A<B |") == [Fraction(1, 3)] * 3 + [half * 3 / 2, half / 2, half / 2, half * 3 / 2]
    assert lengths("A>>B (2AB |", HEAD.replace("4/4", "6/8"))[2:] == [half * 3 / 2] * 2


def test_what_is_not_music_is_passed_over():
    body = '"Am"!trill!A{g}B ~c (de) [FA]2 .f vg z2 | [K:G] c4 |'
    assert pitches(body) == [69, 71, 73, 74, 76, 69, 78, 79, None, 72]


def test_a_bar_that_is_too_long_is_named_with_what_it_holds():
    tune = read_tune(HEAD + "A2B2 c2d2 | A2B2 c2d2 e | f8 |\n")
    (fault,) = bar_faults(tune)
    assert (fault.bar, fault.problem) == (2, "9 eighths instead of 8 eighths")
    assert "A2B2" in fault.text


def test_upbeats_are_let_through_where_tunes_have_them_and_nowhere_else():
    tune = read_tune(HEAD + "A2 | A2B2 c2d2 | A2B2 c2 :|\n")
    assert bar_faults(tune, strict=False) == []
    assert [fault.bar for fault in bar_faults(tune)] == [1, 3]
    assert [one.bar for one in bar_faults(read_tune(HEAD + "A8 | A2 | A8 |"), strict=False)] == [2]


def test_faults_have_line_and_column():
    tune = read_tune(HEAD + "A2B2 ? c4 |\n")
    (fault,) = tune.faults
    assert (fault.line, fault.column, fault.problem) == (6, 6, "cannot be read")
    assert read_tune("hello").faults[-1].problem == "no notes"
    assert any("longer than" in one.problem for one in read_tune(HEAD + "A" * 30_000).faults)
    assert any("zero" in one.problem for one in read_tune(HEAD + "A/0 |").faults)


def test_what_is_written_is_read_again(scale):
    text = write_abc(scale, "scale", 100)
    tune = read_tune(text)
    assert tune.faults == bar_faults(tune) == []
    assert melody_of(tune) == scale


@given(st.text(max_size=300))
def test_no_text_raises(text):
    tune = read_tune(text)
    assert isinstance(bar_faults(tune), list)
    melody_of(tune)


@given(st.text(alphabet="ABCdefg,'/2348^_=[](){}|:>-<!\"zxZ \n", max_size=200))
def test_no_music_like_text_raises(text):
    tune = read_tune(HEAD + text)
    bar_faults(tune, strict=False)
    melody_of(tune)
