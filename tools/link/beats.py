"""What a Link session says to the show, beat by beat. Pure: the session and whoever is told are passed in."""

from collections.abc import Callable
from typing import Protocol

SLOWEST_BPM, FASTEST_BPM = 30.0, 240.0
"""What the show takes for a tempo; Link itself goes from 20 to 999."""
SAME_BPM = 0.02
Say = Callable[[str, tuple[float, ...]], None]
"""Tell the show: an OSC address and its arguments."""


class Session(Protocol):
    """What is used of a Link session."""

    tempo: float
    num_peers: int


class Beats:
    """Tells tempo and bars on the beat, while somebody else is in the session.

    Args:
        session: whose. beats_a_bar: 1 or more; Link calls it the quantum. say: takes what is told, at once. note: takes
            a sentence for the person at the terminal.
    """

    def __init__(self, session: Session, beats_a_bar: int, say: Say, note: Callable[[str], None]) -> None:
        self._session, self._beats, self._say, self._note = session, beats_a_bar, say, note
        self._peers = -1
        self._told_bpm = 0.0

    def beat(self, number: float) -> None:
        """A beat of the session begins now.

        Args:
            number: of the beat on Link's timeline; a multiple of the beats of a bar begins one.
        """
        if self._session.num_peers != self._peers:
            self._peers = self._session.num_peers
            self._note(f"in the Link session besides this program: {self._peers}")
        bpm = self._session.tempo
        if not self._peers or not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            return
        begins_bar = round(number) % self._beats == 0
        if begins_bar or abs(bpm - self._told_bpm) > SAME_BPM:
            self._told_bpm = bpm
            self._say("/followspot/tempo", (round(bpm, 3),))  # on the beat: the show takes its phase from when it comes
        if begins_bar:
            self._say("/followspot/one", ())
