"""What the page shows and what it asks for, and nothing about sockets: the border between page and runtime.

The runtime implements `PageFeed`; `server.py` polls it. Coordinates are the stage's own, in metres: `x` negative to the
left as the audience sees it, `y` 0 at the front edge and growing upstage, `z` above the stage floor. Times `t_s` are
seconds of one monotonic clock, whichever the feed likes; the page only ever shows differences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from controller.arrays import FloatingArray
from controller.bus.news import BandHeard
from controller.evening.entry import SetList
from controller.messages import Command, Operator

FixtureRole = Literal["key", "wash", "back", "beam", "mover", "pixel", "blinder", "strobe", "hazer", "house"]


class TokenPoint(NamedTuple):
    """One light token on the strip: hue 0..179 in half degrees, value 0..255, and how likely that hue was, 0..1."""

    t_s: float
    hue: int
    value: int
    sure: float = 1.0


class LevelPoint(NamedTuple):
    """Audio level at a moment: dBFS (-120..0), and the onset heard since the point before (0 none, 1 strongest)."""

    t_s: float
    level_db: float
    onset: float


class Timing(NamedTuple):
    """How long a stage takes, in milliseconds."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class TimingRow:
    """A row of the timings table: the key that `Live.timings` uses, and the time it may take."""

    name: str
    budget_ms: float


@dataclass(frozen=True, slots=True)
class RigHead:
    """One head of the patched rig; a pixel bar has one for each cell.

    Attributes:
        id: unique; `fixture` is the fixture it belongs to.
        label: what a person calls it, such as "RGBW PAR".
        role: decides how the page draws and aims it.
        x, y, z: metres, see the module's docstring.
        universe: as the operator wrote it. address: 1..512. footprint: slots of the whole fixture.
        moves: has pan and tilt. emits: gives light (a hazer does not).
        channels: name of what each slot of the fixture does, in order; "" where its mode uses none.
    """

    id: str
    fixture: str
    label: str
    role: FixtureRole
    x: float
    y: float
    z: float
    universe: int
    address: int
    footprint: int
    moves: bool = False
    emits: bool = True
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """What seldom changes, and the minute before the page was opened. Pages are told of a change within a second.

    Attributes:
        models: stage to model name, such as {"embedder": "small-1", "decoder": "skip-bart-small"}.
        tokens, levels: oldest first, not older than `history_s`.
        targets: what can be taken in hand: all, roles, groups, fixtures. scenes: names. haze: whether any is armed.
        set_list: of the night, None without one. places: x, y, z in metres of what is marked: singer, drums.
    """

    venue: str
    source: str
    models: Mapping[str, str]
    stages: Sequence[TimingRow]
    heads: Sequence[RigHead]
    tokens: Sequence[TokenPoint] = ()
    levels: Sequence[LevelPoint] = ()
    history_s: float = 60.0
    targets: Sequence[str] = ()
    scenes: Sequence[str] = ()
    haze: bool = False
    set_list: SetList | None = None
    places: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evening:
    """Where in the set list the night is.

    Attributes:
        now: place of what is played, from 0; -1: nobody said. proposed: what comes next as far as one can tell, -1.
        why: why that one, in words: next on the list, recognised.
        moment: what the room is lit for: band, talk, changeover, walk_in, end.
        by: who said so: hearing, set list, button.
        recognised: title of what is heard, where it was heard before; "".
    """

    now: int = -1
    proposed: int = -1
    why: str = ""
    moment: str = "band"
    by: str = "hearing"
    recognised: str = ""


NOTHING_HEARD = BandHeard()
NO_EVENING = Evening()


@dataclass(frozen=True, slots=True)
class Live:
    """The show at one moment.

    Attributes:
        t_s: time of the snapshot. elapsed_s: since the show began.
        heads: (N, 5) float, in the order of `Hello.heads`: linear-light red, green, blue 0..1 as emitted (colour times
            intensity, after grand master and blackout), pan in degrees (0 towards the audience, positive to the
            audience's right), tilt in degrees (0 straight down, 90 level, 180 straight up).
        health: one word, such as "live", "talk", "quiet", "fallback", "house".
        token, level: the newest; the page drops one it has already seen.
        loudness: 0..1.
        timings: by stage name. counters, processes: shown as they are. marks: moments that people named.
        controllers: what is connected. learning: what waits for a knob to be moved.
        plan: where in what was rehearsed the band is, for people; "" in free play. sections: when the music turned.
        troubles: what a person should know, in sentences. band: beat, kind of sound and energy as they are heard.
        evening: where in the set list the night is.
        sound: where in its file the source was, and at which time, both in seconds; None: it is no file that a page
            could play, or a loudspeaker plays it already.
    """

    t_s: float
    elapsed_s: float
    heads: FloatingArray
    operator: Operator
    health: str
    token: TokenPoint | None
    level: LevelPoint | None
    loudness: float
    timings: Mapping[str, Timing]
    counters: Mapping[str, float]
    processes: Mapping[str, str]
    marks: Sequence[tuple[float, str]] = ()
    controllers: Sequence[str] = ()
    learning: str = ""
    plan: str = ""
    sections: Sequence[float] = ()
    troubles: Sequence[str] = ()
    band: BandHeard = NOTHING_HEARD
    evening: Evening = NO_EVENING
    sound: tuple[float, float] | None = None


class SetListFeed(Protocol):
    """Where the page of set lists gets them, and who keeps them."""

    def tonights_list(self) -> Mapping[str, Any] | None:
        """The set list of the night as plain data, None without one."""

    def set_lists(self) -> Sequence[str]:
        """Names of the set lists that are kept."""

    def read_sheet(self, sheet: bytes, *, pictured: bool) -> Mapping[str, Any]:
        """`lines` of a sheet as they were understood, and the `entries` that they make; `pictured`: of a photograph.

        May take seconds.

        Raises:
            ControllerError: it cannot be read.
        """

    def keep_set_list(self, plain: Mapping[str, Any]) -> str:
        """Keep a set list and make it tonight's; its file. May wait for a disk.

        Raises:
            ValueError, ControllerError: it is none, or cannot be kept.
        """

    def open_set_list(self, name: str) -> None:
        """Make a kept list tonight's.

        Raises:
            ControllerError: there is none of this name, or it cannot be read.
        """


class PageFeed(SetListFeed, Protocol):
    """Where the page gets its news. Every method returns at once and never raises."""

    def hello(self) -> Hello:
        """Rig, names and the last minute; asked for each page that opens and about once a second while one is open."""

    def live(self) -> Live | None:
        """The newest snapshot, the same object again while nothing new arrived; None before the first."""

    def command(self, command: Command) -> None:
        """Pass an operator's wish on. `amount` is finite and within 0..1."""

    def why(self, universe: int, slot: int) -> list[tuple[str, str]]:
        """From the level of a slot back to what led to it: stage and words; empty if there is no such slot."""

    def sound_file(self) -> Path | None:
        """The file that is the source; None: it is none."""

    def told(self) -> Mapping[str, str | int | float] | None:
        """How the show is, for other programs; None before it began."""

    def openapi(self) -> Mapping[str, Any]:
        """What `told` holds, as OpenAPI describes it."""

    def start_report(self) -> None:
        """Make the report of the night so far.

        Raises:
            ValueError: it cannot be made.
        """

    def report(self) -> tuple[str, str | None]:
        """Its state, `none`, `working`, `ready` or why it failed; and the page, once it is ready."""
