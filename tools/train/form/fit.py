"""The weights of `controller/listening/form/boundary.py`: what speaks for a new section, and whether there was one.

    python -m tools.train.form.fit --songs work/form

A logistic regression for each time that a line is judged, on songs whose sections are known or guessed; every fifth
song is left out in turn and scored. While the numbers are collected the form is told the truth, so that it counts bars
from where a section really began. Prints the table that stands there.
"""

import argparse
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from controller.listening.form.form import STAGES, FormWatch
from controller.listening.form.lines import NAMES
from controller.system import start_method
from tools.train.form.songs import read_songs

NEAR_S = 0.75
"""A line this near to a true start is one: the truth is no exacter."""
FOLDS = 5
STRENGTH = 0.3
LEAST = {"ahead": 0.25, "hit": 0.22, "two": 0.16, "bar": 0.14}

Rows = dict[str, list[tuple[list[float], bool]]]


class Teacher:
    """Judges by the truth, at the last stage, so that every line is seen at all of them; writes down the numbers."""

    def __init__(self, starts_s: Sequence[float]) -> None:
        self._starts_s = np.array(starts_s)
        self.rows: Rows = {stage: [] for stage in STAGES}

    def __call__(self, stage: str, numbers: Sequence[float], line_s: float) -> float:
        """As `form.Judge` has it."""
        opens = bool(len(self._starts_s)) and float(np.abs(self._starts_s - line_s).min()) < NEAR_S
        self.rows[stage].append((list(numbers), opens))
        return float(opens and stage == STAGES[-1])


def rows_of(file: Path) -> Rows:
    """The numbers of every line of a song, at each stage, and whether it opens a section."""
    (song,) = read_songs(file.parent, file.stem)
    teacher = Teacher([at_s for at_s, _ in song.sections][1:])
    for _ in song.follow(FormWatch(teacher)):
        pass
    return teacher.rows


def fitted(rows: list[tuple[list[float], bool]]) -> LogisticRegression:
    """The weights of one stage."""
    numbers, opens = np.array([one for one, _ in rows]), np.array([one for _, one in rows])
    return LogisticRegression(C=STRENGTH, max_iter=2_000).fit(numbers, opens)


def left_out(songs: list[Rows], stage: str) -> str:
    """How well the stage tells starts from other lines in songs that it was not fitted to."""
    said, truth = [], []
    for fold in range(FOLDS):
        model = fitted([row for at, rows in enumerate(songs) if at % FOLDS != fold for row in rows[stage]])
        rest = [row for rows in songs[fold::FOLDS] for row in rows[stage]]
        if rest:
            said.append(model.predict_proba(np.array([one for one, _ in rest]))[:, 1])
            truth += [one for _, one in rest]
    said_all = np.concatenate(said)
    found = average_precision_score(truth, said_all), roc_auc_score(truth, said_all)
    return f"{len(truth)} lines, {np.mean(truth):.3f} open a section: precision {found[0]:.3f}, area {found[1]:.3f}"


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True)
    options = parser.parse_args()
    files = sorted(options.songs.glob("*.song"))
    with get_context(start_method()).Pool(2) as pool:
        songs = list(track(pool.imap(rows_of, files), total=len(files)))
    print("TABLE = {")
    for stage in STAGES:
        model = fitted([row for rows in songs for row in rows[stage]])
        weights = ", ".join(f"{one:.3f}" for one in model.coef_[0])
        print(f'    "{stage}": ({LEAST[stage]}, {model.intercept_[0]:.3f}, ({weights})),')
    print("}")
    for stage in STAGES:
        print(f"# {stage}: {left_out(songs, stage)}")
    for name, one in zip(NAMES, fitted([row for rows in songs for row in rows["bar"]]).coef_[0], strict=True):
        print(f"# {name}: {one:+.2f}")


if __name__ == "__main__":
    main()
