"""Whether a line is about the light and names no song: `No strobe!`, `only blue`, `We love red`. Pure."""

import re
from dataclasses import dataclass

from controller.evening import words
from controller.evening.terms import FILLERS, TARGETS, UNKNOWN, Term, is_cjk, pattern, small, terms_of

SENTENCE = pattern(words.SENTENCES)
PLEASE = re.compile(r"\b(?:please|bitte|kindly)\b|お願い|ください")
WHOLE_SET = re.compile(
    r"\b(?:sets?|songs?|show|gig|konzerts?|abend|lieder[n]?|stücken?|tracks?|night|evening)\b|全|セット|通して"
)
LIGHT = re.compile(
    r"\b(?:lights?|lighting|colou?rs?|licht|farben?|beleuchtung|bright|hell|dark|dunkel)\b|照明|ライト|色"
)
CLAUSE = re.compile(r"[,;、。!]|\.\s|\s/\s")
OPERATIONS = {"no", "off", "ok"}


@dataclass(frozen=True, slots=True)
class _Said:
    """A line as far as this question needs it.

    Attributes:
        text: the line. head: what stands before its first strong sign. clause: the first clause of that, with its
            terms; kinds: theirs, without fillers. all_kinds: of the whole line. targets: of it, how many.
    """

    text: str
    head: str
    clause: str
    terms: list[Term]
    kinds: list[str]
    all_kinds: set[str]
    targets: int

    @property
    def is_whole(self) -> bool:
        """Whether no strong sign parts it."""
        return self.head == self.text.strip()

    @property
    def has_device(self) -> bool:
        """Whether it speaks of a strobe, a blinder, haze, or of who is sensitive to them."""
        return bool({"device", "sensitive"} & self.all_kinds)


def names_no_song(text: str, head: str, *, is_numbered: bool) -> bool:
    """Whether a line begins with a wish rather than with a title.

    Args:
        text: the line without its marks. head: what stands before its first strong sign. is_numbered: whether a song's
            number stood before it.
    """
    said = _said(text, head)
    if said.kinds and set(said.kinds) <= OPERATIONS and said.targets:
        return True  # "NG: strobe"
    if not is_numbered and _is_request(said):
        return True
    if not said.targets:
        return said.kinds == ["dim"]
    if is_numbered:
        return _begins_a_sentence(said) or _is_rule(said)
    return _begins_a_sentence(said) or _is_for_all(said) or (_is_sentence(said) and said.has_device) or _is_wish(said)


def _said(text: str, head: str) -> _Said:
    clause = CLAUSE.split(head, maxsplit=1)[0]
    terms = [one for one in terms_of(clause) if one.kind != "stop"]
    all_kinds = [one.kind for one in terms_of(text) if one.kind != "stop"]
    targets = sum(one in (*TARGETS, "front", "sensitive") for one in all_kinds)
    return _Said(
        text, head, clause, terms, [one.kind for one in terms if one.kind not in FILLERS], set(all_kinds), targets
    )


def _is_request(said: _Said) -> bool:
    is_polite = said.is_whole and bool(PLEASE.search(small(said.text)))
    return is_polite and (bool(LIGHT.search(small(said.text))) or _is_sentence(said))


def _begins_a_sentence(said: _Said) -> bool:
    """`We want ...`, `Bitte ...`, `Our singer ...`, and something about the light in it."""
    begins = said.is_whole and bool(SENTENCE.match(small(said.text).lstrip()))
    return begins and (
        said.has_device or bool(said.all_kinds & {*OPERATIONS, "sensitive"}) or UNKNOWN not in said.kinds
    )


def _is_sentence(said: _Said) -> bool:
    """Five words or more, mostly in small letters: nobody writes a title so."""
    long_words = [one for one in re.findall(r"[^\W\d_]+", said.text) if len(one) > 3]
    n_small = sum(one[0].islower() for one in long_words)
    return said.is_whole and len(said.text.split()) >= 5 and n_small >= 0.6 * len(long_words)


def _is_rule(said: _Said) -> bool:
    """One of a numbered list of rules: `3. no strobe`; `3. Blue` is a song."""
    is_dark = "break" in said.kinds and bool({"dark", "blackout"} & set(said.kinds))
    forbids = said.has_device and bool(said.all_kinds & {*OPERATIONS, "sensitive"}) and len(said.kinds) > 1
    return UNKNOWN not in said.kinds and (forbids or is_dark)


def _is_for_all(said: _Said) -> bool:
    """`Whole set: ...`, `all songs blue`."""
    if "scope" not in said.kinds:
        return False
    begins = said.kinds[0] == "scope" and bool(WHOLE_SET.search(small(said.clause)))
    return UNKNOWN not in said.kinds or said.has_device or begins


def _is_wish(said: _Said) -> bool:
    """Whether the first clause is a wish; one word by itself is a title (`Calm`, `Strobe - red`)."""
    kinds, terms = said.kinds, said.terms
    if UNKNOWN in kinds:
        return _leads_with_a_no(kinds) or "sensitive" in kinds or _speaks_of_devices(said)
    if kinds in ([], ["prep"]):
        return not said.is_whole and bool(terms)
    is_japanese = is_cjk(terms[-1].text[0]) and (len(terms) > 1 or kinds == ["energy"])
    is_small = len(terms) > 1 and terms[0].text[:1].islower()
    is_list = len(kinds) > 1 or (said.targets > 1 and said.is_whole)
    return is_japanese or is_small or is_list or _is_settled(said)


def _leads_with_a_no(kinds: list[str]) -> bool:
    """`No strobe in the second song`: a no or an "only", and then at once what it is about."""
    return len(kinds) > 1 and kinds[0] in ("no", "only", "off") and kinds[1] in (*TARGETS, "front")


def _speaks_of_devices(said: _Said) -> bool:
    """A sentence with a device and a no or an OK, and nothing that parts a title from it."""
    is_one = said.is_whole and not re.search(r"[,、]", said.text)
    says = bool({*OPERATIONS, "only", "unsure"} & set(said.kinds))
    return (
        is_one and "device" in said.kinds and says and said.kinds[0] not in (UNKNOWN, *TARGETS[2:], "colour", "place")
    )


def _is_settled(said: _Said) -> bool:
    """`Strobe: no`: a device with its answer behind it."""
    behind = said.text[len(said.head) :].strip()
    answers = [one.kind for one in terms_of(behind) if one.kind not in ("stop", *FILLERS)]
    is_answer = bool(answers) and set(answers) <= OPERATIONS
    is_label = behind.startswith((":", "=")) and said.kinds[0] in ("device", "front")
    return is_answer or is_label or said.kinds[0] in ("blackout", "scope", "front")
