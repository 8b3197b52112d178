"""A programme drawn, encoded and muxed with its songs, and the truth beside it. Edge: writes files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from controller.arrays import Float32Array
from controller.sound_format import HOP_S, SAMPLE_RATE_HZ
from tools.train.venue.camera import HEIGHT, WIDTH, Camera, Framing
from tools.train.venue.programme import Programme, Shot
from tools.train.venue.stage import MONITOR_GAMMA, State, View

Picture = npt.NDArray[np.uint8]

AUDIO_BLOCK = 4_800
BT709, LIMITED = 1, 1
"""Numbers of ITU-T H.273, and FFmpeg's of a range from 16 to 235."""
VIEWS = ((1.0, 0.5), (1.7, 0.3), (1.5, 0.68))
LAMP_LAG_S = 0.015
HEARD_BEFORE_S = 0.03
"""Truth of hop k is the light 30 ms before the hop's end: the last moment whose sound a decoder can have heard."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a film is stored; `bitrate` in bit/s, four times as much where the engineer is kind."""

    size: tuple[int, int] = (1280, 720)
    fps: int = 25
    bitrate: int = 1_500_000
    codec: str = "libx264"
    sound: str = "aac"


class Drawing:
    """Pictures of a programme, one after the other."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        rng = np.random.default_rng([programme.seed, 72])
        self.rng = rng
        self.views = [View(np.random.default_rng([programme.seed, 80 + i]), *v) for i, v in enumerate(VIEWS)]
        on = programme.engineer
        noise = float(rng.uniform(0.0008, 0.002))
        self.camera = Camera(rng, automatic=0.12 if "exposure" in on else 0.0, noise=noise)
        self.tint = float(rng.uniform(0.01, 0.06))
        self.accent_away = int(rng.integers(45, 120))
        self.accent_share = float(rng.uniform(0.15, 0.4)) if "accent" in on else 0.0
        self.phones = rng.uniform([0.03, 0.78], [0.95, 0.9], (int(rng.integers(4, 14)), 2)).astype(np.float32)
        self.shake = rng.uniform(0.7, 2.2, 4)
        self.level = 0.0
        self.last: Picture | None = None

    def state(self, t_s: float, spoiled: set[str], step_s: float) -> State:
        """What the rig does; a lamp follows its command within a frame."""
        hue, code = self.programme.light_at(t_s)
        wanted = (code / 255.0) ** MONITOR_GAMMA
        self.level += (wanted - self.level) * float(1.0 - np.exp(-step_s / LAMP_LAG_S))
        house, wall = "house" in spoiled, "projection" in spoiled
        return State(
            hue=hue,
            level=self.level,
            accent_hue=(hue + self.accent_away) % 180,
            accent_level=self.accent_share * self.level,
            white_tint=self.tint,
            flash=float(self.programme.flash_at(t_s)),
            house=0.8 if house else 0.0,
            wall=0.75 if wall else 0.0,
            t_s=t_s,
        )

    def framing(self, shot: Shot, t_s: float) -> Framing:
        share = (t_s - shot.start_s) / max(shot.end_s - shot.start_s, 1e-6)
        zoom = shot.zoom[0] + (shot.zoom[1] - shot.zoom[0]) * share
        if "shake" not in self.programme.engineer:
            return Framing(0.0, 0.0, zoom)
        a, b, c, d = self.shake
        x = 0.10 * np.sin(2 * np.pi * a * 0.4 * t_s) + 0.05 * np.sin(2 * np.pi * b * t_s)
        y = 0.10 * np.sin(2 * np.pi * c * 0.3 * t_s) + 0.05 * np.sin(2 * np.pi * d * t_s + 1)
        return Framing(float(x), float(y), zoom)

    def picture(self, t_s: float, step_s: float) -> Picture:
        """The picture at a moment, (HEIGHT, WIDTH, 3) uint8."""
        programme = self.programme
        spoiled = programme.spoiled_at(t_s)
        state = self.state(t_s, spoiled, step_s)
        if "frozen" in spoiled and self.last is not None:
            return self.last
        if "black" in spoiled:
            return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        shot = next((shot for shot in programme.shots if shot.start_s <= t_s < shot.end_s), programme.shots[-1])
        on = programme.engineer
        phones = self.phones if "phones" in on and int(t_s / 25) % 2 else self.phones[:0]
        view = self.views[shot.camera].draw(state, heads="heads" in on, crowd="crowd" in on, phones=phones)
        light = self.camera.frame(view, self.framing(shot, t_s))
        picture = self.camera.expose(light, programme.exposure.at(t_s), programme.warmth.at(t_s))
        self.last = _barred(picture, programme.bars)
        return self.last


def _barred(picture: Picture, bars: float) -> Picture:
    barred = picture.copy()
    if bars > 0:
        n = round(bars * HEIGHT)
        barred[:n], barred[HEIGHT - n :] = 0, 0
    elif bars < 0:
        n = round(-bars * WIDTH)
        barred[:, :n], barred[:, WIDTH - n :] = 0, 0
    return barred


def sound_of(programme: Programme) -> Float32Array:
    """The film's sound (n,) float32 48 kHz: songs, a murmuring crowd between them, all moved by the offset."""
    rng = np.random.default_rng([programme.seed, 73])
    n = int(programme.duration_s * SAMPLE_RATE_HZ)
    sound = (0.004 * rng.standard_normal(n)).astype(np.float32)
    for number, start_s in zip(programme.numbers, programme.starts_s, strict=True):
        first = round(start_s * SAMPLE_RATE_HZ)
        samples = number.samples[: n - first]
        sound[first : first + len(samples)] += 0.8 * samples
    late = round(programme.offset_s * SAMPLE_RATE_HZ)
    if late >= 0:
        return np.concatenate([np.zeros(late, np.float32), sound])[:n]
    return np.concatenate([sound[-late:], np.zeros(-late, np.float32)])


