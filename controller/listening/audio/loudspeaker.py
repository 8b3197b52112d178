"""A recording that is also heard in the room: it goes to a sound card, and is listened to as late as it sounds.

A sound card asks for samples when it wants them; a cushion of them is kept, so that a late block is no click. What is
handed on to be listened to is held back by the cushion and the card's own latency, so that light and sound agree. A
card that is not there, or goes away, is said once; then the recording goes on in silence, as far as light can tell.

Edge: opens a device.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from controller.arrays import Float32Array
from controller.errors import AudioError, first_line
from controller.listening.audio.capture import portaudio
from controller.listening.audio.source import LiveSource
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

CUSHION_S = 0.08
"""Sound that waits for the card."""
MOST_S = 0.2
"""As soon as more of it waits, because a card stood still or is slow, the oldest is dropped down to the cushion."""
AWAKE_S = 3.0
"""A card may take so long until it asks for the first samples; sound servers take a second."""
BLOCK = 480
CARD_S = 0.04
"""Samples that a card asks for at a time, and the latency it is asked to have; what it has, it says."""
OFF, USUAL, AUTO = "off", "default", "auto"
Opener = Callable[[Callable[..., None]], Any]


class Loudspeaker:
    """A sound card that plays mono at 48 kHz on all that it has of two channels.

    Args:
        device: name of an output, or `default`. opener: gives a stream for a callback; None: PortAudio's.
        what: is played, for people. wanted: whether somebody asked for it, so that its absence is worth a word.

    Attributes:
        delay_s: from handing a sample over until it is heard; 0 while there is no card.
    """

    def __init__(
        self, device: str, opener: Opener | None = None, *, what: str = "the opening", wanted: bool = True
    ) -> None:
        self.delay_s = 0.0
        self._what, self._level = what, logging.WARNING if wanted else logging.INFO
        self._device = device
        self._opener = opener or self._portaudio
        self._waiting: deque[Float32Array] = deque()
        self._samples = 0
        self._lock, self._awake = threading.Lock(), threading.Event()
        self._stream: Any = None

    def start(self) -> None:
        """Open the card; where there is none, say so once and be silent."""
        try:
            self._stream = self._opener(self._callback)
            self._stream.start()
            if not self._awake.wait(AWAKE_S):
                raise AudioError(f"output '{self._device}' asks for no sound")
        except (AudioError, OSError, ValueError, RuntimeError) as error:
            self._stream = None
            log.log(self._level, "%s is not heard in the room: %s", self._what, first_line(error))
            return
        except Exception as error:  # noqa: BLE001 - PortAudio's own error is known only where PortAudio is
            self._stream = None
            log.log(self._level, "%s is not heard in the room: output '%s': %s", self._what, self._device, error)
            return
        self._put(np.zeros(round(CUSHION_S * SAMPLE_RATE_HZ), np.float32))
        self.delay_s = CUSHION_S + float(self._stream.latency)

    def play(self, samples: Float32Array) -> None:
        """Hand samples (n,) over."""
        if self._stream is not None:
            self._put(np.ascontiguousarray(samples, np.float32))

    def stop(self) -> None:
        """Let the card go, after what it still has to play."""
        if self._stream is not None:
            self._stream.stop()
            self._stream.close()
            self._stream = None

    def _put(self, samples: Float32Array) -> None:
        with self._lock:
            self._waiting.append(samples)
            self._samples += len(samples)
            if self._samples > MOST_S * SAMPLE_RATE_HZ:
                while self._samples > CUSHION_S * SAMPLE_RATE_HZ:
                    self._samples -= len(self._waiting.popleft())

    def _callback(self, out: Float32Array, frames: int, _times: object, _status: object) -> None:
        """The card wants samples: what waits, and silence where that is not enough."""
        mono = np.zeros(frames, np.float32)
        filled = 0
        with self._lock:
            while filled < frames and self._waiting:
                first = self._waiting.popleft()
                taken = first[: frames - filled]
                mono[filled : filled + len(taken)] = taken
                filled += len(taken)
                if len(taken) < len(first):
                    self._waiting.appendleft(first[len(taken) :])
            self._samples -= filled
        out[:] = mono[:, None]
        self._awake.set()

    def _portaudio(self, callback: Callable[..., None]) -> Any:  # noqa: ANN401 - a stream without type hints
        sounddevice = portaudio()
        device = None if self._device == USUAL else self._device
        channels = min(2, int(sounddevice.query_devices(device, "output")["max_output_channels"]))
        return sounddevice.OutputStream(
            device=device, samplerate=SAMPLE_RATE_HZ, channels=channels, dtype="float32", callback=callback,
            blocksize=BLOCK, latency=CARD_S,
        )  # fmt: skip


class Audible:
    """A source whose first column is played in the room, and which is heard when the room hears it.

    Args:
        source: what to play. loudspeaker: where.
    """

    def __init__(self, source: LiveSource, loudspeaker: Loudspeaker) -> None:
        self._source, self._loudspeaker = source, loudspeaker
        self._held: deque[tuple[Float32Array, float]] = deque()
        self._newest_s = 0.0

    @property
    def losses(self) -> int:
        """How often the source's device went away."""
        return self._source.losses

    @property
    def over(self) -> bool:
        """Whether all of it has been played and handed on."""
        return self._source.over and not self._held

    @property
    def overruns(self) -> int:
        """Blocks of the source that were lost."""
        return self._source.overruns

    @property
    def bad_samples(self) -> int:
        """Samples of the source that became silence."""
        return self._source.bad_samples

    def start(self) -> None:
        """Open the card and begin."""
        self._loudspeaker.start()
        self._source.start()

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block that is being heard now, and the time of its last sample in the room."""
        delay_s = self._loudspeaker.delay_s
        got = self._source.read(timeout_s)
        if got is not None:
            self._loudspeaker.play(got[0][:, 0])
            self._held.append(got)
            self._newest_s = got[1]
        if not self._held or (got is None and not self._source.over):
            return None
        samples, t_s = self._held[0]
        if got is not None and self._newest_s - t_s < delay_s - 1e-9:
            return None
        if got is None:  # nothing more comes, but the room still hears the end of it
            threading.Event().wait(len(samples) / SAMPLE_RATE_HZ)
        self._held.popleft()
        return samples, t_s + delay_s

    @property
    def sounds(self) -> bool:
        """Whether there is a card that plays it."""
        return self._loudspeaker.delay_s > 0.0

    def place_s(self, now_s: float) -> float:
        """Where in a recording the room is now, see `Playback`; -1 for other sources."""
        place = getattr(self._source, "place_s", None)
        return -1.0 if place is None else float(place(now_s - self._loudspeaker.delay_s))

    def stop(self) -> None:
        """End."""
        self._source.stop()
        self._loudspeaker.stop()


def audible(source: LiveSource, device: str, what: str = "the opening") -> LiveSource:
    """The source, played on a device as well.

    Args:
        device: name of an output, `default`; `off`: as it is; `auto`: on the usual one, if there is one.
        what: it is, for people.
    """
    if device == OFF:
        return source
    return Audible(source, Loudspeaker(USUAL if device == AUTO else device, what=what, wanted=device != AUTO))
