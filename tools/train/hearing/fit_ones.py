"""The weights of `controller/listening/time/ones.py`: the traits of a beat, and whether it was a one.

    python -m tools.train.hearing.fit_ones --fonts /usr/share/sounds/sf2/*.sf2 --songs ../shared/data/audio

A logistic regression on the beats that the show itself tells, of made songs and of charted ones that are not half a
beat off; ones and others weigh the same, so that the sum is the logarithm of a ratio of likelihoods. With `--leave`
a chart is left out and scored.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from controller.artefacts.artefact import read_manifest
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import Hearing
from controller.listening.time.ones import NEAR_S, TRAITS
from controller.messages import AudioBlock
from controller.sound_format import HOP_S
from tools.train.hearing.band import Band
from tools.train.hearing.render import rendered
from tools.train.hearing.scenes import in_a_room
from tools.train.hearing.score import LAST_S, MODEL, charted, cut, hops

SEED, MADE_S = 91_000, 90.0
FROM_S = 8.0
METRES = (4, 4, 3, 4, 6, 7, 4, 4)
CHARTS = ("muldjord_armygeddon", "muldjord_chaos_god", "muldjord_internal_degeneration")
CHART_WEIGHT = 3.0
"""Of a real song, beside a made one."""


def weighed(sound: Iterator[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) moments and (n, 6) traits of the beats that a show would have told."""
    hearing = Hearing(MODEL, read_manifest(MODEL, "hearing", FRAME_S))
    found: dict[float, np.ndarray] = {}
    for hop, samples in enumerate(sound):
        hearing.hear(AudioBlock((hop + 1) * HOP_S, hop, samples))
        if hearing.weighed is not None and hearing.weighed[1] is not None:
            found[hearing.weighed[0]] = hearing.weighed[1]
    return np.array(list(found)), np.array(list(found.values())).reshape(-1, len(TRAITS))


def rows_of(sound: Iterator[np.ndarray], beats: np.ndarray, ones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6) traits of the beats that were told right, and whether each was a one."""
    told, traits = weighed(sound)
    right = np.array([t_s > FROM_S and np.abs(beats - t_s).min() < NEAR_S for t_s in told], bool)
    return traits[right], np.array([np.abs(ones - t_s).min() < NEAR_S for t_s in told[right]], bool)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--made", type=int, default=24)
    parser.add_argument("--leave", default="", help="a chart that is scored and not fitted on")
    options = parser.parse_args()
    parts, weights, left = [], [], None
    for index in track(range(options.made), "made songs"):
        rng = np.random.default_rng(SEED + index)
        midi, truth = Band(rng, MADE_S, METRES[index % len(METRES)]).make()
        sound = in_a_room(rng, rendered(midi, options.fonts[index % len(options.fonts)]))
        beats = np.array([t_s for t_s, _ in truth.beats])
        parts.append(rows_of(cut(sound), beats, np.array([t_s for t_s, number in truth.beats if number == 1])))
        weights.append(1.0)
    for name in track(CHARTS, "charts"):
        beats = charted(options.songs / f"{name}.notes.mid", LAST_S)
        one = rows_of(hops(options.songs / f"{name}.opus", LAST_S), beats, beats[::4])
        if name == options.leave:
            left = one
        else:
            parts.append(one)
            weights.append(CHART_WEIGHT)
    x, y = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    each = np.concatenate([np.full(len(y), weight / len(y)) for (_, y), weight in zip(parts, weights, strict=True)])
    fitted = LogisticRegression(C=0.3, class_weight="balanced").fit(x, y, sample_weight=each * len(x) / each.sum())
    print(*TRAITS, "WEIGHTS =", *fitted.coef_[0].round(2).tolist(), "BIAS =", round(float(fitted.intercept_[0]), 2))
    if left is not None:
        print(f"{options.leave}: AUC {roc_auc_score(left[1], fitted.decision_function(left[0])):.2f}")


if __name__ == "__main__":
    main()