def truth_of(programme: Programme, fps: int) -> dict[str, npt.NDArray[np.generic]]:
    """What an extractor should find, hop by hop on the file's audio clock: the light of the frame that shows it best.

    Between two frames nobody can see when a lamp changed, so the truth is that of the nearest frame.
    """
    hops = int(programme.duration_s / HOP_S)
    seen_s = HOP_S * np.arange(1, hops + 1) - HEARD_BEFORE_S - programme.offset_s
    seen_s = np.clip(np.round(seen_s * fps), 0, int(programme.duration_s * fps) - 1) / fps
    light = np.array([programme.light_at(float(t)) for t in seen_s])
    flashing = np.array([programme.flash_at(float(t)) for t in seen_s])
    playing = np.array([any(s <= t < s + len(n.light) * HOP_S for n, s in
                            zip(programme.numbers, programme.starts_s, strict=True)) for t in seen_s])  # fmt: skip
    kinds = {kind: np.array([kind in programme.spoiled_at(float(t)) for t in seen_s])
             for kind in ("house", "projection", "cut", "frozen", "black")}  # fmt: skip
    spans = [[s.start_s + programme.offset_s, s.end_s + programme.offset_s, s.kind] for s in programme.spoiled]
    return {
        "t_s": HOP_S * np.arange(1, hops + 1),
        "hue": light[:, 0],
        "value": np.where(flashing, 255, light[:, 1]),
        "flash": flashing,
        "playing": playing,
        "offset_s": np.float64(programme.offset_s),
        "spans": np.array(json.dumps(spans)),
        **{f"is_{kind}": flags for kind, flags in kinds.items()},
    }


def render(programme: Programme, path: Path, form: Format) -> Iterator[float]:
    """Write a film and `NAME.truth.npz`; yields content seconds done, for a progress bar."""
    drawing, scaler = Drawing(programme), VideoReformatter()
    sound = sound_of(programme)
    partial = path.with_suffix(f".partial{path.suffix}")
    with av.open(str(partial), "w") as container:
        video = container.add_stream(form.codec, rate=form.fps, options=_options(form))
        video.width, video.height = form.size
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        tell_colours(video.codec_context)
        video.bit_rate = form.bitrate if "bitrate" in programme.engineer else 4 * form.bitrate
        audio = container.add_stream(form.sound, rate=SAMPLE_RATE_HZ, layout="mono")
        heard = 0
        for n in range(int(programme.duration_s * form.fps)):
            t_s = n / form.fps
            frame = av.VideoFrame.from_ndarray(drawing.picture(t_s, 1 / form.fps), format="rgb24")
            scaled = scaler.reformat(
                frame, *form.size, "yuv420p", interpolation="FAST_BILINEAR", dst_colorspace="ITU709"
            )
            scaled.pts, scaled.time_base = n, Fraction(1, form.fps)
            container.mux(video.encode(scaled))
            while heard < len(sound) and heard / SAMPLE_RATE_HZ <= t_s:
                container.mux(audio.encode(_block(sound, heard)))
                heard += AUDIO_BLOCK
            if n % form.fps == 0:
                yield t_s
        while heard < len(sound):
            container.mux(audio.encode(_block(sound, heard)))
            heard += AUDIO_BLOCK
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    partial.replace(path)
    np.savez_compressed(path.with_suffix(".truth.npz"), **truth_of(programme, form.fps))


def tell_colours(context: "av.VideoCodecContext") -> None:
    """As cameras do: what is not told is guessed from the size."""
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED


def _options(form: Format) -> dict[str, str]:
    if form.codec != "libx264":
        return {}
    return {"preset": "ultrafast", "g": str(5 * form.fps)}  # at a low bitrate also the ugliest


def _block(sound: Float32Array, first: int) -> av.AudioFrame:
    part = sound[first : first + AUDIO_BLOCK][None]
    block = av.AudioFrame.from_ndarray(np.ascontiguousarray(np.clip(part, -1, 1)), format="fltp", layout="mono")
    block.sample_rate, block.pts, block.time_base = SAMPLE_RATE_HZ, first, Fraction(1, SAMPLE_RATE_HZ)
    return block
