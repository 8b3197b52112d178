"""What a model finds likely, and where it looks, over the piano roll: one self-contained page.

Every note is coloured by the chance that the model gives its pitch when that pitch is hidden; arcs join the notes that
look at each other most (encoders only, mean over layers and attention heads). Everything is drawn here, as SVG; the
page loads nothing. Edge: reads a MIDI file and a model, writes a page.
"""

import html
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from controller.arrays import Float64Array, IntArray
from tools.train.symbolic.bart import PianoBart, late
from tools.train.symbolic.embedding import NoteHead, by_attribute
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.octuple import encode, rebased
from tools.train.symbolic.reading import read_midi
from tools.train.symbolic.vocabulary import (
    BAR,
    BAR_UNITS,
    BARS,
    DURATION,
    DURATIONS,
    MASK,
    PITCH,
    POSITION,
    TIME_SIGNATURE,
)
from tools.train.symbolic.weights import Weights, read_weights

ROUNDS = 8
"""The pitch of every eighth note is hidden at a time: enough context, and eight passes for a page."""
WHOLE = ("midibert", "adversarial-midibert")
"""These have only ever seen whole notes hidden, so the other attributes are hidden with the pitch."""
ARCS = 80
UNIT_PX, PITCH_PX, TOP_PX, MARGIN_PX = 1.0, 6, 60, 40
PITCHES = 128
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
LEGEND = (0.01, 0.03, 0.1, 0.3, 1.0)
COLOURS = ((0.0, (92, 92, 190)), (0.35, (165, 75, 170)), (0.7, (235, 110, 90)), (1.0, (250, 215, 100)))


@torch.no_grad()
def likelihoods(weights: Weights, notes: IntArray) -> Float64Array:
    """Chance of each note's pitch (L,) with that pitch hidden from the model.

    Raises:
        SymbolicError: the model has no output layers for notes.
    """
    if weights.head is None:
        raise SymbolicError(f"{weights.path}: tells no notes; give a pretrained run, or a pianobart that goes on")
    found = np.zeros(len(notes))
    for start in range(ROUNDS):
        hidden = np.arange(len(notes)) % ROUNDS == start
        if hidden.any():
            spoilt = notes.copy()
            if weights.model in WHOLE:
                spoilt[hidden] = MASK
            else:
                spoilt[hidden, PITCH] = MASK[PITCH]
            logits = _logits(weights, weights.head, spoilt, notes)[torch.from_numpy(hidden)]
            chances = torch.softmax(by_attribute(logits)[PITCH].double(), dim=-1).numpy()
            found[hidden] = chances[np.arange(len(chances)), notes[hidden, PITCH]]
    return found


def _logits(weights: Weights, head: NoteHead, spoilt: IntArray, notes: IntArray) -> torch.Tensor:
    network, source = weights.network, torch.from_numpy(spoilt)[None]
    if isinstance(network, PianoBart):
        return head(network(source, late(torch.from_numpy(notes)[None])))[0]
    return head(network(source))[0]


def links(weights: Weights, notes: IntArray) -> list[tuple[int, int, float]]:
    """The strongest pairs of different notes and how much they look at each other, strongest first; of encoders."""
    if isinstance(weights.network, PianoBart):
        return []
    looks = weights.network.attentions(torch.from_numpy(notes)[None]).mean(dim=(0, 1, 2)).numpy().astype(np.float64)
    both = np.triu(looks + looks.T, k=1)
    order = np.argsort(-both, axis=None)[:ARCS]
    rows, columns = np.unravel_index(order, both.shape)
    return [(int(a), int(b), float(both[a, b])) for a, b in zip(rows, columns, strict=True) if both[a, b] > 0]


def onsets(notes: IntArray) -> IntArray:
    """Units from the beginning of the first bar to each note (L,); empty bars are as long as the one before."""
    lengths = np.zeros(int(notes[-1, BAR]) + 1, np.int64)
    lengths[notes[:, BAR]] = BAR_UNITS[notes[:, TIME_SIGNATURE]]
    known = np.maximum.accumulate(np.where(lengths > 0, np.arange(len(lengths)), 0))
    starts = np.concatenate([[0], np.cumsum(lengths[known])])
    return starts[notes[:, BAR]] + notes[:, POSITION]


def colour(chance: float) -> str:
    """Blue for what a guess among all pitches would give, yellow for what was expected; steps are factors."""
    places, tones = zip(*COLOURS, strict=True)
    known = 1.0 + np.log(max(chance, 1.0 / PITCHES)) / np.log(PITCHES)
    rgb = [round(float(np.interp(known, places, [tone[i] for tone in tones]))) for i in range(3)]
    return f"rgb({rgb[0]},{rgb[1]},{rgb[2]})"


def name_of(pitch: int) -> str:
    """As musicians write it; what is beyond 127 is percussion."""
    if pitch >= PITCHES:
        return f"drum {pitch - PITCHES}"
    return f"{NOTES[pitch % 12]}{pitch // 12 - 1}"


