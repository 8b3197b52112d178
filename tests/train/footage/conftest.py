"""A rendered film with its truth, extracted once for all tests, and small odd videos."""

from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("scipy")

import av

SMALL = (128, 72)


@pytest.fixture(scope="session")
def venue_film(tmp_path_factory):
    """About a hundred seconds with every spoiler and nuisance on; returns the folder with film, truth and features."""
    from tools.train.footage.__main__ import main
    from tools.train.venue.film import Format, render
    from tools.train.venue.programme import plan
    from tools.train.venue.songs import made_up

    folder = tmp_path_factory.mktemp("venue")
    programme = plan([made_up(45.0, 2), made_up(40.0, 5)], 5)
    for _ in render(programme, folder / "night.mp4", Format((320, 180), 20, 300_000)):
        pass
    assert main(["extract", str(folder / "night.mp4"), "--out", str(folder / "features")]) == 0
    return folder


def write_video(
    path, seconds=4.0, fps=10, size=SMALL, *, sound=True, picture=True, times=None, start_s=0.0, turn=0, codec="mpeg4"
):
    """A small film of a coloured rectangle and a tone; `times` are those of the frames."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=fps) if picture else None
        if video is not None:
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            video.codec_context.time_base = Fraction(1, 1000)
            if turn:
                video.set_display_rotation(turn)
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        if video is not None:
            for k, at_s in enumerate(np.arange(0, seconds, 1 / fps) if times is None else times):
                picture_of = np.zeros((size[1], size[0], 3), np.uint8)
                picture_of[size[1] // 8 : size[1] // 2, : size[0] // 2] = (200, 40, 40 + 10 * (k % 3))
                picture_of[:, :, 1] += (np.arange(size[0]) % 16).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(picture_of, format="rgb24")
                frame.pts, frame.time_base = round(1000 * (at_s + start_s)), Fraction(1, 1000)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * 48_000)) / 48_000)).astype(np.float32)
            for first in range(0, len(tone), 4_800):
                block = av.AudioFrame.from_ndarray(tone[None, first : first + 4_800], format="fltp", layout="mono")
                block.sample_rate, block.time_base = 48_000, Fraction(1, 48_000)
                block.pts = first + round(start_s * 48_000)
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


@pytest.fixture
def video_writer():
    return write_video
