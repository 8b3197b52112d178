"""Which sections of a song are alike: what `controller/listening/form/memory.py` weighs, fitted on pairs of sections.

    python -m tools.train.form.pairs --songs work/form

For 4, 8 and 16 beats of a section and every section before it: how far apart they are, and whether they have one label.
The form is told where sections begin. Half of the songs are fitted, the other half scored. The weights there
are those of 8 beats by hand: none below zero, harmony more than labels give it that were guessed without it, and alike
higher, until half of what returns was known again.
"""

import argparse
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from controller.listening.form import lines
from controller.listening.form.beat_sounds import NUMBERS
from controller.listening.form.form import FormWatch
from controller.listening.form.memory import Passage
from controller.system import start_method
from tools.train.form.fit import NEAR_S, STRENGTH, Teacher
from tools.train.form.songs import Song, read_songs

BEATS = (4, 8, 16)
Pairs = dict[int, list[tuple[np.ndarray, bool]]]


def pairs_of(file: Path) -> Pairs:
    """For each number of beats: how far two sections are apart, (10,), and whether their labels are one."""
    (song,) = read_songs(file.parent, file.stem)
    watch = FormWatch(Teacher([at_s for at_s, _ in song.sections][1:]))
    for _ in song.follow(watch):
        pass
    passages = [one for one in watch.memory.passages if len(one.sounds) >= BEATS[0]]
    labels = [_label(song, one) for one in passages]
    found: Pairs = {beats: [] for beats in BEATS}
    for at, mine in enumerate(passages):
        before = np.concatenate([one.table for one in passages[:at]]) if at else np.zeros((0, NUMBERS))
        for beats in (one for one in BEATS if len(mine.sounds) >= one):
            scale = lines.spread(np.concatenate([before, mine.table[:beats]]))
            for earlier, other in enumerate(passages[:at]):
                begins = lines.apart(mine.opening(beats), other.opening(beats), scale)
                whole = lines.apart(mine.opening(beats), other.mean, scale)
                found[beats].append((np.concatenate([begins, whole]), labels[at] == labels[earlier]))
    return found


def _label(song: Song, passage: Passage) -> int:
    """Of the section that a passage lies in."""
    begun = [label for at_s, label in song.sections if at_s <= passage.start_s + NEAR_S]
    return begun[-1] if begun else song.sections[0][1]


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True)
    files = sorted(parser.parse_args().songs.glob("*.song"))
    with get_context(start_method()).Pool(2) as pool:
        songs = list(track(pool.imap(pairs_of, files), total=len(files)))
    for beats in BEATS:
        fitted, left = ([pair for song in part for pair in song[beats]] for part in (songs[::2], songs[1::2]))
        model = LogisticRegression(C=STRENGTH, max_iter=2_000).fit(*map(np.array, zip(*fitted, strict=True)))
        far, alike = map(np.array, zip(*left, strict=True))
        area = roc_auc_score(alike, model.predict_proba(far)[:, 1])
        weights = (-model.coef_[0]).round(2).tolist()
        print(f"{beats} beats, {len(fitted)} pairs: begins {weights[:5]}, whole {weights[5:]}, "
              f"alike {model.intercept_[0]:.2f}; area {area:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
