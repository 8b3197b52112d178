"""A film in a flat (log) profile is named for what it is, and what is pale for another reason is not."""

import json

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("scipy")

from tools.train.footage import judging
from tools.train.footage.__main__ import main
from tools.train.footage.scene import PROFILES, matrix
from tools.train.venue.film import Drawing
from tools.train.venue.programme import plan
from tools.train.venue.songs import made_up


@pytest.fixture(scope="module")
def stage():
    """(n, h, w, 3) of a show with all that spoils it, a picture a second."""
    programme = plan([made_up(60.0, 2)], 5)
    drawing = Drawing(programme)
    pictures = [drawing.picture(float(t_s), 0.04) for t_s in np.arange(0.5, programme.duration_s - 1, 1.0)]
    high, wide = (side // 36 * 36 for side in pictures[0].shape[:2])
    step = high // 36
    small = [one[:high, : wide // step * step].reshape(36, step, -1, step, 3).mean(axis=(1, 3)) for one in pictures]
    return np.stack(small).astype(np.uint8)


def eq(contrast, saturation):
    """A camera's flat profile."""

    def curve(pictures):
        grey = (pictures @ [0.299, 0.587, 0.114])[..., None]
        return (grey + (pictures - grey) * saturation - 128) * contrast + 128

    return curve


def logarithmic(name, gain):
    """A camera's log profile, shown as it is: scene light in its gamut through its curve, limited range."""
    profile = PROFILES[name]
    codes = np.linspace(0.0, 1.0, 1 << 14)
    light = profile.light(codes)

    def whole(pictures):
        scene = gain * ((pictures / 255.0) ** 2.4 @ np.linalg.inv(matrix(profile.primaries)).T)
        signal = np.interp(scene, light, codes)
        return 255 * ((1023 * signal - 64) / 876 if profile.numbers else signal)

    return whole


def reasons(pictures):
    """What is left by each reason, at one hop a picture."""
    n = len(pictures)
    sights = judging.see(np.clip(pictures, 0, 255).astype(np.uint8), None)
    evidence = judging.Evidence(
        sights, np.ones(n, np.float32), np.ones(n, np.float32), np.ones(n, bool), np.zeros(n), np.zeros(0, np.int64)
    )
    return judging.judge(evidence)[1]


@pytest.mark.parametrize("how", [eq(0.55, 0.4), eq(0.7, 0.6),
                                 *(logarithmic(name, gain) for name in PROFILES for gain in (0.9, 3.0))])  # fmt: skip
def test_o11_a_flat_picture_is_flat_and_not_house_lights(stage, how):
    left = reasons(how(stage))
    assert not left["flat"].any()
    assert left["house"].all()
    assert all("export it graded" in row["reason"] for row in judging.dropped(left) if row["kind"] == "flat")


def test_a_show_with_house_lights_is_not_flat(stage):
    assert reasons(stage)["flat"].all()


@pytest.mark.parametrize(
    "look", ["dim", "hazy and coloured", "hazy and white", "house lights all the time", "a still white wash"]
)
def test_what_is_only_pale_or_dim_is_not_flat(stage, look):
    pictures = {
        "dim": stage * 0.4,
        "hazy and coloured": 25 + stage * 0.8,
        "hazy and white": np.clip(10 + 1.4 * (0.7 * stage.mean(axis=-1, keepdims=True) + 0.3 * stage), 0, 255),
        "house lights all the time": np.maximum(stage, 60) * 1.1 + 20,
        "a still white wash": np.full_like(stage, 120) + np.arange(36, dtype=np.uint8)[:, None, None],
    }[look]
    assert reasons(pictures)["flat"].all()


def test_the_outcome_and_the_page_name_it(tmp_path, venue_film, capsys):
    """End to end; the film's curve is bent by FFmpeg, as `eq` in the finding did it."""
    flat = flattened(venue_film / "night.mp4", tmp_path / "flat.mp4")
    assert main(["extract", str(flat), "--out", str(tmp_path / "out")]) == 0
    assert "a flat (log) profile" in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / "flat.json").read_text())
    assert told["kept"] == 0
    assert not any("house" in reason for reason in told["dropped_s"])
    assert main(["inspect", str(tmp_path / "out")]) == 0
    assert "<b>1</b> in a flat (log) profile" in (tmp_path / "out" / "report.html").read_text()


def flattened(film, out, seconds=40.0):
    """The beginning of a film again with its contrast and colour taken down."""
    import av

    with av.open(str(film)) as read, av.open(str(out), "w") as write:
        source, heard = read.streams.video[0], read.streams.audio[0]
        video = write.add_stream("libx264", rate=source.average_rate, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = source.width, source.height, "yuv420p"
        audio = write.add_stream_from_template(heard)
        luma, colour = "128+(val-128)*0.55", "128+(val-128)*0.22"
        graph = av.filter.Graph()
        nodes = graph.add_buffer(template=source), graph.add("lutyuv", f"y={luma}:u={colour}:v={colour}")
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        for packet in read.demux(source, heard):
            if packet.dts is not None and packet.dts * packet.time_base > seconds:
                continue
            if packet.stream is heard and packet.dts is not None:
                packet.stream = audio
                write.mux(packet)
            elif packet.stream is source:
                for frame in packet.decode():
                    graph.vpush(frame)
                    write.mux(video.encode(graph.vpull()))
        write.mux(video.encode(None))
    return out
