"""MidiCaps, for who has it: captions of MIDI files, searched by words. Edge: reads the user's file, keeps vectors.

One JSON object a line with `location` and `caption`, as MidiCaps (CC BY-SA 4.0, 168,385 lines) is distributed. Vectors
of the captions are made once and kept in the cache under the file's checksum.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from controller.arrays import Float32Array
from controller.artefacts.artefact import sha256_of
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.sentences import Sentences

BATCH = 32
MOST_LETTERS = 4_000


@dataclass(frozen=True, slots=True)
class Caption:
    """One line: where the MIDI file is, and what is said of it."""

    location: str
    caption: str


def read_captions(file: Path) -> list[Caption]:
    """All captions of a file.

    Raises:
        OpeningError: not there, or a line is none; names the line.
    """
    found = []
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    found.append(_caption(file, number, line))
    except (OSError, UnicodeDecodeError) as error:
        raise OpeningError(f"{file}: cannot be read ({error}); name MidiCaps' file of JSON lines") from error
    if not found:
        raise OpeningError(f"{file}: no captions in it; name MidiCaps' file of JSON lines")
    return found


def _caption(file: Path, number: int, line: str) -> Caption:
    try:
        plain = json.loads(line)
        location, caption = plain["location"], plain["caption"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise OpeningError(f"{file}:{number}: no object with `location` and `caption`; check the file") from error
    if not isinstance(location, str) or not isinstance(caption, str):
        raise OpeningError(f"{file}:{number}: `location` and `caption` must be texts; check the file")
    return Caption(location, caption[:MOST_LETTERS])


def vectors_of(file: Path, captions: list[Caption], sentences: Sentences, cache: Path) -> Float32Array:
    """(N, 384) unit vectors of the captions, from the cache or made now."""
    kept = cache / f"captions-{sha256_of(file)[:16]}.npy"
    if kept.is_file():
        try:
            vectors = np.load(kept, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError):
            vectors = np.zeros((0, 0), np.float32)
        if len(vectors) == len(captions):
            return vectors
    texts = [one.caption for one in captions]
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    vectors = np.concatenate([sentences.embed(one) for one in track(batches, "captions", transient=True)])
    partial = kept.with_suffix(".partial")
    with partial.open("wb") as out:
        np.save(out, vectors.astype(np.float16))
    partial.replace(kept)
    return vectors


def nearest(
    query: str, captions: list[Caption], vectors: Float32Array, sentences: Sentences, count: int
) -> list[tuple[float, Caption]]:
    """The captions nearest to a text, with their cosines."""
    near = vectors @ sentences.embed([query])[0]
    return [(round(float(near[at]), 4), captions[int(at)]) for at in np.argsort(-near, kind="stable")[:count]]
