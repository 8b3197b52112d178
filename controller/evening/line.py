"""One line of a sheet: which kind it is, its title, its wishes, and what of it nobody understood. Pure."""

import re
from dataclasses import dataclass, replace

from controller.evening import words
from controller.evening.entry import EntryKind, ListEntry
from controller.evening.marks import BOUNDARY, RULE, Marked, without_marks
from controller.evening.terms import FILLERS, TARGETS, UNKNOWN, Term, is_cjk, pattern, small, terms_of
from controller.evening.title import COMMA, PARTING, part, tidy
from controller.evening.wishes import Wishes, wishes_of

TALK, CERTAIN_TALK = pattern(words.TALK), pattern(words.CERTAIN_TALK)
CHANGEOVER, CERTAIN_CHANGEOVER = pattern(words.CHANGEOVER), pattern(words.CERTAIN_CHANGEOVER)
TUNING, HEADING, PAUSE = pattern(words.TUNING), pattern(words.HEADING), pattern(words.PAUSE_WORDS)
NOTE_MARK, SENTENCE = pattern(words.NOTE_MARKS), pattern(words.SENTENCES)
BAND = re.compile(
    r"^\s*(?:band(?:name)?|artist|act|interpret|バンド名?|出演)\s*(?:\d+\s*)?[:：]\s*(.+)$", re.IGNORECASE
)
PLEASE = re.compile(r"\b(?:please|bitte|kindly)\b|お願い|ください")
GOES_ON = ("for", "für", "von", "by", "about", "über", "zu", "zum", "and", "und", "mit", "with", "gegen")
WHOLE_SET = re.compile(
    r"\b(?:sets?|songs?|show|gig|konzerts?|abend|lieder[n]?|stücken?|tracks?|night|evening)\b|全|セット|通して"
)
LIGHT = re.compile(
    r"\b(?:lights?|lighting|colou?rs?|licht|farben?|beleuchtung|bright|hell|dark|dunkel)\b|照明|ライト|色"
)
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
    pause = _pause(marked)
    if pause is not None:
        return pause
    if is_section(text) and not _wishes(text).found:
        return ListEntry("title", tidy(marked.whole))
    if not marked.is_heading and not (text.rstrip().endswith(":") and " " not in text.strip()):
        note = _note(marked)
        if note is not None:
            return note
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
    mark = NOTE_MARK.match(small(text))
    if mark and re.match(r"\s*[:：!]|\s+[-–—]\s", text[mark.end() :]) and not marked.is_numbered:
        return _note_of(marked, text[mark.end() :].lstrip(" :!-–—"))
    if text[:1] == "※" or (mark and mark.group() == "※"):
        return _note_of(marked, text[1:])
    return _note_of(marked, text) if _is_only_wishes(head, text, is_numbered=marked.is_numbered) else None


def _note_of(marked: Marked, said: str) -> ListEntry:
    wishes = _wishes(said)
    title = tidy(marked.whole)
    if not wishes.found:
        return ListEntry("note", title, rest=said if LIGHT.search(small(said)) else "")
    return _with("note", title, wishes)


def _is_only_wishes(head: str, text: str, *, is_numbered: bool) -> bool:
    """Whether a line begins with a wish rather than with a title."""
    clause = re.split(r"[,;、。!]|\.\s|\s/\s", head, maxsplit=1)[0]
    terms = [one for one in terms_of(clause) if one.kind != "stop"]
    kinds = [one.kind for one in terms if one.kind not in FILLERS]
    all_terms = [one for one in terms_of(text) if one.kind != "stop"]
    targets = [one for one in all_terms if one.kind in (*TARGETS, "front", "sensitive")]
    says_no = {one.kind for one in all_terms} & {"no", "off", "ok", "sensitive"}
    if kinds and set(kinds) <= {"no", "off", "ok"} and targets:
        return True  # "NG: strobe"
    is_request = not is_numbered and head == text.strip() and bool(PLEASE.search(small(text)))
    if is_request and (LIGHT.search(small(text)) or _is_sentence(text, head)):
        return True
    if not targets:
        return kinds == ["dim"]
    devices = {"device", "sensitive"} & {one.kind for one in all_terms}
    if _begins_a_sentence(text) and (devices or says_no or UNKNOWN not in kinds) and head == text.strip():
        return True
    if (
        "scope" in kinds
        and not is_numbered
        and (UNKNOWN not in kinds or devices or (kinds[0] == "scope" and WHOLE_SET.search(small(clause))))
    ):
        return True
    if is_numbered:
        is_dark = {"break"} < set(kinds) and bool({"dark", "blackout"} & set(kinds))
        return UNKNOWN not in kinds and ((bool(devices) and bool(says_no) and len(kinds) > 1) or is_dark)
    if _is_sentence(text, head) and devices:
        return True
    if UNKNOWN in kinds:
        return (
            _leads_with_a_no(terms) or ("sensitive" in kinds) or _speaks_of_devices(kinds, head == text.strip(), text)
        )
    if kinds in ([], ["prep"]):
        return head != text.strip() and bool(terms)
    is_wish = is_cjk(terms[-1].text[0]) and (len(terms) > 1 or kinds == ["energy"])
    is_wish = is_wish or (len(terms) > 1 and terms[0].text[:1].islower())
    return is_wish or len(kinds) > 1 or (len(targets) > 1 and head == text.strip()) or _is_settled(kinds, head, text)


def _begins_a_sentence(text: str) -> bool:
    return bool(SENTENCE.match(small(text).lstrip()))


def _is_sentence(text: str, head: str) -> bool:
    """Five words or more, mostly in small letters: nobody writes a title so."""
    long_words = [one for one in re.findall(r"[^\W\d_]+", text) if len(one) > 3]
    return (
        head == text.strip()
        and len(text.split()) >= 5
        and sum(one[0].islower() for one in long_words) >= 0.6 * len(long_words)
    )


def _leads_with_a_no(terms: list[Term]) -> bool:
    """`No strobe in the second song`: a no, an "only" or "please" and then at once what it is about."""
    led = [one.kind for one in terms if one.kind not in FILLERS]
    return len(led) > 1 and led[0] in ("no", "only", "off") and led[1] in (*TARGETS, "front")


def _speaks_of_devices(kinds: list[str], is_whole: bool, text: str) -> bool:
    """A sentence with a device and a no or an OK, and nothing that parts a title from it."""
    return (
        is_whole
        and "device" in kinds
        and bool({"no", "off", "ok", "only", "unsure"} & set(kinds))
        and not re.search(r"[,、]", text)
        and kinds[0] not in (UNKNOWN, "dark", "colour", "energy", "place")
    )


def _is_settled(kinds: list[str], head: str, text: str) -> bool:
    """One word by itself is a title (`Calm`, `Strobe - red`), but `Strobe: no` is not."""
    behind = text[len(head) :].strip()
    tail = terms_of(behind)
    only_operations = (
        bool(tail)
        and all(one.kind in ("no", "off", "ok", "stop", *FILLERS) for one in tail)
        and any(one.kind in ("no", "off", "ok") for one in tail)
    )
    return (
        only_operations
        or (behind.startswith((":", "=")) and kinds[0] in ("device", "front"))
        or kinds[0] in ("blackout", "scope", "front")
    )


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
