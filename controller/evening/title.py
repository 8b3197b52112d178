"""Where a song's title ends and its wishes begin: a dash, a bracket, a colon, a comma, or only the words. Pure."""

import re
from dataclasses import dataclass

from controller.evening import words
from controller.evening.marks import BOUNDARY, EDGE_EMOJI
from controller.evening.terms import FILLERS, TARGETS, UNKNOWN, Term, is_cjk, pattern, terms_of
from controller.evening.wishes import Wishes, wishes_of

QUOTED = re.compile(r"^\s*[\"“„«»「『‘](.+?)[\"“”»«」』’](?=$|[\s\W]|[^\x00-\x7f])\s*(.*)$")
PARTING = re.compile(
    rf"\s+[-–—―]+\s+|\s+[–—-]+(?=[^\W\d_])|(?<=[\w\)!?'])[–—―]+\s*|(?<=\w\w)-\s+|\s*[\t|{BOUNDARY}]+\s*|\s*:(?=\s|[^\x00-\x7f])\s*|\s+:\s*|(?<=[^\x00-\x7f]):|\s*;\s*|\s*(?:->|=>|→|⇒|>>|//|…|\.\.+)\s*|\s+=+>?\s*|\s+>+\s+|\s*[(\[【〔{{※]\s*"
)
COMMA = re.compile(r"\s*[,;、/]\s*")
LIGHTS = ("色", "照", "灯", "ラ")
"""What words for light in general begin with: `いろんな色で` is a wish, though not one that is known."""
VERSION = pattern(words.VERSIONS)


@dataclass(frozen=True, slots=True)
class Parted:
    """A line in title and wishes.

    Attributes:
        title: as it was written. tail: the text of the wishes. sign: what parts them, "" if only the words do.
        rest: what may belong to either and is in neither.
    """

    title: str
    tail: str = ""
    sign: str = ""
    rest: str = ""


def part(text: str) -> Parted:
    """Part a line; where nothing parts it, all of it is the title."""
    if quoted := QUOTED.match(text):
        return Parted(quoted[1].strip(), quoted[2].strip(), "quote" if quoted[2].strip() else "")
    start = _behind_leading_bracket(text)
    for match in PARTING.finditer(text, start):
        head, tail = text[: match.start()].strip(), text[match.end() :].strip()
        if not head or not tail.strip(" )]】〕.!,;-" + BOUNDARY):
            continue
        sign = match.group().strip()
        if sign == ":" and (label := _label(head, tail)):
            head, tail = head[:label].strip(" ,、/"), f"{head[label:]}: {tail}"
        if version := _leading_version(tail, sign):
            written = text[: match.end() + version].strip()
            after = text[match.end() + version :].strip(" \t)]-–—:,;|")
            return Parted(written, after, sign if after else "")
        return _with_shorter_title(head, tail, sign or "tab")
    whole = text.strip(" " + BOUNDARY)
    return _with_shorter_title(whole, "", "")


def tidy(title: str) -> str:
    """A title without the blanks, quotes, dashes and small pictures around it."""
    title = EDGE_EMOJI.sub("", title.replace(BOUNDARY, " ")).strip()
    title = re.sub(r"\s+", " ", title).strip(" \t-–—―:;,|=*_~・")
    if quoted := re.fullmatch(r"[\"“„«「『]([^\"“”»」』]+)[\"“”»」』]|\(([^()]+)\)", title):
        return (quoted[1] or quoted[2]).strip()
    if title.count(")") > title.count("(") and title.endswith(")"):
        title = title[:-1].strip()
    return title


def _label(head: str, tail: str) -> int:
    """Where `NG:` or `strobe: no` begins that a colon parts from its title; 0 if it is no such label."""
    terms = terms_of(head)
    at = len(terms)
    while at > 0 and terms[at - 1].kind in ("no", "off", "ok"):
        at -= 1
    if at == len(terms):
        answer = next(iter(terms_of(tail)), None)
        at -= bool(at > 1 and terms[-1].kind == "device" and answer and answer.kind in ("no", "off", "ok"))
    return terms[at].start if 0 < at < len(terms) else 0


def _behind_leading_bracket(text: str) -> int:
    """A bracket at the very beginning belongs to a title: `(I Can't Get No) Satisfaction`."""
    match = re.match(r"\s*\([^)]*\)\s*(?=\w)", text)
    return match.end() if match else 0


def _leading_version(tail: str, sign: str) -> int:
    """How much of a tail is a version of the song, `(acoustic)`, which belongs to its title; 0 if none."""
    inside = re.match(r"([^)\]]*)[)\]]" if sign in ("(", "[") else r"([^-–—|,(]+?)\s*(?=$|\s[-–—]\s|[|,(\t])", tail)
    if sign == "(" and inside is not None and tail[inside.end() :].strip() and _is_part_of_title(inside[1]):
        return inside.end()
    if inside is None or (match := VERSION.match(inside[1].strip())) is None or match.end() < len(inside[1].strip()):
        return 0
    return inside.end()


def _is_part_of_title(inside: str) -> bool:
    """Several words in brackets that have nothing to do with light: `Don't You (Forget About Me) – blue`."""
    kinds = {one.kind for one in terms_of(inside)}
    return len(inside.split()) > 1 and UNKNOWN in kinds and kinds <= {UNKNOWN, *FILLERS, "place", "with"}


