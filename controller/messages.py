"""The messages that cross stage borders, in the order of the signal path, and nothing else.

`t_s` is always the monotonic time, in seconds, of the *sound* a message describes (its last sample), not of the moment
it was computed. `seq` counts up by one for each message of a kind. Arrays are read-only by agreement; dtype and shape
stand in the docstring.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import ByteArray, Float32Array

HeldRow = tuple[int, float, float, tuple[int, ...], float, float]
"""A takeover as plain numbers: attribute, since when, moved last, levels of 16 bits, when its way back began (-1: not
yet), and how long that takes."""


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Samples as they arrive.

    Attributes:
        t_s: time of the last sample.
        seq: number of the block.
        samples: (n, 1 + stems) float32 at 48 kHz; column 0 is the mono mix, then one column for each stem.
    """

    t_s: float
    seq: int
    samples: Float32Array


@dataclass(frozen=True, slots=True)
class Window:
    """One second of sound, every 0.1 s.

    Attributes:
        t_s: time of the last sample.
        seq: hop number since the source started: hop k ends at sample 4800 (k + 1).
        samples: (48000,) float32, 48 kHz mono; before the first second, leading zeros.
        stems: (stems, 48000) float32, the same second of each stem, unmixed.
        hit: 0..1, strength of the strongest onset that belongs to this hop, 0 without one (`listening/audio/hits.py`).
        loudness: 0..1, at the end, see `Pulse`.
    """

    t_s: float
    seq: int
    samples: Float32Array
    stems: Float32Array
    hit: float = 0.0
    loudness: float = 0.0


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a window sounds like: vector (512,) float32.

    Attributes:
        t_s: the moment it stands for: the window's end, or its centre where decoders were trained on centred windows.
    """

    t_s: float
    seq: int
    vector: Float32Array


@dataclass(frozen=True, slots=True)
class Cue:
    """Which look is to hang in the room, from when on, why, and the beat that it moves in.

    A cue is said again with each token until another one comes; `look`, `label` and `start_s` tell one from the next.

    Attributes:
        look: name of a look of the pack. start_s: when it is to be there; a part that is expected lies ahead.
        label: of the section, "A", "B" in the order in which they came. section_s: when the section began.
        confidence: 0..1 of the label. times: how often the label has come, this time included.
        level: 0..1, how big: the section's rank within the song. biggest: nothing in this song was bigger so far.
        palette: hue in degrees and saturation 0..1 of one to three gels, the main one first, flat.
        spend: what is spent on the moment it begins: "", "blinder" or "strobe".
        build: 0..1, how far a rise that leads into the next section has come.
        beat_s: seconds between two beats, 0: nobody is sure, figures run by themselves. beat_t_s: time of one of them.
        number: its place in the bar from 1, 0: nobody knows. metre: beats of a bar.
        why: the reason, in words for people. part: what the section is to its song: intro, verse, chorus, break ...
    """

    look: str
    start_s: float
    label: str = ""
    section_s: float = 0.0
    confidence: float = 0.0
    times: int = 1
    level: float = 0.5
    biggest: bool = False
    palette: tuple[float, ...] = ()
    spend: str = ""
    build: float = 0.0
    beat_s: float = 0.0
    beat_t_s: float = 0.0
    number: int = 0
    metre: int = 4
    why: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class LightToken:
    """The decoder's choice for one hop, and the look that it colours.

    Attributes:
        hue: 0..179, half degrees. value: 0..255.
        hue_p, value_p: probability each had when it was drawn, after restriction and temperature.
        cue: the look; None where nobody follows the song's form, as in older logs.
    """

    t_s: float
    seq: int
    hue: int
    value: int
    hue_p: float
    value_p: float
    cue: Cue | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the fast path hears, many times a second, without waiting for the model.

    Newest-value-wins loses no onset, because onsets are counted.

    Attributes:
        level_db: loudness of the last 50 ms, dBFS (-120..0).
        loudness: 0..1 within the range of the last half minute.
        silent_s: seconds since the sound was last above the silence threshold; 0 while there is sound.
        onsets: how many onsets since the start.
        onset_t_s: time of the newest onset's sound; -inf before the first.
        onset_strength: 0..1 of the newest onset.
        stem_levels_db: one level for each stem.
        kind: of sound: band, solo, talk, applause, silence; "" where nobody knows.
    """

    t_s: float
    seq: int
    level_db: float
    loudness: float
    silent_s: float
    onsets: int
    onset_t_s: float
    onset_strength: float
    stem_levels_db: tuple[float, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Steering:
    """How a person leans on the model without taking over; at 0.5 it does as it would by itself.

    Attributes:
        intensity: 0 darker .. 1 brighter. energy: 0 steady .. 1 restless, and how much accents show.
        pace: 0 colours change seldom .. 1 often. spread: 0 near relations only .. 1 the whole colour wheel.
        hues: hue ids 0..179 that it keeps near to, () for any. forbidden: hue ids that it keeps away from.
    """

    intensity: float = 0.5
    energy: float = 0.5
    pace: float = 0.5
    spread: float = 0.5
    hues: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person holds at the page.

    Attributes:
        target: a fixture's id, a group, a role, or `all`.
        intensity: 0..1, or -1: not held. hue_deg: 0..360, or -1: colour is not held. saturation: 0..1.
    """

    target: str
    intensity: float = -1.0
    hue_deg: float = -1.0
    saturation: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole look by name: `rows` six numbers for each head, intensity, red, green, blue (linear), pan, tilt, 0..1."""

    name: str
    rows: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SongWish:
    """What the set list wishes for what is played now, in numbers; `number` -1: nothing is wished.

    Attributes:
        number: place in the set list, from 0. kind: song, talk or changeover. title: of the song.
        asked, forbidden: colours, hue in degrees and saturation 0..1 of each, flat. A saturation near 0 is white.
        energy: calm, wild, or "". strobe, blinder, haze: whether it may be; haze asks for it, too, where it is wished.
        dark_on_break: when the band stops, everything goes dark.
        key: hue in degrees and saturation of the light on faces; () as always.
        tempo_bpm: beats a minute, 0: nobody knows. look: name of a look of the pack, "".
    """

    number: int = -1
    kind: str = ""
    title: str = ""
    asked: tuple[float, ...] = ()
    forbidden: tuple[float, ...] = ()
    energy: str = ""
    strobe: bool = True
    blinder: bool = True
    haze: bool = True
    dark_on_break: bool = False
    key: tuple[float, ...] = ()
    tempo_bpm: float = 0.0
    look: str = ""


NO_WISH = SongWish()


@dataclass(frozen=True, slots=True)
class OutsideClock:
    """Where somebody else's clock stood: at `place_s` of its own time at the moment `t_s`. by: what kind, "": none."""

    by: str = ""
    place_s: float = 0.0
    t_s: float = 0.0


NO_CLOCK = OutsideClock()


@dataclass(frozen=True, slots=True)
class Operator:
    """What people have set at the page, at controllers and on the keyboard.

    Attributes:
        grand_master: 0..1, scales every intensity.
        blackout: every intensity is zero; heads do not move because of it.
        hold: the look stays as it is until released.
        flash_override: a person takes the flash limiter out for as long as they hold the button.
        quiet: the look of a stage on which nobody plays.
        blinder, strobe: held buttons. haze: 0..1 for as long as it is held.
        steering: how they lean on the model. hands: what they hold, the latest last. scene: a look from the library.
        beat_s: seconds between tapped beats, 0 without any. beat_t_s: time of the newest.
        one_t_s: when somebody last said "this is one", 0: never. octave: how many times twice as fast the beats that
            are heard are to be counted, negative: half as fast. nudge_s: by how much they are to come later.
        part: what they said last of the part of the song that is played, a word of the table. part_t_s: when.
        wish: what the set list wishes for what is played now. moment: what the night is at, by a person's word: band,
            talk, changeover, walk_in, end; "": by hearing and by the set list.
        clock: somebody else's, which a plan follows.
        more: name and amount of whatever else is in the table of commands and was set.
    """

    grand_master: float = 1.0
    blackout: bool = False
    hold: bool = False
    flash_override: bool = False
    quiet: bool = False
    blinder: bool = False
    strobe: bool = False
    haze: float = 0.0
    steering: Steering = Steering()
    hands: tuple[Hand, ...] = ()
    scene: Scene | None = None
    beat_s: float = 0.0
    beat_t_s: float = 0.0
    one_t_s: float = 0.0
    octave: int = 0
    nudge_s: float = 0.0
    part: str = ""
    part_t_s: float = 0.0
    wish: SongWish = NO_WISH
    moment: str = ""
    clock: OutsideClock = NO_CLOCK
    more: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of a person, on its way to the output process.

    Attributes:
        name: a row of `people/commands.py`. amount: 0..1. target: what it is about, where there is a choice.
        values: further numbers. wish: what the set list wishes from now on, of the command `wish`.
    """

    name: str
    amount: float
    target: str = ""
    values: tuple[float, ...] = ()
    wish: SongWish | None = None


@dataclass(frozen=True, slots=True)
class Beam:
    """How the light of heads is shaped, N heads in patch order; a head that lacks a part leaves it out.

    Attributes:
        zoom: (N,) float32, 0 narrow..1 wide. iris: 0 small..1 open. focus: 0 near..1 far. frost: 0 clear..1 soft; of
            all these NaN is where it rests.
        gobo, prism: (N,) int8, which of the patterns and prisms, from 1; 0 none.
        changes: a look begins with this picture: patterns may change in the light.
        gobo_turn, prism_turn: (N,) float32, -1..1 of the speed that looks may use, 0: they stand; None: of all heads.
        animation: (N,) float32, the same of an animation wheel, which is in the beam where it is not 0.
        split: (N, 3) float32, linear RGB of the other half of a beam of two colours; NaN: it has one; None: all have.
    """

    zoom: Float32Array
    iris: Float32Array
    focus: Float32Array
    frost: Float32Array
    gobo: npt.NDArray[np.int8]
    prism: npt.NDArray[np.int8]
    changes: bool = False
    gobo_turn: Float32Array | None = None
    prism_turn: Float32Array | None = None
    animation: Float32Array | None = None
    split: Float32Array | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """State of every head of the rig, before profiles and masters. N heads in patch order.

    Attributes:
        intensity: (N,) float32, 0..1, perceived brightness.
        colour: (N, 3) float32, linear-light RGB, largest component 1.
        pan, tilt: (N,) float32, 0..1 of the fixture's range; meaningless for heads that do not move.
        beam: how the light is shaped; None: as it is shaped at rest.
    """

    t_s: float
    seq: int
    intensity: Float32Array
    colour: Float32Array
    pan: Float32Array
    tilt: Float32Array
    beam: Beam | None = None


@dataclass(frozen=True, slots=True)
class DmxFrame:
    """All slots of one universe: slots (512,) uint8, index 0 is address 1."""

    t_s: float
    seq: int
    universe: int
    slots: ByteArray
