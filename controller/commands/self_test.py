"""`followspot patch test`: a person looks at each fixture, says yes or no, and the patch is put right. Edge.

What helped after a "no" is shown as a difference and written into `config.yaml` when the person says so; comments and
the order of its lines stay as they are (ruamel.yaml, docs/decisions/0038).
"""

import difflib
import functools
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from controller.clock import Clock, Deadlines, MonotonicClock
from controller.config import Config
from controller.errors import PatchError
from controller.lighting.output.cid import source_cid
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs, Sink
from controller.messages import DmxFrame, Look
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import SLOTS, Fixture, Patch
from controller.rig.patch.render import Renderer
from controller.rig.patch.self_test import WalkStep, address, steps_of, tries
from controller.state_folder import state_folder

CYCLE_S = 0.025
DARK_CYCLES = 10
INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4), (4, 4, 0), (4, 2, 0))
"""Ways in which people and programs indent YAML: of a mapping, of a list, of its dash. The one of the file is kept."""
Ask = Callable[[str], str]
Say = Callable[[str], None]
KEYS = "[y]es, [n]o, [s]kip this fixture, [q]uit"


@dataclass(slots=True)
class Report:
    """What a person saw.

    Attributes:
        answers: by fixture and step, what was said. rests: by fixture and channel, the level that put it right.
    """

    answers: dict[str, dict[str, bool]] = field(default_factory=dict)
    rests: dict[str, dict[str, int]] = field(default_factory=dict)
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


class LitFixture:
    """Sends one step over and over, from a thread of its own, until the next one: nodes go dark when nothing comes.

    Args:
        patch: the rig. sender, sink, clock: where frames go, and when.
    """

    def __init__(self, patch: Patch, sender: Sender, sink: Sink, clock: Clock) -> None:
        self._patch, self._sender, self._sink, self._clock = patch, sender, sink, clock
        self._renderer = Renderer(patch)
        self._step: WalkStep | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "LitFixture":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for _cycle in range(DARK_CYCLES):
            self.send(self._clock.now_s(), None)
        for packet in self._sender.farewell():
            self._sink.send(packet, self._clock.now_s())

    def show(self, step: WalkStep) -> None:
        """From the next cycle on."""
        self._step = step

    def send(self, now_s: float, step: WalkStep | None) -> None:
        """One cycle; without a step, darkness."""
        heads = self._patch.heads
        middle = np.full(heads, 0.5, np.float32)
        dark = Look(now_s, 0, np.zeros(heads, np.float32), np.ones((heads, 3), np.float32), middle, middle)
        look = dark if step is None else replace(step.look, t_s=now_s)
        frames = [over(frame, row, step) for row, frame in enumerate(self._renderer.render(look))]
        for packet in self._sender.packets(frames, now_s):
            self._sink.send(packet, now_s)

    def _run(self) -> None:
        deadlines = Deadlines(CYCLE_S, self._clock.now_s())
        while not self._ended.is_set():
            self._clock.sleep_until(deadlines.next_s)
            now_s = self._clock.now_s()
            deadlines.advance(now_s)
            self.send(now_s, self._step)


def over(frame: DmxFrame, row: int, step: WalkStep | None) -> DmxFrame:
    """The frame with the levels that a step puts over what was rendered."""
    mine = {slot - row * SLOTS: level for slot, level in (step.levels if step else {}).items() if slot // SLOTS == row}
    if not mine:
        return frame
    slots = frame.slots.copy()
    slots[list(mine)] = list(mine.values())
    return DmxFrame(frame.t_s, frame.seq, frame.universe, slots)


def walk(config: Config, names: list[str], stage: Callable[[WalkStep], None], ask: Ask, say: Say) -> Report:
    """Walk through fixtures, all of them if none is named.

    Args:
        stage: shows a step. ask: puts a question, returns what was typed. say: tells a line.

    Raises:
        PatchError: a name that no fixture has.
    """
    patch = patch_of(config)
    known = {one.config.id: one for one in patch.fixtures}
    for name in names:
        if name not in known:
            raise PatchError(f"{config.where(('fixtures',))}: no fixture '{name}'; there are {', '.join(known)}")
    report = Report()
    say(f"Each fixture by itself; everything else is dark. Answers: {KEYS}.")
    for name in names or known:
        steps = steps_of(patch, known[name])
        if not steps:
            say(f"{name}: nothing to look at, it is never driven from here")
        elif not _fixture(patch, known[name], steps, _Person(stage, ask, say), report):
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
    patch = patch_of(config)
    clock = MonotonicClock()
    sink = Outputs(config.universes, config.network.interface)
    sender = Sender(config.universes, config.network, source_cid(config.network.cid, config.venue, state_folder()))
    say = functools.partial(print, flush=True)
    try:
        with LitFixture(patch, sender, sink, clock) as stage:
            report = walk(config, names, stage.show, typed, say)
    finally:
        sink.close()
    say("")
    for line in report.lines():
        say(line)
    if report_file is not None:
        write_report(report_file, report)
        say(f"{report_file} written")
    if report.rests:
        put_into(config.file, report, typed, say, write=write)
    unhelped = [name for name, said in report.answers.items() if not all(said.values()) and name not in report.rests]
    return 1 if unhelped else 0


def typed(question: str) -> str:
    """An answer at the terminal; the end of input ends the walk."""
    try:
        return input(question)
    except EOFError:
        return "q"


def put_into(file: Path, report: Report, ask: Ask, say: Say, *, write: bool) -> None:
    """Show the lines of the configuration that change, and write them if a person agrees."""
    before = file.read_text(encoding="utf-8")
    after = with_rests(before, report.rests)
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), n=0, lineterm="")
    say("\n".join(difference))
    if write or ask(f"Write this into {file}? [y/n] ").strip().lower().startswith("y"):
        replaced = file.with_name(f"{file.name}.new")
        replaced.write_text(after, encoding="utf-8")
        replaced.replace(file)
        say(f"{file} written; `followspot check` reads it")


def with_rests(text: str, rests: dict[str, dict[str, int]]) -> str:
    """A configuration's text with `override: {CHANNEL: {rest: LEVEL}}` at its fixtures, otherwise as it was."""
    data = _yaml(INDENTS[0]).load(text)
    indent = min(INDENTS, key=lambda one: _different(text, _dumped(data, one)))
    for fixture in data["fixtures"]:
        for channel, level in rests.get(fixture["id"], {}).items():
            entry = fixture.setdefault("override", {}).setdefault(channel, {})
            entry.pop("hold", None)
            entry["rest"] = level
    return _dumped(data, indent)


def _yaml(indent: tuple[int, int, int]) -> YAML:
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 4096, True
    mapping, sequence, offset = indent
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    return yaml


def _dumped(data: object, indent: tuple[int, int, int]) -> str:
    out = io.StringIO()
    _yaml(indent).dump(data, out)
    return out.getvalue()


def _different(one: str, other: str) -> int:
    """How many lines differ."""
    return sum(a != b for a, b in zip_longest(one.splitlines(), other.splitlines()))


def write_report(file: Path, report: Report) -> None:
    """As JSON."""
    file.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
