"""The rows without a network: majority, n-gram, gradient boosting on hand-made features."""

from collections.abc import Callable

import numpy as np

from tools.train.symbolic.handmade import boosted
from tools.train.symbolic.ngram import Answer, notes_by_table, pieces_by_likelihood
from tools.train.symbolic.scores import accuracy, f1_of, macro_f1
from tools.train.symbolic.tasks import Task


def majority(task: Task, seed: int) -> Answer:
    """The commonest class of the training side, always; `seed` is not used."""
    del seed
    train, test = task.splits["train"], task.splits["test"]
    counts = np.bincount(train.labels[train.labels >= 0].ravel(), minlength=len(task.classes)).astype(np.float64)
    counted = test.labels >= 0
    owners = (
        test.pieces if task.level == "sequence" else np.broadcast_to(test.pieces[:, None], test.labels.shape)[counted]
    )
    truth = test.labels if task.level == "sequence" else test.labels[counted]
    chances = np.log((counts + 1.0) / (counts.sum() + len(counts)))
    return np.broadcast_to(chances, (len(truth), len(counts))), truth, owners


def ngram(task: Task, seed: int) -> Answer:
    """N-grams of a class's notes, or a table of what notes look like; `seed` is not used."""
    del seed
    return pieces_by_likelihood(task) if task.level == "sequence" else notes_by_table(task)


PLAIN: dict[str, Callable[[Task, int], Answer]] = {
    "majority": majority,
    "n-gram": ngram,
    "gradient boosting, hand-made features": boosted,
}


def score(task: Task, answer: Answer) -> dict[str, float]:
    """`n`, `accuracy`, `macro_f1` and the `f1 CLASS` of each class, of log-probabilities, truth and owners.

    Sequences are scored by piece, the log-probabilities of its windows added up; tokens one by one.
    """
    chances, truth, owners = answer
    if task.level == "sequence":
        pieces, inverse = np.unique(owners, return_inverse=True)
        summed = np.zeros((len(pieces), chances.shape[1]))
        np.add.at(summed, inverse, chances)
        first = np.searchsorted(owners[np.argsort(owners, kind="stable")], pieces)
        truth = truth[np.argsort(owners, kind="stable")][first]
        chances = summed
    answers = chances.argmax(axis=1)
    return {
        "n": len(truth),
        "accuracy": accuracy(truth, answers),
        "macro_f1": macro_f1(truth, answers, chances.shape[1]),
        **{f"f1 {name}": f1_of(truth, answers, one) for one, name in enumerate(task.classes)},
    }
