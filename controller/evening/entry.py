"""One line of a set list: what is played, said or done, and which light is wished for it. Pure."""

from dataclasses import dataclass
from typing import Literal

EntryKind = Literal["song", "talk", "changeover", "note", "title"]
"""`title` is a heading: a band, a list's name. `note` is for the person at the page and moves nothing."""
Energy = Literal["calm", "wild"]
ColourName = Literal[
    "red", "orange", "amber", "yellow", "green", "turquoise", "cyan", "blue", "purple", "magenta", "pink",
    "white", "warm white", "cold white",
]  # fmt: skip
"""The colours that a sheet can ask for, whatever language it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightWished:
    """What a line wishes of the light.

    Attributes:
        asked: colours that it is to be lit in. forbidden: colours that it is not to be lit in.
        energy: how the light moves. strobe, blinder, haze: allowed or wished, forbidden, None: nothing was said.
        dark_on_break: when the band stops, everything goes dark. key: colour of the light on faces.
        rest: what of the line was not understood, as it was written; "" if all was.
    """

    asked: tuple[ColourName, ...] = ()
    forbidden: tuple[ColourName, ...] = ()
    energy: Energy | None = None
    strobe: bool | None = None
    blinder: bool | None = None
    haze: bool | None = None
    dark_on_break: bool = False
    key: ColourName | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class ListEntry(LightWished):
    """One line of a set list.

    Attributes:
        kind: what it is. title: of the song, or the words. band: whose it is, "" where nobody said.
        tempo_bpm: beats a minute, 20..400.
        look: name of a look that it begins with. plan: file of a plan that was made in the rehearsal room.
        note: for the person at the page.
    """

    kind: EntryKind = "song"
    title: str = ""
    band: str = ""
    tempo_bpm: float | None = None
    look: str | None = None
    plan: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetList:
    """An evening, in the order in which it is meant to be played.

    Attributes:
        name: of the evening. entries: songs, talk, changeovers, notes and headings, over all bands.
    """

    name: str
    entries: tuple[ListEntry, ...] = ()
