import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from demo_report import GROUPS, build_report
from matplotlib.image import imread

from controller.records.rendered import RenderedRig
from controller.rehearsal.report_page import Intervention, Section, StagePicture, render_report
from controller.rehearsal.stage_pictures import MOST, stage_pictures


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
    levels_db = array(data["levels"]["uint8"], np.uint8) / -2
    np.testing.assert_allclose(levels_db, report.levels_db, atol=0.26)
    assert data["onsets"][1] == [0.5, 0.4]
    assert data["sections"][2] == [60.0, 90.0, "chorus"]
    assert data["interventions"][0][1] == "4 flashes in a second"


def test_tables():
    document = render_report(build_report())
    texts = Reader(document).texts
    for text in ("0.718", "decode", "14.70", "seed", "7", "abababababab"):
        assert text in texts["td"]
    assert "onset_match_f1" in texts["th"], "what nobody explained stands under its own name"
    assert "ab" * 32 not in document


def test_p53_each_figure_says_what_it_is_its_unit_and_what_people_do():
    metrics = {"dim_share": 0.0123, "brightness_sd": 0.1534, "stop_answered_ms": 87.4, "hues_median": 2.0, "flashes": 4}
    texts = Reader(render_report(replace(build_report(), metrics=metrics))).texts
    assert {"1 %", "2 to 20 %", "0.153", "87.4 ms", "100 ms", "2", "4"} <= set(texts["td"])
    assert {"Nearly dark", "Contrast of the song"} <= set(texts["th"])
    assert not any("_" in text for text in texts["th"])
    assert sum(text.endswith(".") for text in texts["small"]) == len(metrics)


def test_p54_the_stage_is_seen_in_each_part_and_a_picture_goes_to_its_moment():
    picture = StagePicture(33.5, "B", b"\xff\xd8 a picture")
    reader = Reader(render_report(replace(build_report(), pictures=(picture,))))
    (seen,) = reader.attributes("img")
    assert base64.b64decode(seen["src"].partition(",")[2]) == picture.jpeg
    assert seen["alt"] == "The stage at 0:33"
    assert [one["data-at"] for one in reader.attributes("button") if "data-at" in one] == ["33.5"]


def test_p54_each_kind_of_part_is_in_the_pictures_before_any_comes_again():
    moments, heads = np.arange(0.0, 240.0, 0.1), 2
    light = np.zeros((len(moments), heads, 3), np.float32)
    light[1200:, :, 2] = 1.0
    rig = RenderedRig(
        moments, np.array(["a", "b"]), np.array(["wash", "mover"]),
        np.array([[-1.0, 0.0, 3.0], [1.0, 0.0, 3.0]], np.float32), light,
        np.zeros((len(moments), heads, 2), np.float32), moments, np.array(["wash"]),
        np.zeros((len(moments), 1, 3), np.float32),
    )  # fmt: skip
    labels = ("A", "B") * 6 + ("C",)
    sections = [Section(number * 18.0, (number + 1) * 18.0, label) for number, label in enumerate(labels)]
    pictures = stage_pictures(rig, sections, np.array([False, True]))
    assert len(pictures) == MOST
    assert {one.label for one in pictures} == {"A", "B", "C"}
    assert [one.t_s for one in pictures] == sorted(one.t_s for one in pictures)
    first, last = (imread(BytesIO(one.jpeg), format="jpg").astype(float) for one in (pictures[0], pictures[-1]))
    assert first.shape == (180, 320, 3)
    assert first.max() < 60.0
    assert last[:, :, 2].max() > 200.0


def test_what_is_not_given_is_not_shown():
    report = replace(build_report(), timings={}, metrics={}, sections=None, interventions=None)
    document = render_report(report)
    assert "Timing, ms" not in document
    assert "What the light does" not in document
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
    report.levels_db[3] = -np.inf
    report.levels_db[4] = np.nan
    data = embedded(render_report(report))
    assert list(array(data["levels"]["uint8"], np.uint8)[3:5]) == [240, 240]


@pytest.mark.parametrize(
    ("name", "array"),
    [
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
