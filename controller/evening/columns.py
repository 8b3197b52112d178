"""Tables on a sheet: what the headings say about the cells below them. Pure."""

import csv
import re
from dataclasses import dataclass, replace

from controller.evening import words
from controller.evening.entry import ListEntry
from controller.evening.line import ReadLine, read_line
from controller.evening.marks import bare_tempo, without_marks
from controller.evening.terms import pattern, small, terms_of
from controller.evening.title import part, tidy
from controller.evening.wishes import Wishes, wishes_of

COLUMNS = {name: pattern(listed) for name, listed in words.COLUMNS.items()}
SIGNS = ("\t", "|", ";", ",")
YES = re.compile(r"^\s*(?:yes|y|ja|j|ok|okay|on|an|✓|✔|✅|○|◯|⭕|あり|有|可|はい|ok)\s*[.!]?\s*$", re.IGNORECASE)
NO = re.compile(
    r"^\s*(?:no|n|nein|off|aus|none|kein[es]?|never|×|✕|✖|❌|🚫|なし|無し|無|不可|禁止|ng|いいえ)\s*[.!]*\s*$",
    re.IGNORECASE,
)
NOTHING = re.compile(r"^[\s\-–—―/.ー?]*$")


@dataclass(frozen=True, slots=True)
class Columns:
    """The headings of a table.

    Attributes:
        sign: what parts the cells. names: what each column is, "" where the heading is not known.
    """

    sign: str
    names: tuple[str, ...]


def cells_of(text: str, sign: str) -> list[str]:
    """The cells of a row; commas and semicolons within quotes part nothing."""
    if sign == "|":
        return [one.strip() for one in text.strip().strip("|").split("|")]
    if sign == "\t":
        return [one.strip() for one in text.rstrip("\n").split("\t")]
    try:
        return [one.strip() for one in next(csv.reader([text], delimiter=sign, skipinitialspace=True), [])]
    except csv.Error:
        return [one.strip() for one in text.split(sign)]


def headings(text: str) -> Columns | None:
    """The columns that a line of headings names; None if it is no such line."""
    for sign in SIGNS:
        if sign not in text:
            continue
        cells = cells_of(text, sign)
        names = tuple(_column(one) for one in cells)
        if "title" in names and len(cells) > 1 and sum(map(bool, names)) >= max(2, len(cells) - 1):
            return Columns(sign, names)
    return None


def _column(cell: str) -> str:
    bare = small(cell).strip(" *_:.?()")
    return next((name for name, listed in COLUMNS.items() if listed.fullmatch(bare)), "")


def read_row(text: str, columns: Columns) -> ReadLine | None:
    """A row below headings; None if it has not their cells."""
    cells = cells_of(text, columns.sign)
    if columns.sign not in text or len(cells) > len(columns.names):
        return None
    at = columns.names.index("title")
    if at >= len(cells) or not cells[at]:
        return None
    row = read_line(cells[at])
    if row.entry.kind != "song":
        row = replace(row, entry=replace(row.entry, title=tidy(cells[at])))
    if row.entry.kind == "note":
        parted = part(cells[at])
        row = replace(row, entry=ListEntry("song", tidy(parted.title)))
    entry = row.entry
    for name, cell in zip(columns.names, cells, strict=False):
        if name != "title" and not NOTHING.match(cell):
            entry = _with_cell(entry, name, cell)
    return replace(row, line=text, entry=entry, is_numbered=True)


def _with_cell(entry: ListEntry, name: str, cell: str) -> ListEntry:
    """An entry with what a cell says, by the heading above it."""
    if name in ("number", "ignored"):
        return entry
    if name == "tempo":
        tempo = bare_tempo(cell)
        return replace(entry, tempo_bpm=tempo) if tempo is not None else _left(entry, cell)
    if name in ("strobe", "blinder", "haze"):
        return _with_device(entry, name, cell)
    if name in ("front", "key"):
        return _with_key(entry, name, cell)
    return merged(entry, _forbidding(cell) if name == "forbidden" else _cell(cell))


