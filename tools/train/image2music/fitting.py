"""Choosing the critic's parts and weights on validation tunes, measuring it on test tunes. Pure but for ONNX runs.

False melodies are made of the same tunes three ways (`damage.py`). The trigram is measured on the very same ones.
"""

from collections.abc import Sequence

import numpy as np
from rich.progress import track

from tools.train.image2music.critic import PARTS, SHAPE_COST, STAY, Ears, Judge, auc, examine
from tools.train.image2music.damage import FALSE
from tools.train.image2music.measures import targets
from tools.train.image2music.melody import Melody

DECAY, ROUNDS = 1e-3, 40
FOLDS = 5
WORTH = 5e-4
"""Cross-validated AUC that a part must bring to stay."""


def false_ones(melodies: Sequence[Melody], rng: np.random.Generator) -> dict[str, list[Melody]]:
    """For each way of making false, one false melody for each true one."""
    return {name: [make(one, rng) for one in melodies] for name, make in FALSE.items()}


def fit(ears: Ears, melodies: Sequence[Melody], rng: np.random.Generator) -> dict:
    """`weights.json`: targets from the true melodies; which parts count, and weights that tell true from false ones."""
    wanted = targets(melodies)
    notes = [float(ears.surprises(one)[0].mean()) for one in melodies]
    wanted["notes"] = tuple(float(one) for one in np.quantile(notes, (0.05, 0.95)))
    groups = {"true": list(melodies), **false_ones(melodies, rng)}
    found = []
    for name, those in groups.items():
        for one in track(those, f"examine {name}", transient=True):
            parts = examine(ears, one, wanted)[0]
            found.append([-SHAPE_COST * parts["shape"], *(PARTS[part] * parts[part] for part in PARTS)])
    rows = np.array(found).reshape(len(groups), len(melodies), 1 + len(PARTS))
    names = list(PARTS)
    chosen, reached = choose(rows, [1 + names.index(part) for part in STAY])
    weights, bias = logistic(*_flat(rows[..., chosen]))
    named = {"shape": -SHAPE_COST}
    for at, weight in zip(chosen[1:], weights[1:], strict=True):
        named[names[at - 1]] = round(PARTS[names[at - 1]] * float(weight), 4)
    return {"targets": {name: list(one) for name, one in wanted.items()},
            "weights": {**named, "bias": round(bias, 4)},
            "validation_auc": round(reached, 4)}  # fmt: skip


def choose(rows: np.ndarray, stay: Sequence[int]) -> tuple[list[int], float]:
    """Which parts the critic needs: the one that is missed least goes, as long as next to nothing is lost.

    Args:
        rows: (1 + kinds, tunes, 1 + parts); row 0 is true, the others are made of the same tunes. Column 0 counts as it
            is, more of any other speaks for a tune. stay: columns that do, beside column 0.

    Returns:
        All columns that stay, and their AUC over held-out folds of the same tunes.
    """
    left = list(range(rows.shape[2]))
    best = now = cross_validated(rows)
    while may_go := set(left) - {0, *stay}:
        without = {one: cross_validated(rows[..., [at for at in left if at != one]]) for one in sorted(may_go)}
        missed = max(without, key=lambda one: without[one])
        if without[missed] < best - WORTH:
            break
        left.remove(missed)
        now = without[missed]
        best = max(best, now)
    return left, now


def cross_validated(rows: np.ndarray) -> float:
    """AUC of a fit on other tunes, mean over folds and kinds; `rows` as in `choose`."""
    found = []
    for fold in range(FOLDS):
        out = np.arange(rows.shape[1]) % FOLDS == fold
        weights, _ = logistic(*_flat(rows[:, ~out]))
        true, *false = rows[:, out] @ weights
        found += [auc(true, one) for one in false]
    return float(np.mean(found))


def _flat(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, parts) and (N,) whether each is true."""
    return rows.reshape(-1, rows.shape[2]), np.repeat(np.arange(len(rows)) == 0, rows.shape[1]).astype(float)


def logistic(rows: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic regression by Newton's method; true and false ones weigh the same together.

    The weight of column 0 is 1, as given; no other is below 0: what would be is left out.
    """
    free = list(range(1, rows.shape[1]))
    while True:
        found, bias = _newton(rows[:, free], rows[:, 0], truth)
        if not free or found.min() >= 0.0:
            break
        del free[int(np.argmin(found))]
    weights = np.zeros(rows.shape[1])
    weights[0], weights[free] = 1.0, found
    return weights, bias


def _newton(rows: np.ndarray, given: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    scaled = np.concatenate([(rows - mean) / spread, np.ones((len(rows), 1))], axis=1)
    share = np.where(truth > 0, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    decay = np.diag([DECAY] * rows.shape[1] + [1e-9])
    weights = np.zeros(scaled.shape[1])
    for _ in range(ROUNDS):
        odds = 1.0 / (1.0 + np.exp(-np.clip(given + scaled @ weights, -40.0, 40.0)))
        slope = scaled.T @ (share * (odds - truth)) + decay @ weights
        bend = (scaled * (share * odds * (1.0 - odds))[:, None]).T @ scaled + decay
        step = np.linalg.solve(bend, slope)
        weights -= step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
    return weights[:-1] / spread, float(weights[-1] - weights[:-1] @ (mean / spread))


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
