"""Writing an opening's folder, whole or not at all. Edge: files.

Everything is written into a folder of another name beside DIR and then renamed; an opening that was there before is
taken away only when the new one is whole.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.train.image2music.drawing import score_svg
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.picture import Picture
from tools.train.image2music.playing import band_for, voices, write_midi, write_wav
from tools.train.image2music.report import page
from tools.train.image2music.seed import palette_json, seed_json
from tools.train.image2music.studio import Opening

MARK = "seed.json"


def refuse_folder(out: Path) -> None:
    """Refuse a place that holds something else than an opening, before any work is done.

    Raises:
        OpeningError: it does.
    """
    if out.exists() and not out.is_dir():
        raise OpeningError(f"{out}: is a file; name a folder")
    if out.is_dir() and not os.access(out, os.R_OK):
        raise OpeningError(f"{out}: may not be looked into; name another folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise OpeningError(f"{out}: holds other files and no opening; name another folder")
    if not out.absolute().parent.is_dir():
        raise OpeningError(f"{out.absolute().parent}: no such folder; make it first")
    if not os.access(out.absolute().parent, os.W_OK):
        raise OpeningError(f"{out.absolute().parent}: nothing may be written there; name a folder elsewhere")


def write_opening(
    opening: Opening, picture: Picture, out: Path, provenance: dict[str, Any], *, synth: str = "auto"
) -> dict[str, Any]:
    """Write all files; returns what `seed.json` says.

    Raises:
        OpeningError: a file cannot be written or a program fails; DIR is as it was then.
    """

    def fill(folder: Path) -> dict[str, Any]:
        return _fill(opening, picture, folder, provenance, synth)

    return whole_or_nothing(out, fill)


def whole_or_nothing(out: Path, fill: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Let `fill` write into a new folder, and put that in the place of `out` when it has."""
    refuse_folder(out)
    out = out.absolute()
    coming, leaving = (out.with_name(f".{out.name}.{end}") for end in ("coming", "leaving"))
    try:
        for one in (coming, leaving):
            shutil.rmtree(one, ignore_errors=True)
        coming.mkdir()
        result = fill(coming)
        if out.exists():
            out.rename(leaving)
        coming.rename(out)
    except OSError as error:
        raise OpeningError(f"{out}: cannot be written ({error.strerror or error}); nothing changed") from error
    finally:
        if leaving.exists() and not out.exists():
            leaving.rename(out)
        for one in (coming, leaving):
            shutil.rmtree(one, ignore_errors=True)
    return result


def _fill(opening: Opening, picture: Picture, folder: Path, provenance: dict[str, Any], synth: str) -> dict[str, Any]:
    (folder / "tune.abc").write_text(opening.abc, encoding="utf-8")
    band = band_for(opening.reading.arousal)
    midi = folder / "tune.mid"
    write_midi(opening.melody, opening.chords, opening.wish.bpm, midi, title=opening.title, band=band)
    made = dict(provenance)
    seed = seed_json(opening.reading, opening.melody, opening.wish.bpm, opening.sections, chords=opening.chords,
                     title=opening.title, provenance=made)  # fmt: skip
    notes = voices(opening.melody, opening.chords, opening.wish.bpm)
    made["played_by"] = write_wav(midi, notes, seed["seconds"], folder / "tune.wav", synthesiser=synth)
    made["band"] = band
    score = score_svg(opening.abc)
    made["score_by"] = "abcm2ps" if score else "nothing: abcm2ps is not installed; report.html has the score"
    if score:
        (folder / "score.svg").write_text(score, encoding="utf-8")
    (folder / "palette.json").write_text(json.dumps(palette_json(opening.reading), indent=1) + "\n", encoding="utf-8")
    (folder / MARK).write_text(json.dumps(seed, indent=1) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(page(opening, picture, seed), encoding="utf-8")
    return seed
