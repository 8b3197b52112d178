"""Which hits may become accents of light, and how strong: by the kind of sound, and by their place in the bar. Pure.

Nothing fires while somebody talks, in applause, over one instrument alone, or over a band without drums: there, attacks
are consonants, hands and plucked strings. Out of silence the first hit is as fast as any other: what sounded last tells
whose it is, long before it can be heard. While the band plays, a hit on a one weighs more than one beside the beat, as
far as the beat is known.
"""

from dataclasses import replace

from controller.listening.time.tempo import Tempo
from controller.messages import Pulse

CALM = ("talk", "applause", "solo")
UNKNOWN = ("", "silence")
"""Nobody knows what begins here: it is taken for what sounded last, and the first sound of all for a band's."""
ON_ONE, ON_BEAT, OFF_BEAT = 1.0, 0.9, 0.7
NEAR_S = 0.06
"""A hit so near to a beat is on it."""


class Weighing:
    """Takes pulses, gives them back with fewer and weaker onsets."""

    def __init__(self) -> None:
        self._heard = self._onsets = 0
        self._sounded = ""
        self._onset_t_s = float("-inf")
        self._share = self._strength = 0.0

    def weigh(self, pulse: Pulse, kind: str, tempo: Tempo, *, drummed: bool = True) -> Pulse:
        """A pulse as the light is to hear it.

        Args:
            kind: of sound, "" where nobody knows. tempo: where beats are, as far as anybody knows.
            drummed: whether somebody drums.
        """
        if kind not in UNKNOWN:
            self._sounded = kind
        if pulse.onsets != self._heard:
            self._heard, self._share = pulse.onsets, 0.0
            if self._sounded not in CALM and (drummed or kind in UNKNOWN):
                self._onsets += 1
                self._onset_t_s, self._share = pulse.onset_t_s, _share(pulse.onset_t_s, tempo)
        if self._share > 0.0:  # an attack grows for some steps: see `Onsets`
            self._strength = self._share * pulse.onset_strength
        return replace(pulse, kind=kind, onsets=self._onsets, onset_t_s=self._onset_t_s, onset_strength=self._strength)


def _share(t_s: float, tempo: Tempo) -> float:
    """How much of its strength a hit keeps."""
    if not tempo.heard or tempo.beat_s <= 0.0:
        return 1.0
    beats = round((t_s - tempo.beat_t_s) / tempo.beat_s)
    if abs(t_s - tempo.beat_t_s - beats * tempo.beat_s) > NEAR_S:
        return OFF_BEAT
    return ON_ONE if tempo.number_after(beats) == 1 else ON_BEAT
