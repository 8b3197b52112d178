"""A song in the rehearsal room: heard once, lit as often as somebody likes, in parts, around what is pinned.

The network decides with the same code as in the show; only embeddings are kept, so that a new roll costs two
milliseconds a hop. What the rig makes of it goes through the whole output cycle, limiter included, and is read back
from the slots. Pure but for reading the song.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from controller.clock import MonotonicClock
from controller.colour import hue_degrees, parse_colour
from controller.config import Config, with_overrides
from controller.errors import AudioError
from controller.lighting.engine import Tick
from controller.listening.audio.source import open_recorded
from controller.listening.decider import Decider
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.networks import open_ear
from controller.listening.plan.fingerprint import SPAN, Fingerprints
from controller.listening.plan.plan import MOST_HOPS, Notes, Plan, amount_at, song_title
from controller.listening.time.leading import tempo_of
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Command, Embedding, LightToken, Pulse, Steering
from controller.metrics.correspondence import KERNEL_HALF, novelty_curve
from controller.records.cycles import Heard
from controller.rehearsal.heard import HeardSong
from controller.rehearsal.room.staging import Staging
from controller.sound_format import HOP_S, HOP_SAMPLES

TOLD_HOPS = 256
SECTION_HOPS = 120
SECTION_NOVELTY = 0.02
DECIDING = 0.1
"""Share of a roll's time in which the light is decided; in the rest the stage is made."""
Progress = Callable[[float], None]


def nobody(_share: float) -> None:
    """Who is told how far something is, where nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A song as it was heard, T hops.

    Attributes:
        embeddings: (T, 512) float32. fingerprints: (T, 88) float32. hits: (T,) 0..1. pulses: of each hop.
        peaks: (columns, P) float32, loudest sample in each twentieth of a second; the mix first, then stems.
        stems: names. tempi: where beats were, as far as was known, at each hop. band: beats, drums, kinds of sound.
    """

    title: str
    embeddings: Float32Array
    fingerprints: Float32Array
    hits: Float32Array
    pulses: list[list[Pulse]]
    peaks: Float32Array
    stems: tuple[str, ...]
    tempi: list[Tempo] = field(default_factory=list)
    band: HeardSong = field(default_factory=HeardSong)

    @property
    def hops(self) -> int:
        """T."""
        return len(self.embeddings)


