"""Fitting the critic's few weights on the validation tunes, and measuring it on the test tunes. Pure but for ONNX runs.

False melodies are made of the same tunes three ways (`damage.py`). The trigram is measured on the very same ones.
"""

from collections.abc import Sequence

import numpy as np
from rich.progress import track

from tools.train.image2music.critic import FEATURES, Ears, Judge, auc, examine
from tools.train.image2music.damage import FALSE
from tools.train.image2music.measures import targets
from tools.train.image2music.melody import Melody

DECAY, ROUNDS, RATE = 1e-3, 3_000, 0.3


def false_ones(melodies: Sequence[Melody], rng: np.random.Generator) -> dict[str, list[Melody]]:
    """For each way of making false, one false melody for each true one."""
    return {name: [make(one, rng) for one in melodies] for name, make in FALSE.items()}


def fit(ears: Ears, melodies: Sequence[Melody], rng: np.random.Generator) -> dict:
    """`weights.json`: targets from the true melodies, and weights that tell them from false ones (logistic
    regression)."""
    wanted = targets(melodies)
    notes = [float(ears.surprises(one)[0].mean()) for one in melodies]
    wanted["notes"] = tuple(float(one) for one in np.quantile(notes, (0.05, 0.95)))
    groups = {"true": list(melodies), **false_ones(melodies, rng)}
    rows, truth = [], []
    for name, those in groups.items():
        for one in track(those, f"examine {name}", transient=True):
            parts = examine(ears, one, wanted)[0]
            rows.append([parts[feature] for feature in FEATURES])
            truth.append(name == "true")
    weights, bias = _logistic(np.array(rows), np.array(truth, float))
    return {"targets": {name: list(one) for name, one in wanted.items()},
            "weights": {**dict(zip(FEATURES, (round(float(one), 4) for one in weights), strict=True)), "bias":
            round(bias, 4)}}  # fmt: skip


def _logistic(rows: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias; true and false ones weigh the same together."""
    mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    scaled = (rows - mean) / spread
    share = np.where(truth > 0, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    weights, bias = np.zeros(rows.shape[1]), 0.0
    for _ in range(ROUNDS):
        error = share * (1.0 / (1.0 + np.exp(-(scaled @ weights + bias))) - truth)
        weights -= RATE * (scaled.T @ error + DECAY * weights)
        bias -= RATE * float(error.sum())
    return weights / spread, bias - float((weights / spread) @ mean)


def compare(
    judges: dict[str, Judge], melodies: Sequence[Melody], rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """AUC of each judge against each kind of false melody, and against all of them together."""
    false = false_ones(melodies, rng)
    found: dict[str, dict[str, float]] = {}
    for name, judge in judges.items():
        true = [one.score for one in judge.judge(melodies)]
        scores = {
            kind: [one.score for one in judge.judge(those)]
            for kind, those in track(false.items(), name, transient=True)
        }
        found[name] = {kind: round(auc(true, those), 4) for kind, those in scores.items()}
        found[name]["all"] = round(auc(true, [one for those in scores.values() for one in those]), 4)
    return found
