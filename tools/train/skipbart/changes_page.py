"""`report.html`: what finetuning changed, as one self-contained page without scripts. Pure."""

import base64
import html
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.arrays import Float64Array, IntArray
from controller.colour import encoded_from_hue
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.skipbart.changes import HUE_BINS, Comparison, nearer, pictures
from tools.train.skipbart.verdict import DISTANCES, HEADS, objections, standing

TEMPLATE = Path(__file__).with_name("changes_page.html")

STROKES = {"hue": "#ffb454", "value": "#7fb7ff"}
TALL = 52
"""Pixels of a band; a hop is one wide."""
NAMES = {"before": "before", "after": "after", "bundled": "the bundled model", "engineer": "the engineer"}
SHOWN = ("before", "after", "engineer")
WORDS: dict[str, tuple[str, str]] = {
    "cues_per_minute": ("cues a minute", "{:.1f}"),
    "hue_changes_per_minute": ("colour changes a minute", "{:.1f}"),
    "hue_dwell_s": ("a colour stays, median", "{:.1f} s"),
    "accents_per_minute": ("flares and blackouts a minute", "{:.1f}"),
    "level_median": ("level, median of 255", "{:.0f}"),
    "still_share": ("time at rest", "{:.0%}"),
    "fade_speed_per_s": ("fades, levels a second", "{:.0f}"),
    "loudness_lift": ("brightness follows loudness, above chance", "{:+.2f}"),
    "cues_on_beats": ("cues on a beat", "{:.0%}"),
    "cues_on_hits": ("cues on a strong hit", "{:.0%}"),
    "structure": ("structure", "{:.2f}"),
    "loudness_brightness": ("loudness and brightness", "{:.2f}"),
    "onset_change": ("onsets and changes", "{:.2f}"),
    "novelty": ("novelty", "{:.2f}"),
    "colour_structure": ("structure of colour", "{:.2f}"),
    "likeness": ("likeness to professionals (0 is theirs)", "{:.2f}"),
}