def hear(config: Config, song: Path, progress: Progress = nobody) -> Sound:
    """Listen to a song once, as a show would.

    Args:
        config: models and audio. song: file, or folder of stems. progress: told the share that is done.

    Raises:
        AudioError: not a song, shorter than a hop, or longer than an hour.
    """
    source = open_recorded(song, config)
    embedder = Decider(with_overrides(config, plan=""), MonotonicClock(), patient=True).embedder
    ear = open_ear(config, source.stems)
    prints, tempi, band = Fingerprints(), [], HeardSong()
    embeddings, fingerprints, struck, pulses, peaks = [], [], [], [], []
    hop = 0
    while len(samples := source.read(HOP_SAMPLES)) == HOP_SAMPLES:
        if hop >= MOST_HOPS:
            raise AudioError(f"{song}: longer than an hour; cut it into songs")
        block = AudioBlock((hop + 1) * HOP_S, hop, samples)
        heard, window = ear.hop(block)
        embeddings.append(embedder.embed(window).vector)
        fingerprints.append(prints.step(window.samples[-SPAN:]))
        struck.append(window.hit)
        ear.tempo = tempo_of(ear.hearing)
        tempi.append(ear.tempo)
        if ear.hearing is not None:
            band.take(ear.hearing, block)
        pulses.append(heard)
        peaks.append(np.abs(samples.reshape(-1, HOP_SAMPLES // 2, samples.shape[1])).max(axis=1))
        hop += 1
        progress(hop * HOP_S / max(source.duration_s, 1e-9))
    source.close()
    if hop == 0:
        raise AudioError(f"{song}: shorter than one hop (0.1 s)")
    return Sound(
        song_title(song), np.stack(embeddings), np.stack(fingerprints), np.array(struck, np.float32), pulses,
        np.concatenate(peaks).T.astype(np.float32), source.stems, tempi, band,
    )  # fmt: skip


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

    @classmethod
    def unstaged(cls, config: Config, sound: Sound) -> "Studio":
        """A first roll with the configured seed, and guessed sections as marks; its stage is not made yet."""
        marks = tuple((round(at * HOP_S, 1), f"part {number}") for number, at in enumerate(sections(sound), start=1))
        studio = cls(config, sound, Notes(title=sound.title, seed=config.seed, marks=marks))
        studio.light = np.zeros((sound.hops, 2), np.int64)
        studio._decide(0.0, sound.hops * HOP_S, config.seed)
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
        self, from_s: float, to_s: float, seed: int, *, palette: Sequence[str] = (), steering: Steering | None = None,
        progress: Progress = nobody,
    ) -> None:  # fmt: skip
        """Light a part anew with another seed, or in other colours; what is pinned stays.

        Args:
            from_s, to_s: of the song. palette: colours to keep to, as #rrggbb. steering: leaning; None: the lines'.
            progress: told the share that is done.
        """
        self._decide(
            from_s, to_s, seed, palette=palette, steering=steering, progress=lambda share: progress(DECIDING * share)
        )
        self.stage(lambda share: progress(DECIDING + (1.0 - DECIDING) * share))

    def _decide(
        self, from_s: float, to_s: float, seed: int, *, palette: Sequence[str] = (), steering: Steering | None = None,
        progress: Progress = nobody,
    ) -> None:  # fmt: skip
        """Roll without making the stage."""
        first, last = self._hops(from_s, to_s)
        config = with_overrides(self.config, seed=seed, plan="")
        decider = Decider(config, MonotonicClock(), patient=True)
        hues = steering.hues if steering else ()
        if palette:
            hues = tuple(hue_from_degrees(hue_degrees(parse_colour(one))) for one in palette)
        for hop in range(max(0, first - TOLD_HOPS), first):
            decider.tell(self._embedding(hop), *(int(one) for one in self.light[hop]))
        pinned = self._pinned()
        for hop in range(first, last):
            progress((hop - first) / (last - first))
            if pinned[hop]:
                decider.tell(self._embedding(hop), *(int(one) for one in self.light[hop]))
                continue
            decider.beats = self.sound.tempi[hop] if self.sound.tempi else Tempo()
            decider.steering = replace(steering or self._leaning(hop), hues=hues)
            token = decider.decide(self._embedding(hop), (hop + 1) * HOP_S, float(self.sound.hits[hop]))
            self.light[hop] = token.hue, token.value
        self.notes = self.notes.model_copy(update={"seed": seed})

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
        self.rows = self._staging.rows(self._told(), progress)
        self.limited = self._staging.limited

    def ticks(self) -> Iterator[tuple[float, Tick]]:
        """Every output cycle of the song and its time, with cues and automation."""
        yield from self._staging.ticks(self._told())

    def _told(self) -> list[Heard]:
        """What the output cycle is told at each hop: the light, cues and automation."""
        told, ridden = list[Heard](), dict[str, float]()
        for hop in range(self.sound.hops):
            hue, value = (int(one) for one in self.light[hop])
            commands = (*self._due(hop), *self._ridden(hop, ridden))
            told.append(Heard(token=LightToken((hop + 1) * HOP_S, hop, hue, value, 1.0, 1.0), commands=commands))
        return told

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

    def _embedding(self, hop: int) -> Embedding:
        return Embedding((hop + 1) * HOP_S, hop, self.sound.embeddings[hop])

    def _hops(self, from_s: float, to_s: float) -> tuple[int, int]:
        first = min(max(0, round(from_s / HOP_S)), self.sound.hops)
        return first, min(max(first, round(to_s / HOP_S)), self.sound.hops)

    def _pinned(self) -> npt.NDArray[np.bool_]:
        pinned = np.zeros(self.sound.hops, bool)
        for from_s, to_s in self.notes.pins:
            first, last = self._hops(from_s, to_s)
            pinned[first:last] = True
        return pinned


def sections(sound: Sound) -> list[int]:
    """Hops at which the music turns to something else: a guess, for marks that people move."""
    half = KERNEL_HALF
    count = sound.hops // 5
    if count < 4 * half:
        return [0]
    means = sound.embeddings[: count * 5].reshape(count, 5, -1).mean(axis=1)
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    curve = novelty_curve((unit @ unit.T).astype(np.float32))
    edge = (count - len(curve)) // 2
    found = [0]
    for at in np.argsort(-curve):
        if curve[at] < SECTION_NOVELTY:
            break
        hop = int(at + edge) * 5
        if all(abs(hop - other) >= SECTION_HOPS for other in found):
            found.append(hop)
    return sorted(found)
