"""Looks by name: kept, called, forgotten; a damaged file or a full disk costs the looks, never the page."""

import pytest

from controller.people.scenes import MOST, Scenes


def test_they_come_back(tmp_path):
    scenes = Scenes(tmp_path / "state" / "club.json")
    scenes.keep("Chorus", (0.5, 1.0))
    scenes.keep("Walk-in", (0.1,))
    scenes.keep("Chorus", (0.6,))
    again = Scenes(tmp_path / "state" / "club.json")
    assert again.names == ["Chorus", "Walk-in"]
    assert again.rows("Chorus") == (0.6,)
    again.forget("Chorus")
    assert Scenes(tmp_path / "state" / "club.json").names == ["Walk-in"]
    assert again.rows("Chorus") is None


def test_there_are_not_more_than_a_page_can_show(tmp_path):
    scenes = Scenes(tmp_path / "a.json")
    for number in range(MOST + 5):
        scenes.keep(str(number), (0.0,))
    assert len(scenes.names) == MOST


@pytest.mark.warns("a.json cannot be read")
@pytest.mark.parametrize("content", ["{", "[1]", '{"a": "b"}', "\x00"])
def test_a_damaged_file_is_named(tmp_path, content, caplog):
    (tmp_path / "a.json").write_text(content)
    assert Scenes(tmp_path / "a.json").names == []
    assert "a.json cannot be read" in caplog.text


@pytest.mark.warns("the scene lasts as long as this show")
def test_what_cannot_be_written_lasts_as_long_as_the_show(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    scenes = Scenes(tmp_path / "file" / "a.json")
    scenes.keep("Chorus", (0.5,))
    assert scenes.rows("Chorus") == (0.5,)
    assert "lasts as long as this show" in caplog.text
