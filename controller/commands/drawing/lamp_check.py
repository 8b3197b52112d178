"""The fixture check: one fixture after the other is lit, a person says yes or no, and what helps is kept. Pure.

The quick way asks of each fixture whether it is white and alone; the thorough one is the whole walk of
`followspot patch test` (`controller/rig/patch/self_test.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.errors import ConfigError
from controller.rig.patch.patch import Fixture, Patch
from controller.rig.patch.self_test import Try, WalkStep, lit_alone, steps_of, tries

WORDS = ("yes", "no", "skip", "back")


@dataclass(frozen=True, slots=True)
class Helped:
    """A level that put a fixture right: which channel of which fixture is to rest there."""

    fixture: str
    channel: str
    level: int


@dataclass(slots=True)
class LampCheck:
    """A check that is going on.

    Args:
        patch: the rig. names: fixtures, in this order. thorough: every step of each.

    Attributes:
        answers: by fixture and step, what was said.
    """

    patch: Patch
    names: Sequence[str]
    thorough: bool
    answers: dict[str, dict[str, bool]] = field(default_factory=dict)
    _fixtures: list[tuple[Fixture, list[WalkStep]]] = field(default_factory=list)
    _at: int = 0
    _step: int = 0
    _tries: Iterator[Try] | None = None
    _try: Try | None = None

    def __post_init__(self) -> None:
        known = {one.config.id: one for one in self.patch.fixtures}
        for fixture in (known[name] for name in self.names if name in known):
            steps = steps_of(self.patch, fixture)
            if steps:  # a hazer is never started by a check
                self._fixtures.append((fixture, steps if self.thorough else [lit_alone(self.patch, fixture)]))
        if not self._fixtures:
            raise ConfigError("nothing to look at: hazers and lasers are never driven by a check")

    @property
    def over(self) -> bool:
        """Whether everything was looked at."""
        return self._at >= len(self._fixtures)

    @property
    def shown(self) -> WalkStep:
        """What is to be lit now."""
        _, steps = self._fixtures[min(self._at, len(self._fixtures) - 1)]
        if self.over:
            return steps[-1]
        return self._try.step if self._try else steps[self._step]

    def answer(self, word: str) -> Helped | None:
        """Take a person's word and go on.

        Args:
            word: yes, no, skip (this fixture), or back (one step).

        Returns:
            what is to be kept, where a try has helped.

        Raises:
            ConfigError: it is over, or means nothing.
        """
        if self.over or word not in WORDS:
            raise ConfigError(f"an answer is one of {', '.join(WORDS)}, while a check is going on")
        if word == "skip":
            self._next_fixture()
            return None
        if word == "back":
            self._back()
            return None
        if self._try is not None:
            return self._of_try(good=word == "yes")
        fixture, steps = self._fixtures[self._at]
        self._note(good=word == "yes")
        if word == "no" and self.thorough:
            self._tries = tries(self.patch, fixture, steps[self._step])
            self._next_try()
        else:
            self._next_step()
        return None

    def told(self) -> dict[str, Any]:
        """For the page."""
        said: dict[str, Any] = {"over": self.over, "of": len(self._fixtures), "answers": self.answers}
        if self.over:
            return said
        fixture, steps = self._fixtures[self._at]
        question = self.shown.question
        if self._try:
            question = f"{self._try.channel} is at {self._try.level} now. Is it right? {question}"
        return said | {
            "fixture": fixture.config.id,
            "number": self._at + 1,
            "step": self._step + 1,
            "steps": len(steps),
            "question": question,
            "tried": self._try is not None,
        }

    def _of_try(self, *, good: bool) -> Helped | None:
        tried = self._try
        if not good or tried is None:
            self._next_try()
            return None
        self._note(good=True)
        fixture = self._fixtures[self._at][0]
        self._next_step()
        return Helped(fixture.config.id, tried.channel, tried.level)

    def _note(self, *, good: bool) -> None:
        fixture, steps = self._fixtures[self._at]
        self.answers.setdefault(fixture.config.id, {})[steps[self._step].name] = good

    def _next_try(self) -> None:
        self._try = next(self._tries, None) if self._tries is not None else None
        if self._try is None:
            self._next_step()

    def _next_step(self) -> None:
        self._tries = self._try = None
        self._step += 1
        if self._step >= len(self._fixtures[self._at][1]):
            self._next_fixture()

    def _next_fixture(self) -> None:
        self._tries = self._try = None
        self._at, self._step = self._at + 1, 0

    def _back(self) -> None:
        self._tries = self._try = None
        if self._step:
            self._step -= 1
        elif self._at:
            self._at -= 1
            self._step = len(self._fixtures[self._at][1]) - 1
