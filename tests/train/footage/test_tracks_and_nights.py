"""What people's files hold besides one film with one sound: more tracks, sides that cancel, covers, evenings, clips."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage.chapters import joined, write_list
from tools.train.footage.evening import evening_of_film
from tools.train.footage.film import Grid
from tools.train.footage.source import FootageError, Trouble, filmed, pictures, read_facts, sound
from tools.train.skipbart.stretches import GAP_HOPS, HELD_SHARE, SHORTEST_HOPS, Stretch, divide

RATE_HZ, SECONDS = 48_000, 6
LAYOUTS = {1: "mono", 2: "stereo"}


def tone(level=0.3, hz=330.0, seconds=SECONDS):
    return level * np.sin(2 * np.pi * hz * np.arange(seconds * RATE_HZ) / RATE_HZ).astype(np.float32)


def film(path, tracks, *, cover=False, metadata=None, layout=None, codec="pcm_s16le"):
    """A film of test pictures with these sound tracks, (channels, n) each; a cover comes before the film."""
    with av.open(str(path), "w") as out:
        out.metadata.update(metadata or {})
        if cover:
            picture = out.add_stream("mjpeg", rate=25)
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        video = out.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        voices = [out.add_stream(codec, rate=RATE_HZ, layout=layout or LAYOUTS[len(t)]) for t in tracks]
        if cover:
            made = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 200, np.uint8), format="rgb24")
            out.mux(picture.encode(made))
        for number in range(25 * SECONDS):
            frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), 5 * (number // 5 % 40), np.uint8), format="rgb24")
            frame.pts = number
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for voice, samples in zip(voices, tracks, strict=True):
            whole = (np.clip(samples, -1, 1) * 32767).astype("<i2")
            for first in range(0, whole.shape[1], 1024):
                part = np.ascontiguousarray(whole[:, first : first + 1024].T.reshape(1, -1))
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout or LAYOUTS[len(whole)])
                frame.sample_rate, frame.pts = RATE_HZ, first
                out.mux(voice.encode(frame))
            out.mux(voice.encode(None))
    return path


def heard(path, **choice):
    trouble = Trouble()
    samples = np.concatenate(list(sound(path, trouble, RATE_HZ, **choice)))
    return samples, trouble


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples.astype(np.float64))) + 1e-12)


SILENT = np.zeros((2, SECONDS * RATE_HZ), np.float32)


def test_o4_the_first_track_that_sounds_is_heard_and_that_is_told(tmp_path):
    path = film(tmp_path / "two.mkv", [SILENT, tone()[None], tone(0.1)[None]])
    trouble = Trouble()
    assert read_facts(path, trouble).sound_track == 1
    assert "track 2 of 3" in trouble.notes[0]
    samples, _ = heard(path)
    assert level_db(samples) == pytest.approx(level_db(tone()), abs=0.5)


def test_o4_a_person_chooses_a_track(tmp_path):
    path = film(tmp_path / "two.mkv", [tone()[None], tone(0.05)[None]])
    assert read_facts(path).sound_track == 0
    assert read_facts(path, track=1).sound_track == 1
    assert level_db(heard(path, track=1)[0]) == pytest.approx(level_db(tone(0.05)), abs=0.5)
    with pytest.raises(FootageError, match="2 sound tracks, no number 3"):
        read_facts(path, track=2)


def test_o4_an_input_with_nothing_in_it_hisses_and_does_not_sound(tmp_path):
    hiss = 0.0025 * np.random.default_rng(1).standard_normal((1, SECONDS * RATE_HZ)).astype(np.float32)
    assert level_db(hiss) > -55
    assert read_facts(film(tmp_path / "hiss.mkv", [hiss, tone()[None]])).sound_track == 1
    assert read_facts(film(tmp_path / "quiet.mkv", [tone(0.01)[None], tone()[None]])).sound_track == 0, "a quiet desk"


def test_one_track_is_no_choice(tmp_path):
    trouble = Trouble()
    read_facts(film(tmp_path / "one.mkv", [tone()[None]]), trouble)
    assert trouble.notes == []


@pytest.mark.warns("cancel each other")
@pytest.mark.parametrize("share", [1.0, 0.95])
def test_o3_sides_that_cancel_are_not_added(tmp_path, share):
    desk = tone()
    samples, trouble = heard(film(tmp_path / "balanced.mkv", [np.stack([desk, -share * desk])]))
    later = samples[2 * RATE_HZ :]
    assert level_db(later) == pytest.approx(level_db(desk), abs=1.0)
    assert any("cancel" in one for one in trouble.notes)


@pytest.mark.warns("cancel each other")
@pytest.mark.parametrize(
    ("layout", "codec"), [("quad", "flac"), ("5.1", "flac"), ("4 channels", "pcm_s16le"), ("2 channels", "pcm_s16le")]
)
def test_o3_sides_that_cancel_are_noticed_among_more_channels(tmp_path, layout, codec):
    desk = tone()
    count = av.AudioLayout(layout).nb_channels
    sides = np.stack([desk, -0.95 * desk, *[np.zeros_like(desk)] * (count - 2)])
    samples, trouble = heard(film(tmp_path / "more.mkv", [sides], layout=layout, codec=codec))
    assert level_db(samples[2 * RATE_HZ :]) == pytest.approx(level_db(desk), abs=8.0)
    assert any("cancel" in one for one in trouble.notes)


@pytest.mark.parametrize(("layout", "codec"), [("5.1", "flac"), ("3 channels", "pcm_s16le")])
def test_one_channel_of_several_is_heard(tmp_path, layout, codec):
    desk = tone()
    sides = np.stack([np.zeros_like(desk), np.zeros_like(desk), desk, *[np.zeros_like(desk)] * (3 * (layout == "5.1"))])
    samples, _ = heard(film(tmp_path / "more.mkv", [sides], layout=layout, codec=codec))
    assert level_db(samples[2 * RATE_HZ :]) > level_db(desk) - 13.0


def test_two_honest_sides_are_their_mean(tmp_path):
    left, right = tone(0.3, 330.0), tone(0.3, 500.0)
    samples, trouble = heard(film(tmp_path / "stereo.mkv", [np.stack([left, right])]))
    assert np.abs(samples[: len(left)] - 0.5 * (left + right)).max() < 2e-3
    assert trouble.notes == []


def test_o12_a_cover_is_not_the_film(tmp_path):
    path = film(tmp_path / "cover.mkv", [tone()[None]], cover=True)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2, "otherwise this test sees nothing"
    facts = read_facts(path)
    assert (facts.width, facts.height) == (64, 36)
    assert len(list(pictures(path, facts, Trouble()))) > 100


def with_another(path, size, seconds):
    """A film of six seconds and 64 x 36 whose first picture is another one; each second has its own brightness."""
    with av.open(str(path), "w") as out:
        videos = [out.add_stream("mpeg4", rate=25) for _ in range(2)]
        audio = out.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        sizes = size, (64, 36)
        for video, (wide, high) in zip(videos, sizes, strict=True):
            video.width, video.height, video.pix_fmt = wide, high, "yuv420p"
        for video, (wide, high), lasts in zip(videos, sizes, (seconds, SECONDS), strict=True):
            for number in range(25 * lasts):
                frame = av.VideoFrame.from_ndarray(np.full((high, wide, 3), number, np.uint8), format="rgb24")
                frame.pts = number
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray((9000 * tone()[None]).astype(np.int16), format="s16", layout="mono")
        block.sample_rate, block.pts = RATE_HZ, 0
        out.mux(audio.encode(block))
        out.mux(audio.encode(None))
    return path


@pytest.mark.parametrize("ending", ["mkv", "mov"])
@pytest.mark.parametrize(("size", "seconds", "why"), [((128, 72), 1, "longest"), ((32, 18), SECONDS, "largest")])
def test_o12_of_several_films_the_longest_is_read_then_the_largest(tmp_path, ending, size, seconds, why):
    path, trouble = with_another(tmp_path / f"preview.{ending}", size, seconds), Trouble()
    facts = read_facts(path, trouble)
    assert (facts.width, facts.height) == (64, 36)
    assert len(list(pictures(path, facts, Trouble()))) > 100
    assert trouble.notes == [f"picture 2 of 2 was read, the {why}"]


def test_o9_a_picture_is_seen_until_the_next_one():
    frames_s = np.arange(0.0, 5.0, 0.1) + 0.03
    grid = Grid(0.0, 0.0, 40, frames_s)
    assert (frames_s[grid.frames[2:]] <= grid.wanted_s[2:] + 1e-3).all()
    assert (grid.wanted_s[2:] - frames_s[grid.frames[2:]] < 0.1 + 1e-3).all()


# nights


@pytest.mark.parametrize(
    ("name", "night"),
    [
        ("PXL_20261127_213000.mp4", "2026-11-27"),
        ("PXL_20261128_003000.mp4", "2026-11-27"),
        ("20261127_221503.mp4", "2026-11-27"),
        ("2026-11-27 second set.mp4", "2026-11-27"),
        ("VID-20261127-WA0003.mp4", "2026-11-27"),
        ("2026.11.27 gig.mov", "2026-11-27"),
        ("2026_11_27-22.15.mov", "2026-11-27"),
        ("20270101_013000.mp4", "2026-12-31"),
        ("20261128_120000.mp4", "2026-11-28"),
        ("WhatsApp Video 2026-11-28 at 00.30.12.mp4", "2026-11-27"),
        ("WhatsApp Video 2026-11-28 at 12.30.12 AM.mp4", "2026-11-27"),
        ("WhatsApp Video 2026-11-27 at 9.30.12 PM.mp4", "2026-11-27"),
        ("DJI_20261128003000_0001_D.MP4", "2026-11-27"),
        ("VID20261128003000.mp4", "2026-11-27"),
        ("20261128003000123.mp4", "2026-11-27"),
        ("2026-11-28T00:30:00.mkv", "2026-11-27"),
        ("video_2026-11-28_00-30-12.mp4", "2026-11-27"),
        ("27.11.2026 Gig.mp4", "2026-11-27"),
        ("28.11.2026 00-30.mp4", "2026-11-27"),
        ("11-27-2026 gig.mp4", "2026-11-27"),
        ("27-11-2026 01-30.mp4", "2026-11-26"),
        ("2026 11 27 2030.mp4", "2026-11-27"),
    ],
)
def test_o7_an_evening_is_one_night_however_it_is_written(name, night):
    assert evening_of_film(Path("films") / name) == night


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.MOV",
        "GX010123.MP4",
        "20269999_000000.mp4",
        "take 12.mp4",
        "05-06-2026 gig.mp4",
        "DJI_0042.MP4",
        "31.11.2026.mp4",
        "1920x1080 20.mp4",
    ],
)
def test_o7_without_a_date_the_camera_says_when(name):
    assert evening_of_film(Path("films") / name) == ""
    late = datetime(2026, 11, 28, 0, 30)
    assert evening_of_film(Path("films") / name, late) == "2026-11-27"


def test_o7_a_folder_may_be_named_after_the_night():
    assert evening_of_film(Path("2026-11-27/IMG_1.mov")) == "2026-11-27"


def test_the_cameras_time_is_read_and_a_clock_that_was_never_set_is_not(tmp_path):
    good = film(tmp_path / "good.mkv", [tone()[None]], metadata={"creation_time": "2026-11-27T21:30:00.000000Z"})
    assert filmed(good).astimezone(UTC).replace(tzinfo=None) == datetime(2026, 11, 27, 21, 30)
    unset = film(tmp_path / "unset.mkv", [tone()[None]], metadata={"creation_time": "1904-01-01T00:00:00.000000Z"})
    assert filmed(unset) is None
    assert filmed(film(tmp_path / "none.mkv", [tone()[None]])) is None


# chapters


@pytest.mark.parametrize(
    ("names", "films"),
    [
        (["GX020123", "GX010123", "GX010124"], [["GX010123", "GX020123"], ["GX010124"]]),
        (["GOPR0042", "GP010042", "GP020042"], [["GOPR0042", "GP010042", "GP020042"]]),
        (["gh010007", "gh020007", "GL010007"], [["gh010007", "gh020007"], ["GL010007"]]),
        (["IMG_0001", "IMG_0002"], [["IMG_0001"], ["IMG_0002"]]),
        (["GX1234567", "20261127_221503"], [["GX1234567"], ["20261127_221503"]]),
    ],
)
def test_o7_chapters_of_one_recording_are_one_film(names, films):
    videos = [Path("films") / f"{name}.MP4" for name in names]
    assert [[one.stem for one in film] for film in joined(videos)] == films
    apart = [Path(str(at)) / f"{name}.MP4" for at, name in enumerate(names)]
    assert len(joined(apart)) == len(names), "another folder is another recording"


def test_o7_chapters_are_read_one_after_the_other(tmp_path):
    (tmp_path / "it's here").mkdir()
    parts = [film(tmp_path / "it's here" / f"GX0{n}0123.mkv", [tone(hz=200.0 * n)[None]]) for n in (1, 2)]
    whole = write_list(tuple(parts), tmp_path)
    facts = read_facts(whole)
    assert facts.duration_s == pytest.approx(2 * SECONDS, abs=0.1)
    times = [t_s for t_s, _ in pictures(whole, facts, Trouble())]
    assert times[-1] > 2 * SECONDS - 0.3
    assert np.diff(times).max() < 0.15
    samples, trouble = heard(whole)
    assert len(samples) == pytest.approx(2 * SECONDS * RATE_HZ, abs=RATE_HZ // 10)
    assert np.abs(np.fft.rfft(samples[-RATE_HZ:])).argmax() == 400, "the second chapter's sound comes last"
    assert trouble.notes == []


# clips


def clips(count, hops, night="2026-11-27"):
    rng = np.random.default_rng(1)
    light = np.stack([rng.integers(0, 180, hops), rng.integers(20, 250, hops)], axis=1)
    music = np.zeros((hops, 512), np.float16)
    return [Stretch(f"clip-{number:02d}", night, 0, music, light) for number in range(count)]


@pytest.mark.parametrize(("count", "hops"), [(30, 300), (20, 200), (3, 100), (2, SHORTEST_HOPS), (7, 450)])
def test_o10_phone_clips_of_one_evening_judge_whole(count, hops):
    room = divide(clips(count, hops), None)
    held, learnt = {one.name for one in room.held_out}, {one.name for one in room.learnt}
    assert held
    assert learnt
    assert not held & learnt, "a clip is learnt from or judges"
    share = sum(one.trusted for one in room.held_out) / (count * hops)
    assert 0.5 * HELD_SHARE <= share <= max(1.6 * HELD_SHARE, 1.01 / count)


def test_long_films_are_held_back_in_part_as_before():
    room = divide(clips(2, 6_000), None)
    assert {one.name for one in room.held_out} == {one.name for one in room.learnt}


def test_o10_the_end_of_a_film_is_the_end_of_what_can_be_trusted():
    """A film that runs on under house lights, and shows the stage once more for ten seconds."""
    (song,), (rest,) = clips(1, 2_000), clips(1, 100)
    rest = replace(rest, name=song.name, first=6_000)
    room = divide([song, rest], None)
    assert sum(one.trusted for one in room.held_out) == pytest.approx(0.2 * 2_100, abs=GAP_HOPS)
    assert {one.first for one in room.learnt} == {0}


def test_o10_a_night_of_a_few_seconds_does_not_judge_a_whole_one():
    room = divide([*clips(10, 400, "2026-11-26"), *clips(10, 400, "2026-11-27"), *clips(1, 60, "2026-11-28")], None)
    assert (room.night, room.nights) == ("2026-11-27", ("2026-11-26", "2026-11-28"))
    assert divide([*clips(2, 100, "2026-11-26"), *clips(1, 100, "2026-11-27")], None).night == "2026-11-27"


def test_one_clip_alone_is_refused_with_the_least_that_is_needed():
    with pytest.raises(FootageError, match=r"three clips of 5 s"):
        divide(clips(1, 300), None)
