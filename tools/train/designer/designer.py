"""A lighting designer in rules and dice: composes a show for an analysed song, ten times a second.

It stands in for the human light that no data set at hand contains. Its habits are fitted by hand to the aggregate
statistics of 87 human-authored cue tracks (`human_cue_statistics.json`, described in the data notes): a section's
first downbeat brings a change in 73 % of cases, other downbeats in 13 %, the last bar of a section is the fill with
three times the cues of other bars; verses are held in a cool or warm palette and stepped by hand; choruses have their
own look; intros hide; drum density decides intensity; blackouts and flares are short and come in the fill.

Everything is seeded: the same song and generator state give the same show, another seed another designer's taste.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import maximum_filter1d

from controller.arrays import Float64Array, IntArray
from controller.listening.decode.vocabulary import HUES
from tools.train.designer.analysis import BEATS_PER_BAR, HOPS_PER_S, Analysis, Section

Generator = np.random.Generator
Role = Literal["intro", "verse", "chorus", "outro"]
Palette = tuple[tuple[int, int], tuple[int, int]]

# Saturated colours that rigs have gels and presets for: hue ids (half degrees) and how often designers start there.
COOL = {90: 2.0, 105: 3.0, 118: 4.0, 130: 2.0, 60: 1.0}  # cyan, azure, blue, indigo, green
WARM = {0: 4.0, 10: 3.0, 18: 3.0, 150: 2.0, 165: 1.5}  # red, orange, amber, magenta, rose
CUE_ON_SECTION, CUE_ON_DOWNBEAT = 0.73, 0.13
CUES_INSIDE, CUES_IN_FILL = 0.29, 0.77  # a bar, besides its downbeat; the last bar of a section
SALIENCE = 4.0  # how much rather a cue falls on a strong hit than on a weak one
RETURN = 0.3  # chance, at each downbeat, that a colour that was stepped away from comes back
OFF_BEAT = 0.45  # share of the cues inside a bar that fall beside a beat
ACCENTS = 0.5  # share of the cues inside a bar that are flares or blackouts and leave the colour alone
FLASH_HOPS = 3  # flares and blackouts last 0.2 to 0.7 s in the cue tracks
VALUE_STEP = 8  # 32 levels, as coarse as people set faders by hand; a finer step is only noise to a model
HIT = 0.6  # onsets weaker than this share of the strong ones move nothing
BREAK = 0.15  # a bar this much quieter than its section is a break and goes dimmer
QUIET = 0.1  # a second that stays below this loudness leaves the stage nearly dark


@dataclass(frozen=True, slots=True)
class Taste:
    """One designer's habits, drawn once for a show.

    Attributes:
        dim, bright: held value 0..255 of the calmest and of the most energetic section.
        hit: 0..1, share of the value that comes and goes with the beat in energetic sections.
        decay_s: time in which a hit falls to 37 %.
        on: what a hit answers to.
        pace: how many cues inside sections, as a multiple of what people do on average.
        warm_energy: energetic sections are the warm ones (otherwise the cool ones).
        drama: probability of a build and of a blackout before a lift.
        late: probability that the look of a new section comes one to four beats late: somebody who hears the song for
            the first time cannot know that a section starts, and a model that hears no future has to learn from them.
    """

    dim: float
    bright: float
    hit: float
    decay_s: float
    on: Literal["beats", "bass", "onsets"]
    pace: float
    warm_energy: bool
    drama: float
    late: float


@dataclass(frozen=True, slots=True)
class Family:
    """What sections of one label look like, each time they come.

    Attributes:
        hues: main colour first, then the one that it steps to.
        level: added to the energy of its sections: loud is not always bright.
        every: bars between steps through the hues; 0 means held.
    """

    hues: tuple[int, int]
    level: float
    every: int


@dataclass(frozen=True, slots=True)
class Show:
    """Light for each hop: `light` (hops, 2) int64, hue 0..179 and value 0..255; `palette` the song's hues."""

    light: IntArray
    palette: tuple[int, ...]


