"""`report.html`: an opening and why it is as it is, on one page. Pure but for its own template and script.

The score is drawn by abcjs, which lies in `static/` and is put into the page. abcjs could also play, but its
synthesiser fetches its sounds from another machine; the page plays `tune.wav` beside it instead, and the score's
notes and the beat indicators follow the sound. Nothing is fetched from anywhere else.
"""

import base64
import html
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from controller.arrays import Float32Array
from tools.train.image2music.copying import LIMIT
from tools.train.image2music.melody import key_name
from tools.train.image2music.picture import Picture
from tools.train.image2music.reading import Map
from tools.train.image2music.retrieval import Found
from tools.train.image2music.studio import Opening, Step

HERE = Path(__file__).parent
HEAT = np.array([[20, 24, 60], [90, 40, 120], [220, 90, 60], [255, 210, 110]], np.float64)
SHOWN = 960
PARTS = {"order": "in its place", "notes": "surprise of notes", "bars": "surprise of bars", "gain": "bars follow",
         "shape": "shape off"}  # fmt: skip


def page(opening: Opening, picture: Picture, seed: dict[str, Any]) -> str:
    """The page as HTML."""
    reading = opening.reading
    names = ["picture", *(one.name for one in reading.maps)]
    parts = {
        "TITLE": html.escape(opening.title),
        "LEAD": html.escape(_lead(opening, picture)),
        "BIG": _big(opening, seed),
        "TABS": _tabs(len(names)),
        "PICTURE": _picture(picture, reading.maps, names),
        "PALETTE": _palette(seed["palette"]),
        "STATEMENTS": _items(reading.statements),
        "PLANE": _plane(reading.valence, reading.arousal),
        "SCORELABEL": html.escape(f"Score of the tune, {opening.melody.bars} bars in {opening.melody.metre}"),
        "ABC": html.escape(opening.abc),
        "MOTIVATION": _items(opening.motivation),
        "PARAMETERS": _pairs(_parameters(opening, seed)),
        "FOUND": _found(opening.found),
        "CRITIC": _critic(opening.theme.history),
        "FOOTER": html.escape(_footer(seed["provenance"])),
        "SEED": _script_json(_lamps(seed)),
        "ABCJS": (HERE / "static" / "abcjs-basic-min.js").read_text(encoding="utf-8").replace("</script", "<\\/script"),
    }
    text = (HERE / "report.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def _lead(opening: Opening, picture: Picture) -> str:
    return (
        f"From {picture.name} ({picture.size[0]} x {picture.size[1]}), read by {opening.reading.backend}; composed by "
        f"{opening.composer}. Colours and objects suggest; they do not say what a picture means."
    )


def _big(opening: Opening, seed: dict[str, Any]) -> str:
    minutes, seconds = divmod(round(seed["seconds"]), 60)
    figures = [
        (f"{opening.wish.bpm}", "beats a minute"),
        (key_name(opening.melody), "key"),
        (opening.melody.metre, "metre"),
        (f"{minutes}:{seconds:02d}", f"{opening.melody.bars} bars, {len(opening.sections)} sections"),
        (f"{opening.reading.valence:+.2f}", "valence"),
        (f"{opening.reading.arousal:+.2f}", "arousal"),
    ]
    return "".join(f"<div><b>{html.escape(big)}</b><span>{html.escape(small)}</span></div>" for big, small in figures)


def _tabs(count: int) -> str:
    rules = []
    for at in range(count):
        chosen = f"#map{at}:checked ~"
        rules.append(f"{chosen} .tabs label[for=map{at}] {{ border-color: var(--tungsten); color: var(--tungsten); }}")
        rules.append(f"{chosen} .says span:nth-child({at + 1}) {{ display: inline; }}")
        if at:
            rules.append(f"{chosen} figure img:nth-child({at + 1}) {{ opacity: .72; }}")
    return "\n".join(rules)


def _picture(picture: Picture, maps: Sequence[Map], names: Sequence[str]) -> str:
    inputs = "".join(
        f'<input type="radio" name="map" id="map{at}" {"checked" if at == 0 else ""} aria-label="{html.escape(name)}">'
        for at, name in enumerate(names)
    )
    height, width = picture.whole.shape[:2]
    shown = [
        f'<img alt="{html.escape(picture.name)}" width="{width}" height="{height}" '
        f'src="{_uri(picture.jpeg(SHOWN), "jpeg")}">'
    ]
    shown += [
        f'<img alt="{html.escape(one.name)}: {html.escape(one.says)}" '
        f'src="{_uri(_heat(one.values, width, height), "png")}">'
        for one in maps
    ]
    labels = "".join(f'<label for="map{at}">{html.escape(name)}</label>' for at, name in enumerate(names))
    said = ["the picture as it was read, without any map", *(f"{one.name} ({one.method}): {one.says}" for one in maps)]
    says = "".join(f"<span>{html.escape(one)}</span>" for one in said)
    return f'{inputs}<figure>{"".join(shown)}</figure><div class="tabs">{labels}</div><p class="says">{says}</p>'


def _heat(values: Float32Array, width: int, height: int) -> bytes:
    """A map as PNG of the picture's shape, dark where there is little."""
    at = np.clip(values, 0, 1) * (len(HEAT) - 1)
    low = np.minimum(at.astype(int), len(HEAT) - 2)
    colours = HEAT[low] + (at - low)[..., None] * (HEAT[low + 1] - HEAT[low])
    scale = 240 / max(width, height)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    image = Image.fromarray(colours.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _palette(palette: Sequence[dict[str, Any]]) -> str:
    bands = "".join(f'<span style="flex:{one["weight"]};background:{one["rgb"]}"></span>' for one in palette)
    names = "".join(
        f'<li><i style="background:{one["rgb"]}"></i>{html.escape(one["name"])} {one["weight"]:.0%} '
        f"<code>{one['rgb']}</code></li>"
        for one in palette
    )
    return f'<div class="chips" aria-hidden="true">{bands}</div><ul class="swatches">{names}</ul>'


def _items(lines: Sequence[str]) -> str:
    return "".join(f"<li>{html.escape(one)}</li>" for one in lines)


def _plane(valence: float, arousal: float) -> str:
    x, y = 100 + 80 * valence, 75 - 55 * arousal
    label = f"Valence {valence:+.2f}, arousal {arousal:+.2f}"
    return (
        f'<svg class="plane" viewBox="0 0 200 150" role="img" aria-label="{label}">'
        '<rect x="20" y="20" width="160" height="110" rx="6" fill="var(--well)"/>'
        '<path d="M100 20V130M20 75H180" stroke="var(--edge)"/>'
        '<g fill="var(--quiet)" font-size="9"><text x="100" y="14" text-anchor="middle">lively</text>'
        '<text x="100" y="144" text-anchor="middle">calm</text><text x="24" y="71">dark</text>'
        '<text x="176" y="71" text-anchor="end">bright</text></g>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="var(--tungsten)"/></svg>'
    )


def _parameters(opening: Opening, seed: dict[str, Any]) -> list[tuple[str, str]]:
    made = seed["provenance"]
    return [
        ("picture read by", made["read_by"]),
        ("composed by", made["composed_by"]),
        ("form, bar by bar", " ".join(str(one + 1) for one in opening.theme.form)),
        ("sections", " ".join(name for name, _ in opening.sections)),
        ("chords of the theme", " ".join(seed["chords"][: len(opening.theme.form)])),
        ("gate", f"clean: {', '.join(opening.verdict.judged)}"),
        ("longest shared run", f"{opening.theme.shared.length} notes of {LIMIT} allowed"),
        ("played by", made["played_by"]),
        ("seed", str(made["seed"])),
    ]


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(one)}</dd>" for name, one in pairs)


def _found(found: Sequence[Found]) -> str:
    if not found:
        return "<p>None: composed without looking anything up.</p>"
    seen = any(one.picture is not None for one in found)
    rows = "".join(
        f"<tr><td>{html.escape(one.tune.title)}<small>{html.escape(one.tune.collection)}"
        f"{', ' + html.escape(one.tune.words) if one.tune.words else ''}</small></td><td>{one.text:.2f}</td>"
        f"<td>{one.mood:.2f}</td>{f'<td>{one.picture:.2f}</td>' if one.picture is not None else ''}</tr>"
        for one in found
    )
    head = f"<thead><tr><th>tune</th><th>words</th><th>mood</th>{'<th>picture</th>' if seen else ''}</tr></thead>"
    note = "Words: cosine of the sentence model. Mood: closeness of valence and arousal. Ranks are fused."
    note += " Picture: cosine of CLIP." if seen else ""
    texts = "\n\n".join(one.tune.abc for one in found)
    shown = f"<details><summary>Their ABC text</summary><pre>{html.escape(texts)}</pre></details>"
    return f'<div class="wide"><table>{head}<tbody>{rows}</tbody></table></div><p class="says">{note}</p>{shown}'


def _critic(history: Sequence[Step]) -> str:
    names = [name for name in PARTS if any(name in step.parts for step in history)]
    head = "".join(f"<th>{PARTS[name]}</th>" for name in names)
    rows = "".join(
        f'<tr class="{"kept" if step.accepted else "left"}"><td>{html.escape(step.what)}'
        f"<small>{'kept' if step.accepted else 'not better, left'}</small></td><td>{step.score:.2f}</td>"
        + "".join(f"<td>{step.parts.get(name, 0.0):.2f}</td>" for name in names)
        + "</tr>"
        for step in history
    )
    head = f"<thead><tr><th>step</th><th>score</th>{head}</tr></thead>"
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="The critic\'s scores">'
        f'<table class="steps">{head}<tbody>{rows}</tbody></table></div>'
    )


def _lamps(seed: dict[str, Any]) -> dict[str, Any]:
    coloured = [one["rgb"] for one in seed["palette"] if one["hue_deg"] is not None] or ["#ffb454"]
    return {"beat_s": seed["beat_s"], "beats": seed["beats_a_bar"], "seconds": seed["seconds"], "sections":
    seed["sections"],
            "colours": coloured}  # fmt: skip


def _script_json(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c")


def _footer(made: dict[str, Any]) -> str:
    return (
        "What this is not: a statement about what the picture or its maker feels, or a composer for hire. The tunes "
        f"that were looked up are from {made['corpus']}; score drawn by abcjs (MIT), sound by {made['played_by']}. "
        f"Picture sha256 {made['picture_sha256'][:16]}."
    )
