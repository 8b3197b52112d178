"""Where beats are: tapped by people, told by a clock or heard. Pure."""

from dataclasses import dataclass

from controller.sound_format import HOP_S

TEMPO_LASTS_S = 120.0
"""Beats that somebody tapped are believed for so long; a tapped tempo is a percent wrong, and the band moves, too."""
BEAT, ONE = 0.62, 1.0
"""Strength of a hit that a beat is, and the first one of a bar, where both are sure."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats that people tapped, a clock told or the ear hears.

    Attributes:
        beat_s: seconds between two, 0 for none. beat_t_s: time of one of them.
        number: its place in the bar, from 1; 0 where nobody knows. metre: beats of a bar.
        heard: by the ear, which tells them ahead: the hop whose end is nearest to a beat is its hop.
    """

    beat_s: float = 0.0
    beat_t_s: float = 0.0
    number: int = 0
    metre: int = 4
    heard: bool = False

    def number_after(self, beats: int) -> int:
        """Place in the bar of the beat that comes so many after `beat_t_s`, from 1; 0 where nobody knows."""
        return (self.number - 1 + beats) % self.metre + 1 if self.number else 0

    def hit(self, end_s: float, heard: float) -> float:
        """Strength 0..1 of the hit of a hop that ends at `end_s`: with a tempo, beats are hits and little else is.

        Args:
            heard: what the fast path heard in this hop.
        """
        ahead_s = 1.0 if self.heard else 0.0
        if self.beat_s <= 0.0 or not -ahead_s <= end_s - self.beat_t_s <= TEMPO_LASTS_S:
            return heard
        if self.heard:
            return self._near(end_s, heard)
        since_s = (end_s - self.beat_t_s) % self.beat_s
        return max(heard, 0.9) if since_s < HOP_S else 0.3 * heard

    def _near(self, end_s: float, heard: float) -> float:
        beats, since_s = divmod(end_s + 0.5 * HOP_S - self.beat_t_s, self.beat_s)
        if since_s >= HOP_S:
            return 0.3 * heard
        return ONE if self.number_after(int(beats)) == 1 else BEAT
