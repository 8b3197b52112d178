"""The report of a night: one HTML page that prints well, with a show sheet for each song. Edge: files."""

import base64
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from controller.lighting.reasons import colours_named
from controller.people.commands import COMMANDS
from controller.rehearsal.night.played import HANDS, LEVEL_HZ, PlayedNight, PlayedSong, waveform
from controller.rehearsal.show_sheet import Sheet, draw

LEAST_SHEET_S = 10.0
"""What was shorter gets a line and no picture."""
NAME = "night.html"
STATES = {
    "live": "followed the band",
    "talk": "talk",
    "quiet": "nobody played",
    "fallback": "LEVEL ONLY: the model was late, brightness followed the sound",
    "house": "SAFE LOOK: nothing was heard, the stage was lit warm and steady",
}
STYLE = """
:root { color-scheme: dark }
body { background: #0d0e12; color: #e8e8ea; font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 70rem;
  padding: 1.5rem }
h1 { margin: 0 0 .2em } h2 { margin: 2em 0 .2em } .said { color: #b6b8c2 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3em .8em .3em 0;
  border-bottom: 1px solid #2a2d36; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
img { width: 100%; background: #fff; border-radius: 4px }
@media print { :root { color-scheme: light } body { background: #fff; color: #000; max-width: none; padding: 0 }
  .said { color: #333 } th, td { border-color: #999 } section { break-inside: avoid } }
"""


@dataclass(frozen=True, slots=True)
class NightPart:
    """One log of a night, played again: venue, when it began (ISO 8601), file, and what is wrong with its end."""

    night: PlayedNight
    venue: str
    began: str
    log: str
    damage: str = ""


def write_report(parts: Sequence[NightPart], out: Path, *, draws: Callable[[int, int], None]) -> Path:
    """Write the page.

    Args:
        parts: in order, at least one.
        draws: told of each show sheet: how many are drawn, and of how many.

    Raises:
        OSError: it cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    songs = [song for part in parts for song in part.night.songs]
    sheets = sum(one.length_s >= LEAST_SHEET_S for one in songs)
    sections, drawn = [], 0
    for number, one in enumerate(songs):
        picture = _picture(one) if one.length_s >= LEAST_SHEET_S else ""
        drawn += bool(picture)
        sections.append(_song(number, one, picture))
        draws(drawn, sheets)
    first = parts[0]
    page = "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(first.venue)}: the night of {escape(first.began[:10])}</title>",
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{escape(first.venue)}</h1>",
        *(_part(one) for one in parts),
        f"<p>{escape(_training(songs))}</p>",
        _songs(songs),
        *sections,
        '<p class="said">Made by <code>followspot night</code>.</p>',
        "</body></html>",
    ])  # fmt: skip
    file = out / NAME
    file.write_text(page, encoding="utf-8")
    return file


def _part(part: NightPart) -> str:
    """When it was and how it went."""
    damaged = f" The log ends early: {escape(part.damage)}." if part.damage else ""
    return (
        f'<p class="said">{escape(part.began[:16].replace("T", " "))} UTC, {_clock(part.night.to_s)} long, from '
        f"{escape(part.log)}.{damaged}</p>{_summary(part.night)}"
    )


def _summary(night: PlayedNight) -> str:
    """What a person wants to know first, in sentences."""
    faults = [
        f"The longest pause between two output cycles was {night.longest_gap_s * 1e3:.0f} ms.",
        f"The flash limiter stepped in {_times(night.flashes)}." if night.flashes else "No flash had to be taken out.",
    ]
    for state in ("fallback", "house"):
        seconds = night.states[state] / max(night.cycles, 1) * night.to_s
        if seconds >= 1.0:
            faults.append(f"For {_clock(seconds)} the state was {STATES[state]}.")
    if night.gaps_s:
        faults.append(
            f"{_times(len(night.gaps_s)).capitalize()} the output was late by more than a tenth of a second, first at "
            f"{_clock(night.gaps_s[0][0])}."
        )
    if night.different:
        faults.append("This log is of another version or processor: the pictures may differ from what was seen.")
    return f"<p>{' '.join(faults)}</p>"


def _training(played: Sequence[PlayedSong]) -> str:
    """What was lit by hand, offered to training in one sentence."""
    by_hand: Counter[str] = Counter()
    for song in played:
        by_hand += Counter({name: count for name, count in song.done.items() if name in LEARNABLE})
    changes, songs = sum(by_hand.values()), sum(any(name in LEARNABLE for name in one.done) for one in played)
    if not changes:
        return "Nobody lit by hand tonight, so there is nothing to train on."
    return (
        f"People changed the light by hand {_times(changes)} in {songs} of {len(played)} songs: "
        "“python -m tools.train.nights takeovers” trains the model on it (docs/finetuning.md)."
    )


LEARNABLE = {COMMANDS[name].title for name in HANDS}


def _songs(played: Sequence[PlayedSong]) -> str:
    """One row a song."""
    rows = [
        f'<tr><td class="n">{number + 1}</td><td><a href="#song-{number}">{escape(one.title)}</a></td>'
        f'<td>{escape(one.kind)}</td><td class="n">{_clock(one.from_s)}</td><td class="n">{_clock(one.length_s)}</td>'
        f'<td class="n">{len(one.form.looks)}</td><td class="n">{len(one.limited_s)}</td>'
        f'<td class="n">{sum(one.done.values())}</td></tr>'
        for number, one in enumerate(played)
    ]
    heads = (
        '<th class="n">#</th><th>Song</th><th>Kind</th><th class="n">From</th><th class="n">Length</th>'
        '<th class="n">Looks</th><th class="n">Flashes limited</th><th class="n">By hand</th>'
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _song(number: int, song: PlayedSong, picture: str) -> str:
    said = []
    if song.wish.asked or song.wish.forbidden or not (song.wish.strobe and song.wish.blinder and song.wish.haze):
        said.append(_wished(song))
    if song.taken:
        said.append(f"Taken in hand: {_counted(song.taken)}.")
    if song.done:
        said.append(f"Done by people: {_counted(song.done)}.")
    shown = f'<img alt="show sheet of {escape(song.title)}" src="data:image/png;base64,{picture}">' if picture else ""
    return (
        f'<section id="song-{number}"><h2>{escape(song.title)}</h2><p class="said">{_clock(song.from_s)} to '
        f"{_clock(song.to_s)}. {escape(' '.join(said))}</p>{shown}</section>"
    )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common())


def _wished(song: PlayedSong) -> str:
    wish = song.wish
    parts = [
        f"colours at {colours_named(wish.asked)}" if wish.asked else "",
        f"never {colours_named(wish.forbidden)}" if wish.forbidden else "",
        *(f"no {name}" for name in ("strobe", "blinder", "haze") if not getattr(wish, name)),
    ]
    return f"Wished: {', '.join(part for part in parts if part)}."


def _picture(song: PlayedSong) -> str:
    """The show sheet as base64."""
    sheet = Sheet(
        title=f"{song.title}   ({_clock(song.length_s)})",
        waveform=waveform(song),
        waveform_hz=LEVEL_HZ,
        tokens=np.array(song.tokens or [(0, 0)], np.int64),
        rig=song.rendering.rig(),
        form=song.form,
        bars_s=tuple(song.bars_s),
        limited_s=tuple(song.limited_s),
    )
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        draw(sheet, Path(file.name))
        return base64.b64encode(Path(file.name).read_bytes()).decode("ascii")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
