"""A scripted rig of 21 fixtures (28 heads) in a room of 150 people, moving through colours: a feed without a show.

Run it to look at the page: `python tests/fakes/demo_feed.py [PORT]`.
"""

import asyncio
import colorsys
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from demo_evening import DemoEvening

from controller.bus.news import BandHeard
from controller.evening.entry import ListEntry, SetList
from controller.messages import NO_WISH, Command, Operator, SongWish
from controller.people.operator import OperatorState
from controller.sound_format import HOP_S
from controller.watching.page.feed import (
    Evening,
    FixtureRole,
    Hello,
    LevelPoint,
    Live,
    RigHead,
    Timing,
    TimingRow,
    TokenPoint,
)
from controller.watching.page.wire import encode_live

BEAT_S = 0.5
SECTION_S = 16.0
STAGES = (
    TimingRow("window", 2.0),
    TimingRow("embed", 25.0),
    TimingRow("decode", 25.0),
    TimingRow("look", 2.0),
    TimingRow("output", 5.0),
)


EVENING = SetList(
    "Friday",
    (
        ListEntry("title", "The Cellar Rats"),
        ListEntry("song", "Metal Madness", "The Cellar Rats", asked=("red", "orange"), energy="wild", strobe=True),
        ListEntry("song", "Slow Tide", "The Cellar Rats", asked=("blue",), energy="calm", strobe=False, blinder=False),
        ListEntry("talk", "Merch and thanks", "The Cellar Rats"),
        ListEntry("song", "Last Train Home", "The Cellar Rats", forbidden=("green",), tempo_bpm=132.0),
        ListEntry("note", "Guest on stage from here"),
        ListEntry("changeover", "Drums off, piano on"),
        ListEntry("song", "Lantern", "Anna & the Piano", asked=("amber",), energy="calm", haze=False, key="warm white"),
    ),
)
PLAYED = ("song", "talk", "changeover")
PRESSED = ("next_song", "previous_song", "song")
CHANNELS = {
    1: ("dimmer",),
    2: ("intensity", "fan"),
    3: ("speed", "dimmer", "macro"),
    6: ("dimmer", "red", "green", "blue", "", ""),
    8: ("dimmer", "red", "green", "blue", "white", "amber", "uv", "shutter"),
    16: ("pan", "pan", "tilt", "tilt", "speed", "dimmer", "shutter", "red", "green", "blue", "white", "zoom"),
}


def build_rig() -> tuple[RigHead, ...]:
    """Front and back PARs, a bar of 8 cells, two movers, two blinders, a strobe and a hazer, on two universes."""
    return tuple(_fixtures())


def _fixtures() -> Iterator[RigHead]:
    for index, x in enumerate((-3.2, -1.9, -0.7, 0.7, 1.9, 3.2)):
        yield _head(f"front-{index + 1}", "RGBW PAR", "wash", (x, -2.4, 3.6), (1, 1 + 8 * index, 8))
    for index, x in enumerate((-3.0, -1.8, -0.6, 0.6, 1.8, 3.0)):
        yield _head(f"back-{index + 1}", "RGBAW+UV PAR", "back", (x, 3.6, 3.7), (1, 101 + 8 * index, 8))
    for index, x in enumerate((-2.4, 2.4)):
        yield _head(f"spot-{index + 1}", "Moving head", "beam", (x, 3.2, 3.7), (2, 1 + 16 * index, 16))
    for cell in range(8):
        place = (-1.4 + 0.4 * cell, 4.2, 0.35)
        yield replace(_head(f"bar-1.{cell + 1}", "Pixel bar", "pixel", place, (2, 101, 34)), fixture="bar-1")
    for index, x in enumerate((-1.2, 1.2)):
        yield _head(f"blinder-{index + 1}", "Blinder", "blinder", (x, 3.4, 3.7), (2, 201 + index, 1))
    yield _head("strobe-1", "Strobe", "strobe", (0.0, 3.8, 3.7), (2, 211, 3))
    yield _head("foot-1", "RGB PAR", "back", (-2.9, 3.9, 0.2), (1, 201, 6))
    yield _head("foot-2", "RGB PAR", "back", (2.9, 3.9, 0.2), (1, 207, 6))
    yield replace(_head("hazer", "Hazer", "hazer", (3.5, 2.9, 0.2), (2, 500, 2)), emits=False)


def _head(
    name: str, label: str, role: FixtureRole, place: tuple[float, float, float], patch: tuple[int, int, int]
) -> RigHead:
    channels = CHANNELS.get(patch[2], ())
    return RigHead(name, name, label, role, *place, *patch, moves=role == "beam", channels=channels)


