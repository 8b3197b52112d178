"""Blocks of any length to overlapping one-second windows, one every 0.1 s.

However the same audio is cut into blocks, the same windows result, bit for bit. A window's `t_s` is the time of its
LAST sample: the live path cannot see the future, whereas offline OpenL3 centres its windows and so looks half a second
ahead.
"""

from collections.abc import Iterator

from controller.listening.audio.ring import Ring
from controller.messages import AudioBlock, Window
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES


class Windows:
    """Cuts the stream of one source into windows.

    Hop k ends at sample 4800 (k + 1); the windows of the first second have leading zeros.

    Args:
        stems: how many stem columns the blocks carry beside the mix.
    """

    def __init__(self, stems: int = 0) -> None:
        self._ring = Ring(WINDOW_SAMPLES, 1 + stems)
        self._hops = 0

    def feed(self, block: AudioBlock) -> Iterator[Window]:
        """Take one block; yield the windows it completes (none, one or several). Arrays are copies."""
        samples = block.samples
        taken = 0
        while taken < len(samples):
            missing = (self._hops + 1) * HOP_SAMPLES - self._ring.written
            part = samples[taken : taken + missing]
            self._ring.write(part)
            taken += len(part)
            if len(part) == missing:
                after_s = (len(samples) - taken) / SAMPLE_RATE_HZ
                yield self._window(block.t_s - after_s)

    def _window(self, t_s: float) -> Window:
        latest = self._ring.latest(WINDOW_SAMPLES).copy()
        window = Window(t_s, self._hops, latest[0], latest[1:])
        self._hops += 1
        return window
