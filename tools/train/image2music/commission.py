"""One opening from the command line: which backend reads and composes, and what is said when one of them cannot.

Edge: opens the picture, the backend and DIR. A backend that fails is never replaced silently: the message says why and
offers the embedded one.
"""

import argparse
import sys
from typing import Any

from controller.arrays import Float32Array
from tools.train.image2music.cache import cache_folder
from tools.train.image2music.clip import Clip, open_clip
from tools.train.image2music.corpus import corpus_version
from tools.train.image2music.embedded import EmbeddedReader
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.objects import Classifier
from tools.train.image2music.opening_files import refuse_folder, write_opening
from tools.train.image2music.picture import Picture, open_picture
from tools.train.image2music.reading import Reader
from tools.train.image2music.studio import Opening, Studio
from tools.train.image2music.writing import Speaker, SpokenComposer, SpokenReader

MOST_LETTERS = {"title": 120, "mood": 300}
"""Of what people write; the show reads titles up to 200."""
OFFER = "; or leave --backend out: the embedded backend needs no network"


def commission(options: argparse.Namespace) -> dict[str, Any]:
    """Compose and write one opening; returns what `seed.json` says.

    Raises:
        OpeningError: the picture, the backend or DIR; DIR is as it was then.
    """
    refuse_folder(options.out)
    picture = open_picture(options.image)
    for note in picture.notes:
        print(f"image2music: {note}", file=sys.stderr)
    speaker = speaker_for(options)
    studio = Studio(cache_folder(options.cache), options.corpus, composer=options.composer)
    clip = open_clip(options.clip) if options.clip else None
    opening = opening_for(picture, studio, options, speaker, clip)
    seed = write_opening(opening, picture, options.out, provenance(opening, picture, options), synth=options.synth)
    for note in notes_on(seed["provenance"], options.synth):
        print(f"image2music: {note}", file=sys.stderr)
    return seed


def notes_on(made: dict[str, Any], synth: str) -> list[str]:
    """What its owner may want to know of the programs that were not there."""
    notes = []
    if made["played_by"] == "sines" and synth == "auto":
        notes.append("fluidsynth or its sound font is not installed: tune.wav is played by plain sines")
    if not made["score_by"].startswith("abcm2ps"):
        notes.append("abcm2ps is not installed: no score.svg; report.html has the score")
    if "abc2midi" not in made["gate"]:
        notes.append("abc2midi is not installed: the tune was judged by our own reader alone")
    return notes


def one_line(text: str, what: str) -> str:
    """What somebody wrote on the command line, or a file is named, as one line that is not too long."""
    plain, most = " ".join("".join(one if one.isprintable() else " " for one in text).split()), MOST_LETTERS[what]
    return plain if len(plain) <= most else f"{plain[: most - 3].rstrip()}..."


def opening_for(
    picture: Picture, studio: Studio, options: argparse.Namespace, speaker: Speaker | None, clip: Clip | None = None
) -> Opening:
    """Read and compose with the chosen backend."""
    reader: Reader = (
        EmbeddedReader(Classifier(studio.cache), studio.sentences)
        if speaker is None
        else SpokenReader(speaker, studio.sentences)
    )
    try:
        mood = one_line(options.mood, "mood")
        reading = reader.read(picture, mood)
        vector: Float32Array | None = None
        if clip is not None:
            studio.look_with(clip)
            vector = clip.image(picture.rgb)
        title = one_line(options.title, "title") or one_line(f"Opening for {options.image.stem}", "title")
        asked = {"bars": options.bars, "title": title, "seed": options.seed,
                 "how": "none" if options.no_rag else "fused", "refine": not options.no_refine,
                 "picture": vector}  # fmt: skip
        return studio.compose(reading, spoken=None if speaker is None else SpokenComposer(speaker, picture), **asked)
    except OpeningError as error:
        raise OpeningError(f"{error}{OFFER if speaker is not None else ''}") from error


def speaker_for(options: argparse.Namespace) -> Speaker | None:
    """What speaks about pictures, or None for the embedded backend.

    Raises:
        OpeningError: it is not there, or cannot see.
    """
    if options.backend == "embedded":
        return None
    try:
        if options.backend == "vlm":
            from tools.train.image2music.endpoint import open_endpoint  # noqa: PLC0415 - a backend loads what it needs

            return open_endpoint(options.endpoint, options.model, options.key_from, options.timeout, options.seed)
        from tools.train.image2music.local import open_local  # noqa: PLC0415

        return open_local(options.model, options.seed)
    except OpeningError as error:
        raise OpeningError(f"{error}{OFFER}") from error


def provenance(opening: Opening, picture: Picture, options: argparse.Namespace) -> dict[str, Any]:
    """Where everything came from."""
    return {
        "backend": options.backend,
        "read_by": opening.reading.backend,
        "composed_by": opening.composer,
        "picture": picture.name,
        "picture_sha256": picture.sha256,
        "seed": options.seed,
        "mood": one_line(options.mood, "mood"),
        "corpus": f"O'Neill, Ryan and Aird as in music21 {corpus_version()}",
        "looked_up": [
            {"name": one.tune.name, "title": one.tune.title, "text": one.text, "mood": one.mood}
            for one in opening.found
        ],
        "gate": list(opening.verdict.judged),
        "longest_shared_run": opening.theme.shared.length,
        "critic": [{"step": one.what, "score": one.score, "kept": one.accepted} for one in opening.theme.history],
    }
