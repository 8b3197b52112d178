import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from demo_report import GROUPS, build_report

from controller.rehearsal.report_page import Intervention, Section, render_report


class Reader(HTMLParser):
    """Tags with their attributes, and the text inside scripts and cells."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.setdefault(self.tags[-1][0] if self.tags else "", []).append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def embedded(document: str) -> dict:
    return json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', document, re.DOTALL)[1])


def array(text: str, dtype) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


def test_the_same_data_gives_the_same_bytes():
    assert render_report(build_report()) == render_report(build_report())


def test_the_data_comes_out_as_it_went_in():
    report = build_report()
    data = embedded(render_report(report))
    assert data["duration_s"] == 240
    assert (array(data["tokens"]["uint8"], np.uint8).reshape(-1, 2) == report.tokens).all()
    assert (array(data["rig"]["uint8"], np.uint8).reshape(report.rig.shape) == report.rig).all()
    assert data["rig"]["groups"] == list(GROUPS)
    waveform = array(data["waveform"]["int8"], np.int8).reshape(-1, 2)
    np.testing.assert_allclose(waveform / 127, report.waveform, atol=0.005)
    levels_db = array(data["levels"]["uint8"], np.uint8) / -2
    np.testing.assert_allclose(levels_db, report.levels_db, atol=0.26)
    assert data["onsets"][1] == [0.5, 0.4]
    assert data["sections"][2] == [60.0, 90.0, "chorus"]
    assert data["interventions"][0][1] == "4 flashes in a second"


def test_tables():
    document = render_report(build_report())
    cells = Reader(document).texts["td"]
    for text in ("onset_match_f1", "0.7183", "decode", "14.70", "seed", "7", "abababababab"):
        assert text in cells
    assert "ab" * 32 not in document


def test_what_is_not_given_is_not_shown():
    report = replace(build_report(), timings={}, metrics={}, sections=None, interventions=None)
    document = render_report(report)
    assert "Timing, ms" not in document
    assert "Metrics" not in document
    assert embedded(document)["interventions"] is None
    assert Reader(document).attributes("audio") == []


@pytest.mark.parametrize(
    ("audio", "address"),
    [
        ("song.opus", "song.opus"),
        ("../a song & more #2.opus", "../a%20song%20%26%20more%20%232.opus"),
        ("/music/süß.flac", "file:///music/s%C3%BC%C3%9F.flac"),
    ],
)
def test_the_song_is_linked_wherever_it_lies(audio, address):
    assert Reader(render_report(build_report(audio=audio))).attributes("audio")[0]["src"] == address


def test_names_cannot_break_out_of_their_place():
    nasty = '</script><img src=x onerror="alert(1)">@DATA@'
    report = replace(
        build_report(),
        song=nasty,
        venue=nasty,
        groups=(nasty, *GROUPS[1:]),
        sections=(Section(0, 1, nasty),),
        interventions=(Intervention(1, nasty),),
        metrics={nasty: nasty},
        identity={nasty: nasty},
    )
    document = render_report(report)
    assert Reader(document).attributes("img") == []
    assert embedded(document)["rig"]["groups"][0] == nasty


def test_nothing_is_fetched_from_anywhere():
    document = render_report(build_report(audio="song.opus"))
    assert "http" not in document.replace("http-equiv", "")
    reader = Reader(document)
    assert reader.attributes("link") == []
    assert all("src" not in attributes for attributes in reader.attributes("script"))
    policy = next(each["content"] for each in reader.attributes("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_numbers_json_does_not_know_are_drawn_as_silence():
    report = build_report(duration_s=8)
    report.waveform[3] = np.nan
    report.levels_db[3] = -np.inf
    report.levels_db[4] = np.nan
    data = embedded(render_report(report))
    assert array(data["waveform"]["int8"], np.int8)[6] == 0
    assert list(array(data["levels"]["uint8"], np.uint8)[3:5]) == [240, 240]


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("waveform", np.zeros(8)),
        ("levels_db", np.zeros((8, 2))),
        ("tokens", np.zeros((8, 3), np.int64)),
        ("rig", np.zeros((8, 2, 3), np.uint8)),
        ("rig", np.zeros((8, len(GROUPS), 3))),
    ],
)
def test_an_array_of_another_shape_is_refused(name, array):
    with pytest.raises(ValueError, match=name):
        render_report(replace(build_report(duration_s=8), **{name: array}))


def test_it_opens_from_a_file_and_shows_the_show(chromium, tmp_path: Path):
    path = tmp_path / "report.html"
    path.write_text(render_report(build_report()), encoding="utf-8")
    chromium.get(path.as_uri())
    before = chromium.execute_script("return document.getElementById('show').toDataURL()")
    assert chromium.execute_script("return document.getElementById('reading').textContent").startswith("0:00.0 of 4:00")
    chromium.execute_script(
        """
        const box = document.getElementById("tracks").getBoundingClientRect();
        const where = { clientX: box.left + 128 + (box.width - 128) / 2, clientY: box.top + 50 };
        document.getElementById("tracks").dispatchEvent(new PointerEvent("pointerdown", where));
        document.getElementById("zoom").click();
        """
    )
    assert chromium.execute_script("return document.getElementById('reading').textContent").startswith("2:00.0 of 4:00")
    assert chromium.execute_script("return document.getElementById('show').toDataURL()") != before
    assert chromium.execute_script("return document.getElementById('zoom').ariaPressed") == "true"
    assert chromium.get_log("browser") == []


def test_an_empty_song_and_a_missing_file_do_no_harm(chromium, tmp_path: Path):
    empty = replace(
        build_report(duration_s=8, audio="missing.opus"),
        waveform=np.zeros((0, 2)),
        levels_db=np.zeros(0),
        tokens=np.zeros((0, 2), np.int64),
        rig=np.zeros((0, 0, 3), np.uint8),
        groups=(),
        onsets=(),
    )
    path = tmp_path / "report.html"
    path.write_text(render_report(empty), encoding="utf-8")
    chromium.get(path.as_uri())
    assert chromium.execute_script("return document.getElementById('reading').textContent") == "0:00.0 of 0:08 · intro"
    complaints = [entry["message"] for entry in chromium.get_log("browser") if "missing.opus" not in entry["message"]]
    assert complaints == []
