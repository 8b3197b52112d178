"""The rehearsal report: one HTML file that shows a song and the show made for it, on one time line.

Everything is inside the file except the song, which it links to. The same data gives the same bytes. The page's own
policy forbids it every connection, so it can be opened from a memory stick in the venue. Edge: reads its template once.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from controller.metrics.meanings import MEANINGS, Meaning

TEMPLATE = Path(__file__).with_name("report_page.html")
HASH_CHARACTERS = 12


class Onset(NamedTuple):
    """A beginning of a sound: seconds, strength 0..1."""

    t_s: float
    strength: float


class Section(NamedTuple):
    """A part of the song, such as a chorus."""

    start_s: float
    end_s: float
    label: str


class Intervention(NamedTuple):
    """The limiter changed what would have been sent."""

    t_s: float
    text: str


class StagePicture(NamedTuple):
    """The stage at one moment, and what part of the song that is."""

    t_s: float
    label: str
    jpeg: bytes


class StageTiming(NamedTuple):
    """Milliseconds that a stage took."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class ReportData:
    """What the report shows; all times are seconds from the start of the song.

    Attributes:
        audio: the song, as a path relative to the report or absolute; None shows the show without sound.
        levels_db: (n,) float, dBFS, at `levels_hz`.
        tokens: (T, 2) int, hue 0..179 and value 0..255, at `tokens_hz`.
        rig: (frames, groups, 3) uint8, sRGB as a screen shows it, at `rig_hz`; `groups` names its rows.
        metrics: name to number or word, in the order they are shown.
        identity: name to sha256 or name of what made this show (models, configuration), in order.
        timings: by stage; empty leaves the table out.
        sections, interventions: None leaves the row out, empty says that there were none.
        pictures: the stage at some moments, as JPEG.
    """

    song: str
    venue: str
    duration_s: float
    audio: str | None
    levels_db: npt.NDArray[np.floating]
    levels_hz: float
    tokens: npt.NDArray[np.integer]
    rig: npt.NDArray[np.uint8]
    groups: tuple[str, ...]
    onsets: tuple[Onset, ...]
    seed: int
    metrics: Mapping[str, float | int | str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, StageTiming] = field(default_factory=dict)
    sections: tuple[Section, ...] | None = None
    interventions: tuple[Intervention, ...] | None = None
    tokens_hz: float = 10.0
    rig_hz: float = 10.0
    pictures: tuple[StagePicture, ...] = ()


def render_report(report: ReportData) -> str:
    """The report as a self-contained HTML document.

    Raises:
        ValueError: an array has another shape than `ReportData` says.
    """
    _check_shapes(report)
    parts = {
        "TITLE": html.escape(f"{report.song} – {report.venue}"),
        "SONG": html.escape(report.song),
        "VENUE": html.escape(report.venue),
        "AUDIO": _audio_element(report.audio),
        "PICTURES": "".join(_picture(one) for one in report.pictures),
        "TABLES": _tables(report),
        "DATA": _embed(_track_data(report)),
    }
    template = TEMPLATE.read_text(encoding="utf-8")
    parts["POLICY"] = _policy(template)
    return re.sub(r"@([A-Z]+)@", lambda marker: parts[marker[1]], template)


def _check_shapes(report: ReportData) -> None:
    rows = len(report.groups)
    expected = {
        "levels_db": report.levels_db.ndim == 1,
        "tokens": report.tokens.ndim == 2 and report.tokens.shape[1] == 2,
        "rig": report.rig.ndim == 3 and report.rig.shape[1:] == (rows, 3) and report.rig.dtype == np.uint8,
    }
    wrong = [name for name, fits in expected.items() if not fits]
    if wrong:
        raise ValueError(f"report data of an unexpected shape: {', '.join(wrong)}")


def _policy(template: str) -> str:
    """Only this script and this style, sound from beside the file, and no connection at all."""
    script = _source_hash(template, r"<script>(.*?)</script>")
    style = _source_hash(template, r"<style>(.*?)</style>")
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; media-src 'self' file:; "
        "base-uri 'none'"
    )


def _source_hash(template: str, pattern: str) -> str:
    match = re.search(pattern, template, re.DOTALL)
    if match is None:
        raise ValueError(f"{TEMPLATE.name} lacks {pattern}")
    return f"'sha256-{base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()}'"


def _audio_element(audio: str | None) -> str:
    if audio is None:
        return ""
    address = Path(audio).as_uri() if Path(audio).is_absolute() else quote(audio)
    return f'<audio id="audio" preload="metadata" src="{html.escape(address)}"></audio>'


def _track_data(report: ReportData) -> dict[str, object]:
    """What the script draws; arrays as base64 of little-endian bytes."""
    levels_db = np.clip(np.nan_to_num(report.levels_db, nan=-120.0), -120.0, 0.0)
    return {
        "duration_s": round(float(report.duration_s), 3),
        "levels": {"hz": report.levels_hz, "uint8": _base64(np.round(-2 * levels_db).astype(np.uint8))},
        "tokens": {"hz": report.tokens_hz, "uint8": _base64(np.clip(report.tokens, 0, 255).astype(np.uint8))},
        "rig": {"hz": report.rig_hz, "groups": list(report.groups), "uint8": _base64(report.rig)},
        "onsets": [[round(float(t_s), 3), round(float(strength), 2)] for t_s, strength in report.onsets],
        "sections": report.sections,
        "interventions": report.interventions,
    }


def _base64(array: npt.NDArray[np.uint8]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _embed(data: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _tables(report: ReportData) -> str:
    identity = [("seed", str(report.seed)), *((name, _short(text)) for name, text in report.identity.items())]
    timings = [(name, *(f"{ms:.2f}" for ms in timing)) for name, timing in report.timings.items()]
    return "\n".join(
        (
            _figures(report.metrics),
            _table("Timing, ms", ("stage", "p50", "p95", "p99"), timings),
            _table("Made with", (), identity),
        )
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    header = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<section class="panel"><h2>{title}</h2><table>{header}<tbody>{body}</tbody></table></section>'


def _figures(metrics: Mapping[str, float | int | str]) -> str:
    """What the figures say, in words; what nobody explained stands under its own name."""
    if not metrics:
        return ""
    rows = []
    for name, amount in metrics.items():
        meaning = MEANINGS.get(name, Meaning(name, ""))
        said = f"<small>{html.escape(meaning.said)}</small>" if meaning.said else ""
        cells = f"<td>{html.escape(meaning.written(amount))}</td><td>{html.escape(meaning.people)}</td>"
        rows.append(f'<tr><th scope="row">{html.escape(meaning.words)}{said}</th>{cells}</tr>')
    head = '<tr><th scope="col">what</th><th scope="col">here</th><th scope="col">people, or the aim</th></tr>'
    return (
        '<section class="panel figures"><h2>What the light does</h2>'
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></section>"
    )


def _picture(one: StagePicture) -> str:
    """A picture that goes to its moment when it is pressed."""
    at = f"{int(one.t_s) // 60}:{int(one.t_s) % 60:02d}"
    words = html.escape(f"{one.label} {at}".strip())
    data = base64.b64encode(one.jpeg).decode()
    return (
        f'<button type="button" class="picture" data-at="{one.t_s:.1f}">'
        f'<img src="data:image/jpeg;base64,{data}" alt="The stage at {at}" width="320" height="180">'
        f"<span>{words}</span></button>"
    )


def _short(text: str) -> str:
    """A sha256 shortened to what tells two apart; anything else as it is."""
    return text[:HASH_CHARACTERS] if re.fullmatch(r"[0-9a-f]{64}", text) else text
