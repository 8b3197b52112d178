"""What was extracted from a folder of films, on one HTML page that needs nothing beside it. Edge: files.

A sibling of the rehearsal report (`controller/rehearsal/report_page.py`): the same look, and a policy that forbids the
page every connection, because names of files and reasons in it come from outside.
"""

import base64
import hashlib
import html
import json
import re
from pathlib import Path

import numpy as np

from controller.arrays import AnyArray
from tools.train.footage.brightness import broken
from tools.train.footage.colour import CONVERTED
from tools.train.footage.folder import scaled_alone
from tools.train.footage.judging import FLAT, KEEP, REASONS
from tools.train.footage.source import FootageError

TEMPLATE = Path(__file__).with_name("inspection_page.html")
HUE_BINS, VALUE_BINS = 60, 32


def write_report(folder: Path, out: Path) -> str:
    """Write the page; returns a line that says where.

    Raises:
        FootageError: nothing in the folder was extracted.
    """
    if not folder.is_dir():
        raise FootageError(f"{folder}: no such folder")
    films = [_film(path) for path in sorted(folder.glob("*.npz")) if path.with_suffix(".json").is_file()]
    if not films:
        raise FootageError(f"{folder}: holds no extracted film; run footage extract --out {folder} first")
    rows = _rows(folder, films)
    partial = out.with_suffix(".html.partial")
    partial.write_text(page(folder.resolve().name, rows, films, scaled_alone(folder)), encoding="utf-8")
    partial.replace(out)
    return f"{len(films)} films in {out}"


def page(title: str, rows: list[dict[str, object]], films: list[dict[str, object]], lone: int = 0) -> str:
    """The document; `rows` are the table of all films, `films` those that were extracted, `lone` were scaled alone."""
    template = TEMPLATE.read_text(encoding="utf-8")
    parts = {
        "TITLE": html.escape(title),
        "POLICY": _policy(template),
        "SUMMARY": _summary(rows, films, lone),
        "TABLE": _table(rows),
        "DATA": json.dumps(films, separators=(",", ":")).replace("<", "\\u003c"),
    }
    return re.sub(r"@([A-Z]+)@", lambda marker: parts[marker[1]], template)


def _policy(template: str) -> str:
    hashes = {}
    for name in ("script", "style"):
        match = re.search(rf"<{name}>(.*?)</{name}>", template, re.DOTALL)
        if match is None:
            raise ValueError(f"{TEMPLATE.name} lacks <{name}>")
        hashes[name] = base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; "
            "img-src data:; base-uri 'none'")  # fmt: skip


def _bytes(array: AnyArray) -> str:
    return base64.b64encode(np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8)).tobytes()).decode()


