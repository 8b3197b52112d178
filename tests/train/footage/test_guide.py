"""The guide says what films must be like, and says what the program does."""

import re
from pathlib import Path

import pytest

pytest.importorskip("av")
pytest.importorskip("scipy")

from tools.train.footage.__main__ import parse
from tools.train.footage.brightness import LONG_S
from tools.train.footage.scene import PROFILES
from tools.train.footage.source import BENEATH_DB
from tools.train.skipbart.stretches import JUDGE_HOPS, LEAST_S

GUIDE = (Path(__file__).parents[3] / "docs/footage.md").read_text(encoding="utf-8")
ROOM = (Path(__file__).parents[3] / "docs/finetuning.md").read_text(encoding="utf-8")
NUMBERS = {3: "three", 5: "five", 10: "ten"}


def test_o14_what_films_must_be_like_is_one_table():
    table = GUIDE.split("**Filming for this:**")[1].split("\n\n")[1]
    rows = {line.split("|")[1].strip() for line in table.splitlines()[2:]}
    assert {"how much", "camera", "exposure", "colours", "sound", "names"} <= rows
    assert f"three of {NUMBERS[round(LEAST_S)]} seconds" in table
    assert f"{BENEATH_DB:.0f} dB under another" in table
    assert f"{NUMBERS[round(LONG_S / 60)]} minutes" in ROOM
    assert f"{JUDGE_HOPS // 10} s" in ROOM


def test_o14_every_option_and_every_profile_is_in_the_guide(capsys):
    with pytest.raises(SystemExit):
        parse(["extract", "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z][a-z-]+", GUIDE))
    for profile in PROFILES:
        assert f"`{profile}`" in GUIDE, profile
