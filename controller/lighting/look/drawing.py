"""A cue on a rig: the look that hangs, in its gels, at its level, with the beat, in the breath of the music.

who is lit x how big the section is x how loud it is now x the beat, faces apart ─► gate (nothing rises in turns) ─►
accents, and what is spent, on top
"""

import math
from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array, IndexArray
from controller.colour import parse_colour, strongest, to_linear
from controller.config import LookConfig
from controller.lighting.look.beams import BeamWishes
from controller.lighting.look.breath import Breath, Swell
from controller.lighting.look.counting import Counting
from controller.lighting.look.dress import colour_of, dressed
from controller.lighting.look.duties import duties
from controller.lighting.look.gate import WITH_S, Gate
from controller.lighting.look.hanging import FRESH_S, Hanging
from controller.lighting.look.moments import key_colour
from controller.lighting.look.movements import Movements
from controller.lighting.look.roles import Target
from controller.lighting.look.steps import Steps, step_s
from controller.lighting.look.stops import Stops
from controller.looks.gels import SOFT_WHITE
from controller.looks.look import MovementOf
from controller.looks.pack import Pack
from controller.messages import NO_WISH, Cue, Pulse, SongWish
from controller.rig.heads import Rig

VALUE = 0.25
"""So much of the breath is the token's value; the rest is how loud it is."""
BIG_S = 0.8
"""Time constant with which a look follows what is thought of its section meanwhile."""
KEY_UP_S, KEY_DOWN_S = 0.8, 1.5
"""Time constants of the light on faces."""
RELEASE_S = 0.12
"""Time constant with which the steps of a figure go."""
WAVE_GAP_S = 0.53
"""Where fixtures swell by themselves, what rises fast keeps a longer distance."""
FIGURE_SEEN = 0.2
"""A figure of less depth does not keep accents away from its steps."""
FREE_FADE_S = 0.5
"""A beat of a fade, where nobody hears beats."""
REST_S, REST_FADE_S = 0.3, 0.7
"""Who pauses without having stopped dead is followed out slowly."""
BLINDER_S, FLARE_S, STROBE_S = 0.7, 0.5, 0.1
STROBES_S = (0.0, 0.42, 0.84)
STROBE_LATE_S = 0.41
SPEND_GAP_S = 4.0
"""What is spent is spent: not again so soon, whatever a cue says."""
SPENT_S = 4.0
DARK = 0.02
BREAK_LEFT = 0.15
"""Of the light, in a part without drums that is to be dark: people find their strings."""
AWAY_S = 0.5
BUILD_DOUBLES, BUILD_REACH = 2, 0.6
"""How often a rise doubles its figure's rate on its way, and how much of the way to full light it goes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is heard at this moment, as far as a look goes by it.

    Attributes:
        level_db: of the pulse; None: nobody hears. value: 0..1, of the token; -1: unknown. silent_s: since there was
            sound. accent: envelope 0..1. accents: how many so far. intensity: 0..1, the operator's wish, 0.5: none.
    """

    level_db: float | None
    value: float
    silent_s: float
    accent: float
    accents: int
    intensity: float = 0.5


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where the stage should go, and how fast light falls there: time constant in seconds, 0: at once."""

    target: Target
    release_s: float


class CueDrawing:
    """Draws cues for one rig.

    Many attributes: each of its parts keeps one thing that a look depends on.

    Args:
        rig: heads, roles and places. config: levels and times. pack: the looks.
    """

    def __init__(self, rig: Rig, config: LookConfig, pack: Pack) -> None:
        self._config, self._count = config, rig.heads
        self._duties = duties(rig, 0.0 if config.singer_m is None else config.singer_m[0])
        self.hanging, self._beats, self._stops = Hanging(pack), Counting(), Stops()
        self._swell, self._breath, self._gate = Swell(), Breath(), Gate(rig.heads, config.accent_gap_s)
        self._steps, self._moves = Steps(self._duties), Movements(rig, self._duties, config)
        self._beams = BeamWishes(self._duties)
        self._at_singer = self._moves.pose(MovementOf(aim="singer"), 0.0, 1.0)
        self._pose = self._moves.pose(MovementOf(), 0.0, 1.0)
        self._house, self._white = to_linear(parse_colour(config.house_colour)), colour_of(SOFT_WHITE)
        self._dress = dressed(self.hanging.look, (), self._duties)
        self._palette: tuple[float, ...] = ()
        self._dancing = np.zeros(rig.heads, np.bool_)
        self._answering = _in_turns(self._dancing, self._duties.odd)
        self._faces, self._shared = np.flatnonzero(self._duties.key), np.flatnonzero(self._duties.shared)
        self._turning, self._blinders = bool(self._duties.turning.any()), np.flatnonzero(self._duties.blinder)
        self._flaring = np.flatnonzero(self._duties.of("back") & ~self._duties.key)
        self._from = np.zeros(rig.heads, np.float32), np.ones((rig.heads, 3), np.float32)
        self._due, self._spent_s, self._paid_s, self._struck_s = False, -np.inf, -np.inf, -np.inf
        self._accents, self._lit = 0, False
        self._big = self._key = 0.0
        self._rest = 1.0
        self._now_s: float | None = None
        self._wish = NO_WISH

    def bind(self, wish: SongWish) -> None:
        """What the set list wishes."""
        self._wish = wish

    def hear_cue(self, cue: Cue, now_s: float) -> None:
        """Take the cue of the newest token."""
        self._beats.hear(cue, now_s)
        self.hanging.hear(cue)

    def hear_pulse(self, pulse: Pulse) -> None:
        """Take the next pulse."""
        self._stops.hear(pulse)

    def draw(self, heard: Moment, level: Float32Array, colour: Float32Array, now_s: float) -> Drawn:
        """Where the stage should go.

        Args:
            heard: at this moment. level: (N,) that the stage shows, but for what flashes. colour: (N, 3) so.
            now_s: time.
        """
        elapsed_s = self._elapsed_s(now_s)
        self._beats.advance(now_s)
        begun_s = self.hanging.began_s
        snaps = self._change(level, colour, now_s) or self._stops.stopped
        shape = self._beams.shaped(self.hanging, self._dress.strength, now_s, begins=self.hanging.began_s != begun_s)
        size = self._size(heard, elapsed_s)
        held, worn = self._on_the_way(self._dress.strength * np.float32(size) * self._figure(), now_s)
        if self._stops.stopped:
            held = np.zeros_like(held)
            self._from = held, self._dress.colour
        held, worn = self._with_faces(held, worn, elapsed_s)
        if self._wish.dark_on_break:
            held = held * np.float32(self._unbroken(heard))
        held = self._gate.held(held, level, now_s, elapsed_s)
        flash, worn = self._flash(heard, size, now_s), self._flared(worn, now_s)
        return Drawn(Target(held, flash, worn, *self._aim(), shape), 0.0 if snaps else RELEASE_S)

    def _unbroken(self, heard: Moment) -> float:
        """0..1 of the light that is left where the band asked for darkness on its breaks: faces go dark as well."""
        if self._stops.stopped or heard.silent_s >= REST_S:
            return 0.0
        return BREAK_LEFT if self._cue.part == "break" else 1.0

    def talk(self, shown: Float32Array, now_s: float) -> Target:
        """Somebody talks, or hands clap: faces lit warm and steady, what hung low behind them, nothing moves."""
        front = self._duties.key | self._duties.facing
        colour = np.where(front[:, None], self._house, self._dress.colour).astype(np.float32)
        level = np.where(front, np.float32(self._config.talk_intensity), self._low())
        return self._calm(level, colour, shown, now_s)

    def quiet(self, shown: Float32Array, now_s: float) -> Target:
        """Nobody plays: the gels that hung, low, nothing moves, beams out."""
        return self._calm(self._low(), self._dress.colour.copy(), shown, now_s)

    def _low(self) -> Float32Array:
        duties, level = self._duties, np.zeros(self._count, np.float32)
        level[duties.of("back") | duties.of("pixel")] = 0.6 * self._config.quiet_intensity
        level[duties.of("wash") | duties.key] = self._config.quiet_intensity
        level[duties.turning & ~duties.key] = 0.0
        return level

    def _calm(self, level: Float32Array, colour: Float32Array, shown: Float32Array, now_s: float) -> Target:
        if self._lit or now_s - self._spent_s < SPENT_S:  # what flashed goes out, and does not flash on after it
            self._lit, self._spent_s = False, -np.inf
            self._gate.shut(now_s)
        held = self._gate.held(level, shown, now_s, 0.0)
        return Target(held, np.zeros(self._count, np.float32), colour, *self._pose)

    def _elapsed_s(self, now_s: float) -> float:
        """Since the last time, as far as anything follows it."""
        elapsed_s = 0.0 if self._now_s is None else min(max(0.0, now_s - self._now_s), AWAY_S)
        self._now_s = now_s
        return elapsed_s

    # what hangs

    @property
    def _cue(self) -> Cue:
        return self.hanging.cue

    def _change(self, level: Float32Array, colour: Float32Array, now_s: float) -> bool:
        """Hang the look that is due, and put the heads into what its cue says; True if that is to be seen at once."""
        due, cue = self.hanging.due(now_s), self._cue
        if (not due and cue.palette == self._palette) or not self._gate.passes(now_s):
            return False
        if due:
            self.hanging.hang(now_s)
            cue = self._cue
            rested = now_s - self._paid_s >= SPEND_GAP_S
            self._due, self._big = bool(cue.spend) and self.hanging.fresh and rested, cue.level
        look = self.hanging.look
        self._palette, self._dress = cue.palette, dressed(look, cue.palette, self._duties)
        # a dark fixture comes in its new colour, not by way of its old one
        self._from = level.copy(), np.where(level[:, None] < DARK, self._dress.colour, colour)
        self._dancing = self._dress.lit_as(look.figure.roles)
        self._answering = _in_turns(self._dress.lit_as(look.accents), self._duties.odd)
        self._gate.gap_s = WAVE_GAP_S if look.figure.name == "wave" else self._config.accent_gap_s
        self._lit = False
        return True

    def _on_the_way(self, held: Float32Array, now_s: float) -> tuple[Float32Array, Float32Array]:
        """Levels and colours of a look that may still be on its way in."""
        beat_s = self._beats.beat_s if self._beats.sure else FREE_FADE_S
        whole_s, gone_s = self.hanging.look.fade_beats * beat_s, max(0.0, now_s - self.hanging.began_s)
        if gone_s >= whole_s:
            return held, self._dress.colour
        share = np.float32(gone_s / whole_s)
        level, colour = self._from
        return level + (held - level) * share, colour + (self._dress.colour - colour) * share

    # how bright

    def _size(self, heard: Moment, elapsed_s: float) -> float:
        """0..1 of the whole look: as big as its section, with what is building up, and as loud as it is now."""
        look, (least, most) = self.hanging.look, self.hanging.look.level
        self._big += (self._cue.level - self._big) * _share(elapsed_s, BIG_S)
        size = least + (most - least) * self._big
        size += (1.0 - size) * BUILD_REACH * self._cue.build
        if not self._stops.stopped:  # what comes after a stop is as loud as what was before it
            beat = math.floor(self._beats.at) if self._beats.sure else None
            self._breath.step(self._loudness(heard, elapsed_s), elapsed_s, beat)
        size *= 1.0 - look.breath * (1.0 - self._breath.now)
        resting = heard.silent_s >= REST_S and not self._stops.stopped
        self._rest = self._rest * (1.0 - _share(elapsed_s, REST_FADE_S)) if resting else 1.0
        return min(max(size * self._rest * (0.5 + heard.intensity), 0.0), 1.0)

    def _loudness(self, heard: Moment, elapsed_s: float) -> float:
        """0..1: the band's own swell, and the grain that the tokens give it."""
        swell = 0.5 if heard.level_db is None else self._swell.step(heard.level_db, heard.silent_s, elapsed_s)
        return swell if heard.value < 0.0 else (1.0 - VALUE) * swell + VALUE * heard.value

    def _with_faces(
        self, held: Float32Array, colour: Float32Array, elapsed_s: float
    ) -> tuple[Float32Array, Float32Array]:
        """Faces: slow, never below their floor, whatever the look does."""
        floor = self._config.key_floor
        wished = key_colour(self._wish.key)
        face = self._dress.key_colour if wished is None else wished
        goal = self.hanging.look.lit.get("key", 0.0) * (0.6 + 0.4 * self._big)
        constant_s = KEY_UP_S if goal > self._key else KEY_DOWN_S
        self._key = max(floor, self._key + (goal - self._key) * _share(elapsed_s, constant_s))
        if not len(self._faces):
            return held, colour
        held, colour, heads = held.copy(), colour.copy(), self._shared
        if not len(heads):
            held[self._faces] = self._key
            colour[self._faces] = face
            return held, colour
        # light adds up: a face's share, and the colour that the fixture has beside it
        light = np.square(held[heads])[:, None] * colour[heads] + np.float32(self._key**2) * face
        most = np.maximum(strongest(light), np.float32(1e-6))
        held[heads], colour[heads] = np.sqrt(np.minimum(most, 1.0)), light / most[:, None]
        return held, colour

    # in time

    def _figure(self) -> Float32Array | np.float32:
        """(N,) 0..1 by the beat."""
        figure = self.hanging.look.figure
        if figure.name == "still" or figure.depth == 0.0:
            return np.float32(1.0)
        length_s, steps = self._step()
        pattern = self._steps.pattern(figure.name, steps, length_s, self._cue.build, figure.by)
        return np.where(self._dancing, 1.0 - np.float32(figure.depth) * (1.0 - pattern), np.float32(1.0))

    def _step(self) -> tuple[float, float]:
        """Seconds of a step of the figure, and how many there have been; a build makes them shorter on its way."""
        figure = self.hanging.look.figure
        beats = figure.beats / 2.0 ** round(BUILD_DOUBLES * self._cue.build)
        length_s = step_s(figure.name, beats, self._beats.beat_s)
        return length_s, self._beats.at * self._beats.beat_s / length_s

    def _aim(self) -> tuple[Float32Array, Float32Array]:
        """Pan and tilt (N,): heads that light faces look at them and do not move."""
        if self._turning:
            pan, tilt = self._moves.pose(self.hanging.look.movement, self._beats.turns, self._beats.turn_s)
            face = self._duties.key
            self._pose = np.where(face, self._at_singer[0], pan), np.where(face, self._at_singer[1], tilt)
        return self._pose

    # on top

    def _flash(self, heard: Moment, size: float, now_s: float) -> Float32Array:
        """(N,) 0..1: accents, and what is spent on the beginning of a look."""
        flash = np.zeros(self._count, np.float32)
        self._due &= now_s - self.hanging.began_s <= FRESH_S
        if heard.accents != self._accents:
            self._accents, self._lit = heard.accents, self._may_accent(now_s)
        if self._stops.stopped:
            self._lit, self._spent_s = False, -np.inf
            return flash
        if self._due and self._gate.passes(now_s):
            self._due, self._spent_s, self._paid_s = False, now_s, now_s
        if self._lit and heard.accent > 0.005:
            flash[self._answering[heard.accents % 2]] = self._config.accent_depth * heard.accent * (0.4 + 0.6 * size)
        if now_s - self._spent_s < SPENT_S:
            self._add_spent(flash, now_s)
        return flash

    def _may_accent(self, now_s: float) -> bool:
        """Whether an accent may rise: not shortly before a look or a step, which are to be seen on their beat."""
        if not len(self._answering[0]) or self.hanging.until_next_s(now_s) < self._gate.gap_s:
            return False
        if self._stepping() and not self._on_a_step():
            length_s, steps = self._step()
            if (1.0 - steps % 1.0) * length_s < self._gate.gap_s:
                return False
        return self._gate.passes(now_s)

    def _stepping(self) -> bool:
        """Whether there is a figure whose steps are seen."""
        figure = self.hanging.look.figure
        return figure.name not in ("still", "wave") and figure.depth > FIGURE_SEEN

    def _on_a_step(self) -> bool:
        """Whether a step has just begun; always, where there are none."""
        length_s, steps = self._step()
        return not self._stepping() or (steps % 1.0) * length_s <= WITH_S

    def _add_spent(self, flash: Float32Array, now_s: float) -> None:
        since_s, heads = now_s - self._spent_s, self._flaring
        if len(self._blinders):
            flash[self._blinders] = np.exp(-since_s / BLINDER_S)
        else:
            flash[heads] = np.maximum(flash[heads], np.float32(np.exp(-since_s / FLARE_S)))
        if self._cue.spend == "strobe":
            begun_s = self._spent_s + max(one for one in STROBES_S if one <= max(since_s, 0.0))
            due = self._struck_s < begun_s and now_s - begun_s < STROBE_LATE_S
            if due and self._on_a_step() and self._gate.passes(now_s):
                self._struck_s = now_s
            flash[self._duties.strobe] = np.exp(-max(now_s - self._struck_s, 0.0) / STROBE_S)

    def _flared(self, colour: Float32Array, now_s: float) -> Float32Array:
        """Colours with the white of a flare in them."""
        since_s = now_s - self._spent_s
        if since_s >= SPENT_S or len(self._blinders):
            return colour
        heads, colour = self._flaring, colour.copy()
        colour[heads] += np.float32(np.exp(-since_s / FLARE_S)) * (self._white - colour[heads])
        return colour


def _in_turns(heads: BoolArray, odd: Float32Array) -> tuple[IndexArray, IndexArray]:
    """Heads whose turn an even accent is, and an odd one: every other pair of these (N,), where there are more."""
    both = np.flatnonzero(heads)
    even, odds = (np.flatnonzero(heads & (odd == turn)) for turn in (0, 1))
    return (even if len(even) else both, odds if len(odds) else both)


def _share(elapsed_s: float, constant_s: float) -> float:
    """How much of the way an exponential approach goes in this time."""
    return 1.0 - float(np.exp(-elapsed_s / constant_s))
