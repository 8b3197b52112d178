"""One line of a sheet: which kind it is, its title, its wishes, and what of it nobody understood. Pure."""

import re
from dataclasses import dataclass, replace

from controller.evening import words
from controller.evening.entry import EntryKind, ListEntry
from controller.evening.marks import BOUNDARY, RULE, Marked, without_marks
from controller.evening.note import LIGHT, names_no_song
from controller.evening.terms import pattern, small, terms_of
from controller.evening.title import COMMA, PARTING, part, tidy
from controller.evening.wishes import Wishes, wishes_of

TALK, CERTAIN_TALK = pattern(words.TALK), pattern(words.CERTAIN_TALK)
CHANGEOVER, CERTAIN_CHANGEOVER = pattern(words.CHANGEOVER), pattern(words.CERTAIN_CHANGEOVER)
TUNING, HEADING, PAUSE = pattern(words.TUNING), pattern(words.HEADING), pattern(words.PAUSE_WORDS)
NOTE_MARK = pattern(words.NOTE_MARKS)
BAND = re.compile(
    r"^\s*(?:band(?:name)?|artist|act|interpret|バンド名?|出演)\s*(?:\d+\s*)?[:：]\s*(.+)$", re.IGNORECASE
)
GOES_ON = ("for", "für", "von", "by", "about", "über", "zu", "zum", "and", "und", "mit", "with", "gegen")
LIST_NAME = re.compile(r"set[- ]?list(?:e|en)?\b|running order\b|セットリスト|セトリ")
LEFT = re.compile(r"[\w]")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of a sheet and what was read in it.

    Attributes:
        line: as it was written. entry: the wish that it became; its `rest` is what was not understood.
        is_photograph: whether it came out of a picture. is_plan_of_sheet: a rule or the headings of a table, which is
            no entry of a list.
        is_numbered, is_indented: how it was written, which tells what it belongs to.
    """

    line: str
    entry: ListEntry
    is_photograph: bool = False
    is_plan_of_sheet: bool = False
    is_numbered: bool = False
    is_indented: bool = False

    @property
    def is_understood(self) -> bool:
        """Whether nothing of it is left over."""
        return not self.entry.rest


def read_line(text: str, *, is_heading: bool = False, counts: bool = False) -> ReadLine:
    """Read one line by itself.

    Args:
        text: in NFKC, not blank. is_heading: the lines around it say that it is one. counts: a bare number at its
            beginning is its place in the list.
    """
    if RULE.match(text) or not LEFT.search(text):
        return ReadLine(text, ListEntry("note"), is_plan_of_sheet=True)
    marked = without_marks(text, counts=counts)
    entry = _entry(marked, is_heading=is_heading)
    entry = replace(entry, tempo_bpm=marked.tempo_bpm, rest=_joined(entry.rest, marked.rest))
    return ReadLine(text, entry, is_numbered=marked.is_numbered, is_indented=text[:1] in " \t" or marked.is_bulleted)


def _entry(marked: Marked, *, is_heading: bool) -> ListEntry:
    text = marked.text
    if not text:
        return ListEntry("note", tidy(marked.whole))
    if band := BAND.match(text):
        return ListEntry("title", tidy(band[1]))
    if is_section(text) and not _wishes(text).found:
        return ListEntry("title", tidy(marked.whole))
    if (found := _pause(marked) or _note(marked)) is not None:
        return found
    if marked.is_heading or text.rstrip().endswith(":") or (is_heading and not _wishes(part(text).tail).found):
        return _heading(text)
    return _song(text)


def is_section(title: str) -> bool:
    """Whether a heading parts a night or a set (`Encore`, `Set 2`, `Setlist Berlin`) and names no band."""
    return bool(LIST_NAME.match(small(title))) or _is_whole(HEADING, re.sub(r"[(\[].*$", "", _head(title)))


def _wishes(text: str) -> Wishes:
    return wishes_of(terms_of(text), text)


def _with(kind: EntryKind, title: str, wishes: Wishes, rest: str = "") -> ListEntry:
    """An entry with wishes."""
    return ListEntry(
        kind, title, asked=wishes.asked, forbidden=wishes.forbidden, energy=wishes.energy, strobe=wishes.strobe,
        blinder=wishes.blinder, haze=wishes.haze, dark_on_break=wishes.dark_on_break, key=wishes.key,
        note="; ".join(wishes.notes), rest=_joined(rest, wishes.rest),
    )  # fmt: skip


def _joined(*parts: str) -> str:
    return ", ".join(one.strip() for one in parts if one.strip())


def _head(text: str) -> str:
    """What stands before the first strong sign."""
    match = next((one for one in PARTING.finditer(text) if text[: one.start()].strip()), None)
    return text[: match.start()].strip() if match else text


def _is_whole(listed: re.Pattern[str], text: str) -> bool:
    """Whether a text is one of the words, with nothing but numbers, lengths and fillers around it."""
    bare = re.sub(rf"[\W_{BOUNDARY}]+", " ", PAUSE.sub(" ", listed.sub(" ", small(text)))).strip()
    return bool(listed.search(small(text))) and not re.sub(r"[\d\s]|の|と", "", bare)


def _pause(marked: Marked) -> ListEntry | None:
    """A line in which no song is played: talk, a changeover, tuning."""
    text = marked.text
    head = re.sub(r"^\W+", "", _head(text))
    low = small(head)
    kinds: list[tuple[EntryKind, re.Pattern[str], re.Pattern[str]]] = [
        ("changeover", CHANGEOVER, CERTAIN_CHANGEOVER), ("talk", TALK, CERTAIN_TALK),
    ]  # fmt: skip
    for kind, listed, certain in kinds:
        begins = certain.match(low)
        if (
            _is_whole(listed, head)
            or (begins and _may_go_on(low[begins.end() :], begins.group()))
            or (kind == "changeover" and certain.search(low))
        ):
            return _pause_with(kind, marked, head)
    if _is_whole(TALK, re.sub(rf"(?i){TUNING.pattern}", " ", head)):
        return _pause_with("talk", marked, head)
    if _is_whole(TUNING, head):
        return _pause_with("note", marked, head)
    return None


def _may_go_on(behind: str, begun: str) -> bool:
    """`MC Hammer` is nobody's announcement; `MC (thanks)`, `MC and tuning` are, and `Ansage` always is one."""
    if not begun.startswith("mc") or not behind.startswith(" ") or not behind.strip():
        return True
    first = behind.strip()
    return not first[0].isalpha() or not first[0].isascii() or first.split()[0] in GOES_ON


