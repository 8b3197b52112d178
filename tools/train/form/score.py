"""How well the form of a song is followed as it is played.

    python -m tools.train.form.score --songs work/form

Boundaries within 3 s and 0.5 s of the true ones, how late they are known, which sections that come again are known
again, and which are taken for one of before that they are not. Beside it, a boundary every eight bars.
"""

import argparse
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path

import mir_eval
import numpy as np
from rich.progress import track

from controller.listening.form.boundary import boundary
from controller.listening.form.form import FormWatch, SongSection
from tools.train.form.songs import Song, read_songs

SETTLED = 0.6
"""Of a section has been played when its label is asked for."""


@dataclass
class Figures:
    """Of one song."""

    name: str
    known: bool
    near: float
    exact: float
    late_s: list[float] = field(default_factory=list)
    came_again: int = 0
    recalled: int = 0
    wrongly: int = 0
    asked: int = 0
    sections: int = 0
    minutes: float = 0.0


def followed(song: Song) -> tuple[list[SongSection], list[tuple[float, str]]]:
    """The sections as they stand at the end, and the label at every hop."""
    watch, labels = FormWatch(boundary), []
    for now_s in song.follow(watch):
        started = [one for one in watch.sections if one.start_s <= now_s]
        labels.append((now_s, started[-1].label if started else ""))
    return watch.sections, labels


def figures(file: Path) -> Figures:
    """Play one song."""
    (song,) = read_songs(file.parent, file.stem)
    sections, labels = followed(song)
    end_s = song.heard[-1].t_s
    ours = np.array([one.start_s for one in sections][1:])
    truth = np.array([at_s for at_s, _ in song.sections][1:])
    found = Figures(song.name, song.known, f_measure(truth, ours, 3.0, end_s), f_measure(truth, ours, 0.5, end_s))
    found.late_s = [
        one.known_s - one.start_s for one in sections[1:] if len(truth) and np.abs(truth - one.start_s).min() < 3.0
    ]
    found.sections, found.minutes = len(sections), end_s / 60.0
    _count_labels(song, labels, end_s, found)
    return found


def f_measure(truth: np.ndarray, ours: np.ndarray, window_s: float, end_s: float) -> float:
    """mir_eval's, without the song's beginning and end."""
    if not len(truth) or not len(ours):
        return 0.0
    spans = [np.column_stack([starts, [*starts[1:], end_s + 9.0]]) for starts in (np.unique(truth), np.unique(ours))]
    return float(mir_eval.segment.detection(*spans, window=window_s, trim=False)[2])


def _count_labels(song: Song, labels: list[tuple[float, str]], end_s: float, found: Figures) -> None:
    given: list[tuple[int, str]] = []
    ends = [at_s for at_s, _ in song.sections[1:]] + [end_s]
    for (start_s, label), to_s in zip(song.sections, ends, strict=True):
        at = int(np.searchsorted([t for t, _ in labels], start_s + SETTLED * (to_s - start_s)))
        mine = labels[min(at, len(labels) - 1)][1]
        before = [one for one in given if one[1] == mine]
        again = any(one[0] == label for one in given)
        found.asked += 1
        found.came_again += again
        found.recalled += again and any(one[0] == label for one in before)
        found.wrongly += bool(before) and all(one[0] != label for one in before)
        given.append((label, mine))


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--each", action="store_true", help="a line for each song")
    options = parser.parse_args()
    with Pool(2) as pool:
        files = sorted(options.songs.glob("*.song"))
        all_of = list(track(pool.imap(figures, files), total=len(files)))
    for known in (False, True):
        these = [one for one in all_of if one.known == known]
        if not these:
            continue
        late = np.concatenate([one.late_s for one in these])
        again, asked = sum(one.came_again for one in these), sum(one.asked for one in these)
        print(f"{'made' if known else 'real'} songs: {len(these)}")
        a_minute = sum(one.sections for one in these) / sum(one.minutes for one in these)
        near, exact = (np.mean([getattr(one, name) for one in these]) for name in ("near", "exact"))
        print(f"  boundaries F at 3 s {near:.2f}, at 0.5 s {exact:.2f}; {a_minute:.1f} a minute")
        print(f"  known after {np.percentile(late, [25, 50, 75, 90]).round(2)} s, {np.mean(late < 0):.2f} ahead")
        print(f"  recalled {sum(one.recalled for one in these) / max(1, again):.2f} of {again}, wrongly "
              f"{sum(one.wrongly for one in these) / asked:.2f} of {asked}")  # fmt: skip
        for one in these if options.each else ():
            print(f"    {one.name}: {one.near:.2f} {one.exact:.2f}, {one.sections} sections, "
                  f"{one.recalled}/{one.came_again} recalled, {one.wrongly} wrongly")  # fmt: skip


if __name__ == "__main__":
    main()
