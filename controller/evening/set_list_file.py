"""Set lists as YAML that a person writes, with the line of every mistake. Edge: reads and writes files."""

import difflib
from dataclasses import fields, replace
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from controller.config import ConfigSection
from controller.errors import ConfigError, SetListError
from controller.evening.entry import ColourName, Energy, EntryKind, ListEntry, SetList
from controller.evening.line import read_line
from controller.evening.terms import plain, terms_of
from controller.evening.wishes import wishes_of
from controller.state_folder import coming, file_word, own_word
from controller.yaml_places import NO_YAML, YamlPlace, composed, describe, explain, meant, note_lines

SUFFIX = ".yaml"
MAX_BYTES = 1_000_000
KINDS: tuple[EntryKind, ...] = ("song", "talk", "changeover", "title")
"""The keys that say what an entry is, with its title; `note` alone makes a note."""


def _as_text(written: object) -> object:
    """A title that YAML took for a number is what stands there; `yes` and `no` it took for something else."""
    if isinstance(written, bool):
        raise ValueError(f"YAML reads this word as {str(written).lower()}; write it in quotes")
    return str(written) if isinstance(written, int | float) else written


Section = TypeVar("Section", bound=ConfigSection)
Words = Annotated[str, BeforeValidator(_as_text)]


class WrittenEntry(ConfigSection):
    """One entry as it stands in a file; of song, talk, changeover, title and note, one says what it is."""

    song: Words | None = None
    talk: Words | None = None
    changeover: Words | None = None
    title: Words | None = None
    note: Words | None = None
    remark: Words | None = None
    asked: tuple[ColourName, ...] = ()
    forbidden: tuple[ColourName, ...] = ()
    energy: Energy | None = None
    strobe: bool | None = None
    blinder: bool | None = None
    haze: bool | None = None
    dark_on_break: bool = False
    key: ColourName | None = None
    tempo_bpm: Annotated[float, Field(ge=20, le=400)] | None = None
    look: Words | None = None
    plan: Words | None = None
    rest: Words = ""


class WrittenBlock(ConfigSection):
    """A band and what it plays; `heading: false` where the list has no line with the band's name."""

    band: Words = ""
    heading: bool = True
    songs: list[object] = Field(default=[])


class WrittenList(ConfigSection):
    """A set list as it stands in a file."""

    name: Words = ""
    evening: list[object] = Field(default=[])


WISHES = tuple(
    name for name in WrittenEntry.model_fields if name in {one.name for one in fields(ListEntry)} - {"title", "note"}
)


def read_set_list(file: Path) -> SetList:
    """Read a set list that a person or `write_set_list` wrote.

    Raises:
        SetListError: missing, too large, no YAML, or something in it is not known; says file, line and what to write.
    """
    data, lines = _parsed(file)
    written = _checked(WrittenList, data, (), file, lines)
    entries: list[ListEntry] = []
    for at, item in enumerate(written.evening):
        place: YamlPlace = ("evening", at)
        if isinstance(item, dict) and ("band" in item or "songs" in item):
            block = _checked(WrittenBlock, item, place, file, lines)
            if block.band and block.heading:
                entries.append(ListEntry("title", block.band, block.band))
            for number, one in enumerate(block.songs):
                entries.append(replace(_entry(one, (*place, "songs", number), file, lines), band=block.band))
        else:
            entries.append(_entry(item, place, file, lines))
    return SetList(written.name or file.stem, tuple(entries))


def _entry(item: object, place: YamlPlace, file: Path, lines: dict[YamlPlace, int]) -> ListEntry:
    """One entry in its long or its short form."""
    if isinstance(item, dict) and len(item) == 1:
        ((title, wishes),) = item.items()
        if title not in WrittenEntry.model_fields and isinstance(wishes, str) and not _near(str(title), _keys()):
            return _short(str(title), wishes, describe(file, lines, place))
    if not isinstance(item, dict):
        try:
            text = _as_text(item)
        except ValueError as error:
            raise SetListError(f"{describe(file, lines, place)}: {error}") from error
        if not isinstance(text, str) or not text.strip():
            raise SetListError(f"{describe(file, lines, place)}: an entry is a title, or `song: TITLE` with its wishes")
        return _read(text, describe(file, lines, place))
    written = _checked(WrittenEntry, item, place, file, lines)
    return _long(written, describe(file, lines, place))


def _keys() -> list[str]:
    return list(WrittenEntry.model_fields)


def _near(key: str, keys: list[str]) -> str:
    return next(iter(difflib.get_close_matches(key.lower(), keys, 1, 0.75)), "")


def _read(text: str, where: str) -> ListEntry:
    """A line as it might stand on a sheet."""
    entry = read_line(plain(text)).entry
    if entry.rest:
        raise SetListError(
            f"{where}: '{entry.rest}' is not understood; write the song as `song: TITLE` with its wishes below"
        )
    return entry


def _short(title: str, wishes: str, where: str) -> ListEntry:
    """`Black Rain: red, no strobe`."""
    said = plain(wishes)
    found = wishes_of(terms_of(said), said)
    if found.rest:
        raise SetListError(f"{where}: '{found.rest}' is not understood; docs/set-lists.md says which words are")
    names = [one for one in WISHES if hasattr(found, one)]
    return ListEntry("song", title, note="; ".join(found.notes), **{name: getattr(found, name) for name in names})


