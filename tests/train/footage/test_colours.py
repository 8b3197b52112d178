"""Films in the encodings that cameras and phones write: the colours that were filmed are the colours that are read.

A chart of known lamp colours is encoded here by the formulas of the standards (ITU-R BT.709, BT.1886, BT.2020, BT.2087,
BT.2100, BT.2408; SMPTE EG 432-1), not by the library that reads it.
"""

from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest

pytest.importorskip("scipy")

from av.video.reformatter import VideoReformatter

from tools.train.footage.__main__ import main
from tools.train.footage.colour import encoding_of, refuse_log
from tools.train.footage.light import hue_of
from tools.train.footage.source import FootageError, Trouble, pictures, probe, read_facts

HUES = np.array([0, 20, 40, 60, 75, 100, 120, 140, 160])
MEAN, MOST, SATURATION = 1.5, 4.0, 0.1
"""Allowed: hues of 180, and the share by which a saturation may be off."""
WHITE_CD = 203.0
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
TO_P3 = np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]])
LUMA = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def lamps():
    """(2, 9, 3) of BT.709, 0..1: nine hues, pale and bright above, deep and half as bright below."""
    ramp = np.stack([np.clip(abs((HUES / 30 + turn) % 6 - 3) - 1, 0, 1) for turn in (0, 4, 2)], axis=-1)
    return np.stack([0.8 * (1 - 0.75 * (1 - ramp)), 0.45 * (1 - 0.9 * (1 - ramp))])


def display(code):
    """Light of a screen, white is 1 (BT.1886)."""
    return code**2.4


def as_pq(code):
    y = (WHITE_CD / 10_000 * np.clip(display(code) @ TO_BT2020.T, 0, 1)) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def as_hlg(code):
    light = WHITE_CD / 1000 * np.clip(display(code) @ TO_BT2020.T, 0, 1)
    scene = light * np.maximum(light @ [0.2627, 0.6780, 0.0593], 1e-9)[..., None] ** (1 / 1.2 - 1)
    return _oetf(scene)


def as_hlg_of_a_scene(code):
    """As a camera would: BT.709's scene light, white where BT.2408 puts it, 75 % of the signal."""
    scene = np.where(code < 0.081, code / 4.5, ((code + 0.099) / 1.099) ** (1 / 0.45))
    return _oetf(0.265 * np.clip(scene @ TO_BT2020.T, 0, 1))


def _oetf(scene):
    low = np.sqrt(3 * scene)
    return np.where(scene <= 1 / 12, low, 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073)


def as_bt2020(code):
    return np.clip(display(code) @ TO_BT2020.T, 0, 1) ** (1 / 2.4)


def as_p3(code):
    return np.clip(display(code) @ TO_P3.T, 0, 1) ** (1 / 2.4)


def as_it_is(code):
    return code


FILMS = {
    # name: curve, (matrix, primaries, transfer as told), full range, matrix in truth, codec, size
    "bt709": (as_it_is, (1, 1, 1), False, 1, "libx264", (192, 108)),
    "bt709 full range": (as_it_is, (1, 1, 1), True, 1, "libx264", (192, 108)),
    "bt709 ten bits": (as_it_is, (1, 1, 1), False, 1, "libx265", (192, 108)),
    "hd, nothing told": (as_it_is, (2, 2, 2), False, 1, "libx264", (1280, 720)),
    "hd full range, nothing told": (as_it_is, (2, 2, 2), True, 1, "libx264", (1280, 720)),
    "sd, nothing told": (as_it_is, (2, 2, 2), False, 5, "libx264", (192, 108)),
    "hlg": (as_hlg, (9, 9, 18), False, 9, "libx265", (192, 108)),
    "hlg full range": (as_hlg, (9, 9, 18), True, 9, "libx265", (192, 108)),
    "hlg, only its transfer told": (as_hlg, (2, 2, 18), False, 9, "libx265", (192, 108)),
    "hlg in eight bits": (as_hlg, (9, 9, 18), False, 9, "libx264", (192, 108)),
    "pq": (as_pq, (9, 9, 16), False, 9, "libx265", (192, 108)),
    "pq full range": (as_pq, (9, 9, 16), True, 9, "libx265", (192, 108)),
    "bt2020": (as_bt2020, (9, 9, 14), False, 9, "libx265", (192, 108)),
    "display p3": (as_p3, (1, 12, 1), False, 1, "libx264", (192, 108)),
}


