"""Set lists as YAML: what is written is read again, and what is wrong is named with its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import SetListError
from controller.evening.entry import ListEntry, SetList
from controller.evening.set_list_file import read_set_list, set_list_file, write_set_list, written_set_list

COLOURS = ("red", "blue", "warm white", "turquoise")
TITLES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
MAYBE = st.none() | st.booleans()
PALETTES = st.lists(st.sampled_from(COLOURS), unique=True, max_size=3).map(tuple)
ENTRIES = st.builds(
    ListEntry,
    st.sampled_from(("song", "talk", "changeover", "note", "title")),
    TITLES,
    st.just("") | TITLES,
    asked=PALETTES,
    forbidden=PALETTES,
    energy=st.none() | st.sampled_from(("calm", "wild")),
    strobe=MAYBE,
    blinder=MAYBE,
    haze=MAYBE,
    dark_on_break=st.booleans(),
    key=st.none() | st.sampled_from(COLOURS),
    tempo_bpm=st.none() | st.floats(20, 400),
    look=st.none() | TITLES,
    plan=st.none() | TITLES,
    note=st.just("") | TITLES,
    rest=st.just("") | TITLES,
)
LISTS = st.builds(SetList, TITLES, st.lists(ENTRIES, max_size=6).map(tuple))


@settings(max_examples=80, deadline=None)
@given(found=LISTS)
def test_what_is_written_is_read_again(tmp_path_factory, found):
    file = tmp_path_factory.mktemp("lists") / "one.yaml"
    write_set_list(found, file)
    assert read_set_list(file) == found


def test_letters_of_every_script_stay_as_they_are():
    text = written_set_list(SetList("金曜日", (ListEntry("song", "黒い雨"), ListEntry("song", "Größe"))))
    assert "金曜日" in text
    assert "黒い雨" in text
    assert "Größe" in text


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "list.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_what_a_person_writes(written):
    file = written("""
name: Friday
evening:
  - band: The Cats
    songs:
      - Black Rain: red, no strobe, dark on the break
      - 99 Luftballons
      - Purple Cat - green, calm
      - song: 1979
        asked: [blue]
        strobe: no
        note: Anna sings
      - talk: thanks
      - note: singer is nervous
  - changeover: 15 min
""")
    rain, balloons, cat, year, talk, note, changeover = read_set_list(file).entries[1:]
    assert (rain.asked, rain.strobe, rain.dark_on_break, rain.band) == (("red",), False, True, "The Cats")
    assert (balloons.title, cat.title, cat.asked, cat.energy) == ("99 Luftballons", "Purple Cat", ("green",), "calm")
    assert (year.title, year.strobe, year.note) == ("1979", False, "Anna sings")
    assert (talk.kind, note.kind, note.title, changeover.kind, changeover.band) == (
        "talk",
        "note",
        "singer is nervous",
        "changeover",
        "",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "evening:\n- song: A\n  askd: [red]\n",
            r"list\.yaml:\d+: .*there is no key 'askd' here; did you mean `asked`\?",
        ),
        ("evening:\n- song: A\n  asked: [rot]\n", r"list\.yaml:3: .*asked\[0\].*'red'.*found: 'rot'"),
        ("evening:\n- song: A\n  tempo_bpm: 900\n", r"list\.yaml:3: .*must be at most 400"),
        ("evening:\n- song: Yes\n", r"list\.yaml:2: .*write it in quotes"),
        ("evening:\n- song: A\n  talk: B\n", r"list\.yaml:2: .*song and talk in one entry"),
        ("evening:\n- asked: [red]\n", r"list\.yaml:2: .*an entry needs `song:`"),
        ("evening:\n- A: red, wobble\n", r"list\.yaml:2: .*'wobble' is not understood"),
        ("evening:\n- A - red, wobble\n", r"list\.yaml:2: .*'wobble' is not understood"),
        ("evening:\n- band: X\n  song: []\n", r"list\.yaml:\d+: .*did you mean `songs`"),
        ("evning: []\n", r"list\.yaml:\d+: .*did you mean `evening`"),
        ("evening:\n- [1\n", r"list\.yaml:\d+: not valid YAML"),
        ("evening:\n- song: A\n  song: B\n", r"list\.yaml:3: 'song' stands here twice"),
        ("evening:\n- sogn: A\n", r"list\.yaml:2: .*did you mean `song`"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_remedy(written, text, said):
    with pytest.raises(SetListError, match=said):
        read_set_list(written(text))


def test_a_list_that_is_there_stays(tmp_path):
    file = tmp_path / "one.yaml"
    write_set_list(SetList("A"), file)
    with pytest.raises(SetListError, match="--replace"):
        write_set_list(SetList("B"), file)
    assert read_set_list(file).name == "A"
    write_set_list(SetList("B"), file, overwrite=True)
    assert read_set_list(file).name == "B"


def test_no_name_takes_the_file_of_another(tmp_path):
    names = ["Friday Night", "friday_night", "friday-night", "金曜日", "!!!", "???"]
    for name in names:
        write_set_list(SetList(name), set_list_file(tmp_path, name))
    assert [read_set_list(set_list_file(tmp_path, name)).name for name in names] == names
    assert len(list(tmp_path.iterdir())) == len(names)