@dataclass
class DemoFeed(DemoEvening):
    """The scripted show.

    Attributes:
        clock: gives seconds; tests hand in their own.
        brightness: 0..1, for pictures of a dim and of a full stage.
        commands: what the pages asked for, oldest first.
        health, processes, troubles: shown as they are. set_list: of the night; playing: place in it.
        song: what the source plays, again and again; song_s: how long it is; from_s: where it began.
    """

    clock: Callable[[], float] = time.monotonic
    brightness: float = 1.0
    operator: Operator = field(default_factory=Operator)
    commands: list[Command] = field(default_factory=list)
    health: str = "live"
    plan: str = ""
    processes: dict[str, str] = field(default_factory=lambda: {"listening": "up", "lighting": "up"})
    troubles: list[str] = field(default_factory=list)
    set_list: SetList | None = EVENING
    playing: int = -1
    learning: str = ""
    song: Path | None = None
    song_s: float = 144.0
    from_s: float = 0.0
    places: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rig = build_rig()
        self.started_s = self.clock()
        self._held_s = 0.0
        self._hands = OperatorState()
        self._said = ""

    def hello(self) -> Hello:
        now_s = self.clock()
        hops = int(now_s / HOP_S)
        return Hello(
            venue="Basement Club",
            source="fixtures/audio/bundled-song.opus",
            models={"embedder": "ear-small", "decoder": "skip-bart-small"},
            stages=STAGES,
            heads=self.rig,
            tokens=[token_at(hop * HOP_S) for hop in range(hops - 600, hops)],
            levels=[level_at(hop * HOP_S) for hop in range(hops - 600, hops)],
            targets=["all", "wash", "mover", *(head.id for head in self.rig)],
            scenes=["Chorus", "Walk-in"],
            haze=True,
            set_list=self.set_list,
            places=self.places,
        )

    def live(self) -> Live:
        """The snapshot of now; the same object while nothing has changed, as the show's own feed does."""
        fresh = self._now()
        said = encode_live(fresh)
        if said != self._said:
            self._said, self._shown = said, fresh
        return self._shown

    def _now(self) -> Live:
        now_s = self.clock()
        shown_s = self._held_s if self.operator.hold else now_s
        hop_s = int(now_s / HOP_S) * HOP_S
        return Live(
            t_s=now_s,
            elapsed_s=now_s - self.started_s,
            heads=self._heads(shown_s),
            operator=self.operator,
            health=self.health,
            token=token_at(hop_s),
            level=level_at(hop_s),
            loudness=0.5 + 0.5 * math.sin(now_s / 7),
            timings=timings_at(now_s),
            counters={"output_hz": 40.0, "lateness_p99_ms": 1.2, "overruns": 0, "late_hops": 3, "send_errors": 0},
            processes=self.processes,
            marks=list(self._hands.marks),
            plan=self.plan,
            troubles=self.troubles,
            learning=self.learning,
            evening=self.evening(),
            band=BandHeard(
                "band", False, "heard", BEAT_S, BEAT_S * int(now_s / BEAT_S), 1 + int(now_s / BEAT_S) % 4, 4, 0.9
            ),
            sound=None if self.song is None else ((hop_s - self.started_s + self.from_s) % self.song_s, hop_s),
            sections=[SECTION_S * round(now_s / SECTION_S - back) for back in (3, 2, 1)],
        )

    def command(self, command: Command) -> None:
        """Obey; a test that sees it among `commands` may set what was obeyed to something else."""
        if command.name == "hold":
            self._held_s = self.clock()
        if command.name == "learn":
            self.learning = command.target if command.amount > 0.5 else ""
        self._hands.operator = self.operator
        self._hands.obey(self._go(command) if command.name in PRESSED else command, self.clock())
        self.operator = self._hands.operator
        self.commands.append(command)

    def _go(self, command: Command) -> Command:
        """To another entry of the set list, with its wishes."""
        entries = self.set_list.entries if self.set_list else ()
        places = [place for place, entry in enumerate(entries) if entry.kind in PLAYED]
        if command.name == "song":
            found = [place for place in places if f"@{place}" == command.target]
        elif command.name == "next_song":
            found = [place for place in places if place > self.playing][:1]
        else:
            found = [place for place in places if place < self.playing][-1:]
        self.playing = found[0] if found else self.playing
        entry = entries[self.playing] if self.playing >= 0 else None
        return Command("wish", 1.0, wish=NO_WISH if entry is None else wish_of(self.playing, entry))

    def evening(self) -> Evening:
        """Where the night is, and what comes next."""
        entries = self.set_list.entries if self.set_list else ()
        coming = [place for place, entry in enumerate(entries) if entry.kind in PLAYED and place > self.playing]
        kind = entries[self.playing].kind if self.playing >= 0 else "song"
        listed = "band" if kind not in ("talk", "changeover") else kind
        by = "button" if self.operator.moment else "set list" if listed != "band" else "hearing"
        why = "next on the list" if coming else ""
        return Evening(self.playing, coming[0] if coming else -1, why, self.operator.moment or listed, by)

    def why(self, universe: int, slot: int) -> list[tuple[str, str]]:
        return [("wire", f"{universe}.{slot} is at 200 (78 %)"), ("token", "red (0 degrees)")] if slot < 400 else []

    def _heads(self, now_s: float) -> np.ndarray:
        master = 0.0 if self.operator.blackout else self.operator.grand_master * self.brightness
        states = np.array([_state(head, index, now_s) for index, head in enumerate(self.rig)])
        states[:, :3] *= master
        return states