def draw_taste(rng: Generator) -> Taste:
    """A designer."""
    return Taste(
        dim=rng.uniform(30, 75),
        bright=rng.uniform(180, 240),
        hit=rng.uniform(0.3, 0.7),
        decay_s=float(rng.choice([0.15, 0.25, 0.4])),
        on=rng.choice(["beats", "bass", "onsets"], p=[0.3, 0.3, 0.4]),
        pace=float(np.exp(rng.normal(-0.95, 0.5))),
        warm_energy=bool(rng.random() < 0.75),
        drama=rng.uniform(0.2, 0.7),
        late=float(rng.choice([0.0, 0.8], p=[0.6, 0.4])),
    )


def _pick(colours: dict[int, float], rng: Generator) -> int:
    weights = np.array(list(colours.values()))
    centre = int(rng.choice(list(colours), p=weights / weights.sum()))
    return int(centre + rng.integers(-3, 4)) % HUES


def draw_palette(taste: Taste, rng: Generator) -> Palette:
    """The song's colours: two neighbours for calm sections, two for energetic ones.

    Restraint is what rigs in front of people show (hue varies by a fifteenth of the circle in the median, Kohl et al.,
    ACM MM 2025): energetic sections mostly move on by 50 to 100 degrees; only every fourth song sets opposites.
    """
    calm = _pick(COOL if taste.warm_energy else WARM, rng)
    kind = rng.random()
    if kind < 0.25:
        hot = _pick(WARM if taste.warm_energy else COOL, rng)
    else:
        away = int(rng.integers(14, 24) if kind < 0.6 else rng.integers(24, 46))
        hot = (calm + int(rng.choice([-1, 1])) * away) % HUES
    beside = [int(rng.choice([-1, 1])) * int(rng.integers(12, 19)) for _ in range(2)]
    return (calm, (calm + beside[0]) % HUES), (hot, (hot + beside[1]) % HUES)


