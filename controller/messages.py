"""The messages that cross stage borders, in the order of the signal path, and nothing else.

`t_s` is always the monotonic time, in seconds, of the *sound* a message describes (its last sample), not of the moment
it was computed. `seq` counts up by one for each message of a kind. Arrays are read-only by agreement; dtype and shape
stand in the docstring.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]


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
    samples: FloatArray


@dataclass(frozen=True, slots=True)
class Window:
    """One second of sound, every 0.1 s.

    Attributes:
        t_s: time of the last sample.
        seq: hop number since the source started: hop k ends at sample 4800 (k + 1).
        samples: (48000,) float32, 48 kHz mono; before the first second, leading zeros.
        stems: (stems, 48000) float32, the same second of each stem, unmixed.
        hit: 0..1, strength of the strongest onset that belongs to this hop, 0 without one (`audio/hits.py`).
    """

    t_s: float
    seq: int
    samples: FloatArray
    stems: FloatArray
    hit: float = 0.0


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a window sounds like: vector (512,) float32.

    Attributes:
        t_s: the moment it stands for: the window's end, or its centre where decoders were trained on centred windows.
    """

    t_s: float
    seq: int
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class LightToken:
    """The decoder's choice for one hop.

    Attributes:
        hue: 0..179, half degrees. value: 0..255.
        hue_p, value_p: probability each had when it was drawn, after restriction and temperature.
    """

    t_s: float
    seq: int
    hue: int
    value: int
    hue_p: float
    value_p: float


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


@dataclass(frozen=True, slots=True)
class Operator:
    """What the person at the desk has set.

    Attributes:
        grand_master: 0..1, scales every intensity.
        blackout: every intensity is zero; heads do not move because of it.
        hold: the look stays as it is until released.
        flash_override: a person takes the flash limiter out for as long as they hold the button.
    """

    grand_master: float = 1.0
    blackout: bool = False
    hold: bool = False
    flash_override: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of an operator, from the page to the output process."""

    name: Literal["grand_master", "blackout", "hold", "flash_override"]
    amount: float


@dataclass(frozen=True, slots=True)
class Look:
    """State of every head of the rig, before profiles and masters. N heads in patch order.

    Attributes:
        intensity: (N,) float32, 0..1, perceived brightness.
        colour: (N, 3) float32, linear-light RGB, largest component 1.
        pan, tilt: (N,) float32, 0..1 of the fixture's range; meaningless for heads that do not move.
    """

    t_s: float
    seq: int
    intensity: FloatArray
    colour: FloatArray
    pan: FloatArray
    tilt: FloatArray


@dataclass(frozen=True, slots=True)
class DmxFrame:
    """All slots of one universe: slots (512,) uint8, index 0 is address 1."""

    t_s: float
    seq: int
    universe: int
    slots: ByteArray
