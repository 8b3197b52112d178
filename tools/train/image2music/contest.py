"""The verb `bench`: the same pictures, several systems, judged blind. Edge: files.

Systems: ours; without looking tunes up; without refinement; with tunes drawn at random; from the description alone, as
systems do that put words between picture and music. The judge is a form to print and listen by, or the user's own
endpoint, which sees every pair in both orders and counts only where it says the same both times. Nothing here makes up
a score: without a judge there is a form with empty boxes.
"""

import argparse
import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from tools.train.image2music.cache import cache_folder
from tools.train.image2music.commission import speaker_for
from tools.train.image2music.corpus import corpus_version
from tools.train.image2music.embedded import EmbeddedReader
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.measuring import pictures_in
from tools.train.image2music.objects import Classifier
from tools.train.image2music.opening_files import whole_or_nothing, write_opening
from tools.train.image2music.picture import Picture, open_picture
from tools.train.image2music.reading import Reading, mood_of_words
from tools.train.image2music.studio import Search, Studio
from tools.train.image2music.writing import Speaker, WrongAnswerError, asked, parsed

CHOICE = {"type": "object", "properties": {"better": {"enum": ["first", "second", "equal"]}, "why": {"type": "string"}},
          "required": ["better", "why"], "additionalProperties": False}  # fmt: skip


@dataclass(frozen=True, slots=True)
class System:
    """One contestant: how it searches, whether it refines, and whether it hears of the picture in words only."""

    name: str
    how: Search = "fused"
    refine: bool = True
    words_only: bool = False