def draw_families(labels: int, taste: Taste, palette: Palette, rng: Generator) -> list[Family]:
    """A family for each label, calmest first; the loudest third wears the other colours."""
    families = []
    for label in range(labels):
        hot = label >= labels - max(1, labels // 3) and labels > 1
        main, other = palette[1] if hot else palette[0]
        if not hot and label % 2:
            main, other = other, main
        steps = rng.random() < 0.2 * taste.pace
        families.append(Family((main, other), rng.normal(0.0, 0.16), int(rng.choice([1, 2, 4])) if steps else 0))
    return families


def _other(family: Family, hue: int) -> int:
    """The family's hue that is not this one."""
    return family.hues[1] if hue == family.hues[0] else family.hues[0]


def salience(song: Analysis) -> Float64Array:
    """How much each hop asks for a cue, (hops,), 1 on average over the downbeats: people hit what is hit.

    That is also what a model without a future can learn: a crash on the one is heard, the number of the bar is not.
    """
    weight = np.exp(SALIENCE * (0.5 * song.onsets + 0.5 * song.bass))
    return weight / weight[song.beats[::BEATS_PER_BAR]].mean()


def role_of(section: Section, index: int, sections: tuple[Section, ...], labels: int) -> Role:
    """What a section is for, as far as sound alone tells."""
    if index == 0 and (section.energy < 0.75 or len(sections) == 1):
        return "intro"
    if index == len(sections) - 1 and section.energy < 0.7:
        return "outro"
    return "chorus" if section.label >= labels - max(1, labels // 3) else "verse"


def decays(hits: Float64Array, decay_s: float) -> Float64Array:
    """Turn hit strengths per hop into levels that jump to a hit and then fall exponentially: (hops,) 0..1."""
    keep = float(np.exp(-1.0 / (HOPS_PER_S * decay_s)))
    level, levels = 0.0, np.empty_like(hits)
    for i, hit in enumerate(hits):
        level = max(level * keep, float(hit))
        levels[i] = level
    return levels


class Composer:
    """Writes one show; each method adds one layer of it.

    Args:
        taste, palette: a designer and the song's colours as `draw_palette` gives them; None: drawn.
    """

    def __init__(
        self, song: Analysis, rng: Generator, taste: Taste | None = None, palette: Palette | None = None
    ) -> None:
        self.song, self.rng = song, rng
        self.taste = taste or draw_taste(rng)
        palette = palette or draw_palette(self.taste, rng)
        self.palette = tuple(sorted({*palette[0], *palette[1]}))
        self.labels = 1 + max(section.label for section in song.sections)
        self.families = draw_families(self.labels, self.taste, palette, rng)
        self.hue = np.zeros(song.hops, np.int64)
        self.value = np.zeros(song.hops)
        self.hit_share = np.zeros(song.hops)
        self.accents: list[tuple[int, bool]] = []
        self.weight = salience(song)

    def bar(self, number: int) -> int:
        """First hop of a bar; the end of the song for bars after the last."""
        beat = number * BEATS_PER_BAR
        return int(self.song.beats[beat]) if beat < len(self.song.beats) else self.song.hops

    def beats_of(self, number: int) -> IntArray:
        """Hops of the beats of a bar."""
        return self.song.beats[number * BEATS_PER_BAR : (number + 1) * BEATS_PER_BAR]

    def energy(self, section: Section) -> float:
        """0..1: how much light a section asks for, by its label first (so looks come back) and its loudness."""
        by_label = section.label / max(self.labels - 1, 1)
        return float(np.clip(0.6 * by_label + 0.4 * section.energy + self.families[section.label].level, 0.0, 1.0))

    def compose(self) -> Show:
        """All layers in order."""
        self._colours()
        self._levels()
        self._hits()
        for before, after in zip(self.song.sections[:-1], self.song.sections[1:], strict=True):
            self._transition(before, after)
        for hop, dark in self.accents:
            self._accent(hop, dark=dark)
        self._quiet_ends()
        steps = np.clip(np.round(self.value / VALUE_STEP) * VALUE_STEP, 0, 255).astype(np.int64)
        return Show(np.stack([self.hue, steps], axis=1), self.palette)

    def _colours(self) -> None:
        """Hues are held; they change where people's cues fall, mostly on a section's first downbeat."""
        rng, pace = self.rng, self.taste.pace
        current = self.families[self.song.sections[0].label].hues[0]
        self.hue[:] = current
        for section in self.song.sections:
            family = self.families[section.label]
            for bar in range(section.first, section.last):
                first = bar == section.first
                if first and rng.random() < CUE_ON_SECTION:
                    current = self._turn(bar, family.hues[0], beats_late=self._lateness())
                elif not first and family.every and (bar - section.first) % family.every == 0:
                    current = self._turn(bar, family.hues[(bar - section.first) // family.every % 2])
                elif not first and current != family.hues[0] and rng.random() < RETURN:
                    current = self._turn(bar, family.hues[0])
                elif not first and rng.random() < CUE_ON_DOWNBEAT * pace * self.weight[self.bar(bar)]:
                    current = self._turn(bar, _other(family, current))
                inside = CUES_IN_FILL if bar == section.last - 1 else CUES_INSIDE
                if rng.random() < inside * pace:
                    current = self._inside(bar, family, current)

    def _lateness(self) -> int:
        return int(self.rng.integers(1, BEATS_PER_BAR + 1)) if self.rng.random() < self.taste.late else 0

    def _turn(self, bar: int, hue: int, beats_late: int = 0) -> int:
        beat = bar * BEATS_PER_BAR + beats_late
        first = int(self.song.beats[beat]) if beat < len(self.song.beats) else self.song.hops
        self.hue[first:] = hue
        return hue

    def _inside(self, bar: int, family: Family, current: int) -> int:
        """A cue inside a bar: on a beat or beside one, a step of the colour or a short accent."""
        rng, beats = self.rng, self.beats_of(bar)
        if len(beats) < 2:
            return current
        within = np.arange(beats[0] + 1, self.bar(bar + 1)) if rng.random() < OFF_BEAT else beats[1:]
        weight = self.weight[within]
        hop = int(rng.choice(within, p=weight / weight.sum()))
        if rng.random() < ACCENTS:
            self.accents.append((hop, bool(rng.random() < 1 / 3)))
            return current
        self.hue[hop:] = _other(family, current)
        return int(self.hue[min(hop, self.song.hops - 1)])

    def _levels(self) -> None:
        """Held value of each section, lower in bars where the music breaks; intros hide."""
        taste, song = self.taste, self.song
        self.value[: self.bar(0)] = 0.5 * taste.dim
        for index, section in enumerate(song.sections):
            role, energy = role_of(section, index, song.sections, self.labels), self.energy(section)
            held = taste.dim + (taste.bright - taste.dim) * energy
            held *= {"intro": 0.6, "verse": 0.85, "chorus": 1.05, "outro": 0.75}[role]
            share = taste.hit * (0.35 + 0.65 * energy) * {"intro": 0.3, "verse": 0.7, "chorus": 1.0, "outro": 0.4}[role]
            whole = slice(self.bar(section.first), self.bar(section.last))
            self.value[whole], self.hit_share[whole] = held, share
            for bar in range(section.first, section.last):
                hops = slice(self.bar(bar), max(self.bar(bar + 1), self.bar(bar) + 1))
                if song.loudness[hops].mean() < song.loudness[whole].mean() - BREAK:
                    self.value[hops] *= 0.65

    def _hits(self) -> None:
        """Part of the held value comes with each hit and decays until the next; silence goes dark."""
        song, taste = self.song, self.taste
        strength = {"beats": np.maximum(song.onsets, song.bass), "bass": song.bass, "onsets": song.onsets}[taste.on]
        hits = (strength > HIT).astype(np.float64)
        if taste.on == "beats":
            on_beat = np.zeros(song.hops, bool)
            on_beat[song.beats] = True
            hits *= on_beat
        level = decays(hits, taste.decay_s)
        self.value *= 1.0 - self.hit_share * (1.0 - level) + 0.25 * self.hit_share * level
        loudest_lately = maximum_filter1d(song.loudness, HOPS_PER_S, origin=HOPS_PER_S // 2 - 1)  # trailing second
        self.value[loudest_lately < QUIET] *= 0.3

    def _transition(self, before: Section, after: Section) -> None:
        """The fill, and where the music lifts, perhaps a build, a blackout and a flare."""
        rng = self.rng
        lift = self.energy(after) - self.energy(before)
        start = self.bar(after.first)
        if lift > 0.2 and rng.random() < self.taste.drama:
            self._build(self.bar(max(before.first, before.last - int(rng.choice([1, 2, 2, 4])))), start)
        if lift > 0.25 and rng.random() < 0.5 * self.taste.drama:
            self.value[max(start - int(rng.integers(2, 2 + FLASH_HOPS)), 0) : start] = 0.0
        if lift > 0.1 and rng.random() < 0.6:
            end = min(start + 12, self.song.hops)
            flare = 255.0 * np.exp(-np.arange(end - start) / 6.0)
            self.value[start:end] = np.maximum(self.value[start:end], flare)

    def _accent(self, hop: int, *, dark: bool) -> None:
        """A flare or a blackout of 0.2 to 0.4 s."""
        hops = slice(hop, min(hop + int(self.rng.integers(2, FLASH_HOPS + 2)), self.song.hops))
        self.value[hops] = 0.05 * self.value[hops] if dark else 250.0

    def _build(self, first: int, start: int) -> None:
        """Rise over one to four bars up to the full level."""
        ramp = np.linspace(0.0, 1.0, max(start - first, 1))[: start - first] ** 1.5
        self.value[first:start] += (self.taste.bright - self.value[first:start]) * ramp

    def _quiet_ends(self) -> None:
        """Fade in over the first and out over the last seconds."""
        hops = min(2 * HOPS_PER_S, self.song.hops // 4)
        self.value[:hops] *= np.linspace(0.2, 1.0, hops)
        self.value[-hops:] *= np.linspace(1.0, 0.0, hops)


def design(song: Analysis, rng: Generator) -> Show:
    """Compose a show for a song: light (hops, 2) int64, hue 0..179 and value 0..255."""
    return Composer(song, rng).compose()
