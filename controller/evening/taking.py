"""What was read on a sheet becomes a set list: bands, and what a note forbids for all their songs. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from controller.evening.columns import merged
from controller.evening.entry import ListEntry, SetList
from controller.evening.line import ReadLine, is_section
from controller.evening.terms import plain, terms_of

DEVICES = ("strobe", "blinder", "haze")


def set_list_of(lines: Sequence[ReadLine], name: str) -> SetList:
    """A set list from the lines of a sheet; rules and headings of tables are left out.

    A heading makes a band of what follows it, except `Encore` or `Set 2`. What a note forbids holds for the songs of
    its band below it and the one just above; where it says "whole set", for all of them; a note before the first
    heading holds for all bands. A note that is indented below a song belongs to that song. Notes allow nothing to other
    lines: they only forbid, and where they speak of the whole set, give colours to songs that ask for none. A song says
    in its `note` what it got from where.

    Args:
        lines: as `read_sheet` returns them. name: of the evening.
    """
    entries: list[ListEntry] = []
    band = ""
    for line in lines:
        if line.is_plan_of_sheet:
            continue
        entry = line.entry
        if entry.kind == "title" and not is_section(entry.title):
            band = entry.title
        entry = replace(entry, band=band)
        if (
            entry.kind == "note"
            and line.is_indented
            and entries
            and entries[-1].kind == "song"
            and not _is_for_all(entry)
        ):
            entries[-1] = _added(entries[-1], entry)
            continue
        entries.append(entry)
    return SetList(name, inherited(entries))


def inherited(entries: Sequence[ListEntry]) -> tuple[ListEntry, ...]:
    """Entries with what notes and headings among them forbid and wish for others; done twice it changes nothing."""
    found = list(entries)
    for at, note in enumerate(entries):
        if note.kind in ("note", "title") and _has_wishes(note):
            found = [_under(one, place, note, at) for place, one in enumerate(found)]
    return tuple(found)


def _has_wishes(entry: ListEntry) -> bool:
    devices = [getattr(entry, name) for name in DEVICES]
    return bool(entry.asked or entry.forbidden or entry.energy or entry.key) or any(one is not None for one in devices)


def _is_for_all(note: ListEntry) -> bool:
    return any(one.kind == "scope" for one in terms_of(plain(note.title)))


def _added(song: ListEntry, note: ListEntry) -> ListEntry:
    """A song with the wishes of a line that is indented below it; words without a wish are its note."""
    if _has_wishes(note) or note.rest or note.dark_on_break:
        return merged(song, note)
    return replace(song, note="; ".join(filter(None, (song.note, note.title))))


def _under(entry: ListEntry, place: int, note: ListEntry, at: int) -> ListEntry:
    """An entry under a note, where the note is about it."""
    is_all = note.kind == "title" or _is_for_all(note)
    is_near = place >= at - 1 or is_all
    if entry.kind != "song" or not is_near or note.band not in ("", entry.band):
        return entry
    forbidden = tuple(dict.fromkeys((*entry.forbidden, *note.forbidden)))
    lent = replace(
        entry,
        forbidden=forbidden,
        asked=tuple(one for one in entry.asked or (note.asked if is_all else ()) if one not in forbidden),
        energy=entry.energy or (note.energy if is_all else None),
        key=entry.key or (note.key if is_all else None),
        strobe=False if note.strobe is False else entry.strobe,
        blinder=False if note.blinder is False else entry.blinder,
        haze=False if note.haze is False else entry.haze,
    )
    if lent == entry:
        return entry
    return replace(lent, note="; ".join(dict.fromkeys(filter(None, (entry.note, f"by the sheet: {note.title}")))))


def completed(set_list: SetList) -> SetList:
    """A list that was put together on a page: songs below a heading are its band's, and notes forbid for others."""
    found, band = [], ""
    for entry in set_list.entries:
        if entry.kind == "title" and not is_section(entry.title):
            band = entry.title
        found.append(entry if entry.band else replace(entry, band=band))
    return SetList(set_list.name, inherited(found))
