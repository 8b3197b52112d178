"""A song in the rehearsal room: lit as often as somebody likes, in parts, around what is pinned.

The network decides with the same code as in the show; only embeddings are kept, so that a new roll costs two
milliseconds a hop. What the rig makes of it goes through the whole output cycle, limiter included, and is read back
from the slots. Pure but for the networks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.colour import hue_degrees, parse_colour
from controller.config import Config
from controller.lighting.engine import Tick
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.plan.plan import Notes, Plan, amount_at
from controller.listening.plan.section_look import look_at
from controller.messages import Command, Cue, LightToken, Steering
from controller.records.cycles import Heard
from controller.rehearsal.room.rolling import Rolling, Stretch
from controller.rehearsal.room.sound import Progress, Sound, nobody, sections
from controller.rehearsal.room.staging import Staging
from controller.sound_format import HOP_S


@dataclass
class Studio:
    """A song, its light, and what people wrote down.

    Attributes:
        light: (T, 2) hue and value. rows: (F, N, 5) uint8, the stage every twentieth of a second: encoded red, green,
            blue, pan and tilt as shares of 360 and 180 degrees. limited: how often the flash limiter stepped in.
    """

    config: Config
    sound: Sound
    notes: Notes
    light: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    rows: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 5), np.uint8))
    limited: int = 0

    def __post_init__(self) -> None:
        self._staging = Staging(self.config, self.sound.pulses)
        self._rolling = Rolling(self.config, self.sound)
        self._staged: object = None

    @classmethod
    def unstaged(cls, config: Config, sound: Sound) -> "Studio":
        """A first roll with the configured seed, and guessed sections as marks; its stage is not made yet."""
        marks = tuple((round(at * HOP_S, 1), f"part {number}") for number, at in enumerate(sections(sound), start=1))
        studio = cls(config, sound, Notes(title=sound.title, seed=config.seed, marks=marks))
        studio.light = np.zeros((sound.hops, 2), np.int64)
        studio.roll(0.0, sound.hops * HOP_S, config.seed)
        return studio

    @classmethod
    def fresh(cls, config: Config, sound: Sound) -> "Studio":
        """A first roll and its stage."""
        studio = cls.unstaged(config, sound)
        studio.stage()
        return studio

    @classmethod
    def opened(cls, config: Config, sound: Sound, plan: Plan) -> "Studio":
        """Where somebody left off; a plan of a longer or shorter take keeps what fits."""
        studio = cls.unstaged(config, sound)
        studio.take(plan)
        studio.stage()
        return studio

    def take(self, plan: Plan) -> None:
        """Go on from a plan, as far as it fits."""
        fits = min(plan.hops, self.sound.hops)
        self.light[:fits], self.notes = plan.light[:fits], plan.notes

    def roll(
        self, from_s: float, to_s: float, seed: int, *, palette: Sequence[str] = (), progress: Progress = nobody
    ) -> None:
        """Decide the light of a part anew with another seed, or in other colours; what is pinned stays. See `stage`.

        Args:
            from_s, to_s: of the song. palette: colours to keep to, as #rrggbb. progress: told the share that is done.
        """
        hues = tuple(hue_from_degrees(hue_degrees(parse_colour(one))) for one in palette)
        self._decide(from_s, to_s, seed, hues=hues, progress=progress)
        self.notes = self.notes.model_copy(update={"seed": seed})

    def dress(self, from_s: float, to_s: float, progress: Progress = nobody) -> None:
        """Choose the looks of a part anew for the light that is there, as the show would; what is pinned stays."""
        self._decide(from_s, to_s, self.notes.seed, relight=False, progress=progress)

    def _decide(
        self, from_s: float, to_s: float, seed: int, *, relight: bool = True, hues: Sequence[int] = (),
        progress: Progress = nobody,
    ) -> None:  # fmt: skip
        part = Stretch(*self._hops(from_s, to_s), self._pinned())
        self.light, looks = self._rolling.decide(
            part, self.light, self.notes.looks, seed=seed, relight=relight, hues=hues, leaning=self._leaning,
            progress=progress,
        )  # fmt: skip
        self.notes = self.notes.model_copy(update={"looks": looks})

    def pin(self, from_s: float, to_s: float, *, keep: bool) -> None:
        """Keep a part as it is, or let it go."""
        first, last = self._hops(from_s, to_s)
        pinned = self._pinned()
        pinned[first:last] = keep
        edges = np.flatnonzero(np.diff(np.concatenate([[False], pinned, [False]]).astype(np.int8)))
        times_s = [round(float(edge) * HOP_S, 1) for edge in edges]
        pins = tuple(zip(times_s[::2], times_s[1::2], strict=True))
        self.notes = self.notes.model_copy(update={"pins": pins})

    def plan(self) -> Plan:
        """As a show can follow it."""
        return Plan(self.notes, self.light, self.sound.fingerprints)

    def stage(self, progress: Progress = nobody) -> None:
        """What the rig makes of it, from the slots: `rows` and `limited`; only what changed is made anew."""
        lit = self._lit()
        self.rows = self._staging.rows(self._told(), progress)
        self.limited, self._staged = self._staging.limited, lit

    @property
    def stale(self) -> bool:
        """Whether the stage shows another light than this."""
        return self._staged != self._lit()

    def show(self, rows: npt.NDArray[np.uint8], limited: int) -> None:
        """A stage that was made of this very light before."""
        self.rows, self.limited, self._staged = rows, limited, self._lit()

    def _lit(self) -> object:
        """What the stage depends on."""
        return self.light.tobytes(), self.notes.cues, self.notes.lines, self.notes.looks

    def ticks(self) -> Iterator[tuple[float, Tick]]:
        """Every output cycle of the song and its time, with cues and automation."""
        yield from self._staging.ticks(self._told())

    def _told(self) -> list[Heard]:
        """What the output cycle is told at each hop: the light, cues and automation."""
        told, ridden = list[Heard](), dict[str, float]()
        for hop in range(self.sound.hops):
            hue, value = (int(one) for one in self.light[hop])
            commands = (*self._due(hop), *self._ridden(hop, ridden))
            token = LightToken((hop + 1) * HOP_S, hop, hue, value, 1.0, 1.0, self._cue(hop))
            told.append(Heard(token=token, commands=commands))
        return told

    def _cue(self, hop: int) -> Cue | None:
        """The look that hangs after a hop, or comes before the next one ends."""
        looks = self.notes.looks
        place = look_at(looks, (hop + 2) * HOP_S)
        if place < 0 or not self.sound.bands:
            return None
        band = self.sound.bands[hop]
        return looks[place].cue(looks[place].t_s, band.tempo, band.build)

    def _due(self, hop: int) -> list[Command]:
        due = (one for one in self.notes.cues if hop * HOP_S <= one.t_s < (hop + 1) * HOP_S)
        return [Command(one.name, one.amount, one.target, one.values) for one in due if one.name != "scene"]

    def _ridden(self, hop: int, ridden: dict[str, float]) -> list[Command]:
        moved = []
        for name, line in self.notes.lines.items():
            if line:
                amount = amount_at(line, hop * HOP_S)
                if amount != ridden.get(name):
                    ridden[name] = amount
                    moved.append(Command(name, amount))
        return moved

    def _leaning(self, hop: int) -> Steering:
        """How automation leans on the model in a hop."""
        steering = Steering()
        for name, line in self.notes.lines.items():
            if line and name != "grand_master":
                change: dict[str, Any] = {name: amount_at(line, hop * HOP_S)}
                steering = replace(steering, **change)
        return steering

    def _hops(self, from_s: float, to_s: float) -> tuple[int, int]:
        first = min(max(0, round(from_s / HOP_S)), self.sound.hops)
        return first, min(max(first, round(to_s / HOP_S)), self.sound.hops)

    def _pinned(self) -> npt.NDArray[np.bool_]:
        pinned = np.zeros(self.sound.hops, bool)
        for from_s, to_s in self.notes.pins:
            first, last = self._hops(from_s, to_s)
            pinned[first:last] = True
        return pinned
