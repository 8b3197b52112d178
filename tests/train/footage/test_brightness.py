"""Whose brightness can be compared: films of one scale, films scaled alone, and what says its levels itself."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage.brightness import LONG_S, Scale, scales
from tools.train.footage.folder import BUNDLED, Job, earlier, extract_one, fingerprint, scaled_alone


def told(full=0.4, *, minutes=2.0, kept=0.9, night="2026-11-27", video="IMG_1.MOV", **brightness):
    """The `NAME.json` of a film."""
    said = {"fingerprint": {}, "hops": round(600 * minutes), "kept": kept, "night": night, "video": f"/films/{video}"}
    return said | {"brightness": {"full": full, "camera": "", "locked": False, **brightness}}


def of(*films):
    return list(scales({Path(f"{number}.npz"): one for number, one in enumerate(films)}).values())


def test_o8_clips_that_were_scaled_alone_are_alone():
    assert of(told(0.2), told(0.5), told(0.4)) == [Scale(1.0, known=False)] * 3


def test_o8_films_by_one_camera_with_its_exposure_locked_share_the_scale_of_the_brightest():
    quiet, loud, middle = of(told(0.2, locked=True), told(0.5, locked=True), told(0.4, locked=True))
    assert (quiet.factor, loud.factor, middle.factor) == pytest.approx((0.4, 1.0, 0.8))
    assert quiet.known
    assert loud.known


@pytest.mark.parametrize("other", [{"night": "2026-11-28"}, {"camera": "Pixel 9"}])
def test_another_night_or_camera_is_another_scale(other):
    one, two = of(told(0.2, locked=True), told(0.5, locked=True, **other))
    assert (one, two) == (Scale(1.0, known=False), Scale(1.0, known=False))


def test_one_film_with_its_exposure_locked_is_still_alone():
    assert of(told(0.2, locked=True)) == [Scale(1.0, known=False)]


def test_a_long_recording_has_a_scale():
    assert of(told(0.3, minutes=LONG_S / 60 + 2)) == [Scale()]
    assert of(told(0.3, minutes=LONG_S / 60 + 2, kept=0.5)) == [Scale(1.0, known=False)]


def test_chapters_of_one_recording_share_its_scale():
    chapters = [told(full, minutes=6, video=f"GX0{n}0123.MP4") for n, full in ((1, 0.5), (2, 0.25))]
    other = told(0.3, minutes=6, video="GX010124.MP4")
    assert of(*chapters, other) == [Scale(1.0), Scale(0.5), Scale(1.0, known=False)]


def test_films_of_before_are_alone_unless_they_are_long():
    old = {"fingerprint": {}, "hops": 1_200, "kept": 1.0}
    assert of(old, old | {"hops": 9_000}) == [Scale(1.0, known=False), Scale()]


@pytest.mark.parametrize("said", [{}, {"night": "x", "ways": ["page"]}, {"rpmc": {"value_channel": "value"}}])
def test_what_is_no_film_says_its_levels_itself(said):
    assert of(said) == [Scale()]


def test_a_dark_film_that_nothing_was_kept_of_divides_by_nothing():
    assert of(told(0.0, locked=True), told(0.5, locked=True)) == [Scale(1.0, known=False)] * 2


def test_a_film_that_was_extracted_before_learns_that_its_exposure_was_locked(tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"film")
    print_ = fingerprint(video, (BUNDLED,))
    np.savez(tmp_path / "a.npz")
    (tmp_path / "a.json").write_text(json.dumps(told(0.3) | {"fingerprint": print_}))
    job = Job(video, "a", tmp_path, (BUNDLED,), locked=True)
    assert earlier(job, print_).state == "skipped"
    assert json.loads((tmp_path / "a.json").read_text())["brightness"]["locked"] is True
    assert scaled_alone(tmp_path) == 1
    (tmp_path / "a.json").write_text(json.dumps({"fingerprint": print_, "hops": 1, "kept": 1.0}))
    assert earlier(job, print_) is None, "a film of before has to be looked at again"


def test_the_same_film_darker_is_told_by_its_full_level(venue_film, tmp_path):
    """What the scale of its own takes away is kept beside it."""
    found = {}
    for name, divided_by in (("bright", 1), ("dark", 2)):
        darker(venue_film / "night.mp4", tmp_path / f"{name}.mp4", divided_by)
        assert extract_one(Job(tmp_path / f"{name}.mp4", name, tmp_path, (BUNDLED,))).state == "extracted"
        found[name] = json.loads((tmp_path / f"{name}.json").read_text())["brightness"]["full"]
        with np.load(tmp_path / f"{name}.npz") as arrays:
            kept = arrays["value"][arrays["trust"] >= 0.5]
        assert np.percentile(kept, 99) == pytest.approx(245, abs=2), "the scale itself says nothing"
    assert found["dark"] == pytest.approx(0.5 * found["bright"], rel=0.1)


def darker(source, target, divided_by, seconds=20.0):
    """The beginning of a film again with its code values divided, its sound as it is."""
    av = pytest.importorskip("av")
    with av.open(str(source)) as one, av.open(str(target), "w") as other:
        video, audio = one.streams.video[0], one.streams.audio[0]
        out = other.add_stream("mpeg4", rate=video.average_rate)
        out.width, out.height, out.pix_fmt, out.bit_rate = video.width, video.height, "yuv420p", 2_000_000
        sound = other.add_stream_from_template(audio)
        for packet in one.demux(video, audio):
            if packet.dts is None or packet.dts * packet.time_base > seconds:
                continue
            if packet.stream is audio:
                packet.stream = sound
                other.mux(packet)
                continue
            for frame in packet.decode():
                half = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24") // divided_by, format="rgb24")
                half.pts, half.time_base = frame.pts, frame.time_base
                other.mux(out.encode(half))
        other.mux(out.encode(None))