def _film(path: Path) -> dict[str, object]:
    """What the script draws of one film."""
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with np.load(path, allow_pickle=False) as film:
        n = len(film["hue"])
        have = {name: film[name] for name in film.files if name in _WANTED}
    trust = have["trust"]
    kept = trust >= KEEP
    strip = path.with_name(f"{path.stem}.strip.jpg")
    hue_counts = np.bincount(have["hue"][kept] * HUE_BINS // 180, have["value"][kept], HUE_BINS)
    value_counts = np.bincount(have["value"][kept].astype(int) * VALUE_BINS // 256, minlength=VALUE_BINS)
    empty = np.zeros(n)
    return {
        "name": path.stem,
        "hops": n,
        "hue": _bytes(have["hue"]),
        "value": _bytes(have["value"]),
        "zone_hue": _bytes(have.get("zone_hue", np.zeros((n, 0)))),
        "zone_value": _bytes(have.get("zone_value", np.zeros((n, 0)))),
        "trust": _bytes(np.rint(255 * trust)),
        "loudness": _bytes(np.rint(255 * have.get("loudness", empty))),
        "hits": _bytes(np.rint(255 * have.get("hits", empty))),
        "hues": _shares(hue_counts),
        "values": _shares(value_counts),
        "kept": told.get("kept", 1.0),
        "dropped": told.get("dropped", []),
        "dropped_s": told.get("dropped_s", {}),
        "offset": told.get("offset"),
        "cuts_s": told.get("cuts_s", []),
        "notes": told.get("notes", []),
        "broken": broken(told),
        "facts": _facts(told),
        "strip": base64.b64encode(strip.read_bytes()).decode() if strip.is_file() else "",
        "pictures": told.get("strip", {}).get("pictures", 0),
    }


_WANTED = {"hue", "value", "trust", "zone_hue", "zone_value", "loudness", "hits"}


def _shares(counts: AnyArray) -> list[float]:
    return np.round(counts / max(float(counts.max()), 1e-9), 3).tolist()


def _facts(told: dict[str, object]) -> str:
    source = told.get("source")
    if not isinstance(source, dict):
        return str(told.get("video", ""))
    colours = f", {source['colours']}" if source.get("colours") else ""
    turned = f", turned {source['rotation']}°" if source["rotation"] else ""
    return (
        f"{source['codec']} {source['width']}×{source['height']}{turned}{colours}, {source['fps']:.4g} fps, "
        f"{source['sound']} {source['sound_rate_hz'] / 1000:g} kHz, {told.get('cameras', 0)} camera positions"
    )


def _rows(folder: Path, films: list[dict[str, object]]) -> list[dict[str, object]]:
    """All films the last run knew of, and those that are here besides."""
    try:
        rows = json.loads((folder / "footage.json").read_text(encoding="utf-8"))["films"]
    except (OSError, ValueError, KeyError):
        rows = []
    known = {row["name"] for row in rows}
    rows += [{"name": film["name"], "state": "extracted", "line": "", "hops": film["hops"], "kept": film["kept"]}
             for film in films if film["name"] not in known]  # fmt: skip
    return rows


def _clock(hops: float) -> str:
    seconds = round(hops / 10)
    return f"{seconds // 60}:{seconds % 60:02d}"


def _summary(rows: list[dict[str, object]], films: list[dict[str, object]], lone: int) -> str:
    hops = sum(int(film["hops"]) for film in films)
    kept = sum(int(film["hops"]) * float(film["kept"]) for film in films)
    failed = sum(row["state"] == "failed" for row in rows)
    parts = [(str(len(films)), "films extracted"), (_clock(hops), "minutes seen"), (_clock(kept), "minutes kept"),
             (f"{100 * kept / max(hops, 1):.0f} %", "of it can be trusted")]  # fmt: skip
    converted = sum(any(CONVERTED in note for note in film["notes"]) for film in films)
    if converted:
        parts.append((str(converted), "converted to BT.709"))
    if lone:
        parts.append((str(lone), "with a brightness scale of its own: levels are not learnt"))
    untrue = sum(bool(film["broken"]) for film in films)
    if untrue:
        parts.append((str(untrue), "whose exposure was said to be locked and follows the light: levels are not learnt"))
    flat = sum(REASONS[FLAT] in film["dropped_s"] for film in films)
    if flat:
        parts.append((str(flat), "in a flat (log) profile: left out"))
    if failed:
        parts.append((str(failed), "could not be read"))
    return "".join(f"<p><b>{html.escape(number)}</b> {html.escape(text)}</p>" for number, text in parts)


def _table(rows: list[dict[str, object]]) -> str:
    cells = []
    for row in rows:
        long = _clock(int(row["hops"])) if row["hops"] else "–"
        kept = f"{100 * float(row['kept']):.0f} %" if row["hops"] else "–"
        texts = (str(row["name"]), str(row["state"]), long, kept, str(row["line"]))
        mark = ' class="failed"' if row["state"] == "failed" else ""
        cells.append(f"<tr{mark}>{''.join(f'<td>{html.escape(text)}</td>' for text in texts)}</tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("film", "state", "length", "kept", ""))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table>"
