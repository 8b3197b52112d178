"""`followspot setlist read|make|check`: a band's sheet as typed wishes, and the set list made of them."""

import argparse
import json
import sys
from pathlib import Path

from rich.text import Text

from controller.commands.arguments import verb, verbs
from controller.commands.paper import paper, wide_table
from controller.evening.entry import ListEntry
from controller.evening.line import ReadLine, as_json
from controller.evening.set_list_file import read_set_list, write_set_list
from controller.evening.sheet import read_sheet
from controller.evening.sheet_file import read_sheet_file
from controller.evening.taking import set_list_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    read = verb(words, "read", "show what is understood of a band's sheet", configured=False)
    made = verb(words, "make", "write a set list from a band's sheet", configured=False)
    for one in (read, made):
        one.add_argument("sheet", metavar="SHEET", help="text, PNG or JPEG; - reads what is pasted")
    read.add_argument("--json", action="store_true", help="one object a line instead of a table")
    made.add_argument("--out", type=Path, required=True, metavar="FILE", help="such as setlists/friday.yaml")
    made.add_argument("--name", default="", help="of the evening; default: the name of the file")
    made.add_argument("--replace", action="store_true", help="overwrite a set list that exists")
    checked = verb(words, "check", "check a set list that you wrote", configured=False)
    checked.add_argument("file", type=Path, metavar="FILE")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match options.what:
        case "read":
            _show(_lines(options.sheet), for_programs=options.json)
        case "make":
            lines = _lines(options.sheet)
            found = set_list_of(lines, options.name or options.out.stem)
            write_set_list(found, options.out, overwrite=options.replace)
            print(f"{options.out}: {_counted(found.entries)}")
            for one in (line for line in lines if not line.is_understood):
                print(f"  not understood: {one.entry.rest}    in: {one.line.strip()}")
        case "check":
            found = read_set_list(options.file)
            print(f"{options.file}: {found.name}: {_counted(found.entries)}")
    return 0


def _lines(sheet: str) -> list[ReadLine]:
    found = read_sheet_file(sheet)
    if found.read_as:
        print(f"followspot: read as {found.read_as}; compare it with the sheet", file=sys.stderr)
    return read_sheet(found.text, is_photograph=found.is_photograph)


def _counted(entries: tuple[ListEntry, ...]) -> str:
    songs = sum(one.kind == "song" for one in entries)
    bands = len({one.band for one in entries if one.band})
    return f"{songs} songs, {len(entries) - songs} other entries, {bands or 'no'} bands by name"


def _show(lines: list[ReadLine], *, for_programs: bool) -> None:
    if for_programs:
        for line in lines:
            print(json.dumps(as_json(line), ensure_ascii=False))
        return
    table = wide_table("", "", "kind", "title", "light", "")
    for line in lines:
        entry = line.entry
        mark = "understood" if line.is_understood else f"not understood: {entry.rest}"
        told = [mark, *([entry.note] if entry.note else []), *(["from a photograph"] if line.is_photograph else [])]
        table.add_row(
            "ok" if line.is_understood else "??",
            entry.kind,
            _plain(entry.title),
            _plain(in_words(entry)),
            _plain("; ".join(told)),
        )
    paper().print(table)


def _plain(text: str) -> Text:
    """Text as it is: square brackets are no markup."""
    return Text(text)


def in_words(entry: ListEntry) -> str:
    """The wishes of an entry as people say them."""
    allowed = [
        f"{name} {'allowed' if said else 'forbidden'}"
        for name in ("strobe", "blinder", "haze")
        if (said := getattr(entry, name)) is not None
    ]
    parts = [
        *([" and ".join(entry.asked)] if entry.asked else []),
        *([f"never {' or '.join(entry.forbidden)}"] if entry.forbidden else []),
        *([entry.energy] if entry.energy else []),
        *allowed,
        *(["dark on the break"] if entry.dark_on_break else []),
        *([f"faces {entry.key}"] if entry.key else []),
        *([f"{entry.tempo_bpm:g} BPM"] if entry.tempo_bpm else []),
    ]
    return ", ".join(parts)
