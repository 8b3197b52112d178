"""What others may know of the show, in one table: OSC that goes out, the read API, their documentation. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from controller.evening.entry import ListEntry, SetList
from controller.messages import Cue
from controller.people.commands import COMMANDS
from controller.people.operator import setting_of
from controller.watching.page.feed import Live

Value = str | int | float
STATES = {"house": "SAFE LOOK", "fallback": "LEVEL ONLY", "live": "LIVE", "talk": "TALK", "quiet": "QUIET"}


SILENCE_DB = -120.0


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a value can be made of. `cue`: of the newest token, None without one."""

    live: Live
    cue: Cue | None
    set_list: SetList | None


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One value. name: behind `/followspot/` in OSC, and its key in JSON. kind: s, i or f, as OSC has it."""

    name: str
    kind: str
    what: str
    of: Callable[[Told], Value]


def _entry(told: Told, place: int) -> ListEntry:
    entries = told.set_list.entries if told.set_list else ()
    return entries[place] if 0 <= place < len(entries) else ListEntry()


def _tempo(told: Told) -> float:
    beat_s = told.live.band.beat_s
    return round(60.0 / beat_s, 1) if beat_s > 0.0 else 0.0


def _state(told: Told) -> str:
    return STATES.get(told.live.health, told.live.health.upper())


def _level_db(told: Told) -> float:
    return round(told.live.level.level_db, 1) if told.live.level else SILENCE_DB


ROWS: tuple[ToldRow, ...] = (
    ToldRow("state", "s", "LIVE, TALK, QUIET, LEVEL ONLY or SAFE LOOK", _state),
    ToldRow("moment", "s", "band, talk, changeover, walk_in or end", lambda told: told.live.evening.moment),
    ToldRow("song/now", "s", "title of what is played", lambda told: _entry(told, told.live.evening.now).title),
    ToldRow("song/band", "s", "whose song it is", lambda told: _entry(told, told.live.evening.now).band),
    ToldRow("song/number", "i", "its place in the set list, 0: none", lambda told: told.live.evening.now + 1),
    ToldRow("song/next", "s", "title of the next one", lambda told: _entry(told, told.live.evening.proposed).title),
    ToldRow("song/why", "s", "why that one is next", lambda told: told.live.evening.why),
    ToldRow("song/recognised", "s", "title of a song that was heard before", lambda told: told.live.evening.recognised),
    ToldRow("section", "s", "letter of the part of the song", lambda told: told.cue.label if told.cue else ""),
    ToldRow("part", "s", "intro, verse, chorus, solo, break, build", lambda told: told.cue.part if told.cue else ""),
    ToldRow("look", "s", "name of the look", lambda told: told.cue.look if told.cue else ""),
    ToldRow("kind", "s", "band, solo, talk, applause or silence", lambda told: told.live.band.kind),
    ToldRow("bar/beat", "i", "beat of the bar, 0: not known", lambda told: told.live.band.number),
    ToldRow("bar/metre", "i", "beats of a bar", lambda told: told.live.band.metre),
    ToldRow("tempo", "f", "beats a minute, 0: not known", _tempo),
    ToldRow("loudness", "f", "0 to 1", lambda told: round(told.live.loudness, 2)),
    ToldRow("level_db", "f", "sound, dBFS", _level_db),
    ToldRow("running_s", "i", "seconds since the show began", lambda told: int(told.live.elapsed_s)),
    ToldRow("faults", "i", "output cycles that failed", lambda told: int(told.live.counters.get("faults", 0))),
    ToldRow("flashes_limited", "i", "flashes that were taken out",
            lambda told: int(told.live.counters.get("flashes_limited", 0))),
    ToldRow("trouble", "s", "what a person should know, a sentence", lambda told: " ".join(told.live.troubles)),
)  # fmt: skip


def told_of(told: Told) -> dict[str, Value]:
    """Every value by its name: those of the table, then how each fader, switch and held button stands."""
    settings = {row.name: round(setting_of(told.live.operator, row), 3) for row in COMMANDS.values() if row.stands}
    return {**{row.name: row.of(told) for row in ROWS}, **settings}


def openapi() -> dict[str, Any]:
    """The read API as OpenAPI 3.1 has it."""
    types = {"s": {"type": "string"}, "i": {"type": "integer"}, "f": {"type": "number"}}
    values = {row.name: {**types[row.kind], "description": row.what} for row in ROWS}
    settings = {
        row.name: {"type": "number", "minimum": 0, "maximum": 1, "description": f"how {row.title} is set"}
        for row in COMMANDS.values()
        if row.stands
    }
    answer = {
        "description": "How the show is now.",
        "content": {"application/json": {"schema": {"type": "object", "properties": {**values, **settings}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Followspot",
            "version": version("followspot"),
            "description": "Reads a show; changes nothing.",
        },
        "paths": {
            "/api/state": {
                "get": {
                    "summary": "The show at this moment",
                    "responses": {"200": answer, "503": {"description": "The show has not begun yet."}},
                }
            },
            "/api/openapi.json": {"get": {"summary": "This text", "responses": {"200": {"description": "OpenAPI."}}}},
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }
