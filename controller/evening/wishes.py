"""Clauses to wishes: what a line asks for, allows and forbids, and what of it is left over. Pure.

What forbids always wins, and what could be read in two ways forbids, stays in `rest`, and so is shown as not
understood.
"""

from dataclasses import dataclass
from typing import cast

from controller.evening.clauses import Clause, Polarity, Read, clauses_of
from controller.evening.entry import ColourName, Energy, LightWished
from controller.evening.terms import FILLERS, TARGETS, UNKNOWN, Term, is_cjk

UNCLEAR = (UNKNOWN, "person", "dim", "beyond", "little")
"""With one of these in its clause a device is not clearly allowed."""
ARTICLES = ("the", "der", "die", "das", "dem", "den")


@dataclass(frozen=True, slots=True)
class Wishes(LightWished):
    """What a line was read to wish.

    Attributes:
        notes: what a person should be told about the reading.
        found: whether anything was said about light at all.
    """

    notes: tuple[str, ...] = ()
    found: bool = False


def wishes_of(terms: list[Term], text: str) -> Wishes:
    """What terms wish.

    Args:
        terms: of the text, in order (`terms_of`). text: as it was written; `rest` is cut from it.
    """
    clauses = clauses_of(terms)
    before: Clause | None = None
    for clause in clauses:
        _judge(clause, before)
        before = clause
    _forbid_for_who_is_sensitive(clauses)
    _settle_contradictions(clauses)
    return _collected(clauses, terms, text)


def _judge(clause: Clause, before: Clause | None) -> None:
    """What nobody forbade or allowed is a wish, where its clause leaves no doubt."""
    kinds = clause.kinds()
    is_loose = clause.has_loose_no()
    is_unsure = "unsure" in {one.term.kind for one in clause.reads if not one.is_used}
    for read in clause.targets():
        if read.term.kind == "device":
            unclean = bool(kinds & set(UNCLEAR)) or is_loose or is_unsure or _has_bare_place(clause)
            trails = read.polarity == "bare" and _trails_a_no(clause, before, ("device", "colour", "energy"))
            unclean = unclean or bool(read.term.note)  # "stobe", "nostrobe": it was not written so
            if (read.polarity != "no" and unclean) or trails:
                read.polarity, read.is_doubtful = "no", True
        elif read.term.kind == "colour" and read.polarity == "bare":
            read.is_doubtful = read.is_doubtful or is_unsure or is_loose or _trails_a_no(clause, before, ("colour",))
            read.is_doubtful = read.is_doubtful and "only" not in kinds
        elif read.term.kind == "energy":
            is_of_a_moment = {UNKNOWN, "place"} <= kinds  # "am Ende langsam ausfaden"
            read.is_doubtful = read.is_doubtful or read.polarity == "no" or is_unsure or is_loose or is_of_a_moment
        read.is_doubtful = read.is_doubtful or clause.is_double or (is_loose and read.term.kind == "colour")
        if read.polarity == "bare" and not read.is_doubtful:
            read.polarity = "yes"
    if before is not None and any(one.polarity == "no" for one in clause.targets() if one.term.kind == "device"):
        _doubt_what_leads(clause, before)


def _doubt_what_leads(clause: Clause, before: Clause) -> None:
    """`strobe, blinder off`: whether the strobe is wished or off cannot be told."""
    is_behind = clause.targets()[0].polarity == "no" and clause.reads[0].term.kind in TARGETS
    for one in before.targets() if clause.is_after_weak and is_behind else []:
        if one.term.kind == "device" and one.polarity == "yes" and not before.kinds() & {"ok", "only"}:
            one.polarity, one.is_doubtful = "no", True


def _has_bare_place(clause: Clause) -> bool:
    """`drop the strobe`, `stop strobes`: a word of place before a device, with no preposition, may be a verb."""
    for at, read in enumerate(clause.reads):
        if read.term.kind in ("place", "break") and not is_cjk(read.term.text[0]):
            behind = any(one.term.kind == "device" for one in clause.reads[:at])
            placed = at > 0 and clause.reads[at - 1].term.kind in ("prep", "fill", "only", "place", "and")
            if not behind and not placed:
                return True
    return False


def _trails_a_no(clause: Clause, before: Clause | None, kinds: tuple[str, ...]) -> bool:
    """`no strobe, blinder`: the no may reach over the comma."""
    if before is None or not clause.is_after_weak or clause.kinds() & {"ok", "but", "only", "with", "front"}:
        return False
    last = before.targets()[-1:]
    ahead = [one for one in before.reads if one.term.kind == "no" and one.is_used]
    return bool(last and ahead and last[0].polarity == "no" and last[0].term.kind in kinds)


def _forbid_for_who_is_sensitive(clauses: list[Clause]) -> None:
    """Nothing that flashes for somebody with epilepsy, whatever else the line says."""
    if any("sensitive" in clause.kinds() for clause in clauses):
        for clause in clauses:
            for read in clause.targets():
                if read.term.kind == "device" and read.term.value != "haze" and read.polarity == "yes":
                    read.polarity, read.is_doubtful = "no", True
                elif read.term.kind == "device" and read.polarity == "no":
                    read.is_doubtful = False


def _settle_contradictions(clauses: list[Clause]) -> None:
    """Where a line says both, it is forbidden; a no that reached nothing takes back what was allowed."""
    targets = [read for clause in clauses for read in clause.targets()]
    forbidden = {read.term.value for read in targets if read.polarity == "no"}
    is_loose = any(clause.has_loose_no() for clause in clauses)
    for read in targets:
        if read.polarity == "yes" and (
            read.term.value in forbidden or (is_loose and read.term.value in ("strobe", "blinder"))
        ):
            read.is_doubtful = True
            read.polarity = "no" if read.term.kind == "device" else "bare"
    energies = {read.term.value for read in targets if read.term.kind == "energy" and read.polarity == "yes"}
    for read in targets:
        if read.term.kind == "energy" and len(energies) > 1:
            read.is_doubtful = True


