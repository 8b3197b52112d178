"""The ear: blocks of sound in, pulses and windows out. The show, the rehearsal, the room and training hear through it.

    block ──► onsets, level, five milliseconds at a time ──► pulses
          └─► windows of one second, each with the hardest hit of its hop

Whoever changes what is heard changes it here, and training hears the same numbers as the show. Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from controller.listening.audio.hits import Hits
from controller.listening.audio.onsets import Onsets
from controller.listening.audio.windows import Windows
from controller.messages import AudioBlock, Pulse, Window

DRUMS = ("drum", "kick", "perc")
"""Onsets are taken from a stem whose name has one of these in it."""


class Ear:
    """One listener.

    Args:
        silence_db: sound below this level counts as silence.
        stems: names of the stem columns that follow the mix in each block.
    """

    def __init__(self, silence_db: float, stems: tuple[str, ...] = ()) -> None:
        self._onsets = Onsets(silence_db, len(stems), accent_column(stems))
        self._hits = Hits()
        self._windows = Windows(len(stems))

    def pulses(self, block: AudioBlock, conducted: Callable[[Pulse], Pulse] = lambda one: one) -> Iterator[Pulse]:
        """The pulses of a block, one for each 5 ms that it completes. Take them all before `windows`.

        Args:
            block: samples. conducted: what becomes of a pulse whose beats are known better, as in an opening.
        """
        for heard in self._onsets.feed(block):
            pulse = conducted(heard)
            self._hits.hear(pulse)
            yield pulse

    def windows(self, block: AudioBlock) -> Iterator[Window]:
        """The windows that a block completes, each with the hit that belongs to it."""
        for window in self._windows.feed(block):
            yield replace(window, hit=self._hits.take(window.t_s))

    def hop(self, block: AudioBlock) -> tuple[list[Pulse], Window]:
        """All of a block that is just one hop: its pulses, and the window that ends with it."""
        pulses = list(self.pulses(block))
        (window,) = self.windows(block)
        return pulses, window


def accent_column(stems: tuple[str, ...]) -> int:
    """The column that onsets are taken from: the drums where there is such a stem, else the mix (0)."""
    found = (column for column, name in enumerate(stems, 1) if any(word in name.lower() for word in DRUMS))
    return next(found, 0)
