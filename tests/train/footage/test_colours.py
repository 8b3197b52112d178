"""Films in the encodings that cameras and phones write: the colours that were filmed are the colours that are read.

The chart is `tests/fakes/film_chart.py`.
"""

from types import SimpleNamespace

import av
import numpy as np
import pytest

pytest.importorskip("scipy")

from av.video.reformatter import VideoReformatter
from film_chart import FILMS, MEAN, MOST, SATURATION, as_hlg_of_a_screen, as_pq, film, off, read

from tools.train.footage.__main__ import main
from tools.train.footage.colour import encoding_of, refuse_log
from tools.train.footage.source import FootageError, probe, read_facts


def as_before(path):
    """The same without a look at what it says."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    small = VideoReformatter().reformat(frame, 64, 36, "rgb24", interpolation="AREA", dst_color_range="JPEG")
    return small.to_ndarray()


@pytest.mark.parametrize("name", FILMS)
def test_o1_known_lamps_keep_their_colour(tmp_path, name):
    picture, trouble, facts = read(film(tmp_path / "chart.mov", name))
    hue, saturation, value = off(picture)
    assert np.abs(hue).mean() <= MEAN
    assert np.abs(hue).max() <= MOST
    assert np.abs(saturation - 1).max() <= SATURATION
    assert np.abs(value - 1).max() <= 0.05
    converted = any(word in name for word in ("hlg", "pq", "2020", "p3"))
    assert any("converted" in note for note in trouble.notes) == converted
    assert facts.colours


def test_these_films_are_wrong_if_nobody_looks(tmp_path):
    """Otherwise the test above sees nothing."""
    for name in ("hd, nothing told", "hlg", "pq", "bt2020", "display p3"):
        hue, _, _ = off(as_before(film(tmp_path / "chart.mov", name)))
        assert np.abs(hue).mean() > MEAN, name


def test_hlg_that_was_graded_on_a_screen_keeps_its_hue(tmp_path):
    """HLG does not say which it is; films of a room are a camera's, so a programme comes out deeper than it is."""
    hue, saturation, _ = off(read(film(tmp_path / "chart.mov", "hlg", curve=as_hlg_of_a_screen))[0])
    assert np.abs(hue).mean() <= MEAN
    assert np.abs(hue).max() <= MOST
    assert np.abs(saturation - 1).max() <= 0.25


@pytest.mark.parametrize("name", ["hlg", "bt2020"])
def test_what_only_the_container_tells_is_heeded(tmp_path, name):
    """MPEG-4 part 2 has no place for it; the box `colr` has."""
    path = film(tmp_path / "chart.mov", name, codec="mpeg4")
    assert np.abs(off(read(path)[0])[0]).mean() <= MEAN


def test_the_pictures_that_are_sought_are_converted_too(tmp_path):
    path = film(tmp_path / "chart.mov", "hlg")
    assert np.abs(off(probe(path, read_facts(path))[0])[0]).mean() <= MEAN


def test_a_dark_and_a_bright_picture_of_pq_keep_their_hue(tmp_path):
    for gain in (0.1, 1.4):

        def curve(code, gain=gain):
            return as_pq(code * gain ** (1 / 2.4))

        hue, _, _ = off(read(film(tmp_path / "chart.mov", "pq", curve=curve))[0])
        assert np.abs(hue).mean() <= MEAN


def said(matrix=1, primaries=1, transfer=1, *, form="yuv420p", size=(192, 108), side_data=(), value_range=1):
    """What a decoded frame says, without one."""
    video_format = SimpleNamespace(name=form, is_rgb=form.startswith(("rgb", "gbr")))
    return SimpleNamespace(colorspace=matrix, color_primaries=primaries, color_trc=transfer, color_range=value_range,
                           width=size[0], height=size[1], side_data=side_data, format=video_format)  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "tag", "word"),
    [
        (said(9, 9, 2), "", "does not say how light is coded"),  # Apple Log
        (said(9, 2, 2), "", "does not say how light is coded"),
        (said(2, 2, 2), "dvh1", "Dolby Vision"),
        (said(15, 2, 2), "", "Dolby Vision"),
        (said(14, 9, 16), "", "ICtCp"),
        (said(10, 9, 14), "", "constant luminance"),
        (said(9, 9, 256), "", "V-Log"),
        (said(9, 9, 9), "", "log profile"),
        (said(1, 77, 1), "", "primaries 77"),
        (said(1, 1, 99), "", "transfer 99"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(frame, tag, word):
    with pytest.raises(FootageError, match=word) as refused:
        encoding_of(frame, tag)
    assert "export it" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_a_film_does_not_say_is_what_its_size_makes_likely():
    assert encoding_of(said(2, 2, 2)).name == "BT.709, BT.601"
    assert encoding_of(said(2, 2, 2, size=(720, 576))).matrix == 5
    assert encoding_of(said(2, 2, 2, size=(1280, 720))).name == "BT.709"
    assert encoding_of(said(2, 2, 2, size=(1080, 1920))).name == "BT.709"
    assert encoding_of(said(0, 2, 2, size=(1280, 720))).name == "BT.709"
    assert encoding_of(said(2, 2, 2, form="rgb24")).name == "BT.709, RGB"
    assert encoding_of(said(2, 2, 18)).name == "HLG, BT.2020"
    assert encoding_of(said(1, 1, 1, value_range=2)).name == "BT.709, full range"


@pytest.mark.parametrize(
    "value", ["S-Log3", "slog2", "com.apple.log", "V-Log", "C-Log 3", "D-Log M", "LogC4", "F-Log2"]
)
def test_a_log_curve_that_is_named_is_refused(value):
    with pytest.raises(FootageError, match="log profile"):
        refuse_log({"com.apple.proapps.customgamma": value})


def test_a_video_blog_is_no_log_curve():
    refuse_log({"title": "my vlog", "comment": "c-log", "color": "catalogue, prologue", "gamma": "2.2"})


def test_extraction_names_what_it_converted_and_what_it_refused(tmp_path, capsys):
    films = tmp_path / "films"
    films.mkdir()
    film(films / "phone.mov", "hlg", frames=30)
    film(films / "log.mov", metadata={"com.apple.proapps.customgamma": "com.apple.log"})
    assert main(["extract", str(films), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "its colours (HLG, BT.2020) were converted to BT.709" in told
    assert "log.mov: was filmed in a log profile" in told
    assert main(["inspect", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "were converted to BT.709" in page
    assert "<b>1</b> converted to BT.709" in page
    assert ", HLG, BT.2020, 10 fps" in page
    assert "was filmed in a log profile" in page