def _collected(clauses: list[Clause], terms: list[Term], text: str) -> Wishes:
    keys = [(key, used) for clause in clauses if (found := _key_of(clause)) for key, used in [found]]
    in_front = {id(read) for _, used in keys for read in used}
    targets = [read for clause in clauses for read in clause.targets() if id(read) not in in_front]
    certain = [read for read in targets if not read.is_doubtful]
    energies = [read.term.value for read in certain if read.term.kind == "energy"]
    breaks = [_is_dark_on_break(clause) for clause in clauses]
    sensitive = any("sensitive" in clause.kinds() for clause in clauses)
    devices = {
        name: _device(targets, name, forbidden=sensitive and name != "haze") for name in ("strobe", "blinder", "haze")
    }
    understood = {read.term.start for read in certain if read.term.kind in ("colour", "device", "energy")}
    understood |= {read.term.start for _, used in keys for read in used}
    for clause, dark in zip(clauses, breaks, strict=True):
        understood |= _operations(clause, is_sensitive=sensitive) | (
            {one.term.start for one in clause.reads if one.term.kind in ("dark", "blackout", "break")}
            if dark is not None
            else set()
        )
    return Wishes(
        asked=_colours(certain, "yes"),
        forbidden=_colours(certain, "no"),
        energy=cast("Energy", energies[0]) if energies else None,
        strobe=devices["strobe"], blinder=devices["blinder"], haze=devices["haze"],
        dark_on_break=any(breaks),
        key=keys[0][0] if keys else None,
        notes=tuple(dict.fromkeys(one.note for one in terms if one.note and one.start in understood)),
        rest=_rest(terms, understood, text),
        found=bool(targets or keys or sensitive) or bool({"dim", "beyond"} & {one.kind for one in terms}),
    )  # fmt: skip


def _operations(clause: Clause, *, is_sensitive: bool) -> set[int]:
    """Where the terms of a clause begin that say nothing by themselves; who is sensitive to light needs no field."""
    kinds = (
        *FILLERS,
        "only",
        "and",
        "or",
        "with",
        "but",
        "scope",
        "sensitive",
        "little",
        *(["person"] if is_sensitive else []),
    )
    return {one.term.start for one in clause.reads if one.is_used or one.term.kind in kinds}


def _colours(reads: list[Read], polarity: Polarity) -> tuple[ColourName, ...]:
    names = dict.fromkeys(one.term.value for one in reads if one.term.kind == "colour" and one.polarity == polarity)
    return tuple(cast("ColourName", name) for name in names)


def _device(reads: list[Read], name: str, *, forbidden: bool) -> bool | None:
    said = [one.polarity for one in reads if one.term.kind == "device" and one.term.value == name]
    if forbidden or "no" in said:
        return False
    return True if said else None


def _key_of(clause: Clause) -> tuple[ColourName, list[Read]] | None:
    """The colour of the light on faces, where a clause speaks of it, and the terms that said so."""
    reads = clause.reads
    at = next((at for at, one in enumerate(reads) if one.term.kind == "front"), None)
    if at is None:
        return None
    link = at > 0 and reads[at - 1].term.kind in FILLERS
    after = next((one for one in reads[at + 1 :] if one.term.kind not in (*FILLERS, "only", "front", "scope")), None)
    before = next((one for one in reversed(reads[:at]) if one.term.kind not in FILLERS), None)
    choices = [one for one in ((before, after) if link else (after, before)) if one is not None]
    for one in choices:
        if one.term.kind == "colour" and one.polarity == "yes" and not one.is_doubtful:
            return cast("ColourName", one.term.value), [one, *(read for read in reads if read.term.kind == "front")]
    return None


def _is_dark_on_break(clause: Clause) -> bool | None:
    """True: wished. False: not wished, which is how it is anyway. None: nothing was said that can be kept."""
    darks = [one for one in clause.reads if one.term.kind in ("dark", "blackout")]
    if not darks or any(one.is_doubtful for one in darks):
        return None
    if all(one.polarity == "no" for one in darks):
        return False
    kinds = clause.kinds()
    if "break" in kinds and "unsure" not in kinds:
        return True
    is_alone = not kinds & {"place", "unsure", *UNCLEAR}
    return True if is_alone and any(one.term.kind == "blackout" for one in darks) else None


def _rest(terms: list[Term], understood: set[int], text: str) -> str:
    """What was not understood, as it was written, with the small words that belong to it."""
    runs: list[list[int]] = []
    is_open = False
    for at, term in enumerate(terms):
        if term.kind == "stop":
            is_open = is_open and term.value == "space"
        elif term.start not in understood:
            if is_open:
                runs[-1][1] = term.end
            else:
                runs.append([_with_small_words(terms, at), term.end])
            is_open = True
        elif is_open and term.kind in ("only", "off", "no"):
            runs[-1][1] = term.end  # "last chorus only"
        elif term.kind not in FILLERS:
            is_open = False
    return ", ".join(text[start:end].strip() for start, end in runs)


def _with_small_words(terms: list[Term], at: int) -> int:
    """Where a run begins: prepositions, articles and what says no or perhaps belong to what comes behind them."""
    is_word = terms[at].kind == UNKNOWN and not is_cjk(terms[at].text[0])
    while at > 0 and (
        terms[at - 1].kind in ("prep", "only", "no")
        or (is_word and terms[at - 1].kind == "fill")
        or terms[at - 1].text.lower() in ARTICLES
    ):
        at -= 1
    return terms[at].start
