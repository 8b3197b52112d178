"""What people changed during a night, as footage to learn from: `python -m tools.train.skipbart takeovers SHOWLOG...`.

The log is replayed; wherever a person held the colour or the brightness of the stage, at the page or from another desk,
what the stage then showed is what they wanted instead. Those hops are trusted, each attribute by itself; the model's
own light is not: learning from that would only make it surer of itself. Some seconds of music before each takeover stay
as context. The rest of the night is left out.

A stage is more fixtures than one: hue is the strongest hue of those that were held, weighted by their light, value
their mean brightness. A person who holds less than a third of the stage did not decide what the stage looks like.
Edge: reads logs and sound, writes footage (see `room`).
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.progress import track

from controller.arrays import BoolArray, Float32Array
from controller.artefacts.artefact import read_manifest
from controller.bus.news import TakenOver
from controller.colour import to_encoded
from controller.config import Config, thaw
from controller.errors import ConfigError, ControllerError, ProfileError, RecordingError
from controller.lighting.engine import Tick
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.messages import Operator, Pulse
from controller.records.recording import Log
from controller.rig.observe import Observer
from controller.rig.patch.configured import targets_of
from controller.rig.patch.patch import Patch, build_patch
from controller.rig.profiles.profile import Profile
from controller.sound_format import HOP_S
from tools.train.footage.errors import FootageError
from tools.train.footage.evening import evening_of
from tools.train.nights.night_sound import Levels, SoundError, heard_beside, kept_embeddings, recorded_embeddings

SHARE = 1.0 / 3.0
CONTEXT_HOPS, AFTER_HOPS = 100, 5
HUE_WIDTH = 8
"""Half degrees to either side that count as one hue when the strongest is looked for."""
COLOURLESS = 0.08
"""Light with less colour than this has no hue: white is a wish too, but none that a token can say."""
APART = ("blinder", "strobe", "hazer")


@dataclass(frozen=True, slots=True)
class Holding:
    """Heads (N,) whose colour, and whose brightness, people decide at the moment; how they do it, in words."""

    colour: BoolArray
    intensity: BoolArray
    ways: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Label:
    """What the stage showed: hue 0..179, value 0..255, and the trust 0 or 1 in each: whether people decided it."""

    hue: int
    value: int
    hue_trust: float
    value_trust: float


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of a night: when its sound ended, the label, what was heard (strongest onset, loudness), and who."""

    t_s: float
    label: Label
    hit: float
    loudness: float
    ways: frozenset[str]


@dataclass(slots=True)
class Night:
    """A log's hops in order, its pulses, when it began (ISO 8601, UTC), and what is wrong with its end."""

    hops: list[Hop] = field(default_factory=list)
    pulses: list[Pulse] = field(default_factory=list)
    began: str = ""
    damage: str = ""

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """(T,) of a field of hops or labels."""
        inside = name in Label.__slots__
        return np.array([getattr(one.label if inside else one, name) for one in self.hops], np.float64)


def evening_began(began: str) -> str:
    """The evening of a log that began at a moment (ISO 8601), in this machine's time; "" where it does not say."""
    try:
        moment = datetime.fromisoformat(began)
    except ValueError:
        return ""
    return evening_of(moment.astimezone() if moment.tzinfo else moment)