SYSTEMS = (
    System("ours"),
    System("without retrieval", how="none"),
    System("without refinement", refine=False),
    System("random retrieval", how="random"),
    System("description only", words_only=True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one system made of one picture, under the number that judges see."""

    number: int
    system: str
    picture: Picture
    abc: str


def contest(options: argparse.Namespace) -> str:
    """Make all entries, and the form or the judgement; returns what to print."""
    speaker = speaker_for(options) if options.judge == "endpoint" else None
    if options.judge == "endpoint" and speaker is None:
        raise OpeningError("--judge endpoint needs --backend vlm --endpoint URL; or use --judge form")
    images = [one for path in options.images for one in (pictures_in(path) if path.is_dir() else [path])]
    if len({one.stem for one in images}) < len(images):
        raise OpeningError("two pictures have the same name; rename one of them")
    pictures = [open_picture(one) for one in images]
    cache = cache_folder(options.cache)
    studio = Studio(cache, options.corpus, composer=options.composer)
    reader = EmbeddedReader(Classifier(cache), studio.sentences)

    def fill(folder: Path) -> dict[str, Any]:
        entries = _entries(studio, reader, pictures, options, folder)
        result = {
            "systems": [one.name for one in SYSTEMS],
            "judge": "nobody yet: listening-form.html" if speaker is None else speaker.name,
        }
        if speaker is not None:
            result["wins"] = judged(speaker, entries)
        (folder / "listening-form.html").write_text(_form(entries, pictures), encoding="utf-8")
        (folder / "key.json").write_text(json.dumps({one.number: one.system for one in entries}, indent=1) + "\n")
        (folder / "seed.json").write_text(json.dumps(result, indent=1) + "\n")
        return result

    result = whole_or_nothing(options.out, fill)
    shown = json.dumps(result["wins"], indent=1) if "wins" in result else "no scores: they come from people"
    made = f"{options.out}: {len(pictures)} pictures, {len(SYSTEMS)} systems"
    return f"{made}; print listening-form.html, keep key.json shut\n{shown}"


def _entries(
    studio: Studio, reader: EmbeddedReader, pictures: Sequence[Picture], options: argparse.Namespace, folder: Path
) -> list[Entry]:
    rng, made = np.random.default_rng(options.seed), []
    for picture in track(pictures, "pictures", transient=True):
        reading = reader.read(picture, "")
        for at in rng.permutation(len(SYSTEMS)):
            system, number = SYSTEMS[int(at)], len(made) + 1
            opening = studio.compose(
                _in_words(reading, studio) if system.words_only else reading, bars=options.bars, title=f"Tune {number}",
                seed=options.seed, how=system.how, refine=system.refine,
            )  # fmt: skip
            facts = {"read_by": reader.name, "composed_by": opening.composer, "seed": options.seed,
                     "picture_sha256": picture.sha256,
                     "corpus": f"music21 {corpus_version()}"}  # fmt: skip
            write_opening(opening, picture, folder / f"tune-{number:03d}", facts)
            for name in (
                "report.html",
                "seed.json",
                "palette.json",
                "score.svg",
            ):  # these would tell which system it was
                (folder / f"tune-{number:03d}" / name).unlink(missing_ok=True)
            made.append(Entry(number, system.name, picture, opening.abc))
    return made


def _in_words(reading: Reading, studio: Studio) -> Reading:
    """The reading as somebody has it who was only told what is in the picture."""
    valence, arousal = mood_of_words(reading.text, studio.sentences)
    return replace(reading, valence=valence, arousal=arousal)


def judged(speaker: Speaker, entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    """Ours against each other system, by pictures: won, lost, and undecided, where both orders did not say the same."""
    wins: dict[str, dict[str, int]] = {}
    for entry in track([one for one in entries if one.system != SYSTEMS[0].name], "judging", transient=True):
        ours = next(one for one in entries if one.system == SYSTEMS[0].name and one.picture is entry.picture)
        forth, back = _better(speaker, ours, entry), _better(speaker, entry, ours)
        row = wins.setdefault(entry.system, {"won": 0, "lost": 0, "undecided": 0})
        won, lost = (forth, back) == ("first", "second"), (forth, back) == ("second", "first")
        row["won" if won else "lost" if lost else "undecided"] += 1
    return wins


def _better(speaker: Speaker, first: Entry, second: Entry) -> str:
    def check(text: str) -> str:
        better = parsed(text).get("better")
        if better not in ("first", "second", "equal"):
            raise WrongAnswerError("better must be first, second or equal")
        return str(better)

    prompt = "Which of these two tunes fits the picture better, and is the better tune?"
    prompt += f"\nFirst:\n{first.abc}\nSecond:\n{second.abc}"
    return asked(speaker, prompt, first.picture, CHOICE, purpose="composing", check=check)[0]


FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Listening form</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:0 auto;padding:16px;color:#111;background:#fff}
section{break-inside:avoid;border-top:1px solid #999;padding:12px 0} img{max-width:260px;width:100%;border-radius:6px}
table{border-collapse:collapse;width:100%} td,th{border:1px solid #bbb;padding:6px;text-align:left}
audio{width:220px;max-width:100%}
.box{display:inline-block;width:1.4em;height:1.4em;border:1px solid #555;margin-right:4px;text-align:center;color:#999}
.scroll{overflow-x:auto}</style></head><body>
<h1>Listening form</h1><p>Listen to all tunes of a picture before you mark one. Mark how well it fits the
picture, and how good a tune it is, from 1 (not at all) to 5 (very). Who made which is in key.json.</p>
<p>Listener: ____________________ Date: ____________</p>@BODY@</body></html>
"""


def _form(entries: Sequence[Entry], pictures: Sequence[Picture]) -> str:
    boxes = "".join(f'<span class="box">{one}</span>' for one in range(1, 6))
    body = ""
    for picture in pictures:
        rows = "".join(
            f'<tr><td>Tune {one.number}</td><td><audio controls preload="none" src="tune-{one.number:03d}/tune.wav" '
            f'aria-label="Tune {one.number}"></audio></td><td>{boxes}</td><td>{boxes}</td></tr>'
            for one in entries if one.picture is picture
        )  # fmt: skip
        name = html.escape(picture.name)
        body += (f'<section><h2>{name}</h2><img alt="{name}" src="{_uri(picture)}"><div class="scroll"><table>'
                 f"<tr><th>tune</th>"
                 f"<th>listen</th><th>fits</th><th>good</th></tr>{rows}</table></div></section>")  # fmt: skip
    return FORM.replace("@BODY@", body)


def _uri(picture: Picture) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg(520)).decode()}"
