"""The show sheet: a song and its light as one picture that a lighting person can read. Edge: a file.

From the top: sections, waveform and bars; tokens; looks by name; every head over time in its colour, by role and from
left to right; where moving heads point; how bright the rig is, with held looks, blinders and the flash limiter's work.
The same data gives the same bytes.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from controller.arrays import Float32Array, IndexArray, IntArray
from controller.colour import encoded_from_hue, to_encoded
from controller.metrics.held_looks import held_looks
from controller.metrics.seen_rig import SeenRig, seen
from controller.metrics.stagecraft import DIM, blinder_hits_s
from controller.records.rendered import RATE_HZ, RenderedRig
from controller.records.told_form import ToldForm, ToldLook, ToldSection
from controller.sound_format import HOP_S

logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells everybody that it looked for fonts
NAME = "sheet.png"
WIDTH, DPI = 16.0, 100
LEFT, RIGHT, TOP, BOTTOM, GAP = 1.25, 0.15, 0.55, 0.45, 0.08
"""Inches around the rows and between them; and below, heights of the rows."""
ROWS = {"song": 1.2, "tokens": 0.4, "looks": 0.35, "heads": 0.0, "moves": 0.7, "rig": 1.2}
HEAD, LEAST_HEADS = 0.085, 1.5
MOST_HEADS = 7.0
ORDER = ("key", "wash", "back", "pixel", "beam", "mover", "blinder", "strobe")
KINDS = ("#8dd3c7", "#fdb462", "#bebada", "#80b1d3", "#fb8072", "#b3de69", "#fccde5", "#bc80bd", "#ccebc5", "#ffed6f")
BOX = "\u25a1"
DARK, INK = "#16161a", "#222222"
NARROW_S = 0.012
"""Share of the song: what is shorter has no room for its name."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What the sheet shows.

    Attributes:
        title: one line. waveform: (n, 2) lowest and highest sample of each part, `waveform_hz` a second.
        tokens: (hops, 2) hue and value. bars_s: the ones that were heard. limited_s: when the limiter stepped in.
    """

    title: str
    waveform: Float32Array
    waveform_hz: float
    tokens: IntArray
    rig: RenderedRig
    form: ToldForm
    bars_s: tuple[float, ...] = ()
    limited_s: tuple[float, ...] = field(default=())

    @property
    def end_s(self) -> float:
        """Length of the show."""
        return len(self.tokens) * HOP_S


def draw(sheet: Sheet, path: Path) -> None:
    """Write the picture.

    Raises:
        OSError: it cannot be written.
    """
    shown = seen(sheet.rig)
    heads = head_order(sheet.rig)
    moving = np.flatnonzero(np.ptp(sheet.rig.pan_tilt_deg, axis=0).max(axis=1) > 1.0)
    heights = {**ROWS, "heads": float(np.clip(HEAD * len(heads), LEAST_HEADS, MOST_HEADS))}
    if not len(moving):
        del heights["moves"]
    rows = _rows(heights)
    figure = Figure(figsize=(WIDTH, _tall(heights)), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = {name: figure.add_axes(place) for name, place in rows.items()}
    figure.text(LEFT / WIDTH, 1.0 - 0.28 / _tall(heights), drawable(sheet.title), fontsize=12, color=INK)
    _song(axes["song"], sheet)
    _tokens(axes["tokens"], sheet)
    _looks(axes["looks"], sheet)
    _heads(axes["heads"], sheet, heads)
    if len(moving):
        _moves(axes["moves"], sheet, moving)
    _rig(axes["rig"], sheet, shown)
    for name, one in axes.items():
        one.set_xlim(0.0, sheet.end_s)
        one.tick_params(axis="x", labelsize=8, labelbottom=name == "rig")
    figure.savefig(path, metadata={"Software": None})


def drawable(text: str) -> str:
    """A text with a box for every letter that the sheet's font has none for: no warning, and nothing is left out."""
    letters = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(one if ord(one) in letters else BOX for one in text)


