"""Timecode on one of the sounds that come in: a stem, or an input, that is called so. Pure."""

from collections.abc import Sequence

from controller.listening.audio.ltc import LinearTimecode
from controller.messages import AudioBlock, OutsideClock

WORDS = ("ltc", "timecode", "time code", "smpte")
NAME = "LTC"


class Tape:
    """Reads the stem whose name says that it is timecode.

    Args:
        stems: names, in the order of the columns behind the mix.

    Attributes:
        newest: where the tape stood last; None before it was heard.
    """

    def __init__(self, stems: Sequence[str]) -> None:
        self.newest: OutsideClock | None = None
        column = timecode_stem(stems)
        self._column = None if column is None else column + 1
        self._reader = LinearTimecode()

    def hear(self, block: AudioBlock) -> None:
        """Take the next block."""
        if self._column is None:
            return
        for read in self._reader.hear(block.samples[:, self._column], block.t_s):
            one = read.timecode
            # a frame is known when it has ended: the tape stands at the beginning of the next one
            self.newest = OutsideClock(NAME, one.at_s + 1.0 / one.fps, read.t_s)


def timecode_stem(stems: Sequence[str]) -> int | None:
    """Which of the stems is timecode, None: none of them."""
    return next((at for at, name in enumerate(stems) if any(word in name.lower() for word in WORDS)), None)