def _cell(cell: str) -> ListEntry:
    """The wishes in a cell, its tempo among them."""
    marked = without_marks(cell)
    wishes = wishes_of(terms_of(marked.text), marked.text)
    usual = merged(ListEntry(), wishes)
    return replace(usual, tempo_bpm=marked.tempo_bpm, rest=", ".join(filter(None, (usual.rest, marked.rest))))


def _left(entry: ListEntry, cell: str) -> ListEntry:
    return replace(entry, rest=", ".join(filter(None, (entry.rest, cell.strip()))))


def _with_device(entry: ListEntry, name: str, cell: str) -> ListEntry:
    """A cell below `Strobe`; what is not plainly a yes forbids."""
    if YES.match(cell) or NO.match(cell):
        return replace(entry, **{name: bool(YES.match(cell)) and getattr(entry, name) is not False})  # type: ignore[arg-type]
    said = f"{name}: {cell}"
    wishes = wishes_of(terms_of(said), said)
    allowed = getattr(wishes, name) is True and not wishes.rest
    kept = replace(entry, **{name: allowed and getattr(entry, name) is not False})  # type: ignore[arg-type]
    return kept if not wishes.rest else _left(kept, cell)


def _forbidding(cell: str) -> Wishes:
    """A cell below `Avoid`: what is in it is forbidden; with a no or an OK in it, what that means is left over."""
    said = f"no: {cell}"
    wishes = wishes_of(terms_of(said), said)
    if not any(one.kind in ("no", "off", "ok", "but") for one in terms_of(cell)):
        return wishes
    plain = wishes_of(terms_of(cell), cell)
    is_allowing = bool(plain.asked) or True in (plain.strobe, plain.blinder, plain.haze)
    return Wishes(
        forbidden=() if is_allowing else plain.forbidden,
        strobe=None if plain.strobe is None else False,
        blinder=None if plain.blinder is None else False,
        haze=None if plain.haze is None else False,
        rest=cell if is_allowing else plain.rest,
    )


def _with_key(entry: ListEntry, name: str, cell: str) -> ListEntry:
    """Below `Key` stands the light on faces or the key of the music: only a colour is the one."""
    wishes = wishes_of(terms_of(cell), cell)
    if len(wishes.asked) == 1 and not wishes.rest and not wishes.forbidden:
        return replace(entry, key=wishes.asked[0])
    music = re.fullmatch(
        r"\s*[A-Ha-h](?:is|es|[#♯b♭])?\s?-?(?:m|min|minor|maj|major|moll|dur)?7?\s*", cell, re.IGNORECASE
    )
    return entry if name == "key" and music else _left(entry, cell)


def merged(entry: ListEntry, more: Wishes | ListEntry) -> ListEntry:
    """An entry with more wishes; a no wins over a yes, and what contradicts itself is left over."""
    asked = tuple(dict.fromkeys((*entry.asked, *more.asked)))
    forbidden = tuple(dict.fromkeys((*entry.forbidden, *more.forbidden)))
    both = [one for one in asked if one in forbidden]
    energies = {one for one in (entry.energy, more.energy) if one}
    doubts = [*both, *(sorted(energies) if len(energies) > 1 else [])]
    return replace(
        entry,
        asked=tuple(one for one in asked if one not in forbidden),
        forbidden=forbidden,
        energy=energies.pop() if len(energies) == 1 else None,
        strobe=_both(entry.strobe, more.strobe),
        blinder=_both(entry.blinder, more.blinder),
        haze=_both(entry.haze, more.haze),
        dark_on_break=entry.dark_on_break or more.dark_on_break,
        key=entry.key or more.key,
        tempo_bpm=entry.tempo_bpm or (more.tempo_bpm if isinstance(more, ListEntry) else None),
        note="; ".join(filter(None, (entry.note, more.note if isinstance(more, ListEntry) else "; ".join(more.notes)))),
        rest=", ".join(filter(None, (entry.rest, more.rest, *doubts))),
    )


def _both(one: bool | None, other: bool | None) -> bool | None:
    if False in (one, other):
        return False
    return True if True in (one, other) else None