def head_order(rig: RenderedRig) -> list[int]:
    """Heads by role, and within it from left to right, top to bottom of the picture."""
    role = {name: number for number, name in enumerate(ORDER)}

    def place(head: int) -> tuple[int, float, float, int]:
        x, y, _ = rig.position_m[head].tolist()
        return role.get(str(rig.role[head]), len(ORDER)), x, y, head

    return sorted(range(len(rig.id)), key=place)


def _tall(heights: dict[str, float]) -> float:
    return TOP + sum(heights.values()) + GAP * (len(heights) - 1) + BOTTOM


def _rows(heights: dict[str, float]) -> dict[str, tuple[float, float, float, float]]:
    """Where each row stands, in parts of the picture."""
    tall, top, found = _tall(heights), TOP, {}
    for name, height in heights.items():
        bottom = tall - top - height
        found[name] = (LEFT / WIDTH, bottom / tall, 1.0 - (LEFT + RIGHT) / WIDTH, height / tall)
        top += height + GAP
    return found


def _bare(axes: Any, name: str) -> None:  # noqa: ANN401 - matplotlib's axes have no type of their own
    axes.set_yticks([])
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=INK)


def _song(axes: Any, sheet: Sheet) -> None:  # noqa: ANN401
    """Waveform, bars, and the sections over it."""
    _bare(axes, "song\n(bars, sections)")
    axes.set_ylim(-1.05, 1.6)
    at_s = np.arange(len(sheet.waveform)) / sheet.waveform_hz
    loudest = max(float(np.abs(sheet.waveform).max(initial=0.0)), 1e-6)
    axes.vlines(sheet.bars_s, -1.05, 1.1, color="#c9ccd1", linewidth=0.5, zorder=0)
    axes.fill_between(at_s, *(sheet.waveform / loudest).T, color="#5a6472", linewidth=0, zorder=1)
    colours: dict[str, str] = {}
    sections = sheet.form.sections
    for one, end_s in zip(sections, _ends_s(sections, sheet.end_s), strict=True):
        colour = colours.setdefault(one.label, KINDS[len(colours) % len(KINDS)])
        axes.axvspan(one.start_s, end_s, ymin=0.83, color=colour, linewidth=0)
        axes.axvline(one.start_s, color=INK, linewidth=0.7)
        if end_s - one.start_s > NARROW_S * sheet.end_s:
            axes.text(one.start_s + 0.003 * sheet.end_s, 1.36, one.label, fontsize=9, va="center", clip_on=True)


def _ends_s(rows: Sequence[ToldSection] | Sequence[ToldLook], end_s: float) -> list[float]:
    """When each of them ends: where the next begins, the last with the song."""
    return [*(one.start_s for one in rows[1:]), end_s][: len(rows)]


def _tokens(axes: Any, sheet: Sheet) -> None:  # noqa: ANN401
    """The decoder's colour, as high as its value."""
    _bare(axes, "tokens")
    axes.set_ylim(0.0, 1.0)
    rows = 32
    colour = encoded_from_hue(sheet.tokens[:, 0].astype(np.float32) * 2.0)
    filled = (np.arange(rows)[:, None] + 0.5) / rows <= np.maximum(sheet.tokens[:, 1], 8)[None, :] / 255.0
    image = np.where(filled[:, :, None], colour[None], 0.09)
    axes.imshow(image, aspect="auto", origin="lower", extent=(0.0, sheet.end_s, 0.0, 1.0))


