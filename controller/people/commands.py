"""Every command that people may give, each in one row of one table. Pure.

The page, its access, OSC, MIDI, the audit log, undo, what is said again while a button is held, and `/metrics` all read
this table: a row more is a command more, everywhere. What a command with an own field of `Operator` does beyond being
set stands in `operator.py`; a fader, switch or held button without one is kept in `Operator.more` by its name.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["fader", "switch", "held", "press", "choice"]
Rank = Literal["viewer", "operator", "admin"]
Takes = Literal["amount", "target", "hues", "tempo", "nothing"]


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command.

    Attributes:
        kind: fader 0..1; switch, on from 0.5; held: a word holds for a second; press: now; choice: of something.
        who: least rank that may give it at the page; None: no person gives it there.
        label: on the page. steers: it leans on the model (a field of `Steering`).
        graded: the amount of a held button counts. undoable: `undo` takes it back.
        audited: written down when a controller gives it; the page's are all written down.
        osc: how `/followspot/NAME` reads its arguments, None: not from a network that knows no passwords.
        bound: a knob may be taught it.
    """

    name: str
    kind: Kind
    who: Rank | None = "operator"
    label: str = ""
    steers: bool = False
    graded: bool = False
    undoable: bool = True
    audited: bool = False
    osc: Takes | None = "amount"
    bound: bool = True

    @property
    def title(self) -> str:
        """What the page calls it."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def on_or_off(self) -> bool:
        """Whether its amount is 0 or 1 and nothing between."""
        return self.kind == "switch" or (self.kind == "held" and not self.graded) or self.named

    @property
    def named(self) -> bool:
        """Whether it is told one thing of many by its name: a look, a song, a fixture."""
        return self.kind == "choice" and self.osc == "target"

    @property
    def stands(self) -> bool:
        """Whether it has a setting 0..1 that can be shown."""
        return self.kind in ("fader", "switch", "held")


ROWS = (
    CommandRow("grand_master", "fader"),
    CommandRow("intensity", "fader", steers=True),
    CommandRow("energy", "fader", steers=True),
    CommandRow("pace", "fader", steers=True),
    CommandRow("spread", "fader", steers=True),
    CommandRow("blackout", "switch", audited=True),
    CommandRow("hold", "switch", audited=True),
    CommandRow("quiet", "switch", audited=True),
    CommandRow("flash_override", "held", "admin", "Let flashes through", undoable=False, audited=True, osc=None),
    CommandRow("blinder", "held", undoable=False),
    CommandRow("strobe", "held", undoable=False),
    CommandRow("haze", "held", graded=True, undoable=False),
    CommandRow("hues", "choice", label="Only these colours", osc="hues", bound=False),
    CommandRow("forbidden", "choice", label="Never these colours", osc="hues", bound=False),
    CommandRow("hand", "choice", label="Override", audited=True, osc="target"),
    CommandRow("scene", "choice", label="Look", audited=True, osc="target"),
    CommandRow("tap", "press", undoable=False, osc="nothing"),
    CommandRow("one", "press", label="This is one", undoable=False, osc="nothing"),
    CommandRow("beat_earlier", "press", undoable=False, osc="nothing"),
    CommandRow("beat_later", "press", undoable=False, osc="nothing"),
    CommandRow("twice_as_fast", "press", undoable=False, osc="nothing"),
    CommandRow("half_as_fast", "press", undoable=False, osc="nothing"),
    CommandRow("lock_tempo", "switch", label="Keep this tempo", undoable=False),
    CommandRow("free_tempo", "press", undoable=False, osc="nothing"),
    CommandRow("new_part", "press", label="New part", undoable=False, osc="nothing"),
    CommandRow("same_part", "press", label="Same part as before", undoable=False, osc="nothing"),
    CommandRow("chorus", "press", label="This is the chorus", undoable=False, osc="nothing"),
    CommandRow("next_song", "press", label="Next", undoable=False, audited=True, osc="nothing"),
    CommandRow("previous_song", "press", label="Previous", undoable=False, audited=True, osc="nothing"),
    CommandRow("song", "choice", audited=True, osc="target"),
    CommandRow("moment", "choice", audited=True, osc="target"),
    CommandRow("wishes_off", "switch", label="Ignore the wishes", audited=True),
    CommandRow("mark", "press", undoable=False, audited=True, osc="target"),
    CommandRow("undo", "press", undoable=False, audited=True, osc="nothing"),
    CommandRow("tempo", "choice", None, undoable=False, osc="tempo", bound=False),
    CommandRow("stand_as", "choice", None, undoable=False, osc=None, bound=False),
    CommandRow("save_scene", "choice", "admin", "Keep this look", undoable=False, osc=None, bound=False),
    CommandRow("forget_scene", "choice", "admin", "Forget a look", undoable=False, osc=None, bound=False),
    CommandRow("wish", "choice", None, undoable=True, osc=None, bound=False),
    CommandRow("clock", "choice", None, undoable=False, osc=None, bound=False),
    CommandRow("learn", "choice", "admin", undoable=False, osc=None, bound=False),
)

COMMANDS: dict[str, CommandRow] = {row.name: row for row in ROWS}


def row_of(name: str) -> CommandRow | None:
    """The row of a command; None if there is no such command."""
    return COMMANDS.get(name)


def needed_rank(name: str) -> Rank | None:
    """The least rank that may give a command at the page; None: nobody may, or there is none."""
    row = COMMANDS.get(name)
    return None if row is None else row.who


def is_audited(name: str) -> bool:
    """Whether it is written down when a controller gives it."""
    row = COMMANDS.get(name)
    return row is not None and row.audited


def on_the_page() -> list[CommandRow]:
    """What somebody may give at the page."""
    return [row for row in COMMANDS.values() if row.who is not None]


def bindable() -> list[str]:
    """What a knob may be taught."""
    return [row.name for row in COMMANDS.values() if row.bound]