def _long(written: WrittenEntry, where: str) -> ListEntry:
    kinds = [kind for kind in KINDS if getattr(written, kind) is not None]
    if len(kinds) > 1:
        raise SetListError(f"{where}: {' and '.join(kinds)} in one entry; write two entries")
    if not kinds and written.note is None:
        raise SetListError(f"{where}: an entry needs `song:`, `talk:`, `changeover:`, `title:` or `note:`")
    kind: EntryKind = kinds[0] if kinds else "note"
    title = getattr(written, kind)
    note = written.note if kinds else written.remark
    if kinds and written.remark is not None:
        raise SetListError(f"{where}: `remark` belongs to a note; write `note` here")
    return ListEntry(kind, title, note=note or "", **{name: getattr(written, name) for name in WISHES})


def _checked(
    section: type[Section], data: object, place: YamlPlace, file: Path, lines: dict[YamlPlace, int]
) -> Section:
    try:
        return section.model_validate({} if data is None else data)
    except ValidationError as error:
        told = [_told(section, {**one, "loc": (*place, *one["loc"])}, file, lines) for one in error.errors()[:5]]
        raise SetListError("\n".join(told)) from None


def _told(section: type[ConfigSection], error: ErrorDetails, file: Path, lines: dict[YamlPlace, int]) -> str:
    """A mistake, with the key or the word that was probably meant."""
    if error["type"] == "extra_forbidden":
        keys = list(section.model_fields)
        near = _near(str(error["loc"][-1]), keys)
        meant = f"did you mean `{near}`?" if near else f"known are {', '.join(keys)}"
        return f"{describe(file, lines, error['loc'])}: there is no key '{error['loc'][-1]}' here; {meant}"
    return explain(file, lines, error)


def _parsed(file: Path) -> tuple[object, dict[YamlPlace, int]]:
    lines: dict[YamlPlace, int] = {}
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SetListError(f"{file}: larger than {MAX_BYTES} bytes; this is no set list")
        text = file.read_text(encoding="utf-8-sig")
        node = composed(text)
        note_lines(node, (), lines, file)
        return meant(node), lines
    except FileNotFoundError as error:
        raise SetListError(f"{file}: no such file; `followspot setlist make SHEET --out {file}` makes one") from error
    except UnicodeDecodeError as error:
        raise SetListError(f"{file}: is not UTF-8; save it as UTF-8 text") from error
    except OSError as error:
        raise SetListError(f"{file}: cannot be read: {error.strerror}") from error
    except ConfigError as error:
        raise SetListError(str(error)) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SetListError(
            f"{file}{line}: not valid YAML: {error.problem}; a title with a colon goes in quotes"
        ) from error
    except NO_YAML as error:
        raise SetListError(f"{file}: not valid YAML: {error}") from error


class _Writer(yaml.SafeDumper):
    """Writes YAML; text that a plain scalar would not bring back, such as U+0085, in double quotes."""


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style)


_Writer.add_representer(str, _text)


def written_set_list(set_list: SetList) -> str:
    """A set list as YAML, in the order in which a person would write it; `read_set_list` reads the same from it."""
    blocks: list[dict[str, Any]] = []
    for band, run in groupby(set_list.entries, key=lambda entry: entry.band):
        entries = list(run)
        has_heading = entries[0] == ListEntry("title", band, band)
        block: dict[str, Any] = {"band": band} if band else {}
        if band and not has_heading:
            block["heading"] = False
        block["songs"] = [_as_written(one) for one in entries[bool(band and has_heading) :]]
        blocks.append(block)
    data = {"name": set_list.name, "evening": blocks}
    return yaml.dump(data, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=120)


def _as_written(entry: ListEntry) -> dict[str, Any]:
    row: dict[str, Any] = {entry.kind: entry.title}
    usual = ListEntry()
    for name in WISHES:
        one = getattr(entry, name)
        if one != getattr(usual, name):
            row[name] = list(one) if isinstance(one, tuple) else one
    if entry.note:
        row["remark" if entry.kind == "note" else "note"] = entry.note
    return row


def write_set_list(set_list: SetList, file: Path, *, overwrite: bool = False) -> None:
    """Write a set list.

    Args:
        set_list: what to write. file: where to. overwrite: whether one that is there may be written over.

    Raises:
        SetListError: the file is there already, or cannot be written.
    """
    if file.exists() and not overwrite:
        raise SetListError(f"{file}: is there already and stays as it is; give another name, or --replace")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with coming(file) as written:
            written.write_text(written_set_list(set_list), encoding="utf-8")
    except OSError as error:
        raise SetListError(f"{file}: cannot be written: {error.strerror}") from error


def set_list_file(folder: Path, name: str) -> Path:
    """Where the set list of a name is or will be: never a file that holds another one.

    Args:
        folder: of set lists. name: of the evening, in any script.
    """
    words = (file_word(name, "evening"), own_word(name, "evening"))
    numbered = (f"{words[1]}-{number}" for number in range(2, 10_000))
    for word in (*words, *numbered):
        file = folder / f"{word}{SUFFIX}"
        if not file.exists() or _is_of(file, name):
            return file
    raise SetListError(f"{folder}: has no room for a list of the name '{name}'; remove some")


def _is_of(file: Path, name: str) -> bool:
    try:
        return read_set_list(file).name == name
    except SetListError:
        return False
