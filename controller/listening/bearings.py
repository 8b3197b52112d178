"""Where a hop lies in beat, bar, drums, song and look book: numbers that a decoder may be told beside sound and light.

A decoder that was trained with them has one more input, `bearings`; one that was not, such as the authors' own, goes
without. All of them are causal: what the ear knew at the hop's end, and the cue that was given in the hop before. Pure.

Sources: what people's cues answer to (`human_looks.json` of the design notes: place in the bar, hypermetre of 4 and 8
bars, drums, voice, sections). Several waves of one hue, as positions are told in Vaswani et al., NeurIPS 2017.
"""

import math

import numpy as np

from controller.arrays import Float32Array
from controller.listening.form.director import Band
from controller.listening.form.form import SongNow
from controller.listening.time.outputs import DRUMS, SOUNDING
from controller.listening.time.tempo import Tempo
from controller.messages import Cue

PARTS, WAVES = 8, 8
"""Parts of a song that are told apart (the ninth is told as the first), and waves of a hue."""
NAMES = (
    "beat_sin", "beat_cos", "bar_sin", "bar_cos",
    *DRUMS, "voice", "loudness", "hit", "level", "build", *SOUNDING,
    *(f"part_{number}" for number in range(PARTS)),
    "bars", "of_four", "of_eight", "opens", "sure", "again", "rank", "risen", "biggest",
    "hung", "ahead", "fresh", "size", *(f"hue_{wave}_{of}" for of in ("sin", "cos") for wave in range(1, WAVES + 1)),
)  # fmt: skip
"""In the order of the numbers. Whoever changes this makes another input: `BEARINGS_VERSION` goes up with it."""
DRUM_S = 0.15
"""Time constant with which a drum's hit is forgotten."""
FRESH_S = 1.0
"""The same, of a look that has just come."""
MOST_BARS = 64.0
NOBODY = Band(SongNow(), Tempo(), "", drummed=False, build=0.0, level=0.0)
"""What is known where there are no networks to hear."""


def bearings(band: Band | None, cue: Cue | None, t_s: float, loudness: float, hit: float) -> Float32Array:
    """What a decoder is told of one hop.

    Args:
        band: what the ear knows; None: nothing. cue: the newest, from the hop before; None: of no look.
        t_s: the hop's end. loudness: 0..1, at its end. hit: 0..1, strongest onset in it.

    Returns:
        (BEARINGS,) float32, -1..1, in the order of `NAMES`; what nobody knows is 0.
    """
    band = band or NOBODY
    drums = [math.exp(-(t_s - at_s) / DRUM_S) if at_s <= t_s else 1.0 for at_s in band.hits_s]
    kinds = [float(band.kind == kind) for kind in SOUNDING]
    numbers = (
        *_place(band.tempo, t_s), *drums, band.voice, loudness, hit, band.level, band.build, *kinds,
        *_of_song(band.song), *_of_look(cue, t_s),
    )  # fmt: skip
    return np.array(numbers, np.float32)


def _place(tempo: Tempo, t_s: float) -> tuple[float, float, float, float]:
    """Place in the beat and in the bar, as a point on a circle each; (0, 0) where nobody knows."""
    if tempo.beat_s <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    beats = (t_s - tempo.beat_t_s) / tempo.beat_s
    beat = 2.0 * math.pi * (beats % 1.0)
    if not tempo.number:
        return math.sin(beat), math.cos(beat), 0.0, 0.0
    bar = 2.0 * math.pi * (((tempo.number - 1 + beats) / tempo.metre) % 1.0)
    return math.sin(beat), math.cos(beat), math.sin(bar), math.cos(bar)


def _of_song(song: SongNow) -> list[float]:
    section = song.section
    if section is None:
        return [0.0] * (PARTS + 9)
    part = [0.0] * PARTS
    part[_number(section.label) % PARTS] = 1.0
    bars = float(max(song.bars, 0))
    counted = math.log2(1.0 + min(bars, MOST_BARS)) / math.log2(1.0 + MOST_BARS), bars % 4.0 / 4.0, bars % 8.0 / 8.0
    sure = section.opens, section.confidence, float(section.again)
    return [*part, *counted, *sure, song.rank, max(-1.0, min(1.0, song.risen)), float(song.biggest)]


def _number(label: str) -> int:
    """Of a part: A is 0, B is 1; AA comes after Z."""
    number = 0
    for letter in label.split(" ", maxsplit=1)[0]:
        number = 26 * number + ord(letter) - ord("A") + 1
    return max(number - 1, 0)


def _of_look(cue: Cue | None, t_s: float) -> list[float]:
    if cue is None:
        return [0.0] * (4 + 2 * WAVES)
    ahead_s = cue.start_s - t_s
    fresh = math.exp(ahead_s / FRESH_S) if ahead_s <= 0.0 else 0.0
    waves = [0.0] * (2 * WAVES)
    if cue.palette:
        hue = math.radians(cue.palette[0])
        waves = [wave(turn * hue) for wave in (math.sin, math.cos) for turn in range(1, WAVES + 1)]
    return [float(bool(cue.palette)), min(max(ahead_s, 0.0), 1.0), fresh, cue.level, *waves]