def _pause_with(kind: EntryKind, marked: Marked, head: str) -> ListEntry:
    """Words that touch no light are what is said, so they stay in the title."""
    text = marked.text
    wishes = _wishes(text[len(head) :] if head != text and text.startswith(head) else "")
    if not wishes.found:
        in_all = _wishes(text)
        if not in_all.found:
            return ListEntry(kind, tidy(marked.whole))
        clause = COMMA.split(head)[0]
        return _with(
            kind, tidy(COMMA.split(marked.whole)[0]), _wishes(text[len(clause) :]) if clause != head else in_all
        )
    return _with(kind, tidy(head), wishes)


def _heading(text: str) -> ListEntry:
    """A heading, which may carry wishes for all that follows: `The Cats (no strobe)`."""
    parted = part(text.rstrip().rstrip(":"))
    wishes = _wishes(parted.tail)
    if not wishes.found:
        return ListEntry("title", tidy(text))
    return _with("title", tidy(parted.title), wishes, parted.rest)


def _note(marked: Marked) -> ListEntry | None:
    """A line that is about the light and names no song; None if it is something else."""
    text, head = marked.text, _head(marked.text)
    if marked.is_heading or (text.rstrip().endswith(":") and " " not in text.strip()):
        return None
    mark = NOTE_MARK.match(small(text))
    if mark and re.match(r"\s*[:：!]|\s+[-–—]\s", text[mark.end() :]) and not marked.is_numbered:
        return _note_of(marked, text[mark.end() :].lstrip(" :!-–—"))
    if text[:1] == "※" or (mark and mark.group() == "※"):
        return _note_of(marked, text[1:])
    return _note_of(marked, text) if names_no_song(text, head, is_numbered=marked.is_numbered) else None


def _note_of(marked: Marked, said: str) -> ListEntry:
    wishes = _wishes(said)
    title = tidy(marked.whole)
    if not wishes.found:
        return ListEntry("note", title, rest=said if LIGHT.search(small(said)) else "")
    return _with("note", title, wishes)


def _song(text: str) -> ListEntry:
    parted = part(text)
    title = tidy(parted.title)
    wishes = _wishes(parted.tail)
    rest = parted.rest
    if parted.tail and not wishes.found and not wishes.rest:
        wishes = Wishes()
    entry = _with("song", title, wishes, rest)
    unsure = _wishes(rest)
    doubted = {name: False for name in ("strobe", "blinder", "haze") if getattr(unsure, name) is not None}
    return _careful(replace(entry, **doubted), parted.title)  # type: ignore[arg-type]


def _careful(entry: ListEntry, title: str) -> ListEntry:
    """A title with a strobe and a no in it may be a wish: it forbids, and somebody looks at it."""
    in_title = _wishes(title)
    kinds = {one.kind for one in terms_of(title)}
    if not kinds & {"no", "off", "ok", "sensitive"} or not (kinds & {"device", "sensitive"}):
        return entry
    forbidden = {name: False for name in ("strobe", "blinder", "haze") if getattr(in_title, name) is not None}
    return replace(entry, **forbidden, rest=_joined(title, entry.rest))  # type: ignore[arg-type]


def as_json(line: ReadLine) -> dict[str, object]:
    """What a line was read as, for programs."""
    entry = line.entry
    found: dict[str, object] = {
        "line": line.line,
        "kind": entry.kind,
        "title": entry.title,
        "understood": line.is_understood,
        "rest": entry.rest,
        "asked": list(entry.asked),
        "forbidden": list(entry.forbidden),
        "energy": entry.energy,
        "strobe": entry.strobe,
        "blinder": entry.blinder,
        "haze": entry.haze,
        "dark_on_break": entry.dark_on_break,
        "key": entry.key,
        "tempo_bpm": entry.tempo_bpm,
        "note": entry.note,
    }
    return {**found, "photograph": True} if line.is_photograph else found
