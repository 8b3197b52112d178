"""Whose brightness can be compared: films of one scale, films scaled alone, and what says its levels itself."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage.__main__ import main
from tools.train.footage.brightness import BROKEN, FOLLOWS, LONG_S, Scale, scales
from tools.train.footage.exposure import taken_back
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


@pytest.mark.parametrize(("taken_back", "kept"), [(0.6, False), (0.1, True), (None, True)])
def test_o8_a_camera_that_follows_the_light_breaks_the_promise(taken_back, kept):
    quiet, loud, middle = of(
        told(0.2, locked=True, taken_back=taken_back), told(0.5, locked=True), told(0.4, locked=True)
    )
    assert quiet == (Scale(pytest.approx(0.4), known=True) if kept else Scale(1.0, known=False))
    assert (loud, middle) == (Scale(1.0), Scale(pytest.approx(0.8)))


def shown(rng, *, automatic=0.0, seconds=300):
    """(n,) code values of a show of steps, some with hits that die away, and of slow fades; by a camera whose exposure
    follows so much of them within a second."""
    light, at = np.full(10 * seconds, 0.2), 0
    while at < len(light):
        length = int(rng.integers(8, 50))
        level, kind = float(rng.uniform(0.02, 1.0)), rng.random()
        part = np.full(length, level)
        if kind < 0.3:
            part = np.maximum(level * 0.9 ** np.arange(length), 0.02)
        elif kind < 0.45:
            part = np.linspace(light[at - 1], level, length)
        light[at : at + length] = part[: len(light) - at]
        at += length
    return seen_by(light, rng, automatic)


def seen_by(light, rng, automatic):
    """Code values (n,) of light by a camera whose exposure follows so much of it."""
    gain, seen = 1.0, []
    for one in light:
        seen.append(one * gain)
        wanted = (0.25 / one) ** automatic
        gain *= (wanted / gain) ** 0.15
    return np.clip(np.array(seen) * rng.normal(1.0, 0.02, len(light)), 0.0, 1.0) ** (1 / 2.2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("automatic", [0.0, 0.15])
def test_a_camera_that_stands_still_is_not_accused(seed, automatic):
    level = shown(np.random.default_rng(seed), automatic=automatic)
    assert not taken_back(level.astype(np.float32), np.ones(len(level), bool)) >= FOLLOWS


@pytest.mark.parametrize("seed", [0, 1, 3, 4])
@pytest.mark.parametrize("automatic", [0.7, 1.0])
def test_whether_the_camera_follows_the_light_is_seen(seed, automatic):
    level = shown(np.random.default_rng(seed), automatic=automatic)
    assert taken_back(level.astype(np.float32), np.ones(len(level), bool)) == pytest.approx(0.75 * automatic, abs=0.2)


def test_a_show_that_never_stands_says_nothing_of_its_camera():
    rng = np.random.default_rng(3)
    hits = np.concatenate([np.maximum(0.05, 0.7 * 0.75 ** np.arange(6)) for _ in range(200)])
    assert np.isnan(taken_back(hits.astype(np.float32), np.ones(len(hits), bool)))
    assert np.isnan(taken_back(np.full(600, 0.4, np.float32), np.ones(600, bool)))
    level = shown(rng, automatic=1.0).astype(np.float32)
    assert np.isnan(taken_back(level, np.zeros(len(level), bool)))


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


def test_o8_the_promise_is_tried_and_who_broke_it_is_told(tmp_path, capsys):
    """Two short films by one camera, locked and automatic, both said to be locked; end to end."""
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    for name, automatic in (("2026-11-27 locked", 0.0), ("2026-11-27 automatic", 1.0)):
        steps = np.repeat(np.where(np.arange(13) % 2, 0.5, 0.06), 20)
        lit(films / f"{name}.mov", seen_by(steps, np.random.default_rng(1), automatic))
    assert main(["extract", str(films), "--out", str(out), "--exposure-locked"]) == 0
    said = capsys.readouterr().out
    (line,) = [one for one in said.splitlines() if BROKEN in one]
    assert "automatic" in line
    assert scaled_alone(out) == 2, "the other one is left without company"
    assert main(["inspect", str(out)]) == 0
    assert "<b>1</b> whose exposure was said to be locked" in (out / "report.html").read_text()
    assert main(["extract", str(films), "--out", str(out), "--exposure-locked"]) == 0
    assert BROKEN in capsys.readouterr().out, "a second run says it, too"


def lit(path, level):
    """A film of a room at ten pictures a second whose light has these code values."""
    av = pytest.importorskip("av")
    rng = np.random.default_rng(2)
    wall = np.kron(rng.uniform(0.2, 1.0, (9, 16)), np.ones((8, 8)))[..., None] * np.array([0.2, 0.5, 1.0])
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10, options={"q": "3"})
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        audio = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for number, one in enumerate(level):
            noise = rng.normal(0.0, 6.0, wall.shape)  # a picture that does not move at all is frozen
            seen = np.clip(np.rint(230 * one * wall + noise), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(seen, format="rgb24")
            frame.pts = number
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        tone = np.rint(6000 * rng.normal(size=4_800 * len(level))).clip(-32_000, 32_000).astype(np.int16)
        block = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        block.sample_rate, block.pts = 48_000, 0
        out.mux(audio.encode(block))
        out.mux(audio.encode(None))