def page(
    comparison: Comparison, losses: Mapping[str, Mapping[str, float]], log: Sequence[Mapping[str, Any]], *, title: str,
    lead: str
) -> str:  # fmt: skip
    """The page as HTML.

    Args:
        losses: `before` and `after`, as `finetuning.judge` gives them. log: lines of `log.jsonl`.
    """
    parts = {
        "TITLE": html.escape(title),
        "LEAD": html.escape(lead),
        "BIG": _big(comparison, losses),
        "VERDICT": _verdict(comparison, losses),
        "BANDS": _bands(comparison),
        "HISTOGRAMS": _histograms(comparison),
        "TABLE": _table(comparison.rows()),
        "CURVE": _curve(log),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """An RGB picture (h, w, 3) as a PNG file (ISO 15948)."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def band(light: IntArray) -> npt.NDArray[np.uint8]:
    """A light (T, 2) as a picture (TALL, T, 3): columns of its hue, as high and as bright as its value.

    What is unknown stays grey: a thin line where nothing is, the value's column where only the hue is.
    """
    value = np.where(light[:, 1] == VALUE_PAD, 0, light[:, 1])
    colour = encoded_from_hue(np.where(light[:, 0] == HUE_PAD, 0, light[:, 0]).astype(np.float32) * 2.0)
    colour = np.where((light[:, 0] == HUE_PAD)[:, None], 0.35, colour)
    lit = 255.0 * colour * (0.45 + 0.55 * value[:, None] / 255.0)
    high = np.ceil(value / 255.0 * TALL)
    shown = np.arange(TALL, 0, -1)[:, None] <= high[None, :]
    pixels = np.where(shown[:, :, None], lit[None], 0.0)
    pixels[TALL // 2 - 1 : TALL // 2 + 1, light[:, 1] == VALUE_PAD] = 60.0
    return pixels.astype(np.uint8)


def _image(light: IntArray, name: str) -> str:
    data = base64.b64encode(png(band(light))).decode("ascii")
    return f'<img alt="light over time, {name}" src="data:image/png;base64,{data}">'


def _bands(comparison: Comparison) -> str:
    rows = []
    for index, first, last in pictures(comparison):
        one = comparison.stretches[index]
        begin = (one.first + first) / 10.0
        rows.append(f"<h3>{html.escape(one.name)}, from {_clock(begin)}</h3>")
        for side in SHOWN:
            own = " own" if side == "engineer" else ""
            picture = _image(comparison.sides[side][index][first:last], NAMES[side])
            rows.append(f'<div class="band{own}"><span>{NAMES[side]}</span>{picture}</div>')
        marks = np.linspace(begin, begin + (last - first) / 10.0, 4)
        rows.append(f'<div class="scale">{"".join(f"<span>{_clock(mark)}</span>" for mark in marks)}</div>')
    return "".join(rows)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _big(comparison: Comparison, losses: Mapping[str, Mapping[str, float]]) -> str:
    """Colours and levels, each by itself, before and after."""
    away = nearer(comparison)
    cells = []
    for head, words in HEADS.items():
        scores = [losses[side].get(f"{head}_loss") for side in ("before", "after")]
        apart = [away[side][DISTANCES[head]] for side in ("before", "after")]
        cells.append(_cell(f"{words}: surprise", scores, "{:.2f}", "how unexpected the engineer's next light is, told "
                           "the one before"))  # fmt: skip
        cells.append(_cell(f"{words} apart", apart, "{:.0%}", "share of the light where the engineer's is not, playing "
                           "freely"))  # fmt: skip
    return "".join(cells)


def _cell(name: str, numbers: Sequence[float | None], form: str, what: str) -> str:
    before, after = numbers
    if before is None or after is None:
        return f"<div><span>{name}</span><b>–</b><span>the footage does not say</span></div>"
    mark = "gain" if after < before else "loss"
    shown = f"{form.format(before)} → {form.format(after)}"
    return f'<div><span>{name}</span><b class="{mark}">{shown}</b><span>{html.escape(what)}</span></div>'


def _verdict(comparison: Comparison, losses: Mapping[str, Mapping[str, float]]) -> str:
    """What speaks against it, where anything does."""
    found = objections(losses, nearer(comparison))
    return "".join(f'<p class="loss">Do not stage it: {html.escape(one)}.</p>' for one in found)


def _table(rows: Mapping[str, Mapping[str, float]]) -> str:
    sides = [side for side in NAMES if side in rows]
    head = "".join(f"<th>{name}</th>" for name in ("", *(NAMES[side] for side in sides)))
    lines = []
    for name, (words, form) in WORDS.items():
        if all(name in rows[side] for side in sides):
            cells = "".join(
                f'<td class="{_nearer(rows, name) if side == "after" else side}">{form.format(rows[side][name])}</td>'
                for side in sides
            )
            lines.append(f"<tr><td>{words}</td>{cells}</tr>")
    return (
        f"<table><tr>{head}</tr>{''.join(lines)}</table>"
        '<p class="key">after in <b class="gain">green</b>: nearer to the engineer than before; in '
        '<b class="loss">red</b>: further away</p>'
    )


def _nearer(rows: Mapping[str, Mapping[str, float]], name: str) -> str:
    """Whether the learnt light came nearer to the engineer in a figure: a class of the page, "" for neither.

    Likeness has a goal of its own, and none of the two.
    """
    if name == "likeness":
        return ""
    before, after = (abs(rows[side][name] - rows["engineer"][name]) for side in ("before", "after"))
    if abs(before - after) < 0.05 * max(abs(rows["engineer"][name]), 1e-9):
        return ""
    return "gain" if after < before else "loss"


def _histograms(comparison: Comparison) -> str:
    shares = comparison.histograms()
    tallest = [max(float(shares[side][which].max()) for side in SHOWN) for which in (0, 1)]
    cells = []
    for which, what in ((0, "hues, weighted by brightness"), (1, "levels, dark to full")):
        for side in SHOWN:
            name = NAMES[side]
            bars = _bars(shares[side][which], tallest[which], hues=which == 0)
            own = ' class="own"' if side == "engineer" else ""
            cells.append(f"<div{own}><p>{name}: {what}</p>{bars}</div>")
    return "".join(cells)


def _bars(shares: Float64Array, tallest: float, *, hues: bool) -> str:
    """Bars of a distribution on a square-root scale, so that rare colours can be seen."""
    width = 100.0 / len(shares)
    bars = []
    for number, share in enumerate(shares):
        high = 46.0 * float(np.sqrt(share / max(tallest, 1e-9)))
        fill = f"hsl({360 * number / HUE_BINS:.0f} 90% 56%)" if hues else f"hsl(36 60% {15 + 60 * number / 15:.0f}%)"
        bars.append(
            f'<rect x="{number * width:.2f}" y="{48 - high:.2f}" width="{0.86 * width:.2f}" height="{high:.2f}" '
            f'fill="{fill}"/>'
        )
    return f'<svg viewBox="0 0 100 48" preserveAspectRatio="none" role="img">{"".join(bars)}</svg>'


def _curve(log: Sequence[Mapping[str, Any]]) -> str:
    """The held-out losses over steps, each as a share of what it was before, the kept step marked."""
    looks = [{key.removeprefix("held_out_"): float(number) for key, number in row.items()} for row in log
             if "held_out_loss" in row]  # fmt: skip
    if len(looks) < 2:
        return "<p>no step was taken</p>"
    heads = [head for head in HEADS if f"{head}_loss" in looks[0]]
    steps = np.array([row["step"] for row in looks])
    shares = {head: np.array([row[f"{head}_loss"] for row in looks]) / max(looks[0][f"{head}_loss"], 1e-9)
              for head in heads}  # fmt: skip
    high = max(1.1, *(float(share.max()) for share in shares.values()))
    x = 3.0 + 94.0 * steps / max(float(steps.max()), 1.0)
    best = int(np.argmin([standing(row, looks[0]) for row in looks]))
    points = {head: zip(x, 48.0 - 44.0 * share / high, strict=True) for head, share in shares.items()}
    lines = "".join(
        f'<polyline points="{" ".join(f"{a:.2f},{b:.2f}" for a, b in line)}" fill="none" stroke="{STROKES[head]}" '
        'stroke-width=".7"/>'
        for head, line in points.items()
    )
    ends = ", ".join(f"{HEADS[head]} {share[best]:.0%}" for head, share in shares.items())
    return (
        f'<svg viewBox="0 0 100 52" role="img">{lines}<line x1="{x[best]:.2f}" x2="{x[best]:.2f}" y1="4" y2="48" '
        'stroke="#8fd694" stroke-width=".4"/></svg>'
        f"<p>surprise at step {steps[best]:.0f}, which was kept, of what it was before: {ends} "
        "(amber: colours, blue: levels)</p>"
    )
