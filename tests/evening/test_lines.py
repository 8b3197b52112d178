"""What is read in single lines, against lists that people wrote; and what must never be read, whatever they write."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promise import STRICT
from sheet_lines import dangers, differences, read, written_lines

from controller.evening.sheet import read_sheet
from controller.evening.taking import set_list_of

HERE = Path(__file__).parent
LISTS = {name: written_lines(HERE / f"{name}.yaml") for name in ("lines", "held_out", "unseen")}
LEAST_EXACT = {"lines": 0.97, "held_out": 0.93, "unseen": 0.9}

STROBES = [
    "strobe",
    "strobes",
    "Strobe lights",
    "STROBE",
    "Strobo",
    "Stroboskop",
    "Strobe-Effekt",
    "flashing",
    "Blitze",
    "strobo",
]
JAPANESE_STROBES = ["ストロボ", "フラッシュ", "点滅", "ｽﾄﾛﾎﾞ", "ストロボライト"]
FORBIDS = [
    "no {}",
    "no {} please",
    "please no {}",
    "never {}",
    "without {}",
    "avoid {}",
    "don't use {}",
    "do not use the {}",
    "not {}",
    "kein {}",
    "keine {}",
    "bitte kein {}",
    "ohne {}",
    "nie {}",
    "auf keinen Fall {}",
    "{} verboten",
    "{} nicht",
    "{} aus",
    "{} weg",
    "{} off",
    "{}: no",
    "{} = no",
    "{} nein",
    "{}: nein",
    "{} not allowed",
    "{} is forbidden",
    "{}s are banned",
    "{} nicht erlaubt",
    "{} bitte nicht",
    "{}? No!",
    "{} – no",
    "{} (no)",
    "❌ {}",
    "{} ❌",
    "less {}",
    "weniger {}",
    "careful with {}",
    "maybe {}",
    "{}?",
    "we hate {}",
    "kill the {}",
    "drop the {}",
    "no red or {}",
    "no red, no {}",
    "no blinder, {}",
    "neither blinder nor {}",
    "{} on no account",
    "epileptic singer, {}",
    "{} only if you ask me",
    "no light with {}",
    "everything but {}",
    "alles außer {}",
    "nothing with {}",
    "can't have {}",
    "{} ✗",
    "{} 👎",
    "{}: -",
    "lass {} sein",
    "{} x haze ok",
]
JAPANESE_FORBIDS = [
    "{}なし",
    "{}無し",
    "{}は無しで",
    "{}禁止",
    "{}NG",
    "{}はNGで",
    "{} NG",
    "{}不可",
    "{}いらない",
    "{}は使わないでください",
    "{}やめて",
    "{}×",
    "{}は避けて",
    "{}控えめ",
    "{}少なめ",
    "{}厳禁",
    "全曲{}なし",
    "{}・ブラインダー禁止",
    "{}、ブラインダーNG",
    "{}ダメ",
    "{}しないで",
    "{}苦手です",
    "NG:{}",
    "禁止：{}",
    "ブラインダーと{}はなし",
    "{}なしでお願いします",
    "{}焚かないで",
    "{}嫌です",
    "{}使わんといて",
    "{}焚くな",
    "{}ご遠慮ください",
    "{}× スモーク○",
    "{}はつけてほしくない",
]
PLACES = (
    "{}",
    "7. Black Rain – {}",
    "Black Rain ({})",
    "Black Rain: {}",
    "Black Rain, red, {}",
    "Black Rain – {}, red",
    "Black Rain | {} | red",
    "黒い雨　{}",
    "黒い雨／赤／{}",
    "red, {}, calm",
    "{}, wild",
    "Black Rain {}",
    "BLACK RAIN - WILD - {}",
    "MC – {}",
    "Umbau ({})",
    "Note: {}",
    "- {}",
    "Black Rain\t{}\tred",
    "「黒い雨」{}",
    "Black Rain     {}",
    "{}: Black Rain",
)


@pytest.mark.parametrize("name", LISTS)
def test_most_lines_are_read_exactly(name):
    wrong = differences(LISTS[name])
    assert 1 - len(wrong) / len(LISTS[name]) >= LEAST_EXACT[name], wrong


@pytest.mark.parametrize("name", LISTS)
def test_nothing_is_allowed_that_is_forbidden(name):
    assert dangers(LISTS[name]) == []


def test_the_lists_are_long_enough_and_in_three_languages():
    assert len(LISTS["lines"]) >= 200
    assert len(LISTS["held_out"]) >= 98
    texts = [row["line"] for row in LISTS["lines"]]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("place", PLACES)
def test_no_way_of_forbidding_a_strobe_allows_it(place):
    """Each way in five of the places; `make chaos` tries each in all of them."""
    said = [one.format(word) for one in FORBIDS for word in STROBES]
    said += [one.format(word) for one in JAPANESE_FORBIDS for word in JAPANESE_STROBES]
    said = said if STRICT else said[PLACES.index(place) % 4 :: 4]
    allowed = [line for line in map(place.format, said) if read(line)["strobe"] is True]
    assert allowed == []


@pytest.mark.parametrize("place", [one for one in PLACES if one != "Black Rain {}"])
def test_a_forbidden_strobe_is_seen_and_not_only_left_out(place):
    plain = [one.format(word) for one in ("no {}", "kein {}", "{} verboten", "{} off") for word in STROBES]
    plain += [one.format(word) for one in ("{}なし", "{}禁止", "{}NG") for word in JAPANESE_STROBES]
    missed = [line for line in map(place.format, plain) if read(line)["strobe"] is not False]
    assert missed == []


@pytest.mark.parametrize(
    "line",
    [
        "Black Rain – strobe ok",
        "Black Rain – strobe!",
        "Strobo erlaubt",
        "ストロボOK",
        "黒い雨　ストロボあり",
        "strobe yes, blinder no",
        "no blinder but strobe ok",
        "ohne Blinder, Strobo ja",
        "no problem with strobes",
    ],
)
def test_a_strobe_that_is_wished_is_allowed(line):
    assert read(line)["strobe"] is True


WORDS = st.sampled_from(
    [
        "no",
        "kein",
        "strobe",
        "ストロボ",
        "NG",
        "red",
        "rot",
        "赤",
        "and",
        "/",
        ",",
        "–",
        "(",
        ")",
        ":",
        "Black",
        "Rain",
        "黒い雨",
        "ok",
        "not",
        "MC",
        "1.",
        "①",
        "|",
        "\t",
        "only",
        "nur",
        "なし",
        "in",
        "the",
        "break",
        "dark",
        "暗転",
        "faces",
        "120",
        "bpm",
        "but",
        "?",
        "×",
        "  ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.lists(WORDS, max_size=14).map(" ".join), st.lists(WORDS, max_size=40).map("\n".join)
    )
)
def test_nothing_raises_and_no_line_is_lost(text):
    lines = read_sheet(text)
    assert [one.line for one in lines] == [one for one in _split(text) if one.strip()]
    for one in lines:
        assert one.entry.tempo_bpm is None or 20 <= one.entry.tempo_bpm <= 400
        assert not set(one.entry.asked) & set(one.entry.forbidden)


def _split(text):
    for sign in ("\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"):
        text = text.replace(sign, "\n")
    return text.lstrip("\ufeff").split("\n")


def test_a_name_between_a_changeover_and_a_song_number_one_is_a_bands():
    bands = ("MULDJORD\n1. Armygeddon - red", "SECTOID\n1) Feelings: lila", "ノイズ\n1. Noiz - 赤\n")
    sheet = "\n--- changeover 10 min ---\n".join(bands)
    entries = set_list_of(read_sheet(sheet), "x").entries
    assert [one.title for one in entries if one.kind == "title"] == ["MULDJORD", "SECTOID", "ノイズ"]
    assert [(one.title, one.band) for one in entries if one.kind == "song"] == [
        ("Armygeddon", "MULDJORD"), ("Feelings", "SECTOID"), ("Noiz", "ノイズ"),
    ]  # fmt: skip
    plain = "1. One\n--- changeover ---\nTwo\nThree\n"
    assert [one.entry.kind for one in read_sheet(plain)] == ["song", "changeover", "song", "song"]
