"""Our own ABC reader: what it reads, what it refuses with a place, and that no text can end it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.train.image2music.melody import melody_of, write_abc
from tools.train.image2music.notation import bar_faults, parse_key, read_tune, write_pitch

HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:D\n"


def pitches(body, head=HEAD):
    return [note.pitch for note in read_tune(head + body).notes()]


def lengths(body, head=HEAD):
    return [note.length for note in read_tune(head + body).notes()]


def test_keys_accidentals_and_octaves():
    assert pitches("F f F, f' |") == [66, 78, 54, 90]
    assert pitches("=F F ^G G | F G |") == [65, 65, 68, 68, 66, 67]  # an accidental lasts to the bar line
    assert tuple(parse_key(name)[0].sharps for name in ("Ador", "Bb", "EMinor")) == (1, -2, 1)
    assert parse_key("Q")[0] is None


@pytest.mark.parametrize("head", ["X:1\nT:t\nM:4/4\nK:C\n", "X:1\nT:t\nM:C\nK:C\n"])
@pytest.mark.parametrize("change", ["[M:2/4] ", "\nM:2/4\n", "[M:3/8]"])
def test_o27_a_metre_inside_the_tune_changes_no_note(head, change):
    assert lengths(f"C2 D2 E2 F2 | {change}C2 D2 |", head) == [Fraction(1)] * 6


@pytest.mark.parametrize("metre", ["2/4", "3/8"])
def test_the_metre_of_the_header_gives_the_unit(metre):
    assert lengths("C2 |", f"X:1\nT:t\nM:4/4\nM:{metre}\nK:C\n") == [Fraction(1, 2)]


@pytest.mark.parametrize(
    ("key", "sounding"),
    [
        ("D exp _b _e ^f", [75, 78, 82, 74]),
        ("D exp _b_e^f", [75, 78, 82, 74]),
        ("D Phr ^f", [75, 78, 82, 74]),
        ("D =f", [76, 77, 83, 74]),
        ("C clef=bass", [76, 77, 83, 74]),
        ("Gb", [75, 77, 82, 73]),
        ("C#", [77, 78, 84, 75]),
        ("Cb", [75, 76, 82, 73]),
        ("Ebm", [75, 77, 82, 73]),
        ("Abm", [75, 76, 82, 73]),
        ("G#dor", [77, 78, 83, 75]),
    ],
)
def test_o28_a_key_is_read_as_it_is_written(key, sounding):
    head = f"X:1\nT:t\nL:1/4\nK:{key}\n"
    assert pitches("e f b d |", head) == sounding
    assert read_tune(head + "e |").faults == []


@pytest.mark.parametrize("key", ["D wrong", "C octave=-1", "G transpose=2", "Am treble-8", "C ^h", "G#", "nothing"])
def test_o28_what_is_not_understood_in_a_key_is_a_fault(key):
    assert read_tune(f"X:1\nT:t\nL:1/4\nK:{key}\ne |").faults


def test_o29_an_accidental_counts_in_every_octave_until_the_bar_ends():
    assert pitches("^F2 f2 F, | f =c C c' |") == [66, 78, 54, 78, 72, 60, 84]
    altered = {}
    assert [write_pitch(pitch, parse_key("C")[0], altered) for pitch in (66, 78, 77)] == ["^F", "f", "=f"]


@pytest.mark.parametrize("field", ['V:T1 name="Tune"', "V:1 clef=treble", "V:melody"])
def test_o30_one_voice_is_one_voice_whatever_it_is_called(field):
    tune = read_tune(f"X:1\nT:t\nL:1/4\n{field}\nK:C\n{field}\nC D E F |\n")
    assert tune.faults == []
    assert len(list(tune.notes())) == 4


@pytest.mark.parametrize("body", ["V:1\nC |\nV:2\nE |\n", "[V:a] C | [V:b] E |\n", "V:1 transpose=-12\nC |\n",
                                  "V:1 clef=treble-8\nC |\n", "V:1 treble+8\nC |\n"])  # fmt: skip
def test_o30_two_voices_or_one_that_sounds_elsewhere_are_refused(body):
    assert read_tune("X:1\nT:t\nL:1/4\nK:C\n" + body).faults


@pytest.mark.parametrize("line", ["%%propagate-accidentals not", "%%propagate-accidentals octave", "I:octave=-1",
                                  "I:propagate-accidentals octave", "%%MIDI transpose 2", "I:transpose=3"])  # fmt: skip
def test_o29_an_instruction_that_changes_the_notes_is_a_fault(line):
    assert read_tune(f"X:1\nT:t\nL:1/4\n{line}\nK:C\n^F f |\n").faults


@pytest.mark.parametrize("line", ["%%propagate-accidentals pitch", "I: :: ||", "%%MIDI program 1", "%%staffsep 50",
                                  "%%MIDI transpose 0", "I:linebreak $"])  # fmt: skip
def test_an_instruction_that_changes_none_is_passed_over(line):
    assert read_tune(f"X:1\nT:t\nL:1/4\n{line}\nK:C\n^F f |\n").faults == []


def test_o27_a_tempo_inside_the_tune_is_not_the_tunes():
    head = "X:1\nT:t\nL:1/4\nQ:1/4=100\nK:C\n"
    changed = read_tune(head + "C D | [Q:1/4=60] E F |\n")
    assert changed.bpm == 100
    assert changed.faults
    assert read_tune(head + "C D | [Q:1/4=100] E F |\n").faults == []
    late = read_tune("X:1\nT:t\nL:1/4\nK:C\n[Q:1/4=60] C D |\n")
    assert (late.bpm, late.faults) == (60, [])


@pytest.mark.parametrize("tempo", ["C=120", "1/4 100", "1/0=120"])
def test_o28_a_tempo_that_is_not_understood_is_a_fault(tempo):
    assert read_tune(f"X:1\nT:t\nQ:{tempo}\nK:C\nC |\n").faults
    assert read_tune('X:1\nT:t\nQ:"Slow, as in 1850"\nK:C\nC |\n').faults == []


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
