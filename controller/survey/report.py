"""The findings as a page with a picture of the room, and as JSON. Edge: writes files."""

import base64
import html
import io
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from controller.arrays import ByteArray
from controller.survey.findings import Findings, Found
from controller.survey.proposal import PatchProposal

DPI, WIDTH_IN = 110, 11.0
BEFORE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The rig, measured</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:1rem auto;padding:0 1rem;
background:#14161a;color:#e6e6e6}
img{max-width:100%;border-radius:6px} table{border-collapse:collapse;width:100%} .wide{overflow-x:auto}
td,th{padding:.25rem .6rem;text-align:left;border-bottom:1px solid #333;vertical-align:middle;white-space:nowrap}
.bad{color:#ff9d7a} .dim{color:#9aa0a6} svg{display:block}
@media print{body{background:#fff;color:#000} .bad{color:#a00}}
</style>"""


def write_report(out: Path, still: ByteArray, findings: Findings, proposal: PatchProposal) -> Path:
    """`report.html`, `report.json` and `picture.png` in a folder; returns the page."""
    out.mkdir(parents=True, exist_ok=True)
    picture = _picture(still, findings)
    (out / "picture.png").write_bytes(picture)
    told = {**asdict(findings), "proposed": proposal.values, "reasons": proposal.reasons, "remarks": proposal.remarks}
    (out / "report.json").write_text(json.dumps(told, indent=1, default=_plain) + "\n", encoding="utf-8")
    page = out / "report.html"
    page.write_text(_page(picture, findings, proposal), encoding="utf-8")
    return page


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def _picture(still: ByteArray, findings: Findings) -> bytes:
    """The brightest moments of the film, with the number of each fixture where it shines, as PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to load, for this alone

    high, wide = still.shape[:2]
    figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * high / wide), dpi=DPI)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow((still * 0.6).astype(np.uint8), extent=(0.0, 1.0, 1.0, 0.0), aspect="auto", interpolation="bilinear")
    axes.set_axis_off()
    for number, found in enumerate(findings.fixtures, 1):
        colour = "#ff7a4d" if found.hangs_at else "#7ad7ff"
        for head in found.heads:
            if head.at is not None:
                axes.plot(*head.at, "o", ms=11, mfc="none", mec=colour, mew=1.6)
        first = next((head.at for head in found.heads if head.at is not None), None)
        if first is not None:
            axes.annotate(
                str(number), first, (7, 7), textcoords="offset points", color=colour, fontsize=11, weight="bold"
            )
        elif found.told is not None and all(0.0 < one < 1.0 for one in found.told):
            axes.plot(*found.told, "x", ms=12, mec="#ff4d4d", mew=2.5)
            axes.annotate(str(number), found.told, (7, 7), textcoords="offset points", color="#ff4d4d", fontsize=11)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(1.0, 0.0)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _page(picture: bytes, findings: Findings, proposal: PatchProposal) -> str:
    image = base64.b64encode(picture).decode("ascii")
    lines = [BEFORE, "<h1>The rig, measured</h1>", _summary(findings)]
    lines.append(f'<p><img alt="The room, with the number of each fixture" src="data:image/png;base64,{image}">')
    lines.append(
        '<p class="dim">Blue: at its place. Orange: at the place of another. Red cross: should be here, gives no light.'
    )
    for title, said in (("Look at these", proposal.remarks), ("Proposed for the patch", proposal.reasons)):
        if said:
            rows = "".join(f"<li>{html.escape(one)}" for one in said)
            lines.append(f"<h2>{title}</h2><ul>{rows}</ul>")
    head = "".join(
        f"<th>{one}" for one in ("", "fixture", "seen", "place", "latency", "dimmer", "first light", "", "colours")
    )
    rows = "".join(_row(number, found) for number, found in enumerate(findings.fixtures, 1))
    lines.append(f'<h2>Fixtures</h2><div class="wide"><table><tr>{head}{rows}</table></div>')
    lines.append(
        '<p class="dim">Latency counts from the middle of the rig: no film says how late all is together. '
        "Curves are light over dimmer level. Nothing here was measured with an instrument.</html>"
    )
    return "\n".join(lines) + "\n"


def _summary(findings: Findings) -> str:
    seen = sum(not one.dark for one in findings.fixtures)
    sure = sum(one.dimmer is not None and one.dimmer.sure for one in findings.fixtures)
    return (
        f"<p>{seen} of {len(findings.fixtures)} fixtures were recognised, {sure} dimmers measured. The camera reads a "
        f"picture in {abs(findings.rolling_ms):.0f} ms; {100 * findings.unexplained:.1f} % of changes are unexplained."
    )


def _row(number: int, found: Found) -> str:
    lit = [head for head in found.heads if head.at is not None]
    seen = f"{len(lit)} of {len(found.heads)}" if len(found.heads) > 1 else ("yes" if lit else "no")
    place = f"at the place of {found.hangs_at}" if found.hangs_at else _distance(found)
    late = (
        "not certain"
        if found.late_ms is None
        else f"{found.late_ms:+.0f} ms ± {max(found.late_error_ms or 0.0, 1.0):.0f}"
    )
    dimmer = found.dimmer
    curve = "–" if dimmer is None else (dimmer.curve if isinstance(dimmer.curve, str) else "its own")
    first = (
        "–" if dimmer is None or not dimmer.sure else (f"{100 * dimmer.minimum:.0f} %" if dimmer.minimum else "at once")
    )
    if dimmer is not None and not dimmer.sure:
        curve = "not certain"
    colours = "–" if found.colours is None else ("right" if found.colours.right else "wrong")
    cells = (str(number), html.escape(found.id), seen, html.escape(place), late, curve, first, _drawn(found), colours)
    bad = not lit or bool(found.hangs_at) or colours == "wrong"
    return f"<tr{' class=bad' if bad else ''}>" + "".join(f"<td>{one}" for one in cells)


def _distance(found: Found) -> str:
    return "–" if found.away is None else f"{100 * found.away:.1f} % of the picture off"


def _drawn(found: Found) -> str:
    """The dimmer's curve, small."""
    if found.dimmer is None or not found.dimmer.sure:
        return ""
    levels = np.linspace(0.0, 1.0, 25)
    points = " ".join(
        f"{1 + 46 * x:.1f},{23 - 22 * y:.1f}" for x, y in zip(levels, found.dimmer.light(levels), strict=True)
    )
    line = f'<polyline points="{points}" fill="none" stroke="#7ad7ff" stroke-width="1.5"/>'
    return f'<svg width="48" height="24">{line}</svg>'
