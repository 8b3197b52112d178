"""A chart of known lamp colours as a film: encoded by the formulas of the standards (ITU-R BT.709, BT.1886, BT.2020,
BT.2087, BT.2100, BT.2408; SMPTE EG 432-1), not by the library that reads it."""

from fractions import Fraction

import av
import numpy as np

from tools.train.footage.light import hue_of
from tools.train.footage.source import Trouble, pictures, read_facts

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
    """As a camera would: BT.709's scene light, white where BT.2408 puts it, 75 % of the signal."""
    return _oetf(0.265 * np.clip(scene(code) @ TO_BT2020.T, 0, 1))


def as_hlg_of_a_screen(code):
    """As a programme that is graded: the light of a screen for ordinary video, with HLG's own gamma taken off."""
    light = WHITE_CD / 1000 * np.clip(display(code) @ TO_BT2020.T, 0, 1)
    return _oetf(light * np.maximum(light @ [0.2627, 0.6780, 0.0593], 1e-9)[..., None] ** (1 / 1.2 - 1))


def scene(code):
    """Light in front of a camera, white is 1 (BT.709)."""
    return np.where(code < 0.081, code / 4.5, ((code + 0.099) / 1.099) ** (1 / 0.45))


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


def read(path, **choice):
    """The middle picture of a film as the extractor reads it, what it was told of, and its facts."""
    trouble = Trouble()
    facts = read_facts(path, trouble, **choice)
    return [picture for _, picture in pictures(path, facts, trouble)][1], trouble, facts