class Stagehand:
    """Says who holds what, and what the stage shows. N heads of one patch."""

    def __init__(self, patch: Patch) -> None:
        self._patch, self._observer = patch, Observer(patch)
        self._targets = targets_of(patch)
        fixtures = [one.config.id for one in patch.fixtures]
        of_head = np.asarray(patch.fixture_of)
        self._fixtures = {name: of_head == number for number, name in enumerate(fixtures)}
        self._stage = np.array([role not in APART for role in patch.roles]) & patch.dimmable

    def holding(self, operator: Operator, active: Sequence[TakenOver]) -> Holding:
        """Who holds what.

        Args:
            operator: what was set at the page. active: takeovers of another desk, as `ConsoleMerge.status` tells them.
        """
        colour, intensity = np.zeros(self._patch.heads, bool), np.zeros(self._patch.heads, bool)
        ways = {name for name in ("blackout", "hold", "quiet", "blinder") if getattr(operator, name)}
        if operator.hold or operator.quiet or operator.scene is not None:
            colour[:] = intensity[:] = True
            ways |= {"scene"} if operator.scene is not None else set()
        if operator.blackout or operator.blinder:
            intensity[:] = True
        for hand in operator.hands:
            heads = self._targets.get(hand.target, np.zeros(self._patch.heads, bool))
            colour |= heads & (hand.hue_deg >= 0.0)
            intensity |= heads & (hand.intensity >= 0.0)
            ways.add("hand")
        for one in active:
            if not one.going_back and one.attribute in ("colour", "intensity"):
                held = colour if one.attribute == "colour" else intensity
                held |= self._fixtures[one.fixture]
                ways.add("desk")
        return Holding(colour & self._stage, intensity & self._stage, frozenset(ways))

    def hop(
        self, t_s: float, tick: Tick, operator: Operator, active: Sequence[TakenOver], *, hit: float, loudness: float
    ) -> Hop:
        """A hop, from the last cycle before the next one."""
        holding = self.holding(operator, active)
        label = self.label({frame.universe: frame.slots for frame in tick.frames}, holding)
        ways = holding.ways if label.hue_trust or label.value_trust else frozenset()
        return Hop(t_s, label, hit, loudness, ways)

    def label(self, frames: dict[int, npt.NDArray[np.uint8]], holding: Holding) -> Label:
        """What these slots by universe show."""
        light = self._observer.observe(frames).light
        hue, found = strongest_hue(light[holding.colour])
        levels = to_encoded(light.max(axis=1))[holding.intensity]
        value = round(255.0 * float(levels.mean())) if len(levels) else 0
        colour_share, intensity_share = (self.share(held) for held in (holding.colour, holding.intensity))
        return Label(hue, value, float(found and colour_share >= SHARE), float(intensity_share >= SHARE))

    def share(self, held: BoolArray) -> float:
        """How much of the stage these heads are."""
        return float(held.sum()) / max(int(self._stage.sum()), 1)


def strongest_hue(light: Float32Array) -> tuple[int, bool]:
    """The hue 0..179 of most of the coloured light, and whether there is any.

    Args:
        light: (n, 3) linear RGB 0..1.
    """
    encoded = np.asarray(to_encoded(light), np.float64)
    high, low = encoded.max(axis=1, initial=0.0), encoded.min(axis=1, initial=1.0)
    chroma = high - low
    weight = chroma * high
    if len(light) == 0 or float(weight.sum()) < COLOURLESS * max(len(light), 1) * max(float(high.max()), 1e-6):
        return 0, False
    red, green, blue = encoded.T
    safe = np.where(chroma > 0, chroma, 1.0)
    sextant = np.select(
        [high == red, high == green], [(green - blue) / safe, 2.0 + (blue - red) / safe], 4.0 + (red - green) / safe
    )
    hues = np.rint(30.0 * sextant).astype(np.int64) % 180
    counts = np.bincount(hues, weight, 180)
    around = sum(np.roll(counts, by) for by in range(-HUE_WIDTH, HUE_WIDTH + 1))
    centre = int(np.argmax(around))
    near = np.abs((hues - centre + 90) % 180 - 90) <= HUE_WIDTH
    off = np.average((hues[near] - centre + 90) % 180 - 90, weights=weight[near])
    return round(centre + float(off)) % 180, True


def as_it_was(log: Log, path: Path) -> tuple[Config, Patch]:
    """Configuration and rig from a log's header.

    Raises:
        RecordingError: it is of another version.
    """
    try:
        config = thaw(log.header["config"])
        written = yaml.safe_load(log.header["profiles"])
        profiles = {reference: Profile.model_validate(data) for reference, data in written.items()}
        return config, build_patch(config.fixtures, list(config.universes), profiles, config.where)
    except (KeyError, TypeError, AttributeError, ValueError, ValidationError, yaml.YAMLError, ConfigError,
            ProfileError) as error:  # fmt: skip
        raise RecordingError(f"{path}: its header is of another version: {error}") from error


def replayed(path: Path) -> Night:
    """Every hop of a log with its label: what the stage showed at the hop's end, and how far people decided it.

    Raises:
        RecordingError: it cannot be read.
    """
    log = Log(path)
    config, patch = as_it_was(log, path)
    person = ConsoleMerge(config, patch, NOBODY)
    made, stagehand, night = OutputCycle(config, patch, person), Stagehand(patch), Night()
    night.began = str(log.header.get("began", ""))
    shown: tuple[Tick, Operator, Sequence[TakenOver]] | None = None
    pulse, hit, hop_s = None, 0.0, -math.inf
    for cycle in track(log.cycles(), f"replay {path.name}", console=Console(stderr=True)):
        if cycle.heard.leaving:
            continue  # the farewell is nobody's wish; read on, so that the file is closed
        token = cycle.heard.token
        if token is not None and token.t_s > hop_s:
            if shown is not None and hop_s > -math.inf:
                night.hops.append(stagehand.hop(hop_s, *shown, hit=hit, loudness=pulse.loudness if pulse else 0.0))
            hop_s, hit = token.t_s, 0.0
        for _, one in cycle.heard.pulses:
            hit = max(hit, one.onset_strength if pulse is not None and one.onsets > pulse.onsets else 0.0)
            pulse = one
            night.pulses.append(one)
        tick = made.replay(cycle.now_s, cycle.heard)
        shown = tick, made.engine.operator, person.status().active
    night.damage = log.damage
    return night


