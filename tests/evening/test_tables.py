"""Whole sheets: tables, headings, numbers that count, and what becomes of them as a set list."""

import pytest

from controller.evening.sheet import read_sheet
from controller.evening.taking import set_list_of

SHEET = """NO STROBE for the whole set!

THE BLACK DOGS
1. Black Rain – red, strobe
   dark on the break
   (no white)
2. Foo
   Anna plays the violin
--- changeover ---
The Cats (kein Nebel):
1. Miau – blau, Strobo ok
2. Maunz – Nebel
Kein Weiß
3. Schnurr
Encore:
Last One
"""


def by_title(text, name="Friday"):
    return {entry.title: entry for entry in set_list_of(read_sheet(text), name).entries}


def entries(text):
    return [one.entry for one in read_sheet(text)]


@pytest.mark.parametrize(
    ("sheet", "n"),
    [
        ("Song | Colour | Strobe | Notes\nGlass | red/blue | no | calm, no haze\n", 2),
        (
            "| # | Song | Farbe | Strobo | Notiz |\n|--|--|--|--|--|\n|1|Glass|rot/blau|nein|ruhig, kein Nebel|\n",
            3,
        ),
        ("曲名\t色\tストロボ\t備考\nGlass\t赤・青\t×\t静かに、スモークなし\n", 2),
        ('Title,Lights,Strobe,Remarks\nGlass,"red, blue",never,"calm, no haze"\n', 2),
        ("Titel;Farben;Strobo;Hinweise\nGlass;rot, blau;aus;ruhig, kein Nebel\n", 2),
    ],
)
def test_headings_say_what_the_cells_are(sheet, n):
    lines = read_sheet(sheet)
    assert len(lines) == n
    row = lines[-1].entry
    assert (row.title, row.asked, row.energy, row.rest) == ("Glass", ("red", "blue"), "calm", "")
    assert row.strobe is row.haze is False
    assert all(one.is_plan_of_sheet for one in lines[:-1])


@pytest.mark.parametrize("cell", ["x", "no way", "maybe", "?!", "only once", "1", "kaum", "△"])
def test_what_is_no_plain_yes_below_strobe_forbids_it(cell):
    row = entries(f"Song | Strobe\nGlass | {cell}\n")[-1]
    assert row.strobe is False


@pytest.mark.parametrize("cell", ["yes", "ja", "OK", "✓", "○", "あり"])
def test_a_plain_yes_below_strobe_allows_it(cell):
    assert entries(f"Song | Strobe\nGlass | {cell}\n")[-1].strobe is True


def test_what_stands_below_avoid_is_forbidden():
    row = entries("Title\tKey\tBPM\tFront\tAvoid\nGlass\tAm\t99.5\twarm white\tred, strobe\n")[-1]
    assert (row.forbidden, row.strobe, row.key, row.tempo_bpm, row.rest) == (("red",), False, "warm white", 99.5, "")


def test_a_title_in_a_table_is_a_title_whatever_it_says():
    for title in ("Strobe", "Blue", "Red/Blue", "MC Solaar", "No Strobe"):
        row = entries(f"Song | Colour\n{title} | green\n")[-1]
        assert (row.kind, row.asked, row.strobe) == ("song", ("green",), None), title


def test_numbers_that_count_are_no_part_of_a_title():
    assert [one.title for one in entries("7 Glass\n8 Rain\n")] == ["Glass", "Rain"]
    assert entries("99 Luftballons\n")[0].title == "99 Luftballons"


def test_a_note_for_the_whole_set_forbids_what_songs_ask_for():
    found = by_title(SHEET)
    assert all(found[title].strobe is False for title in ("Black Rain", "Foo", "Miau", "Maunz", "Schnurr", "Last One"))
    assert "NO STROBE" in found["Miau"].note


def test_a_line_below_a_song_belongs_to_it():
    song = by_title(SHEET)["Black Rain"]
    assert (song.dark_on_break, song.forbidden, song.asked) == (True, ("white",), ("red",))
    assert "Anna plays the violin" in by_title(SHEET)["Foo"].note


def test_headings_make_bands_and_an_encore_makes_none():
    found = by_title(SHEET)
    assert found["Foo"].band == "THE BLACK DOGS"
    assert found["Last One"].band == "The Cats"


def test_what_a_band_forbids_holds_for_it_alone():
    found = by_title(SHEET)
    assert found["Maunz"].haze is False
    assert found["Foo"].haze is None


def test_a_note_between_songs_holds_for_its_neighbour_above_and_for_all_below():
    found = by_title(SHEET)
    assert "white" not in found["Miau"].forbidden
    assert found["Maunz"].forbidden == found["Schnurr"].forbidden == ("white",)


def test_no_note_allows_anything_elsewhere():
    found = by_title("Strobe ok\nBlinders welcome for the whole set\n1. Glass\n")
    assert found["Glass"].strobe is found["Glass"].blinder is None


def test_a_note_gives_its_colours_only_where_it_speaks_of_the_whole_set():
    assert by_title("All songs blue\n1. Glass\n2. Rain – red\n")["Glass"].asked == ("blue",)
    assert by_title("All songs blue\n1. Glass\n2. Rain – red\n")["Rain"].asked == ("red",)
    assert by_title("only blue\n1. Glass\n")["Glass"].asked == ()


def test_a_very_long_line_is_kept_and_not_read():
    (one,) = read_sheet("strobe ok " * 500)
    assert one.entry.strobe is False
    assert not one.is_understood
