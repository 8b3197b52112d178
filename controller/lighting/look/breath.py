"""The loudness that a look breathes with: against the loudest of the song so far, slow, deaf to mere beats. Pure."""

import math

AVERAGE_S = 0.25
FORGETS_DB = 0.05
"""The loudest passage is forgotten by so much in a second: a band that plays softer from then on is seen, too."""
LEAD_DB = 3.0
"""What begins is taken for so much below the loudest of its song: nothing opens at its brightest."""
LOW, LEAST, RISES = 0.5, 0.25, 0.001
"""Share of the loudest amplitude that is dark at first; the range is never narrower; what was quiet is forgotten by
this share in a second."""
ANOTHER_S = 4.0
"""After so long a silence the next sound is another song."""
NOTHING_DB = -90.0

UP_S, DOWN_S = 0.25, 1.0
DEAD = 0.05
"""Ups and downs within twice this much are the music's own grain, and the light stands still."""
FASTEST, ON_BEAT = 0.7, 3.0
"""It changes by no more than this in a second: where nobody hears beats, and where it waits for them."""


class Swell:
    """How loud it is, 0..1, between the quiet and the loudest passages of the song so far.

    In amplitude, where a band's swell is a straight line; and over the song, since what people see as loud is not the
    loudest of the last half minute. On six songs that nothing was tuned on, sums over four seconds of it go with those
    of the sound's level by a correlation of .70, those of `Pulse.loudness` by .24.
    """

    def __init__(self) -> None:
        self._power, self._low = 0.0, LOW
        self._loudest_db: float | None = None

    def step(self, level_db: float, silent_s: float, elapsed_s: float) -> float:
        """The loudness after this time.

        Args:
            level_db: of the newest 50 ms, dBFS. silent_s: since there was sound.
        """
        if silent_s >= ANOTHER_S:
            self._loudest_db, self._low = None, LOW
            return 0.0
        power = 10.0 ** (max(level_db, NOTHING_DB) / 10.0)
        if self._loudest_db is None:
            if silent_s > 0.0:
                return 0.0
            self._power, self._loudest_db = power, level_db + LEAD_DB
        self._power += (power - self._power) * (1.0 - math.exp(-elapsed_s / AVERAGE_S))
        db = 10.0 * math.log10(max(self._power, 1e-12))
        self._loudest_db = max(db, self._loudest_db - FORGETS_DB * elapsed_s)
        share = float(10.0 ** ((db - self._loudest_db) / 20.0))
        self._low = min(share, self._low + RISES * elapsed_s * (1.0 - self._low))
        return min(max(1.0 - (1.0 - share) / max(1.0 - self._low, LEAST), 0.0), 1.0)


class Breath:
    """Follows loudness; in time, as far as anybody hears beats: what moves, moves on them.

    Attributes:
        now: 0..1.
    """

    def __init__(self) -> None:
        self.now = self._smooth = self._goal = 0.5
        self._beat: int | None = None

    def step(self, loudness: float, elapsed_s: float, beat: int | None = None) -> float:
        """0..1 after this time; `beat`: number of the beat that this is in, None: nobody hears beats."""
        constant_s = UP_S if loudness > self._smooth else DOWN_S
        self._smooth += (loudness - self._smooth) * (1.0 - math.exp(-elapsed_s / constant_s))
        if beat is None or beat != self._beat:
            goal = min(max(self.now, self._smooth - DEAD), self._smooth + DEAD)
            # the ends are reached: loudest is all of it, silence nothing
            self._goal = goal + (goal - 0.5) * 2.0 * DEAD
        self._beat = beat
        most = (FASTEST if beat is None else ON_BEAT) * elapsed_s
        self.now = min(max(self.now + min(max(self._goal - self.now, -most), most), 0.0), 1.0)
        return self.now
