"""What was heard of a song as one picture: waveform, bars, drums, kinds, voice, energy, confidence. Edge: a file."""

import logging
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from controller.listening.time.outputs import DRUMS
from controller.rehearsal.heard import HeardSong

logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells everybody that it looked for fonts
COLOURS = {"band": "#3d7ea6", "solo": "#7fb069", "talk": "#e6a532", "applause": "#c8553d", "silence": "#d9d9d9"}
ROW_S = 60.0
"""Seconds of one row of the picture: a bar is still to be seen."""
MOST_ROWS = 12
INCHES = 16.0


def draw(song: HeardSong, title: str, path: Path) -> None:
    """Write the picture.

    Raises:
        OSError: it cannot be written.
    """
    rows = int(np.clip(np.ceil(song.end_s / ROW_S), 1, MOST_ROWS))
    long_s = song.end_s / rows
    figure = Figure(figsize=(INCHES, 0.7 + 2.9 * rows), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{title}: what is heard, and where the ones are", fontsize=12)
    for number, (sound, lanes) in enumerate(zip(*[iter(_axes(figure, rows))] * 2, strict=True)):
        span = (number * long_s, (number + 1) * long_s)
        _sound(sound, song, span)
        _lanes(lanes, song, span)
    figure.savefig(path)


def _axes(figure: Figure, rows: int) -> list:  # type: ignore[type-arg] # matplotlib's axes have no type of their own
    grid = figure.subplots(2 * rows, 1, gridspec_kw={"height_ratios": [1.4, 1.0] * rows}, squeeze=False)
    return list(grid[:, 0])


def _sound(axes, song: HeardSong, span: tuple[float, float]) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Waveform on the kinds of sound, beats and ones, energy and confidence."""
    axes.set_xlim(span)
    axes.set_ylim(-1.05, 1.25)
    axes.set_yticks([])
    for one in song.kinds:
        axes.axvspan(one.from_s, one.to_s, color=COLOURS[one.kind], alpha=0.22, linewidth=0)
        if one.to_s > span[0] and one.from_s < span[1] and one.to_s - one.from_s > 1.5:
            axes.text(max(one.from_s, span[0]) + 0.2, 1.08, one.kind, fontsize=8, color=COLOURS[one.kind])
    at_s = np.linspace(0.0, song.end_s, len(song.peaks), endpoint=False)
    for heights, colour in ((song.peaks, "#c4c4c4"), (song.means, "#777777")):
        wave = np.array(heights)
        axes.fill_between(at_s, -wave, wave, color=colour, linewidth=0, step="post", zorder=0.5)
    for beat in song.beats:
        if span[0] <= beat.t_s < span[1]:
            bar = beat.number == 1
            colour, sure = ("#b3001b", beat.bar_confidence) if bar else ("#222222", beat.confidence)
            axes.axvline(beat.t_s, color=colour, alpha=0.15 + 0.7 * sure, lw=1.6 if bar else 0.6)
    axes.plot([e.t_s for e in song.energies], [2.0 * e.level - 1.0 for e in song.energies], color="#1b5e20", lw=1.0)
    axes.plot([e.t_s for e in song.energies], [2.0 * e.build - 1.0 for e in song.energies], color="#8e24aa", lw=0.8)
    axes.plot([b.t_s for b in song.beats], [2.0 * b.confidence - 1.0 for b in song.beats], color="#ff6f00", lw=0.8)
    if span[0] == 0.0:
        axes.set_ylabel("level (green)\nbuild (violet)\nsure (orange)", fontsize=7)


def _lanes(axes, song: HeardSong, span: tuple[float, float]) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """A lane for each drum, and one for the voice."""
    lanes = ("voice", *DRUMS)
    axes.set_xlim(span)
    axes.set_ylim(-0.5, len(lanes) - 0.5)
    axes.set_yticks(range(len(lanes)), lanes, fontsize=7)
    axes.tick_params(axis="x", labelsize=7)
    for lane in range(len(lanes)):
        axes.axhline(lane, color="#eeeeee", lw=0.6, zorder=0)
    for from_s, to_s in song.voice:
        axes.barh(0, to_s - from_s, left=from_s, height=0.5, color="#7fb069")
    for drum, name in enumerate(DRUMS, start=1):
        hits = [one for one in song.hits if one.drum == name and span[0] <= one.t_s < span[1]]
        sizes = [4 + 30 * one.strength for one in hits]
        axes.scatter([one.t_s for one in hits], [drum] * len(hits), s=sizes, color="#333333", marker="|")
