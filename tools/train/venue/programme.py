"""What happens in a film: songs with their light, pauses between them, cuts, and what spoils the picture when.

Pure: everything is drawn from one generator. Times are content seconds: what happens on stage at that moment.
"""

from dataclasses import dataclass, field

import numpy as np

from controller.arrays import Float32Array, IntArray
from controller.sound_format import HOP_S

Generator = np.random.Generator

LIGHT_AFTER_S = 0.02
"""A composed token stands for sounds from 30 ms before its hop to 70 ms into it: so it is in time on average."""
CUT_HALF_S = 0.5
FLASH_S = 0.2
PAUSE_HUE, PAUSE_LEVEL = 20, 10

SPOILERS = ("house", "projection", "cut", "frozen", "black")
"""What makes a part of a film useless for training."""
NUISANCES = ("phones", "flashes", "shake", "zoom", "exposure", "balance", "bars", "heads", "accent", "crowd", "bitrate")
"""What an extractor has to live with."""
ENGINEER = (*SPOILERS, *NUISANCES)


@dataclass(frozen=True, slots=True)
class Number:
    """One song on stage: `samples` (n,) float32 48 kHz mono, `light` (hops, 2) hue 0..179 and value 0..255."""

    name: str
    samples: Float32Array
    light: IntArray


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_s` to `end_s` something is so."""

    start_s: float
    end_s: float
    kind: str

    def holds(self, t_s: float) -> bool:
        return self.start_s <= t_s < self.end_s


@dataclass(frozen=True, slots=True)
class Shot:
    """One camera from `start_s` to the next shot; `zoom` is its magnification at both ends."""

    start_s: float
    end_s: float
    camera: int
    zoom: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drift:
    """A slow wander: sines of several periods, `amplitude` in the unit of what wanders."""

    amplitude: float
    periods_s: tuple[float, ...]
    phases: tuple[float, ...]

    def at(self, t_s: float) -> float:
        waves = [np.sin(2 * np.pi * t_s / p + f) for p, f in zip(self.periods_s, self.phases, strict=True)]
        return float(self.amplitude * np.sum(waves) / np.sqrt(len(waves)))


@dataclass(frozen=True, slots=True)
class Programme:
    """A whole film before anything is drawn.

    Attributes:
        starts_s: content second at which each song begins.
        spoiled: spans of `SPOILERS`; a cut's is the second around it.
        flashes: starts of white flashes, each 0.2 s.
        exposure: stops. warmth: red against blue, share.
        offset_s: audio minus video: how much later the sound is in the file than what is seen of it.
        bars: share of the height (positive) or width (negative) that is black.
    """

    numbers: tuple[Number, ...]
    starts_s: tuple[float, ...]
    duration_s: float
    shots: tuple[Shot, ...]
    spoiled: tuple[Span, ...]
    flashes: tuple[float, ...]
    exposure: Drift
    warmth: Drift
    offset_s: float
    bars: float
    seed: int
    engineer: frozenset[str] = field(default_factory=frozenset)

    def light_at(self, t_s: float) -> tuple[int, int]:
        """Hue and value of the rig's main colour at a moment."""
        for number, start_s in zip(self.numbers, self.starts_s, strict=True):
            hop = int(np.floor((t_s - start_s - LIGHT_AFTER_S) / HOP_S + 1e-9))
            if 0 <= hop < len(number.light):
                return int(number.light[hop, 0]), int(number.light[hop, 1])
        return PAUSE_HUE, PAUSE_LEVEL

    def flash_at(self, t_s: float) -> bool:
        return any(start <= t_s + 1e-6 < start + FLASH_S for start in self.flashes)

    def spoiled_at(self, t_s: float) -> set[str]:
        return {span.kind for span in self.spoiled if span.holds(t_s)}


def _drift(amplitude: float, rng: Generator, shortest_s: float) -> Drift:
    periods = tuple(float(p) for p in shortest_s * rng.uniform(1.0, 4.0, 3))
    return Drift(amplitude, periods, tuple(float(f) for f in rng.uniform(0, 2 * np.pi, 3)))


def _shots(duration_s: float, on: frozenset[str], rng: Generator) -> list[Shot]:
    shots, start_s, camera = [], 0.0, 0
    while start_s < duration_s:
        length_s = float(rng.uniform(8.0, 30.0)) if "cut" in on else duration_s
        end_s = min(start_s + length_s, duration_s)
        if duration_s - end_s < 4.0:
            end_s = duration_s
        slow = float(rng.uniform(1.05, 1.25))
        zooms = "zoom" in on and rng.random() < 0.35
        zoom = ((1.0, slow) if rng.random() < 0.5 else (slow, 1.0)) if zooms else (1.0, 1.0)
        shots.append(Shot(start_s, end_s, camera, zoom))
        start_s, camera = end_s, int((camera + rng.integers(1, 3)) % 3)
    return shots


def _inside(numbers: tuple[Number, ...], starts_s: list[float], on: frozenset[str], rng: Generator) -> list[Span]:
    """House lights, projection, frozen and black picture in the middle of songs, never two at once."""
    kinds = [kind for kind in ("house", "projection", "frozen", "black") if kind in on]
    found: list[Span] = []
    for number, start_s in zip(numbers, starts_s, strict=True):
        length_s = len(number.light) * HOP_S
        at_s = start_s + float(rng.uniform(15.0, 40.0))
        while kinds and at_s < start_s + length_s - 20.0:
            kind = kinds[int(rng.integers(len(kinds)))]
            lasts_s = float(rng.uniform(4.0, 7.0) if kind in ("frozen", "black") else rng.uniform(6.0, 14.0))
            found.append(Span(at_s, at_s + lasts_s, kind))
            at_s += lasts_s + float(rng.uniform(30.0, 70.0))
    return found


def plan(numbers: list[Number], seed: int, *, engineer: frozenset[str] = frozenset(ENGINEER)) -> Programme:
    """Draw a film of these songs.

    Args:
        engineer: which of `ENGINEER` are on.
    """
    rng = np.random.default_rng([seed, 71])
    offset_s = float(rng.uniform(-0.4, 0.4))
    at_s, starts, spoiled = 1.0 + float(rng.uniform(0, 0.5)), [], []
    for number in numbers:
        at_s = _on_a_hop(at_s, offset_s)
        starts.append(at_s)
        at_s += len(number.light) * HOP_S
        pause_s = float(rng.uniform(4.0, 9.0))
        if "house" in engineer:
            spoiled.append(Span(at_s + 0.5, at_s + pause_s - 0.3, "house"))
        at_s += pause_s
    kept = tuple(numbers)
    spoiled += _inside(kept, starts, engineer, rng)
    shots = _shots(at_s, engineer, rng)
    still = [s for s in spoiled if s.kind in ("frozen", "black")]
    shots = _without_cuts_in(shots, still)
    spoiled += [Span(shot.start_s - CUT_HALF_S, shot.start_s + CUT_HALF_S, "cut") for shot in shots[1:]]
    flashes: list[float] = []
    if "flashes" in engineer:
        flashes = sorted(_on_a_hop(float(t), offset_s) + LIGHT_AFTER_S for t in rng.uniform(0, at_s, int(at_s / 20)))
    return Programme(
        numbers=kept,
        starts_s=tuple(starts),
        duration_s=at_s,
        shots=tuple(shots),
        spoiled=tuple(sorted(spoiled, key=lambda span: span.start_s)),
        flashes=tuple(flashes),
        exposure=_drift(0.35 if "exposure" in engineer else 0.0, rng, 20.0),
        warmth=_drift(0.06 if "balance" in engineer else 0.0, rng, 30.0),
        offset_s=offset_s,
        bars=float(rng.choice([0.0, 0.0, 0.12, -0.12])) if "bars" in engineer else 0.0,
        seed=seed,
        engineer=engineer,
    )


def _on_a_hop(at_s: float, offset_s: float) -> float:
    """The next moment that is heard where a hop of the file begins: a film's truth is one token for each of its hops.

    At any other phase half of the tokens would change within a frame of the moment at which they are asked for, and
    the score would measure chance.
    """
    return float(np.ceil((at_s + offset_s) / HOP_S) * HOP_S - offset_s)


def _without_cuts_in(shots: list[Shot], still: list[Span]) -> list[Shot]:
    """Nobody sees a cut in a frozen or black picture: such shots go on instead."""
    kept = [shots[0]]
    for shot in shots[1:]:
        hidden = any(span.start_s - 1.0 < shot.start_s < span.end_s + 1.0 for span in still)
        last = kept[-1]
        if hidden or last.camera == shot.camera:
            kept[-1] = Shot(last.start_s, shot.end_s, last.camera, last.zoom)
        else:
            kept.append(shot)
    return kept
