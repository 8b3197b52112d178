"""The look of a section of a rehearsed song, as it is kept in a plan, and as the output process hears it. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from controller.config import Unit
from controller.listening.time.tempo import Tempo
from controller.looks.look import Part
from controller.messages import Cue
from controller.sound_format import HOP_S

MOST_HOPS = 36_000
"""An hour: the longest song."""
LATE_S, SHORT_S = 3.0, 2.0
"""A look that was known so late belongs on the one of its section. One that hung for less was taken back."""
Seconds = Annotated[float, Field(ge=0, le=MOST_HOPS * HOP_S)]
Degrees = Annotated[float, Field(ge=0, lt=360)]
Colour = tuple[Degrees, Unit]
"""Hue in degrees and saturation."""


class SectionLook(BaseModel):
    """A look that hangs from a moment of the song until the next one.

    Attributes:
        t_s: when it comes. look: name of a look of the pack. palette: of one to three gels, the main one first.
        level: 0..1, how big. spend: what is spent on the moment it begins. label: of the section, "A", "B".
        part: what the section is to its song.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    t_s: Seconds
    look: Annotated[str, Field(min_length=1, max_length=60)]
    palette: Annotated[tuple[Colour, ...], Field(min_length=1, max_length=3)]
    level: Unit = 0.6
    spend: Literal["", "blinder", "strobe"] = ""
    label: Annotated[str, Field(max_length=8)] = ""
    part: Part | Literal[""] = ""

    @classmethod
    def of(cls, cue: Cue) -> "SectionLook":
        """The look that a cue hung, for a plan."""
        pairs = zip(cue.palette[::2], cue.palette[1::2], strict=True)
        return cls(
            t_s=round(max(0.0, cue.start_s), 2),
            look=cue.look,
            palette=tuple((round(hue_deg, 1) % 360.0, round(saturation, 2)) for hue_deg, saturation in pairs),
            level=round(cue.level, 2),
            spend=cue.spend,
            label=cue.label,
            part=cue.part,
        )

    def cue(self, start_s: float, tempo: Tempo, build: float = 0.0) -> Cue:
        """What is said while it hangs.

        Args:
            start_s: when it came or comes, on the show's clock. tempo: of the band. build: 0..1, how far a rise has
                come.
        """
        palette = tuple(number for colour in self.palette for number in colour)
        return Cue(
            self.look, start_s, self.label, start_s, 1.0, 1, self.level, self.part == "chorus", palette, self.spend,
            build if self.part != "chorus" else 0.0, tempo.beat_s, tempo.beat_t_s, tempo.number, tempo.metre,
            "as it was rehearsed", self.part,
        )  # fmt: skip


def looks_of(cues: Sequence[Cue | None]) -> tuple[SectionLook, ...]:
    """The looks of a song that was heard to its end.

    Whoever knows the whole song is never late: a look is put back on the one of its section, and one that was soon
    taken back does not come.

    Args:
        cues: what was said in each hop.
    """
    said = dict[tuple[str, str, float], list[Cue]]()
    for cue in cues:
        if cue is not None:
            said.setdefault((cue.look, cue.label, cue.start_s), []).append(cue)
    found = sorted((_whole(same) for same in said.values()), key=lambda one: one.t_s)
    ends_s = [one.t_s for one in found[1:]] + [len(cues) * HOP_S]
    return tuple(
        one for one, end_s in zip(found, ends_s, strict=True) if end_s - one.t_s >= SHORT_S or one.part == "break"
    )


def _whole(same: Sequence[Cue]) -> SectionLook:
    """One look out of what was said while it hung."""
    last = same[-1]
    late_s = last.start_s - last.section_s
    begins_s = last.section_s if 0.0 < late_s <= LATE_S and last.label else last.start_s
    level = sum(one.level for one in same) / len(same)
    return SectionLook.of(replace(last, start_s=begins_s, level=min(1.0, level)))


def look_at(looks: Sequence[SectionLook], t_s: float) -> int:
    """Which of the looks, in the order of their times, hangs at a moment; -1: none yet."""
    return bisect_right(looks, t_s, key=lambda one: one.t_s) - 1


def by_hop(looks: Sequence[SectionLook], hops: int) -> list[SectionLook | None]:
    """The look that hangs in each hop; a look that comes within a hop counts from the nearer edge on."""
    places = [look_at(looks, (hop + 0.5) * HOP_S) for hop in range(hops)]
    return [looks[place] if place >= 0 else None for place in places]


def merged(
    kept: Sequence[SectionLook | None], new: Sequence[SectionLook | None], taken: npt.NDArray[np.bool_]
) -> tuple[SectionLook, ...]:
    """The looks of a song of which a part is lit anew.

    Args:
        kept, new: the look in each hop, T hops. taken: (T,) the hops that are lit anew.

    Returns:
        in the order of time; where a part ends within a section, the look that hung there goes on.
    """
    found, before = list[SectionLook](), None
    for hop, is_taken in enumerate(taken):
        one = new[hop] if is_taken else kept[hop]
        if one is not None and one is not before:
            begins_s = hop * HOP_S
            t_s = one.t_s if abs(one.t_s - begins_s) <= HOP_S else begins_s
            found.append(one.model_copy(update={"t_s": round(t_s, 2)}))
        before = one
    return tuple(found)
