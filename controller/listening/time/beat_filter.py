"""Where in the beat the music is, and how long a beat lasts: a forward filter over tempo and phase. Pure.

Belief is held for 228 beat lengths on a logarithmic grid, 55 to 215 a minute in steps of 0.6 %, times 48 places in the
beat. Every 20 ms it moves on by the share of a beat that passed, split between two neighbouring places, and is weighed
with how likely a beat is to be heard just now. Tempi mix with their neighbours only a little: a band drifts, it does
not jump. The scheme is that of Whiteley, Cemgil, Godsill ("Bayesian Modelling of Temporal Structure in Musical Audio",
ISMIR 2006) and Krebs, Böck, Widmer ("An Efficient State-Space Model for Joint Tempo and Meter Tracking", ISMIR 2015),
whose beats last whole frames; a fractional phase lets a stiff tempo hold at any speed.
"""

from collections import deque

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.listening.time.front import FRAME_S

SLOWEST_BPM, FASTEST_BPM, STEP = 55.0, 215.0, 0.006
PLACES = 48
WIDTH = 0.06
"""Of a beat: how far from its place an activation still counts as this beat's."""
FLOOR = 0.05
TRUST = 0.55
"""In what a frame says: neighbouring frames are much alike, and so are the networks' mistakes, which else pull a beat
to its offbeat, or to three for four."""
SPREAD = 0.04
"""Share of belief that goes to each neighbouring tempo in a frame: 0.17 % of tempo, one standard deviation."""
FORGET = 1e-5
"""Share of belief that starts anew in a frame, so that another tempo can take over."""

SMOOTH = np.ones(7)
"""Neighbouring tempi that are taken together when the likeliest is looked for."""
TURN = np.exp(2j * np.pi * np.arange(PLACES) / PLACES)
EVEN = 0.5
"""An activation that speaks for no phase and against none."""
KEPT = 32
"""Frames after which a belief is no longer kept."""
SAID_OCTAVES = 0.08
"""How far from a tempo that a person said the music may be."""


class BeatFilter:
    """The belief, and what follows from it.

    Attributes:
        tempi_bpm: (K,) beats a minute of the grid.
    """

    def __init__(self) -> None:
        count = int(np.log(FASTEST_BPM / SLOWEST_BPM) / STEP) + 1
        self.tempi_bpm: Float64Array = SLOWEST_BPM * np.exp(STEP * np.arange(count))
        self._logs = np.log(self.tempi_bpm)
        shift = FRAME_S * self.tempi_bpm / 60.0 * PLACES
        whole = np.floor(shift).astype(np.intp)
        self._share = (shift - whole).astype(np.float32)[:, None]
        rows, places = np.arange(count)[:, None] * PLACES, np.arange(PLACES)[None, :]
        self._near = rows + (places - whole[:, None]) % PLACES
        self._stays = 1.0 - self._share
        phase = np.arange(PLACES) / PLACES
        self._moved: tuple[Float32Array, ...] = tuple(np.zeros((count, PLACES), np.float32) for _ in range(2))
        self._bell = np.exp(-0.5 * (np.minimum(phase, 1.0 - phase) / WIDTH) ** 2).astype(np.float32)
        self._valley = 1.0 - self._bell
        self._beside: tuple[Float32Array, ...] = tuple(np.zeros((count - 2, PLACES), np.float32) for _ in range(2))
        self._expect(120.0, 0.6)
        self.belief: Float32Array = np.zeros((count, PLACES), np.float32)
        self._kept: deque[Float32Array] = deque(maxlen=KEPT)
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self.belief[:] = self._fresh
        self._kept.clear()

    def _expect(self, bpm: float, octaves: float) -> None:
        prior = np.exp(-0.5 * (np.log2(self.tempi_bpm / bpm) / octaves) ** 2)
        self._fresh = (prior / prior.sum() / PLACES).astype(np.float32)[:, None]

    def told(self, bpm: float) -> None:
        """Somebody who knows says how fast it is: other tempi are hardly believed any more."""
        self._expect(bpm, SAID_OCTAVES)
        self.belief = self.belief * self._fresh
        self.belief /= self.belief.sum()
        self._kept.clear()

    def scale(self, factor: float) -> None:
        """The same beats counted twice as fast (2.0), or every second one only (0.5)."""
        bpm, phase, _ = self.best()
        bpm = float(np.clip(bpm * factor, SLOWEST_BPM, FASTEST_BPM))
        self._expect(bpm, SAID_OCTAVES)
        places = np.arange(PLACES) / PLACES
        off = (places - phase * factor + 0.5) % 1.0 - 0.5
        near = np.exp(-0.5 * (np.log(self.tempi_bpm / bpm) / (2.0 * STEP)) ** 2)
        self.belief = (near[:, None] * np.exp(-0.5 * (off / WIDTH) ** 2)[None, :]).astype(
            np.float32
        ) + self._fresh * 0.01
        self.belief /= self.belief.sum()
        self._kept.clear()

    def step(self, activation: float) -> None:
        """Move on by one frame, and hear.

        Args:
            activation: 0..1, how much a beat is heard in this frame.
        """
        moved, far = self._moved
        np.take(self.belief.reshape(-1), self._near, out=moved, mode="clip")  # all of them are there: none is clipped
        far[:, 1:], far[:, 0] = moved[:, :-1], moved[:, -1]  # one place further
        far *= self._share
        moved *= self._stays
        moved += far
        beside, twice = self._beside
        np.add(moved[2:], moved[:-2], out=beside)
        beside -= np.multiply(2.0, moved[1:-1], out=twice)
        beside *= SPREAD
        moved[1:-1] += beside
        heard = FLOOR + self._bell * activation + self._valley * (1.0 - activation)
        moved *= heard**TRUST
        moved /= moved.sum()
        moved *= 1.0 - FORGET
        moved += FORGET * self._fresh
        self.belief, self._moved = moved, (self.belief, far)
        self._kept.append(moved.copy())

    def unhear(self, frames: int) -> None:
        """The newest frames, up to `KEPT`, tell nothing after all: no beat was missing there, nobody played.

        Told before the band stopped dead is known, the first beats of a stop are beats that do not come, and the belief
        makes way for a tempo and a phase in which there would have been none.
        """
        frames = min(frames, len(self._kept) - 1)
        if frames < 1:
            return
        self.belief = self._kept[-1 - frames].copy()
        for _ in range(frames):
            self._kept.pop()
        for _ in range(frames):
            self.step(EVEN)

    def best(self) -> tuple[float, float, float]:
        """Tempo in beats a minute, phase 0..1 since the last beat, and how much of the belief stands by both.

        The tempo is the mean around the likeliest one, the phase the circular mean of the places there.
        """
        tempi = self.belief.sum(axis=1)
        smooth = np.convolve(tempi, SMOOTH, "same")
        middle = int(smooth.argmax())
        part = slice(max(0, middle - 4), middle + 5)
        weight = tempi[part]
        bpm = float(np.exp((weight * self._logs[part]).sum() / weight.sum()))
        places = self.belief[part].sum(axis=0)
        mean = complex((places * TURN).sum() / places.sum())
        phase = float(np.angle(mean) / (2.0 * np.pi)) % 1.0
        return bpm, phase, float(weight.sum()) * abs(mean)
