"""What finetuning changed: the same held-out music lit before and after, beside the engineer's own light.

Before and after are free-running shows with the runtime's own sampler; nothing of the engineer's light is told to them.
Figures of the engineer's light bridge what cannot be trusted with the light before it, histograms leave it out, and all
three are judged at the same hops. Edge: runs ONNX sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from controller.arrays import Float64Array, IntArray
from controller.artefacts.artefact import read_manifest
from controller.listening.decode.vocabulary import HUE_PAD, HUES, VALUE_PAD
from controller.metrics.against_reference import changes
from controller.metrics.correspondence import AgainstMusic, MusicFeatures
from controller.metrics.craft import AUDIBLE_AFTER_S, accents, cues, hue_changes, hue_dwell_s, near, per_minute
from controller.metrics.professionals import likeness, medians
from tools.train.skipbart.dataset import UNLIT
from tools.train.skipbart.generate import Settings
from tools.train.skipbart.parity import stand_in
from tools.train.skipbart.stretches import AT_30, MUSIC_RATE_HZ, Stretch
from tools.train.skipbart.table import HeldOut, opened, without_look
from tools.train.skipbart.verdict import objections

HUE_BINS, LEVEL_BINS = 36, 16
PLAYED_HOPS, PLAYED_HOPS_REFRESHED = 6_000, 1_200
"""Of the held-out night; a bidirectional network takes ten times as long."""
SHORTEST_HOPS = 100
STRONG_HIT = 0.8
FADE_FROM, FADE_TO = 1, 24
"""A value that moves by this much in a hop, in one direction, fades; by more it is cut."""
OF_LEVELS = ("level_median", "fade_speed_per_s")
"""Figures that say nothing where films were scaled alone."""
PICTURED_HOPS = 900
LATE_S = 0.05

Lights = list[IntArray]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lights for each held-out stretch, (T, 2) each: of the models by name, `before` and `after` among them, and the
    engineer's, with PAD where it is unknown."""

    stretches: list[Stretch]
    models: dict[str, Lights]
    engineer: Lights

    @property
    def sides(self) -> dict[str, Lights]:
        """The models' lights and the engineer's."""
        return {**self.models, "engineer": self.engineer}

    @property
    def levels_known(self) -> bool:
        """Whether any of it says how bright it was beside other films."""
        return any(one.levels for one in self.stretches)

    def rows(self) -> dict[str, dict[str, float]]:
        """Figures of each."""
        gone = () if self.levels_known else OF_LEVELS
        rows = {name: figures(lights, self.stretches) for name, lights in self.sides.items()}
        return {name: {key: number for key, number in row.items() if key not in gone} for name, row in rows.items()}

    def histograms(self) -> dict[str, tuple[Float64Array, Float64Array]]:
        """Shares of hues (HUE_BINS,) and of levels (LEVEL_BINS,) of each; no levels of films that were scaled alone."""
        levels = [one.levels or not self.levels_known for one in self.stretches]
        everywhere = [True] * len(self.stretches)
        return {name: (hue_shares(self._known(lights, everywhere)), level_shares(self._known(lights, levels)))
                for name, lights in self.sides.items()}  # fmt: skip

    def _known(self, lights: Lights, wanted: list[bool]) -> IntArray:
        parts = zip(lights, self.engineer, wanted, strict=True)
        return np.concatenate([light[(own != UNLIT).all(axis=1) & here] for light, own, here in parts])


def compare(models: Mapping[str, Path], held_out: Sequence[Stretch], seed: int = 1) -> Comparison:
    """Light the held-out night with some artefacts.

    Args:
        models: their folders, streaming or bidirectional: `before` and `after`, and others by their names.
        held_out: the night that nobody learnt from.
    """
    slow = any(read_manifest(folder, "decoder", 0.1).refresh is not None for folder in models.values())
    parts = choose(held_out, PLAYED_HOPS_REFRESHED if slow else PLAYED_HOPS)
    lights = {name: play_all(folder, parts, seed) for name, folder in models.items()}
    return Comparison(parts, lights, [one.light for one in parts])


