"""Clauses: which of the words before and behind it a no, an OK or a "but" belongs to. Pure.

A clause ends at a comma, a bracket or a dash. Within it a no before its targets reaches to the next OK or "but"; a no
behind them reaches back to the one before.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from controller.evening.terms import TARGETS, UNKNOWN, Term

Polarity = Literal["bare", "yes", "no"]
OPERATIONS = ("no", "off", "ok")
JOINING = "×✕✖x"
"""Between two targets these join; behind one they say no."""
SWITCHES = ("on", "an")
"""Prepositions that mean "switched on" where a clause ends with them."""


@dataclass(slots=True)
class Read:
    """A term on its way.

    Attributes:
        polarity: what was said of a target. is_doubtful: somebody has to look at it. is_used: an operation that reached
            a target, or a word that needs none.
    """

    term: Term
    polarity: Polarity = "bare"
    is_doubtful: bool = False
    is_used: bool = False


@dataclass(slots=True)
class Clause:
    """Terms that belong together.

    Attributes:
        is_after_weak: only a comma or a blank parts it from the clause before.
        is_double: `no light except red`: two in a row, and what they mean together is not known.
        begins_list: `no: strobe, blinder`: what comes after the comma is forbidden, too.
    """

    reads: list[Read] = field(default_factory=list)
    is_after_weak: bool = False
    is_double: bool = False
    begins_list: bool = False

    def kinds(self) -> set[str]:
        """Of its terms."""
        return {read.term.kind for read in self.reads}

    def targets(self) -> list[Read]:
        """What can be wished or forbidden."""
        return [read for read in self.reads if read.term.kind in TARGETS]

    def has_loose_no(self) -> bool:
        """Whether a no is in it that reached nothing."""
        return any(one.term.kind in ("no", "off") and not one.is_used for one in self.reads)


def clauses_of(terms: list[Term]) -> list[Clause]:
    """The clauses of a line, with the polarity of their targets.

    Args:
        terms: of the line, in order.
    """
    clauses = _parted(terms)
    before: Clause | None = None
    for clause in clauses:
        _Walk(clause, before).over()
        before = clause
    return clauses


def _parted(terms: list[Term]) -> list[Clause]:
    clauses = [Clause()]
    for at, term in enumerate(terms):
        if term.kind != "stop":
            clauses[-1].reads.append(Read(_switched(terms, at) if clauses[-1].targets() else term))
        elif term.value == "space" and not _parts(clauses[-1], terms[at + 1 :]):
            continue
        elif clauses[-1].reads:
            clauses.append(Clause(is_after_weak=term.value != "strong"))
        elif term.value == "strong":
            clauses[-1].is_after_weak = False
    return [clause for clause in clauses if clause.reads]


def _switched(terms: list[Term], at: int) -> Term:
    """`strobe on` at the end of a clause is an OK."""
    term = terms[at]
    is_last = at + 1 == len(terms) or terms[at + 1].kind == "stop"
    return replace(term, kind="ok") if is_last and term.kind == "prep" and term.text.lower() in SWITCHES else term


def _parts(clause: Clause, ahead: list[Term]) -> bool:
    """Whether a blank between Japanese words parts two wishes: there is one on either side of it."""
    chunk = ahead[: next((at for at, one in enumerate(ahead) if one.kind == "stop"), len(ahead))]
    is_joined = bool(clause.reads) and clause.reads[-1].term.text in JOINING
    return not is_joined and bool(clause.targets()) and any(one.kind in (*TARGETS, "front") for one in chunk)


class _Walk:
    """Over one clause, from its first word to its last."""

    def __init__(self, clause: Clause, before: Clause | None) -> None:
        self._clause, self._before = clause, before
        self._prefix: Polarity | None = None
        self._run: list[Read] = []
        self._since = 0
        continues = before is not None and before.begins_list and clause.is_after_weak
        if continues and not clause.kinds() & {"ok", "but"}:
            self._prefix, clause.begins_list = "no", True

    def over(self) -> None:
        """Give every target what its operations say."""
        reads = self._clause.reads
        for at, read in enumerate(reads):
            kind = read.term.kind
            reached = any(one.term.kind in TARGETS for one in reads[self._since : at])
            if kind in TARGETS:
                self._target(at)
            elif kind == "but" or (kind == "with" and self._prefix and reached):
                self._prefix, self._run, read.is_used = None, [], True
            elif kind in OPERATIONS:
                self._operation(at)
                self._since = at

    def _target(self, at: int) -> None:
        read = self._clause.reads[at]
        if self._prefix is None:
            self._run.append(read)
            return
        read.polarity = self._prefix
        read.is_doubtful = self._prefix == "no" and _joins_two_classes(self._clause.reads[self._since : at + 1])

    def _operation(self, at: int) -> None:
        """One no, off or OK: onto what stands before it, or from now on; what reaches nothing stays unused."""
        read, ahead = self._clause.reads[at], self._ahead(at)
        if read.is_used or self._is_joining(read, ahead) or self._is_taken_back(read, ahead):
            return
        said: Polarity = "yes" if read.term.kind == "ok" else "no"
        leads = ahead is not None and ahead.term.kind in TARGETS
        if leads and self._prefix == "no" and self._clause.reads[at - 1].term.kind not in (*TARGETS, "and", "or"):
            self._clause.is_double = self._clause.is_double or read.term.kind == "no"
        if self._run and (read.term.kind != "no" or not leads):
            self._onto_run(at, said)
        elif self._prefix == "no" and said == "yes":  # "no strobe ok": an OK behind what was forbidden
            for one in self._clause.targets():
                one.is_doubtful = one.is_doubtful or one.polarity == "no"
        elif leads and ahead is not None:
            self._lead(at, said, ahead)
        elif self._prefix == "no" and self._clause.targets():
            read.is_used = read.term.kind == "off" or ahead is None
        elif not self._clause.targets():
            self._onto_before(read, said)

    def _ahead(self, at: int) -> Read | None:
        kinds = (*TARGETS, *OPERATIONS, "but", UNKNOWN, "person", "place")
        return next((one for one in self._clause.reads[at + 1 :] if one.term.kind in kinds), None)

    def _is_joining(self, read: Read, ahead: Read | None) -> bool:
        """`red × white` joins; `red × strobe` is both, or the one without the other."""
        if read.term.text not in JOINING or ahead is None or not self._run:
            return False
        if ahead.term.kind == "device":
            self._clause.is_double = True
            self._prefix, self._run = "no", []
        read.is_used = ahead.term.kind in ("device", "colour")
        return read.is_used

    def _is_taken_back(self, read: Read, ahead: Read | None) -> bool:
        """`strobe is not OK`, `we love no green light`: of two words the no is what counts."""
        if ahead is None:
            return False
        if read.term.kind == "no" and ahead.term.kind == "ok" and self._run:
            ahead.is_used = True
            self._onto_run(self._clause.reads.index(read), "no")
            return True
        read.is_used = read.term.kind == "ok" and ahead.term.kind == "no" and not self._run
        return read.is_used

    def _onto_run(self, at: int, said: Polarity) -> None:
        _onto(self._clause, self._run, said)
        _answer(self._clause, at)
        self._clause.reads[at].is_used = True
        self._prefix, self._run = None, []

    def _lead(self, at: int, said: Polarity, ahead: Read) -> None:
        """What this one says holds from here on."""
        if self._run and self._run[-1].term.kind == ahead.term.kind == "device":
            _onto(self._clause, self._run, "no")  # "strobe no blinder": to which of the two?
            self._run[-1].is_doubtful = True
        self._clause.reads[at].is_used = True
        self._clause.begins_list = said == "no" and _is_colon_after(self._clause.reads, at)
        self._prefix, self._run = said, []

    def _onto_before(self, read: Read, said: Polarity) -> None:
        """`Strobe (no)`, `Strobe? No!`: an answer in a clause of its own."""
        if self._before is None or self._clause.kinds() & {UNKNOWN, "place"}:
            return
        loose = [one for one in self._before.targets() if one.polarity == "bare" or one.is_doubtful]
        if not loose:
            return
        _onto(self._before, loose, said)
        for one in loose:
            one.is_doubtful = said == "yes" and one.is_doubtful
        _answer(self._before, len(self._before.reads))
        read.is_used = True


def _onto(clause: Clause, run: list[Read], said: Polarity) -> None:
    """A word behind its targets; of two classes ("red and strobe off") only the nearest is certain."""
    last = run[-1]
    for one in run:
        if said == "no" and one.term.kind not in {last.term.kind, "device"}:
            between = clause.reads[clause.reads.index(one) : clause.reads.index(last)]
            one.is_doubtful = one.term.kind == "colour" and "and" in {read.term.kind for read in between}
        else:
            one.polarity = said
            one.is_doubtful = said == "no" and one.term.kind != last.term.kind


def _answer(clause: Clause, end: int) -> None:
    """`Strobe? No!`: the question has its answer."""
    for one in clause.reads[:end]:
        if one.term.text == "?":
            one.is_used = True


def _is_colon_after(reads: list[Read], at: int) -> bool:
    following = reads[at + 1].term.start if at + 1 < len(reads) else reads[at].term.end
    return following - reads[at].term.end >= 2


def _joins_two_classes(reads: list[Read]) -> bool:
    """Whether an "and" before a target joins it to a forbidden one of another class: `no strobe and red`."""
    earlier = [at for at, one in enumerate(reads[:-1]) if one.term.kind in TARGETS]
    if not earlier or reads[earlier[-1]].term.kind == reads[-1].term.kind:
        return False
    between = {one.term.kind for one in reads[earlier[-1] + 1 : -1]}
    return "or" not in between