def kept_hops(trust: npt.NDArray[np.floating]) -> BoolArray:
    """(T,) the hops that are written: people's, and some before and after them."""
    keep = np.zeros(len(trust), bool)
    for hop in np.flatnonzero(trust > 0):
        keep[max(hop - CONTEXT_HOPS, 0) : hop + AFTER_HOPS + 1] = True
    return keep


def take_over(log: Path, out: Path, audio: Path | None, embedder: Path) -> str:
    """Write the footage of one log; returns what was found, in a sentence.

    Raises:
        RecordingError: the log cannot be read. FootageError: nobody took over, or its sound is missing.
    """
    night = replayed(log)
    t_s, hue_trust, value_trust = (night.column(name) for name in ("t_s", "hue_trust", "value_trust"))
    trust = np.maximum(hue_trust, value_trust)
    if not trust.any():
        raise FootageError(f"{log}: nobody held a third of the stage for a moment; there is nothing to learn from it")
    keep = kept_hops(trust)
    vectors, known = _sound(log, night, keep, audio, embedder)
    keep &= known
    out.mkdir(parents=True, exist_ok=True)
    columns = {"hue": "hue", "value": "value", "hits": "hit", "loudness": "loudness"}
    np.savez(
        out / f"{log.stem}.npz",
        t_s=t_s[keep] - t_s[0] + HOP_S,
        trust=trust[keep],
        hue_trust=hue_trust[keep],
        value_trust=value_trust[keep],
        embedding=vectors[keep].astype(np.float16),
        offset_s=0.0,
        **{name: night.column(column)[keep] for name, column in columns.items()},
    )
    ways = sorted({way for one in night.hops for way in one.ways})
    sha256 = read_manifest(embedder, "embedder", HOP_S).step.sha256
    said = {"night": evening_began(night.began), "source": log.name, "ways": ways, "embedder_sha256": sha256,
            "dropped": [], "damage": night.damage}  # fmt: skip
    (out / f"{log.stem}.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    seconds = [HOP_S * float((part[keep] > 0).sum()) for part in (trust, hue_trust, value_trust)]
    return (
        f"{log.name}: {seconds[0]:.0f} s in people's hands ({', '.join(ways)}), colour for {seconds[1]:.0f} s, "
        f"brightness for {seconds[2]:.0f} s"
    )


def _sound(
    log: Path, night: Night, wanted: BoolArray, audio: Path | None, embedder: Path
) -> tuple[Float32Array, BoolArray]:
    """Embeddings (T, 512) of the wanted hops, and (T,) which have one."""
    t_s = night.column("t_s")
    beside = heard_beside(log)
    try:
        if audio is not None:
            vectors, known = recorded_embeddings(audio, Levels.of(night.pulses), t_s, wanted, embedder)
        elif beside:
            sha256 = read_manifest(embedder, "embedder", HOP_S).step.sha256
            vectors, known = kept_embeddings(beside, t_s, sha256)
        else:
            raise SoundError(
                "nothing tells what the night sounded like: give its recording with --audio, or let the show keep what "
                "it hears (record.heard in config.yaml)"
            )
        if not (known & wanted).any():
            raise SoundError("the sound covers none of the moments in people's hands")
    except SoundError as error:
        raise FootageError(f"{audio or log}: {error}") from error
    return vectors, known


def main(logs: Sequence[Path], out: Path, audio: Sequence[Path], embedder: Path) -> int:
    """The verb `takeovers`; returns the exit status: 1 if no log gave anything."""
    if len(audio) > len(logs):
        print(f"skipbart takeovers: {len(audio)} recordings for {len(logs)} logs; one --audio each", file=sys.stderr)
        return 1
    sounds: list[Path | None] = [*audio, *[None] * (len(logs) - len(audio))]
    done = 0
    for log, sound in zip(logs, sounds, strict=True):
        try:
            print(take_over(log, out, sound, embedder))
            done += 1
        except (ControllerError, OSError) as error:
            print(f"skipbart takeovers: {error}", file=sys.stderr)
    if done:
        print(f"learn from them: python -m tools.train.skipbart finetune --data {out} --out RUN_DIR")
    return 0 if done else 1