def choose(held_out: Sequence[Stretch], most: int) -> list[Stretch]:
    """Stretches of at most `most` hops in all, the longest first."""
    parts: list[Stretch] = []
    left = most
    for one in sorted(held_out, key=lambda one: -one.hops):
        if one.hops >= SHORTEST_HOPS or not parts:
            parts.append(one.cut(0, min(one.hops, left)))
            left -= parts[-1].hops
        if left < SHORTEST_HOPS:
            break
    return parts


def play_all(folder: Path, stretches: Sequence[Stretch], seed: int) -> Lights:
    """Free-running shows of an artefact, one for each stretch."""
    with opened(folder, stand_in(read_manifest(folder, "decoder", 0.1)), Settings()) as light:
        return [light(heard(one), np.random.default_rng([seed, number])) for number, one in enumerate(stretches)]


def heard(stretch: Stretch) -> HeldOut:
    """A stretch as the table's rows take songs; without hits in the footage, no cue waits for one in vain."""
    hits = stretch.heard.get("hits", np.ones(stretch.hops, np.float32))
    features = music_features(stretch) or MusicFeatures(*(np.zeros(0),) * 3, beats=np.zeros(0, np.int64))
    bearings = without_look(stretch.heard["bearings"]) if "bearings" in stretch.heard else None
    return HeldOut(stretch.name, stretch.music.astype(np.float32), hits, stretch.light[None], features, bearings)


def music_features(stretch: Stretch) -> MusicFeatures | None:
    """What the metrics hear of a stretch; None where the footage does not say."""
    if any(name not in stretch.heard for name in AT_30):
        return None
    chroma, onsets, rms = (stretch.heard[name] for name in AT_30)
    frames = {
        name: np.round(MUSIC_RATE_HZ * (0.1 * stretch.heard.get(name, np.zeros(0)) + LATE_S - AUDIBLE_AFTER_S)).astype(
            np.int64
        )
        for name in ("beats", "section_starts")
    }
    return MusicFeatures(chroma, onsets, rms, **frames)


def bridged(light: IntArray) -> IntArray:
    """A light without gaps: what is unknown is the light before it, or the first that is known."""
    out = light.copy()
    for column, pad in ((0, HUE_PAD), (1, VALUE_PAD)):
        known = np.flatnonzero(light[:, column] != pad)
        if len(known) == 0:
            out[:, column] = 0
            continue
        at = np.maximum(np.searchsorted(known, np.arange(len(light)), side="right") - 1, 0)
        out[:, column] = light[known[at], column]
    return out


