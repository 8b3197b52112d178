"""How well the form of a song is followed as it is played.

    python -m tools.train.form.score --songs work/form

Boundaries within 3 s and 0.5 s of the true ones, how late they are known, which parts that come again are known again,
and which are taken for one of before that they are not: counted as `followspot evaluate` counts them.
"""

import argparse
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import track

from controller.listening.form.boundary import boundary
from controller.listening.form.form import FormWatch
from controller.metrics.song_form import NEAR_S, boundary_figures, recall_figures
from controller.records.told_form import ToldForm, ToldSection
from controller.system import start_method
from tools.train.form.songs import read_songs

SHOWN = (
    *(f"boundaries_f_{within_s:g}_s" for within_s in NEAR_S),
    "boundaries_known_s_after",
    "repeats_recalled",
    "wrongly_recalled",
)


def figures(file: Path) -> tuple[str, bool, dict[str, float]]:
    """Play one song: its name, whether its sections are known or guessed, and its figures."""
    (song,) = read_songs(file.parent, file.stem)
    watch = FormWatch(boundary)
    for _ in song.follow(watch):
        pass
    told = ToldForm([ToldSection(one.start_s, one.known_s, one.label, one.confidence) for one in watch.sections])
    starts_s = np.array([at_s for at_s, _ in song.sections])
    kinds = np.array([label for _, label in song.sections])
    end_s = song.heard[-1].t_s
    found = boundary_figures(told, starts_s) | recall_figures(told, starts_s, kinds, end_s)
    return song.name, song.known, found | {"sections_a_minute": len(told.sections) * 60.0 / end_s}


def main() -> None:
    """Score and print: means over songs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--each", action="store_true", help="a line for each song")
    options = parser.parse_args()
    files = sorted(options.songs.glob("*.song"))
    with get_context(start_method()).Pool(2) as pool:
        all_of = list(track(pool.imap(figures, files), total=len(files)))
    for known in (False, True):
        these = [(name, found) for name, is_known, found in all_of if is_known == known]
        if these:
            print(f"{'made' if known else 'real'} songs: {len(these)}")
        for name in (*SHOWN, "sections_a_minute") if these else ():
            print(f"  {name.replace('_', ' ')}: {np.nanmean([found[name] for _, found in these]):.2f}")
        for song, found in these if options.each else ():
            print(f"    {song}: " + ", ".join(f"{found[name]:.2f}" for name in SHOWN))


if __name__ == "__main__":
    main()