def _with_shorter_title(head: str, tail: str, sign: str) -> Parted:
    """Take wishes off the end of a title that nothing but commas or spaces parts from them."""
    cut = _by_comma(head) or _by_words(head)
    if cut is None:
        return Parted(head, tail, sign)
    at, is_certain = cut
    if not is_certain and sign:
        return Parted(head, tail, sign)  # what parts a title from wishes stands elsewhere
    more = _by_words(head[:at]) if is_certain else None
    at = more[0] if more and more[1] else at
    taken = head[at:].lstrip(" ,;、/")
    title = head[:at].strip(" ,;、/")
    if not is_certain:
        return Parted(title, tail, sign, taken)
    title, unsure = _without_capital_wishes(title) if head.isupper() else (title, "")
    return Parted(
        title, f"{taken}, {tail}" if tail else taken, sign or ("comma" if head[at:] != taken else "words"), unsure
    )


def _without_capital_wishes(title: str) -> tuple[str, str]:
    """Of a line in capitals, colours at the end of what seems to be its title belong to it or are wishes."""
    terms = terms_of(title)
    at = len(terms)
    while at > 1 and terms[at - 1].kind in ("colour", "energy", "and", "or"):
        at -= 1
    if at == len(terms):
        return title, ""
    return title[: terms[at].start].strip(), title[terms[at].start :].strip()


def _by_comma(head: str) -> tuple[int, bool] | None:
    """Where the wishes begin behind a comma, and whether that is certain."""
    cuts = [match.start() for match in COMMA.finditer(head) if match.start() > 0]
    for at in cuts:
        behind = head[at:].lstrip(" ,;、/")
        terms = terms_of(behind)
        wishes = wishes_of(terms, behind)
        if not wishes.found:
            continue
        if _is_definite(terms, wishes) or (not wishes.rest and _is_written_small(behind, head[:at])):
            return at, True
        first = COMMA.split(behind)[0]
        if _is_written_small(behind, head[:at]) and (alone := _wishes(first)).found and not alone.rest:
            return at, False
        if not wishes.rest and len(cuts) == 1 and not any(one.kind in FILLERS for one in terms):
            return at, False
    return None


def _wishes(text: str) -> Wishes:
    return wishes_of(terms_of(text), text)


def _is_definite(terms: list[Term], wishes: Wishes) -> bool:
    """Whether words can only be wishes: a device, or a no, an OK or an "only" with a colour."""
    first = next((one for one in terms if one.kind not in (*FILLERS, "stop")), None)
    kinds = {one.kind for one in terms}
    if first is None or first.kind == UNKNOWN or not wishes.found:
        return False
    return (
        bool(kinds & {"device", "front", "sensitive"})
        or bool(kinds & {"no", "off", "ok", "only"})
        or wishes.dark_on_break
    )


def _is_written_small(behind: str, before: str) -> bool:
    """Small letters behind a title in capitals, or a script without capitals."""
    letters = [one for one in behind if one.isalpha()]
    if letters and is_cjk(letters[0]):
        return True
    return bool(letters) and letters[0].islower() and any(one.isupper() or is_cjk(one) for one in before)


def _by_words(head: str) -> tuple[int, bool] | None:
    """Where the wishes begin behind a title that only a space parts from them."""
    terms = terms_of(head)
    starts = [
        at
        for at, one in enumerate(terms)
        if at > 0
        and head[one.start - 1].isspace()
        and (one.kind not in (*FILLERS, "stop", UNKNOWN) or (one.kind == UNKNOWN and is_cjk(one.text[0])))
    ]
    for at in starts:
        taken = terms[at:]
        behind = head[taken[0].start :]
        if _is_japanese_wish(taken):
            return taken[0].start, True
        if any(
            one.kind in (UNKNOWN, "person", "unsure", "stop")
            for one in taken
            if one.text != "?" and one.value != "space"
        ):
            continue
        wishes = wishes_of(taken, behind)
        is_whole = not wishes.rest or (is_cjk(behind[0]) and "place" in {one.kind for one in taken})
        if wishes.found and is_whole and (certain := _certain_words(head, taken, wishes)) is not None:
            return taken[0].start, certain
    return None


def _is_japanese_wish(taken: list[Term]) -> bool:
    """Whether the next words up to a blank are a wish, whatever follows; `赤い` describes what follows it."""
    chunk = taken[: next((at for at, one in enumerate(taken) if one.kind == "stop"), len(taken))]
    if not is_cjk(chunk[0].text[0]) or (chunk[-1].kind == "colour" and chunk[-1].text.endswith("い")):
        return False
    is_known = not {UNKNOWN, "person", "unsure"} & {one.kind for one in chunk}
    if any(one.text[:1] in LIGHTS for one in chunk if one.kind == "fill"):
        return True
    return chunk[0].kind == "device" or (is_known and any(one.kind in (*TARGETS, "front") for one in chunk))


def _certain_words(head: str, taken: list[Term], wishes: Wishes) -> bool | None:
    """Whether the last words of a line are wishes; None if they are as likely part of its title."""
    before = head[: taken[0].start]
    first = taken[0].text
    if is_cjk(first[0]) or not first[0].isascii():
        return True if any(map(str.isalnum, before)) else None
    is_capital = first[:1].isupper()
    is_said = bool({one.kind for one in taken} & {"no", "off", "ok", "only", "front", "sensitive"})
    if is_said and _is_definite(taken, wishes) and (taken[0].kind in ("no", "only", "front") or not is_capital):
        return True
    if taken[0].kind == "device" and len(taken) == 1 and (not is_capital or first.lower().startswith("strob")):
        return False
    if head.isupper() and taken[0].kind == "device" and len(taken) > 1:
        return True
    names = [one for one in before.split() if len(one) > 3 or one[:1].isupper()]
    is_title_case = len(names) >= 2 and all(not one[:1].islower() for one in names)
    return False if is_title_case and first[:1].islower() else None