def svg(notes: IntArray, chances: Float64Array, joined: list[tuple[int, int, float]]) -> str:
    """The piano roll."""
    at, low, high = onsets(notes), int(notes[:, PITCH].min()) - 2, int(notes[:, PITCH].max()) + 2
    lengths = np.maximum(DURATIONS[notes[:, DURATION]], 2)
    width = MARGIN_PX + UNIT_PX * float((at + lengths).max()) + 10
    height = TOP_PX + PITCH_PX * (high - low) + 24
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">']
    parts += _bars(notes, at, height)
    parts += _octaves(low, high, width)
    middle = [(MARGIN_PX + UNIT_PX * (at[i] + lengths[i] / 2), TOP_PX + PITCH_PX * (high - notes[i, PITCH])) for i in
              range(len(notes))]  # fmt: skip
    strongest = joined[0][2] if joined else 1.0
    for one, other, strength in joined:
        (x, y), (u, v) = middle[one], middle[other]
        lift = min(y, v) - 12 - 0.12 * abs(u - x)
        parts.append(
            f'<path d="M{x:.1f} {y:.1f} Q{(x + u) / 2:.1f} {max(lift, 4):.1f} {u:.1f} {v:.1f}" fill="none" '
            f'stroke="#8fd" stroke-width="{0.4 + 1.6 * strength / strongest:.2f}" opacity="0.5"/>'
        )
    for i, chance in enumerate(chances):
        x, y = MARGIN_PX + UNIT_PX * at[i], TOP_PX + PITCH_PX * (high - notes[i, PITCH]) - PITCH_PX / 2
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{UNIT_PX * lengths[i]:.1f}" height="{PITCH_PX - 1}" rx="1" '
            f'fill="{colour(chance)}"><title>{name_of(int(notes[i, PITCH]))}: {chance:.1%}</title></rect>'
        )
    return "".join([*parts, "</svg>"])


def _bars(notes: IntArray, at: IntArray, height: float) -> Iterator[str]:
    """Lines and numbers of bars that have a note."""
    bars, first = np.unique(notes[:, BAR], return_index=True)
    for bar, index in zip(bars, first, strict=True):
        x = MARGIN_PX + UNIT_PX * float(at[index] - notes[index, POSITION])
        yield f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height - 20:.0f}" stroke="#333"/>'
        yield f'<text x="{x + 2:.1f}" y="{height - 6:.0f}" fill="#999" font-size="10">{bar + 1}</text>'


def _octaves(low: int, high: int, width: float) -> Iterator[str]:
    """A line and a name for each C that is in the picture."""
    for pitch in range(-(-low // 12) * 12, high + 1, 12):
        y = TOP_PX + PITCH_PX * (high - pitch)
        yield f'<line x1="{MARGIN_PX}" y1="{y}" x2="{width:.0f}" y2="{y}" stroke="#2a2a2a"/>'
        yield f'<text x="8" y="{y + 4}" fill="#999" font-size="11">C{pitch // 12 - 1}</text>'


def draw(song: Path, model: Path, out: Path, first_bar: int = 1, notes: int = 256) -> tuple[str, tuple[str, ...]]:
    """Write the page of a stretch of a song; returns what is on it, in a line, and the reader's remarks.

    Raises:
        SymbolicError: the song or the model cannot be used, or there is nothing from that bar on.
    """
    weights = read_weights(model)
    score = read_midi(song)
    whole = encode(score).astype(np.int64)
    part = whole[whole[:, BAR] >= first_bar - 1][: min(notes, weights.size.positions)]
    if not len(part):
        raise SymbolicError(f"{song}: no notes from bar {first_bar} on")
    told = rebased(part)
    told = told[told[:, BAR] < BARS]
    chances, joined = likelihoods(weights, told), links(weights, told)
    part = part[: len(told)].copy()
    drawn = svg(told, chances, joined)
    out.write_text(page(song.name, weights.model, drawn, chances, first_bar), encoding="utf-8")
    said = f"{out}: {len(part)} notes, mean chance of a pitch {chances.mean():.1%}, {len(joined)} arcs"
    return said, score.remarks


def page(song: str, model: str, drawn: str, chances: Float64Array, first_bar: int) -> str:
    """The whole page."""
    legend = "".join(f'<span style="background:{colour(c)}">{c:.0%}</span>' for c in LEGEND)
    surprising = np.mean(chances < 0.05)
    name = html.escape(song)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{{color-scheme:light dark;--ink:#1b1b1f;--paper:#fafafa}}
@media(prefers-color-scheme:dark){{:root{{--ink:#ddd;--paper:#111}}}}
body{{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:1.5rem}}
h1{{font-size:1.4rem;overflow-wrap:anywhere}}p{{max-width:44rem}}
figure{{margin:0;overflow-x:auto;background:#161618;border-radius:8px}}svg{{display:block;font-family:inherit}}
span{{color:#000;padding:.1em .5em}}</style>
<h1>{name}</h1>
<p>From bar {first_bar}. Colour: the chance that {html.escape(model)} gives the pitch of a note when it is hidden
{legend}; {surprising:.0%} of the notes come as a surprise (below 5 %; a guess among all has 1 %). Arcs join notes
that look at each other most. Point at a note for its number.</p>
<figure>{drawn}</figure></html>
"""
