"""A comparison on disk: numbered clips, what each shows, and what people said. Edge: files.

`kit.json` says which light a clip shows; `clips/` holds nothing that does; `ratings.jsonl` has a line for each rating:
an invented name of a person, a clip, seven scores. Nothing else of anybody is kept, no time and no address.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from controller.errors import EvaluationError
from controller.metrics.ratings import HIGHEST, LOWEST, QUESTIONS, Rating
from controller.state_folder import coming

KIT, CLIPS, RATINGS = "kit.json", "clips", "ratings.jsonl"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: its name, which says nothing, and what it shows."""

    name: str
    song: str
    light: str
    from_s: float
    seconds: float


class Kit:
    """A folder of one comparison.

    Args:
        folder: holds `kit.json`, or will.

    Attributes:
        clips: all, in the order in which they were made.

    Raises:
        EvaluationError: a file of it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clips: list[Clip] = []
        path = folder / KIT
        if path.is_file():
            try:
                self.clips = [Clip(**one) for one in json.loads(path.read_text(encoding="utf-8"))["clips"]]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise EvaluationError(f"{path}: cannot be read ({error}); make the comparison anew") from error

    def file(self, name: str) -> Path:
        """Where a clip is."""
        return self.folder / CLIPS / f"{name}.mp4"

    def add(self, clip: Clip) -> None:
        """A clip that is there now; the same light for the same song takes the place of the one before."""
        kept = [one for one in self.clips if (one.song, one.light) != (clip.song, clip.light)]
        self.clips = [*kept, clip]
        text = json.dumps({"clips": [asdict(one) for one in self.clips]}, indent=1)
        with coming(self.folder / KIT) as written:
            written.write_text(text + "\n", encoding="utf-8")

    def order(self, rater: str) -> list[Clip]:
        """The clips as one person sees them: song after song, the lights of each in turns, all drawn by their name."""
        rng = np.random.default_rng(list(hashlib.sha256(rater.encode()).digest()))
        songs = sorted({one.song for one in self.clips})
        found: list[Clip] = []
        for song in rng.permutation(len(songs)).tolist():
            of_song = sorted((one for one in self.clips if one.song == songs[song]), key=lambda one: one.name)
            found += [of_song[place] for place in rng.permutation(len(of_song)).tolist()]
        return found

    def rate(self, rater: str, clip: str, scores: Sequence[int]) -> None:
        """Keep what somebody said, on disk before they see the next.

        Raises:
            EvaluationError: no such clip, or no such scores.
        """
        if clip not in {one.name for one in self.clips}:
            raise EvaluationError(f"there is no clip {clip[:20]!r}")
        if len(scores) != len(QUESTIONS) or not all(type(one) is int and LOWEST <= one <= HIGHEST for one in scores):
            raise EvaluationError(f"{len(QUESTIONS)} scores of {LOWEST} to {HIGHEST} are needed")
        line = json.dumps({"rater": rater, "clip": clip, "scores": list(scores)})
        with (self.folder / RATINGS).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def said(self) -> list[dict[str, Any]]:
        """Every line that is whole, in order; one that was cut off by a fall of the power is left out."""
        path, found = self.folder / RATINGS, []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
            try:
                row = json.loads(line)
                found.append({"rater": str(row["rater"]), "clip": str(row["clip"]), "scores": tuple(row["scores"])})
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def ratings(self) -> list[Rating]:
        """What was said of clips that are still there."""
        clips = {one.name: one for one in self.clips}
        return [
            Rating(one["rater"], clips[one["clip"]].song, clips[one["clip"]].light, one["scores"])
            for one in self.said()
            if one["clip"] in clips
        ]