def hue_shares(light: IntArray) -> Float64Array:
    """(HUE_BINS,) share of the light in each range of hues; brighter hops count more."""
    counts = np.bincount(light[:, 0] * HUE_BINS // HUES, light[:, 1] + 1.0, HUE_BINS)
    return counts / max(counts.sum(), 1e-9)


def level_shares(light: IntArray) -> Float64Array:
    """(LEVEL_BINS,) share of time at each range of values."""
    counts = np.bincount(light[:, 1] * LEVEL_BINS // 256, minlength=LEVEL_BINS).astype(np.float64)
    return counts / max(counts.sum(), 1e-9)


def apart(a: Float64Array, b: Float64Array) -> float:
    """How much of one distribution has to move to make the other: 0 the same, 1 nothing in common."""
    return float(0.5 * np.abs(a - b).sum())


def fade_speeds(light: IntArray) -> Float64Array:
    """Values a second at the hops at which the light fades."""
    moved = changes(light)[1]
    return 10.0 * moved[(moved >= FADE_FROM) & (moved <= FADE_TO)]


def figures(lights: Sequence[IntArray], stretches: Sequence[Stretch]) -> dict[str, float]:
    """Figures of one light over all stretches; what the footage cannot tell is left out."""
    whole = [bridged(light) for light in lights]
    minutes = sum(len(light) for light in whole) / 600.0
    moved = np.concatenate([changes(light)[1] for light in whole])
    fades = np.concatenate([fade_speeds(light) for light in whole])
    found = {
        "cues_per_minute": sum(len(cues(light)) for light in whole) / minutes,
        "hue_changes_per_minute": sum(per_minute(hue_changes(light), light) * len(light) for light in whole)
        / (600.0 * minutes),
        "hue_dwell_s": float(np.median([hue_dwell_s(light) for light in whole])),
        "accents_per_minute": sum(len(accents(light)) for light in whole) / minutes,
        "level_median": float(np.median(np.concatenate([light[:, 1] for light in whole]))),
        "still_share": float((moved == 0).mean()),
        "fade_speed_per_s": float(np.median(fades)) if len(fades) else 0.0,
    }
    return found | loudness_lift(whole, stretches) | _on_time(whole, stretches) | _likeness(whole, stretches)


def loudness_lift(lights: Sequence[IntArray], stretches: Sequence[Stretch]) -> dict[str, float]:
    """How much brightness follows the loudness, above chance: their correlation, minus that with the music moved."""
    lifts = []
    for light, one in zip(lights, stretches, strict=True):
        level, loud = light[:, 1].astype(np.float64), one.heard.get("loudness", np.zeros(0))
        if len(loud) >= SHORTEST_HOPS and level.std() > 0 and loud.std() > 0:
            here, *moved = (float(np.corrcoef(level, np.roll(loud, round(share * len(loud))))[0, 1])
                            for share in (0.0, 0.25, 0.5, 0.75))  # fmt: skip
            lifts.append(here - float(np.mean(moved)))
    return {"loudness_lift": float(np.mean(lifts))} if lifts else {}


def _on_time(lights: Sequence[IntArray], stretches: Sequence[Stretch]) -> dict[str, float]:
    """Shares of cues on beats, and on strong hits, of all cues."""
    found = {}
    for name, marks in (("beats", "beats"), ("hits", "hits")):
        if all(marks in one.heard for one in stretches):
            on = [near(cues(light), _marks(one, marks), 0) for light, one in zip(lights, stretches, strict=True)]
            on_all = np.concatenate(on)
            found[f"cues_on_{name}"] = float(on_all.mean()) if len(on_all) else 0.0
    return found


def _marks(stretch: Stretch, name: str) -> IntArray:
    marks = stretch.heard[name]
    return np.flatnonzero(marks >= STRONG_HIT) if name == "hits" else marks.astype(np.int64)


def _likeness(lights: Sequence[IntArray], stretches: Sequence[Stretch]) -> dict[str, float]:
    """Correspondence with the music, and how far from professionals it is: `controller.metrics`."""
    rows = []
    for light, one in zip(lights, stretches, strict=True):
        music = music_features(one)
        if music is not None and one.hops >= 3 * SHORTEST_HOPS:
            rows.append(AgainstMusic(music, one.hops).scores(light))
    if not rows:
        return {}
    middle = medians(rows)
    kept = ("structure", "novelty", "loudness_brightness", "onset_change", "colour_structure")
    return {"likeness": likeness(middle)["mean"], **{name: middle[name] for name in kept}}


def pictures(comparison: Comparison, count: int = 2) -> list[tuple[int, int, int]]:
    """Where to look: stretch, first and last hop of the windows in which the engineer does most, apart in time."""
    found: list[tuple[float, int, int, int]] = []
    for index, own in enumerate(comparison.engineer):
        for first in range(0, max(len(own) - PICTURED_HOPS // 3, 1), PICTURED_HOPS):
            last = min(first + PICTURED_HOPS, len(own))
            here = own[first:last]
            known = float((here[:, 1] != VALUE_PAD).sum())
            found.append((known + 20.0 * len(hue_changes(bridged(here))), index, first, last))
    best = sorted(found, reverse=True)[:count]
    return sorted((index, first, last) for _, index, first, last in best)


def nearer(comparison: Comparison) -> dict[str, dict[str, float | None]]:
    """How far each model is from the engineer's light, in hues and levels: 0 the same, 1 nothing in common.

    Levels are None where the footage does not say what they were.
    """
    shares = comparison.histograms()
    hue, level = shares["engineer"]
    known = comparison.levels_known
    return {
        name: {"hue": apart(shares[name][0], hue), "level": apart(shares[name][1], level) if known else None}
        for name in comparison.models
    }


def plain(comparison: Comparison, losses: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Everything as plain data: `changes.json`."""
    return {
        "losses": losses,
        "figures": comparison.rows(),
        "distance_to_engineer": nearer(comparison),
        "worse": objections(losses, nearer(comparison)),
        "minutes": sum(one.hops for one in comparison.stretches) / 600.0,
    }