def planes(code, kind, *, full, matrix, ten):
    """A frame of a chart (h, w, 3) of encoded values 0..1."""
    red, blue = LUMA[matrix]
    luma = code @ [red, 1 - red - blue, blue]
    chroma = [(code[..., 2] - luma) / (2 - 2 * blue), (code[..., 0] - luma) / (2 - 2 * red)]
    unit = 4 if ten else 1
    whole = 1023 if ten else 255
    low, high, around = (0, whole, whole) if full else (16 * unit, 219 * unit, 224 * unit)
    parts = [low + high * luma, *(128 * unit + around * part[::2, ::2] for part in chroma)]
    packed = np.concatenate([np.rint(part).ravel() for part in parts]).astype("<u2" if ten else np.uint8)
    return av.VideoFrame.from_ndarray(packed.reshape(code.shape[0] * 3 // 2, code.shape[1]), format=kind)


def film(path, name="bt709", *, metadata=None, frames=4, codec=None, curve=None):
    """Write a chart as one of `FILMS` with a tone; `codec` and `curve` in place of the film's own."""
    its_curve, told, full, matrix, its_codec, (wide, high) = FILMS[name]
    its_codec = codec or its_codec
    ten = its_codec == "libx265"
    kind = "yuv420p10le" if ten else "yuv420p"
    code = np.clip((curve or its_curve)(lamps()), 0, 1)
    chart = code[np.arange(high)[:, None] * 2 // high, np.arange(wide)[None] * 9 // wide]
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(metadata or {})
        options = {"x265-params": "log-level=none:pools=1", "preset": "ultrafast", "crf": "4"} if ten else {"crf": "4"}
        video = container.add_stream(its_codec, rate=10, options=options if "x26" in its_codec else {"q": "1"})
        video.width, video.height, video.pix_fmt = wide, high, kind
        context = video.codec_context
        context.colorspace, context.color_primaries, context.color_trc = told
        context.color_range = 2 if full else 1
        audio = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for k in range(frames):
            frame = planes(chart, kind, full=full, matrix=matrix, ten=ten)
            frame.colorspace, frame.color_primaries, frame.color_trc = told
            frame.color_range, frame.pts, frame.time_base = context.color_range, k, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        tone = np.rint(9000 * np.sin(0.05 * np.arange(4800 * frames))).astype(np.int16)
        block = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        block.sample_rate, block.pts = 48_000, 0
        container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    return path


def off(picture):
    """Errors of hue of 180, and ratios of saturation and value to what was filmed, (2, 9) each."""
    high, wide = picture.shape[:2]
    rows, columns = (high * np.array([1, 3])) // 4, (wide * (2 * np.arange(9) + 1)) // 18
    hue, chroma, value = hue_of(picture[rows[:, None], columns[None]].astype(np.float32))
    right_hue, right_chroma, right_value = hue_of((255 * lamps()).astype(np.float32))
    saturation = (chroma / np.maximum(value, 1)) / (right_chroma / right_value)
    return (hue - right_hue + 90) % 180 - 90, saturation, value / right_value


def read(path):
    """The middle picture of a film as the extractor reads it, what it was told of, and its facts."""
    trouble = Trouble()
    facts = read_facts(path, trouble)
    return [picture for _, picture in pictures(path, facts, trouble)][1], trouble, facts


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


def test_hlg_as_a_camera_writes_it_keeps_its_hue(tmp_path):
    """Scene light, shown by HLG's own rule: paler by a sixth or so than BT.709's, on every screen."""
    hue, saturation, _ = off(read(film(tmp_path / "chart.mov", "hlg", curve=as_hlg_of_a_scene))[0])
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
