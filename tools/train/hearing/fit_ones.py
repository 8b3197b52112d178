"""The weights of `controller/listening/time/ones.py`: what two networks say around a beat, and whether it was a one.

    python -m tools.train.hearing.fit_ones --fonts /usr/share/sounds/sf2/*.sf2 --songs ../shared/data/audio

A logistic regression on made songs and on the charted ones that are not half a beat off; ones and others weigh the
same, so that the sum is the logarithm of a ratio of likelihoods. With `--leave NAME` one chart is left out and scored.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from controller.artefacts.artefact import read_manifest
from controller.listening.time.frame_network import open_networks
from controller.listening.time.front import FRAME_S, Front
from controller.listening.time.ones import EVEN, NEAR
from controller.listening.time.outputs import DELAY
from tools.train.hearing.band import Band
from tools.train.hearing.render import rendered
from tools.train.hearing.scenes import in_a_room
from tools.train.hearing.score import LAST_S, MADE_S, MODEL, charted, cut, hops

SEED = 70_000
FROM_S = 8.0
CHARTS = ("muldjord_armygeddon", "muldjord_chaos_god", "muldjord_internal_degeneration", "sectoid_feelings")
CHART_WEIGHT = 2.0


def said(sound: Iterator[np.ndarray]) -> np.ndarray:
    """(frames, 3) BeatNet's beat and one, and our own network's one, of the same moments."""
    beats, own = open_networks(MODEL, read_manifest(MODEL, "hearing", FRAME_S))
    if own is None:
        raise SystemExit(f"{MODEL} has no network of its own for ones; train it first (tools.train.hearing.ears)")
    front, rows = Front(), []
    for samples in sound:
        rows += [[*beats.step(frame), own.step(frame)[1]] for frame in front.feed(samples[:, 0])]
    found = np.array(rows, np.float32)
    return np.column_stack([found[:-DELAY, :2], found[DELAY:, 2]])


def rows_of(heard: np.ndarray, beats: np.ndarray, ones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(beats, 2) what `ones.evidence` weighs, and whether each was a one."""
    features, truth = [], []
    for t_s in beats[beats > FROM_S]:
        frame = round(t_s / FRAME_S)
        if NEAR <= frame < len(heard) - NEAR:
            beat, one, own = heard[frame - NEAR : frame + NEAR + 1].max(axis=0)
            features.append([np.log((one + EVEN) / (beat + EVEN)), np.log((own + EVEN) / (1.0 - own + EVEN))])
            truth.append(bool(np.abs(ones - t_s).min() < 1e-3))
    return np.array(features), np.array(truth)


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
        midi, truth = Band(rng, MADE_S, (4, 4, 3, 4, 6, 7)[index % 6]).make()
        heard = said(cut(in_a_room(rng, rendered(midi, options.fonts[index % len(options.fonts)]))))
        beats = np.array([t_s for t_s, _ in truth.beats])
        parts.append(rows_of(heard, beats, np.array([t_s for t_s, number in truth.beats if number == 1])))
        weights.append(1.0)
    for name in track(CHARTS, "charts"):
        beats = charted(options.songs / f"{name}.notes.mid", LAST_S)
        one = rows_of(said(hops(options.songs / f"{name}.opus", LAST_S)), beats, beats[::4])
        if name == options.leave:
            left = one
        else:
            parts.append(one)
            weights.append(CHART_WEIGHT)
    x, y = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    each = np.concatenate([np.full(len(part[1]), weight) for part, weight in zip(parts, weights, strict=True)])
    fitted = LogisticRegression(C=0.3, class_weight="balanced").fit(x, y, sample_weight=each)
    print("BEATNET, OWN, BIAS =", *(round(float(one), 2) for one in (*fitted.coef_[0], fitted.intercept_[0])))
    if left is not None:
        print(f"{options.leave}: AUC {roc_auc_score(left[1], fitted.decision_function(left[0])):.2f}")


if __name__ == "__main__":
    main()
