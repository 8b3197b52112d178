"""Beats as the band plays them: where the last one was, when the next ones come, how sure that is. Edge: a network.

block ──► Front (272 numbers, 50 a second) ──► network (beat, one) ──► BeatFilter ──► BarFilter ──► Beat

A beat is told ahead: the filter knows the phase, so the next beat is written down `AHEAD_S` before it sounds. The same
sound gives the same beats, however it was cut into blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest
from controller.listening.session import open_session
from controller.listening.time.bar_filter import BarFilter
from controller.listening.time.beat_filter import BeatFilter
from controller.listening.time.front import FRAME_S, Front, Resampler
from controller.messages import AudioBlock
from controller.sound_format import SAMPLE_RATE_HZ

AHEAD_S = 0.15
FLUX_SHARE = 0.25
"""Of what counts as a beat: sudden growth anywhere in the spectrum, beside what the network says."""
FLUX_FADES = 0.999
NEAR = 3
"""Frames before and after a beat in which the network may have meant it."""
SILENT = 1e-4
"""Root mean square of a block below which nothing is heard of the beat."""
FORGET_S = 4.0
"""After so long a silence the next sound is another song."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat.

    Attributes:
        t_s: when it sounds. known_s: time of the sound from which it was known.
        beat_s: seconds to the next one. number: in the bar, from 1. metre: beats of the bar.
        confidence: 0..1 of the beat. bar_confidence: 0..1 of number and metre.
    """

    t_s: float
    known_s: float
    beat_s: float
    number: int
    metre: int
    confidence: float
    bar_confidence: float


class BeatHearing:
    """Hears blocks, tells beats.

    Args:
        folder: of the artefact. manifest: of the same.

    Attributes:
        newest: the beat told last, None before the first and after a long silence.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._network = _Network(open_session(folder, manifest, threads=1, provider="cpu"))
        self._samples = 0
        self._frames = 0
        self._silent_s = 0.0
        self.newest: Beat | None = None
        self._start()

    def _start(self) -> None:
        self._front, self._filter, self._bar = Front(), BeatFilter(), BarFilter()
        self._network.reset()
        self._begun, self._frames, self._peak = self._samples, 0, 1e-6
        self._heard: list[Float32Array] = []
        self._waiting_s: float | None = None
        self._last_s = -np.inf
        self.newest = None

    def hear(self, block: AudioBlock) -> None:
        """Take a block; `newest` may be another one afterwards."""
        for _beat in self.feed(block):
            pass

    def feed(self, block: AudioBlock) -> Iterator[Beat]:
        """The beats that a block makes known."""
        mix = block.samples[:, 0]
        first_s = block.t_s - (self._samples - self._begun + len(mix)) / SAMPLE_RATE_HZ
        for frame in self._front.feed(mix):
            t_s = first_s + self._frames * FRAME_S - Resampler.delay_s
            yield from self._frame(frame, t_s, block.t_s)
        self._samples += len(mix)
        self._notice_silence(mix)

    def _notice_silence(self, mix: Float32Array) -> None:
        quiet = float(np.dot(mix, mix)) < SILENT**2 * max(1, len(mix))
        self._silent_s = self._silent_s + len(mix) / SAMPLE_RATE_HZ if quiet else 0.0
        if self._silent_s > FORGET_S and (self.newest is not None or self._last_s > -np.inf):
            self._start()

    def _frame(self, frame: Float32Array, t_s: float, known_s: float) -> Iterator[Beat]:
        heard = self._network.step(frame)
        flux = float(frame[len(frame) // 2 :].sum())
        self._peak = max(flux, self._peak * FLUX_FADES)
        activation = (1.0 - FLUX_SHARE) * min(1.0, float(heard.sum())) + FLUX_SHARE * flux / self._peak
        self._filter.step(activation)
        self._heard = [*self._heard[-2 * NEAR :], heard]
        self._frames += 1
        self._weigh(t_s)
        bpm, phase, confidence = self._filter.best()
        beat_s = 60.0 / bpm
        next_s = t_s + (1.0 - phase) * beat_s
        if next_s - t_s <= AHEAD_S and next_s - self._last_s > 0.5 * beat_s:
            self._last_s = next_s
            self._waiting_s = next_s
            number, metre, sure = self._bar.next()
            self.newest = Beat(next_s, known_s, beat_s, number, metre, confidence, sure)
            yield self.newest

    def _weigh(self, t_s: float) -> None:
        """Once what was heard around the last beat is there, the bar is weighed with it."""
        if self._waiting_s is not None and t_s >= self._waiting_s + NEAR * FRAME_S:
            beat, one = np.max(self._heard, axis=0)
            sure = min(1.0, float(beat + one))
            self._bar.step(0.5 + (float(one / (beat + one + 1e-6)) - 0.5) * sure)
            self._waiting_s = None


class _Network:
    """The network and its state."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._shapes = [tuple(one.shape) for one in session.get_inputs()[1:]]
        self.reset()

    def reset(self) -> None:
        """As before the first frame."""
        self._state = [np.zeros(shape, np.float32) for shape in self._shapes]

    def step(self, frame: Float32Array) -> Float32Array:
        """(2,) how likely a beat that is no one, and a one, for a frame (272,)."""
        names = [one.name for one in self._session.get_inputs()]
        given = dict(zip(names, [frame[None], *self._state], strict=True))
        heard, *self._state = self._session.run(None, given)
        return np.asarray(heard, np.float32)
