"""`followspot setlist`: sheets in the encodings that bands send, pictures of paper, and what is refused."""

import io
import json
import shutil
import subprocess
import sys

import pytest

from controller.__main__ import main
from controller.evening.photograph import _installed, without_blanks
from controller.evening.set_list_file import read_set_list
from controller.evening.sheet_file import decoded

TEXT = "Größe – grün, kein Strobo\n"
JAPANESE = "黒い雨　赤　ストロボなし\n転換\n"
KEYS = {
    *("line", "kind", "title", "understood", "rest", "asked", "forbidden", "energy", "strobe", "blinder", "haze"),
    *("dark_on_break", "key", "tempo_bpm"),
}


def objects(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_has_one_object_for_each_line(tmp_path, capsys):
    sheet = tmp_path / "sheet.txt"
    sheet.write_text("  1. Black Rain – red, wobble\n\nKein Strobo!\n---\n", encoding="utf-8")
    assert main(["setlist", "read", str(sheet), "--json"]) == 0
    found = objects(capsys)
    assert [one["line"] for one in found] == ["  1. Black Rain – red, wobble", "Kein Strobo!", "---"]
    assert all(set(one) >= KEYS for one in found)
    assert (found[0]["understood"], found[0]["rest"], found[0]["asked"]) == (False, "wobble", ["red"])
    assert (found[1]["understood"], found[1]["strobe"]) == (True, False)


def test_people_get_a_table(tmp_path, capsys):
    sheet = tmp_path / "sheet.txt"
    sheet.write_text("Rain [red] – no strobe, wobble\nMC\n", encoding="utf-8")
    assert main(["setlist", "read", str(sheet)]) == 0
    told = capsys.readouterr().out
    assert "not understood: wobble" in told
    assert "strobe forbidden" in told


@pytest.mark.parametrize(
    ("codec", "text", "name"),
    [
        ("utf-8", TEXT, ""),
        ("utf-8-sig", TEXT, ""),
        ("utf-16", TEXT, "UTF-16"),
        ("utf-16-le", TEXT, "UTF-16"),
        ("cp1252", TEXT, "Windows-1252"),
        ("utf-8", JAPANESE, ""),
        ("utf-16", JAPANESE, "UTF-16"),
        ("cp932", JAPANESE, "Shift-JIS"),
        ("cp1252", "Für Älteres: Öl, Übel\n", "Windows-1252"),
        ("cp932", "転換\n", "Shift-JIS"),
    ],
)
def test_encodings_that_bands_send(codec, text, name):
    assert decoded(text.encode(codec), "sheet") == (text, name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 \xe2\xe3", "is no text"),
        (b"PK\x03\x04\x00\x00", "is no text"),
        (bytes(range(256)), "is no text"),
        (b"\xff\xfeA", "is damaged"),
        ("転換".encode("iso2022_jp") + b"\xff", "ISO-2022-JP"),
        (b"\x81", "not known here"),
    ],
)
def test_what_is_no_text_is_refused_with_a_remedy(tmp_path, capsys, content, said):
    sheet = tmp_path / "sheet.bin"
    sheet.write_bytes(content)
    assert main(["setlist", "read", str(sheet)]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "setlist read -" in told


def test_what_is_pasted_is_read(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(JAPANESE.encode())))
    assert main(["setlist", "read", "-", "--json"]) == 0
    assert [one["kind"] for one in objects(capsys)] == ["song", "changeover"]


def test_a_list_is_made_and_checked(tmp_path, capsys):
    sheet, out = tmp_path / "sheet.txt", tmp_path / "setlists/friday.yaml"
    sheet.write_text("The Cats:\n1. Rain – red, wobble\n2. Glass\n", encoding="utf-8")
    assert main(["setlist", "make", str(sheet), "--out", str(out)]) == 0
    assert "not understood: wobble" in capsys.readouterr().out
    assert [one.title for one in read_set_list(out).entries] == ["The Cats", "Rain", "Glass"]
    assert read_set_list(out).entries[1].rest == "wobble"
    assert main(["setlist", "check", str(out)]) == 0
    assert main(["setlist", "make", str(sheet), "--out", str(out)]) == 1
    assert main(["setlist", "make", str(sheet), "--out", str(out), "--replace"]) == 0
    assert main(["setlist", "check", str(tmp_path / "none.yaml")]) == 1


@pytest.mark.parametrize("what", ["none.txt", "."])
def test_no_file_is_one_message(tmp_path, capsys, what):
    assert main(["setlist", "read", str(tmp_path / what)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


PNG = b"\x89PNG\r\n\x1a\n"


def test_without_tesseract_a_picture_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(PNG)
    assert main(["setlist", "read", str(sheet)]) == 1
    assert "apt-get install tesseract-ocr" in capsys.readouterr().err


@pytest.fixture
def paper(tmp_path, require_real):
    """A picture of a printed sheet."""
    require_real("tesseract", shutil.which("tesseract"))
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=150)
    FigureCanvasAgg(figure)
    lines = [
        "The Black Dogs:",
        "1. Black Rain - red, no strobe",
        "2. Glass Houses - blue, calm",
        "changeover",
        "3. Last Waltz - warm white",
    ]
    for at, line in enumerate(lines):
        figure.text(0.06, 0.88 - 0.16 * at, line, fontsize=22)
    for name in ("sheet.png", "sheet.jpg"):
        figure.savefig(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_a_photograph_is_read_and_every_line_says_so(paper, capsys, name):
    assert main(["setlist", "read", str(paper / name), "--json"]) == 0
    found = objects(capsys)
    assert all(one["photograph"] is True for one in found)
    rain = next(one for one in found if one["title"] == "Black Rain")
    assert (rain["asked"], rain["strobe"]) == (["red"], False)
    assert "changeover" in [one["kind"] for one in found]
    assert main(["setlist", "read", str(paper / name)]) == 0
    assert "from a photograph" in capsys.readouterr().out


def test_tesseract_has_all_three_languages(require_real):
    require_real("tesseract", shutil.which("tesseract"))
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False).stdout.split()
    require_real("tesseract for Japanese and German", {"eng", "jpn", "deu"} <= set(listed))
    assert _installed(shutil.which("tesseract")) == ["eng", "deu", "jpn"]


def test_blanks_between_japanese_letters_are_no_blanks():
    assert without_blanks("黒 い 雨  ストロ ボ な し red wine") == "黒い雨  ストロボなし red wine"


def test_a_picture_that_is_damaged_is_one_message(tmp_path, capsys, require_real):
    require_real("tesseract", shutil.which("tesseract"))
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(PNG + b"nothing")
    assert main(["setlist", "read", str(sheet)]) == 1
    assert "cannot read this picture" in capsys.readouterr().err
