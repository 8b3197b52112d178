"""Sections and looks of a song as the cues of its show told them, and the file `form.json`. Edge: a file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from controller.errors import EvaluationError
from controller.messages import Cue

NAME = "form.json"
SAME_S = 0.3
"""Starts that are nearer are one, corrected."""


class ToldSection(NamedTuple):
    """A section: when it began, when that was known (before, where it was expected), which one, how surely (0..1)."""

    start_s: float
    known_at_s: float
    label: str
    confidence: float


class ToldLook(NamedTuple):
    """A look: from when on it hung in the room, its name, and the section that it was for."""

    start_s: float
    name: str
    label: str


@dataclass(slots=True)
class ToldForm:
    """What the cues said, in the order in which it became known; both empty where nobody follows the form.

    What was expected and taken back before it came is left out: nobody saw it.
    """

    sections: list[ToldSection] = field(default_factory=list)
    looks: list[ToldLook] = field(default_factory=list)

    def take(self, cue: Cue | None, t_s: float) -> None:
        """A token's cue.

        Args:
            t_s: time of the token.
        """
        if cue is None:
            return
        section_s, start_s = round(cue.section_s, 3), round(cue.start_s, 3)
        if cue.label:
            self._take_section(ToldSection(section_s, round(t_s, 3), cue.label, round(cue.confidence, 3)))
        if not any((one.name, one.start_s) == (cue.look, start_s) for one in self.looks[-1:]):
            self.looks = [one for one in self.looks if one.start_s <= t_s]
            if not any((one.name, one.start_s) == (cue.look, start_s) for one in self.looks):
                self.looks.append(ToldLook(start_s, cue.look, cue.label))

    def _take_section(self, told: ToldSection) -> None:
        """What begins later was taken back, and what began here may have another label now."""
        self.sections = [one for one in self.sections if one.start_s < told.start_s + SAME_S]
        last = self.sections[-1] if self.sections else None
        if last is not None and abs(last.start_s - told.start_s) < SAME_S:
            if last.label == told.label:
                told = last._replace(start_s=told.start_s)
            self.sections.pop()
        self.sections.append(told)

    def write(self, path: Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        path.write_text(json.dumps({"sections": self.sections, "looks": self.looks}) + "\n", encoding="utf-8")


def read_form(path: Path) -> ToldForm:
    """Read what `write` wrote.

    Raises:
        EvaluationError: missing or damaged.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        sections = [ToldSection(float(a), float(b), str(label), float(c)) for a, b, label, c in told["sections"]]
        looks = [ToldLook(float(a), str(name), str(label)) for a, name, label in told["looks"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path}: cannot be read ({error}); `followspot rehearse` writes it anew") from error
    return ToldForm(sections, looks)