def _looks(axes: Any, sheet: Sheet) -> None:  # noqa: ANN401
    """Which look hung in the room."""
    _bare(axes, "looks")
    axes.set_ylim(0.0, 1.0)
    looks = sheet.form.looks
    for number, (one, end_s) in enumerate(zip(looks, _ends_s(looks, sheet.end_s), strict=True)):
        axes.axvspan(one.start_s, end_s, color=("#e8e8ec", "#d3d6de")[number % 2], linewidth=0)
        room = max((end_s - one.start_s) / sheet.end_s * (WIDTH - LEFT - RIGHT) / 0.075, 0.0)  # characters
        if room >= 3:
            name = one.name if len(one.name) <= room else f"{one.name[: int(room) - 1]}…"
            axes.text(one.start_s + 0.002 * sheet.end_s, 0.5, name, fontsize=7.5, va="center", clip_on=True)
    if not looks:
        axes.text(0.5, 0.5, "no cues: nobody followed the form", fontsize=8, ha="center", va="center",
                  transform=axes.transAxes, color="#888888")  # fmt: skip


def _heads(axes: Any, sheet: Sheet, heads: list[int]) -> None:  # noqa: ANN401
    """Every head in its colour; names of the roles, and a line between them."""
    image = to_encoded(sheet.rig.light[:, heads]).transpose(1, 0, 2)
    axes.set_facecolor(DARK)
    axes.imshow(np.clip(image, 0.0, 1.0), aspect="auto", extent=(0.0, sheet.end_s, len(heads), 0.0))
    roles = [str(sheet.rig.role[head]) for head in heads]
    edges = [0, *(at for at in range(1, len(roles)) if roles[at] != roles[at - 1]), len(roles)]
    axes.set_yticks([(a + b) / 2.0 for a, b in pairwise(edges)], [roles[a] for a in edges[:-1]], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.hlines(edges[1:-1], 0.0, sheet.end_s, color="#6e7480", linewidth=0.8)
    for one in sheet.form.sections:
        axes.axvline(one.start_s, color="#ffffff", alpha=0.45, linewidth=0.6)


def _moves(axes: Any, sheet: Sheet, moving: IndexArray) -> None:  # noqa: ANN401
    """Pan (blue) and tilt (red) of the heads that turn."""
    _bare(axes, "pan (blue)\ntilt (red)")
    turned = sheet.rig.pan_tilt_deg[:, moving]
    for column, colour in ((0, "#2b6cb0"), (1, "#c05621")):
        axes.plot(sheet.rig.time_s, turned[:, :, column], color=colour, linewidth=0.6, alpha=0.7)


def _rig(axes: Any, sheet: Sheet, shown: SeenRig) -> None:  # noqa: ANN401
    """How bright the whole rig is, in its main hue; held looks, blinders, limiter."""
    axes.set_ylim(0.0, 1.12)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.tick_params(axis="y", labelsize=7)
    axes.set_ylabel("rig mean", rotation=0, ha="right", va="center", fontsize=9, labelpad=14)
    axes.set_xlabel(
        "seconds;  | a new held look   ▼ blinder   x flash limiter   dashed: below it the rig is dark", fontsize=8
    )
    hue = encoded_from_hue(shown.rig_hue_deg.astype(np.float32))
    colour = 1.0 - shown.rig_saturation[:, None] * (1.0 - hue)
    rows = (np.arange(40)[:, None] + 0.5) / 40.0 * 1.12
    image = np.where((rows <= shown.intensity[None, :])[:, :, None], np.clip(colour, 0.0, 1.0)[None] * 0.92, 1.0)
    long_s = len(shown.intensity) / RATE_HZ
    axes.imshow(image, aspect="auto", origin="lower", extent=(0.0, long_s, 0.0, 1.12))
    axes.plot(np.arange(len(shown.intensity)) / RATE_HZ, shown.intensity, color=INK, linewidth=0.7)
    axes.axhline(DIM, color="#888888", linewidth=0.7, linestyle="--")
    axes.vlines(held_looks(shown.ticks), 0.98, 1.1, color=INK, linewidth=1.0)
    hits_s = blinder_hits_s(shown.ticks)
    axes.plot(hits_s, np.full(len(hits_s), 0.9), "v", color="#b3001b", markersize=6)
    axes.plot(sheet.limited_s, np.full(len(sheet.limited_s), 0.8), "x", color="#6b21a8", markersize=4)
