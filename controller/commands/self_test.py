"""`followspot patch test`: a person looks at each fixture, says yes or no, and the patch is put right.

Edge: a terminal, a thread, files.
"""

import contextlib
import functools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.clock import MonotonicClock
from controller.commands.kept_yaml import Ask, Say
from controller.commands.lit_rig import LitRig, fixtures_named
from controller.commands.written_rests import Rests, put_into
from controller.config import Config
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Fixture, Patch
from controller.rig.patch.self_test import WalkStep, address, steps_of, tries

KEYS = "[y]es, [n]o, [s]kip this fixture, [q]uit"


@dataclass(slots=True)
class Report:
    """What a person saw.

    Attributes:
        answers: by fixture and step, what was said. rests: by fixture and channel, the level that put it right.
    """

    answers: dict[str, dict[str, bool]] = field(default_factory=dict)
    rests: Rests = field(default_factory=dict)
    ended: bool = False

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {"answers": self.answers, "rests": self.rests, "ended": self.ended}

    def lines(self) -> list[str]:
        """For people: one line a fixture."""
        said = []
        for name, answers in self.answers.items():
            wrong = [step for step, good in answers.items() if not good]
            put = [f"{channel} rests at {level}" for channel, level in self.rests.get(name, {}).items()]
            seen = f"{len(answers)} of {len(answers)} right" if not wrong else f"wrong: {', '.join(wrong)}"
            said.append(f"{name}: {seen}" + (f"; put right: {', '.join(put)}" if put else ""))
        return said


@contextlib.contextmanager
def kept_lit(rig: LitRig) -> Iterator[None]:
    """Cycle after cycle in a thread, for as long as this lasts: whoever asks a person waits."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            rig.cycle()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def walk(config: Config, names: list[str], stage: Callable[[WalkStep], None], ask: Ask, say: Say) -> Report:
    """Walk through fixtures, all of them if none is named.

    Args:
        stage: shows a step. ask: puts a question, returns what was typed. say: tells a line.

    Raises:
        PatchError: a name that no fixture has.
    """
    patch = patch_of(config)
    chosen = fixtures_named(config, patch, names) or patch.fixtures
    report = Report()
    say(f"Each fixture by itself; everything else is dark. Answers: {KEYS}.")
    for fixture in chosen:
        steps = steps_of(patch, fixture)
        if not steps:
            say(f"{fixture.config.id}: nothing to look at, it is never driven from here")
        elif not _fixture(patch, fixture, steps, _Person(stage, ask, say), report):
            return report
    report.ended = True
    return report


@dataclass(frozen=True, slots=True)
class _Person:
    stage: Callable[[WalkStep], None]
    ask: Ask
    say: Say

    def answer(self, step: WalkStep, question: str) -> str:
        """One of y, n, s, q."""
        self.stage(step)
        while True:
            said = self.ask(f"{question} ").strip().lower()[:1]
            if said and said in "ynsq":
                return said
            self.say(KEYS)


def _fixture(patch: Patch, fixture: Fixture, steps: list[WalkStep], person: _Person, report: Report) -> bool:
    """All steps of one fixture; False to end the walk."""
    one = fixture.config
    person.say(f"\n{one.id} ({one.profile}, {one.mode}) at {one.universe}.{one.address}")
    answers = report.answers.setdefault(one.id, {})
    rests: dict[int, int] = {}
    for step in steps:
        shown = WalkStep(step.name, step.question, step.look, rests | step.levels)
        said = person.answer(shown, f"  {step.question}")
        if said == "n":
            found = _put_right(patch, fixture, shown, person)
            if isinstance(found, str):
                said = found
            else:
                answers[step.name] = False
                for channel, slot, level in found:
                    rests[slot] = level
                    report.rests.setdefault(one.id, {})[channel] = level
        if said in ("s", "q"):
            return said == "s"
        answers.setdefault(step.name, said == "y")
    return True


def _put_right(patch: Patch, fixture: Fixture, step: WalkStep, person: _Person) -> list[tuple[str, int, int]] | str:
    """Try other levels until a person says yes: the channel, its slot and the level; "s" or "q" if they stop here."""
    for one in tries(patch, fixture, step):
        question = f"    trying {one.channel} ({address(patch, one.address)}) at {one.level}: {step.question}"
        said = person.answer(one.step, question)
        if said == "y":
            return [(one.channel, one.address, one.level)]
        if said in "sq":
            return said
    person.say("    nothing helped: look at mode, address and cable, or write a profile (docs/fixtures.md)")
    return []


def walk_at_the_terminal(config: Config, names: list[str], report_file: Path | None, *, write: bool) -> int:
    """The command, at a terminal; returns the exit code: 1 where something stayed wrong."""
    say = functools.partial(print, flush=True)
    with LitRig.on_outputs(config, patch_of(config), MonotonicClock()) as rig, kept_lit(rig):
        report = walk(config, names, rig.show, typed, say)
    say("")
    for line in report.lines():
        say(line)
    if report_file is not None:
        write_report(report_file, report)
        say(f"{report_file} written")
    if report.rests:
        put_into(config.file, report.rests, typed, say, write=write)
    unhelped = [name for name, said in report.answers.items() if not all(said.values()) and name not in report.rests]
    return 1 if unhelped else 0


def typed(question: str) -> str:
    """An answer at the terminal; the end of input ends the walk."""
    try:
        return input(question)
    except EOFError:
        return "q"


def write_report(file: Path, report: Report) -> None:
    """As JSON."""
    file.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