def wish_of(number: int, entry: ListEntry) -> SongWish:
    """What an entry wishes, as far as this feed's page shows it."""
    allowed = {name: getattr(entry, name) is not False for name in ("strobe", "blinder", "haze")}
    return SongWish(number, entry.kind, entry.title, energy=entry.energy or "", **allowed)


def token_at(now_s: float) -> TokenPoint:
    """A slow walk through hues, one in four bars turned to the other side of the wheel; value follows the beat."""
    bar = int(now_s / (4 * BEAT_S))
    hue = (now_s * 2.2 + (90 if bar % 4 == 3 else 0)) % 180
    swell = 0.5 + 0.35 * math.sin(now_s / 6)
    return TokenPoint(now_s, int(hue), int(255 * max(0.05, swell - 0.2 * (now_s / BEAT_S % 1))))


def level_at(now_s: float) -> LevelPoint:
    """Louder with the same swell, an onset on each beat."""
    beat = now_s / BEAT_S % 1
    level_db = -26 + 12 * math.sin(now_s / 6) - 9 * beat + 2 * math.sin(now_s * 31)
    onset = (0.9 if int(now_s / BEAT_S) % 2 else 0.5) if beat < HOP_S / BEAT_S else 0.0
    return LevelPoint(now_s, level_db, onset)


def timings_at(now_s: float) -> dict[str, Timing]:
    """Within budget, except the decoder for two seconds in twenty."""
    slow = 3.0 if now_s % 20 < 2 else 1.0
    typical = {"window": 0.21, "embed": 7.4, "decode": 9.1 * slow, "look": 0.32, "output": 0.84}
    return {name: Timing(ms, ms * 1.6) for name, ms in typical.items()}


def _state(head: RigHead, index: int, now_s: float) -> tuple[float, float, float, float, float]:
    token = token_at(now_s)
    beat = now_s / BEAT_S % 1
    value = (token.value / 255) ** 2
    turn = 0.0
    match head.role:
        case "back":
            turn, value = 0.12, value * (0.7 + 0.5 * math.sin(now_s * 1.7 + index))
        case "beam":
            turn, value = 0.5, min(1.0, value * 1.6)
        case "pixel":
            turn, value = 0.04 * (index % 8), value * (1.0 if (int(now_s * 8) + index) % 4 == 0 else 0.25)
        case "blinder":
            value = 0.9 * math.exp(-4 * beat) if int(now_s / BEAT_S) % 16 == 0 else 0.0
        case "strobe":
            value = 1.0 if int(now_s / BEAT_S) % 32 == 31 and beat < 0.15 else 0.0
        case "hazer":
            value = 0.0
    white = head.role in ("blinder", "strobe")
    encoded = (1.0, 0.82, 0.6) if white else colorsys.hsv_to_rgb((token.hue / 180 + turn) % 1, 1.0, 1.0)
    red, green, blue = (min(1.0, max(0.0, value)) * part**2.2 for part in encoded)
    side = 1 if head.x > 0 else -1
    pan = -side * (20 + 35 * math.sin(now_s * 0.6)) if head.moves else 0.0
    tilt = 42 + 26 * math.sin(now_s * 0.43) if head.moves else 0.0
    return red, green, blue, pan, tilt


def main() -> None:
    from controller.watching.page.server import Page

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8100
    print(f"http://127.0.0.1:{port}")
    song = Path(__file__).parents[2] / "controller/songs/metal_madness.opus"
    asyncio.run(Page().serve(DemoFeed(song=song), "127.0.0.1", port))


if __name__ == "__main__":
    main()
