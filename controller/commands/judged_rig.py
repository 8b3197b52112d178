"""A rehearsed rig judged against its song: for the command `evaluate`. Edge: reads files."""

import json
import math
from pathlib import Path
from typing import Any

from rich.console import Console

from controller.commands.paper import paper, wide_table
from controller.errors import EvaluationError
from controller.metrics.correspondence import MusicFeatures
from controller.metrics.criteria import grouped, written
from controller.metrics.retargeting import DIRECT, PUBLISHED, retargeting
from controller.metrics.seen_rig import seen
from controller.metrics.verdict import judge
from controller.records import rendered, told_form
from controller.records.rendered import RATE_HZ, RenderedRig, read_rendered
from controller.records.told_form import read_form

SHORTEST_S = 20.0
LONGER_BY_S = 1.0


def read_rig(folder: Path) -> RenderedRig:
    """The rig of a rehearsal, long enough to be judged.

    Raises:
        EvaluationError: not the folder of one, or too short.
    """
    rig = read_rendered(folder / rendered.NAME)
    if len(rig.time_s) < SHORTEST_S * RATE_HZ:
        raise EvaluationError(
            f"{folder}: holds {len(rig.time_s) / RATE_HZ:.1f} s of light; the metrics need {SHORTEST_S:g} s"
        )
    return rig


def judged_rig(folder: Path, music: MusicFeatures, music_s: float, against: Path | None = None) -> dict[str, Any]:
    """Judge it.

    Args:
        folder: as `rehearse` writes it. music, music_s: its song, and how long that is. against: the same song on
            another rig.

    Returns:
        What `--json` prints; None where there is nothing to measure.

    Raises:
        EvaluationError: a file cannot be used, or the light is longer than the song.
    """
    rig, told = read_rig(folder), read_form(folder / told_form.NAME)
    light_s = len(rig.time_s) / RATE_HZ
    if light_s > music_s + LONGER_BY_S:
        raise EvaluationError(f"{folder}: the song lasts {music_s:.1f} s, the light {light_s:.1f} s; give its song")
    verdict = judge(rig, music, told)
    columns = {"show": verdict.show, "one_colour": verdict.one_colour, "shuffled": verdict.shuffled}
    return {
        "rig": str(folder),
        "light_s": round(light_s, 1),
        "figures": {
            name: {column: _number(figures.get(name)) for column, figures in columns.items()} for name in verdict.show
        },
        "blinders_s": list(verdict.blinders_s),
        "limiter": limiter_of(folder),
        "retargeting": None if against is None else retargeting(seen(rig), seen(read_rig(against))),
    }


def limiter_of(folder: Path) -> dict[str, Any] | None:
    """What the limiter did in the rehearsal that wrote this folder; None if it comes from elsewhere."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    limiter = report.get("limiter") if isinstance(report, dict) else None
    return limiter if isinstance(limiter, dict) and isinstance(limiter.get("at"), list) else None


def print_judged(result: dict[str, Any]) -> None:
    """The tables that people read."""
    console = paper()
    console.print(f"{result['rig']}: {result['light_s']:g} s of rendered light\n")
    for heading, rows in grouped():
        table = wide_table("", heading, "this show", "one colour", "shuffled music", "people", "aim")
        for criterion in rows:
            found = result["figures"].get(criterion.name, {})
            shown = (written(criterion, found.get(column)) for column in ("show", "one_colour", "shuffled"))
            table.add_row(criterion.words, *shown, criterion.people, criterion.aim)
        console.print(table)
    console.print(
        "one colour: the same fixtures in one colour, as bright as the song is loud; shuffled music: this light on the "
        "same song shifted by 20 s or more, mean of eight. A likeness that one colour has, too, says nothing."
    )
    at = ", ".join(f"{one:.1f}" for one in result["blinders_s"])
    console.print(f"blinders at s: {at or 'never'}")
    if result["limiter"] is not None:
        console.print(f"flash limiter ({result['limiter']['standard']}): {result['limiter']['interventions']} times")
    if result["retargeting"] is not None:
        _print_retargeting(result["retargeting"], console)


def _print_retargeting(found: dict[str, float], console: Console) -> None:
    table = wide_table("\nthe same song on the other rig", "correlation of", "here", "published", "direct mapping")
    for name, amount in found.items():
        table.add_row(name, f"{amount:.2f}", f"{PUBLISHED[name]:.2f}", f"{DIRECT[name]:.2f}")
    console.print(table)


def _number(amount: float | None) -> float | None:
    return None if amount is None or math.isnan(amount) else round(amount, 6)
