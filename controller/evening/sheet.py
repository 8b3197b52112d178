"""A band's sheet, line by line: numbers that count, headings and tables are seen over several lines. Pure."""

import re
from dataclasses import replace

from controller.evening.columns import Columns, headings, read_row
from controller.evening.entry import ListEntry
from controller.evening.line import ReadLine, as_note, is_page_head, read_line
from controller.evening.marks import CIRCLED, NUMBERED, RULE, SPACED_NUMBER
from controller.evening.terms import plain
from controller.evening.title import tidy

MOST_LINES = 2_000
MOST_LETTERS = 1_000
"""Of one line; what is longer is kept, and not read."""
NEIGHBOURS = 6
ANY_NUMBER = re.compile(r"^\s*(\d{1,3})[\s.):]\s*(?=\S)")
"""A song's number is looked for among so many lines before and behind; talk and notes may stand between."""
FIRST = re.compile(rf"^\s*(?:[{CIRCLED[0]}]|0?1\s*[.):、．]|#\s?0?1\b|\(1\)|M-?0?1\b|一[、.．])")


def read_sheet(text: str, *, is_photograph: bool = False) -> list[ReadLine]:
    """Read a sheet as it was pasted: one result a line that is not blank, in their order.

    Nothing raises, whatever the text is, and nothing is left out: what was not understood is in `entry.rest`.

    Args:
        text: the sheet. is_photograph: whether it came out of a picture, which every line then says.
    """
    written = re.split(r"\r\n|\r|\n|\v|\f|\x85|\u2028|\u2029", text.lstrip("\ufeff"))
    lines = [one for one in written if one.strip()]
    firsts = [not written[at - 1].strip() if at else True for at, one in enumerate(written) if one.strip()]
    columns: Columns | None = None
    found: list[ReadLine] = []
    for at, line in enumerate(lines):
        columns, one = _read(lines, at, columns, begins=firsts[at] or _parts(found[-1]))
        one = _over_the_songs(_below_a_song(one, line, found), line, found)
        found.append(replace(one, line=line, is_photograph=is_photograph))
    return found


def _parts(before: ReadLine) -> bool:
    """Whether a line parts two bands: what stands between a changeover, or a rule, and a song number one is a name."""
    return before.entry.kind == "changeover" or (before.is_plan_of_sheet and bool(RULE.match(before.line)))


def _below_a_song(one: ReadLine, line: str, before: list[ReadLine]) -> ReadLine:
    """A line without a number that is indented further than the numbered song above it is no song of its own."""
    numbered = next((read for read in reversed(before) if read.is_numbered), None)
    above = numbered or next((read for read in reversed(before) if not read.is_indented), None)
    if above is None or one.entry.kind != "song" or one.is_numbered or above.entry.kind != "song":
        return one
    if _indent(line) <= _indent(above.line):
        return one
    note = as_note(_readable(line))
    is_wish = note != ListEntry("note", note.title)
    return replace(one, entry=note) if numbered is not None or is_wish else one


def _over_the_songs(one: ReadLine, line: str, before: list[ReadLine]) -> ReadLine:
    """The head of a page: `The Cats – Barrowland – 12 Oct – doors 19:00`."""
    entry, text = one.entry, _readable(line)
    wishes = (entry.asked, entry.forbidden, entry.energy, entry.strobe, entry.blinder, entry.haze, entry.key)
    begins = all(read.entry.kind in ("note", "title") for read in before)
    if (
        entry.kind != "song"
        or one.is_numbered
        or re.match(r"\s|[-*+•·]\s", line)
        or any(wish not in (None, ()) for wish in wishes)
    ):
        return one
    return replace(one, entry=ListEntry("title", tidy(text))) if is_page_head(text, begins=begins) else one


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _read(lines: list[str], at: int, columns: Columns | None, *, begins: bool) -> tuple[Columns | None, ReadLine]:
    line = _readable(lines[at])
    if len(line) > MOST_LETTERS:
        return None, ReadLine(line, ListEntry("note", tidy(line[:80]), strobe=False, rest=line))
    if not line.strip():
        return columns, ReadLine(line, ListEntry("note"), is_plan_of_sheet=True)
    if found := headings(line):
        return found, ReadLine(line, ListEntry("note", tidy(line)), is_plan_of_sheet=True)
    if columns is not None and not RULE.match(line):
        row = read_row(line, columns, is_aligned=_is_aligned(columns, lines[at]))
        if row is not None:
            return columns, row
        columns = None if line.count(columns.sign) >= len(columns.names) else columns
    if "|" in line:
        line = line.strip().strip("|").strip() if line.strip().startswith("|") else line
    return columns, read_line(line, is_heading=_heads_a_list(lines, at, begins=begins), counts=_counts(lines, at))


def _is_aligned(columns: Columns, line: str) -> bool:
    """Whether only blanks or dashes part the cells of a row."""
    return len(columns.sign) > 1 or (columns.sign == "\t" and "\t" not in line)


def _readable(line: str) -> str:
    """A line in NFKC; a number in a circle keeps its dot, which makes it a song's number."""
    spaced = re.sub(rf"^(\s*)([{CIRCLED}])", lambda match: f"{match[1]}{CIRCLED.index(match[2]) % 20 + 1}. ", line)
    spaced = re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", " ", spaced.replace("…", " … "))
    return re.sub(r"(?<=\S) {3,}(?=\S)", "\t", plain(spaced).replace("\u200b", "").rstrip())


def _heads_a_list(lines: list[str], at: int, *, begins: bool) -> bool:
    """Whether a line at the beginning of its block has the song with the number one below it, or is underlined."""
    if at + 1 >= len(lines):
        return False
    following = lines[at + 1]
    is_underlined = bool(re.fullmatch(r"\s*(?:={3,}|-{3,}|─{3,}|━{3,})\s*", following))
    return not NUMBERED.match(lines[at]) and (is_underlined or (begins and bool(FIRST.match(following))))


def _counts(lines: list[str], at: int) -> bool:
    """Whether the bare number at a line's beginning is one more or one less than the nearest other one."""
    own = SPACED_NUMBER.match(plain(lines[at]))
    if own is None:
        return False
    for step in (-1, 1):
        near = lines[at - 1 :: -1][:NEIGHBOURS] if step < 0 and at else lines[at + 1 :][:NEIGHBOURS]
        other = next(
            (found for one in (near if step > 0 or at else []) if (found := ANY_NUMBER.match(plain(one)))), None
        )
        if other and int(other[1]) == int(own[1]) + step:
            return True
    return False
