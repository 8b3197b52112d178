"""A sound file as a source: any format FFmpeg reads, any rate, any number of audio channels.

Streams from disk, so a three-hour recording needs no more memory than a short one. Why PyAV and not libsndfile:
docs/decisions/0006 (libsndfile 1.2 stops in the middle of common Opus files). Edge: reads files.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import soxr

from controller.arrays import Float32Array
from controller.errors import AudioError
from controller.listening.audio.mixdown import Mixdown
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

MOST = 8.0
"""A sample further from 0 than this is nothing that a person would play."""


class MonoStream:
    """One file, decoded, mixed down to mono by the mean and resampled to 48 kHz.

    Args:
        path: the file. silent: an empty one counts as silence.

    Raises:
        AudioError: not a sound file, or empty.
    """

    def __init__(self, path: Path, *, silent: bool = False) -> None:
        self.path = path
        self.bad_samples = 0
        self.bad_packets = 0
        self._open()
        if len(self._ready) == 0 and not silent:
            self.close()
            raise AudioError(f"{path}: holds no sound; use another file")

    def _open(self) -> None:
        try:
            # a full path: what stands before a colon in a relative one would be taken for a protocol
            self._container = av.open(str(self.path.absolute()))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise AudioError(
                f"{self.path}: cannot be read as audio; use WAV, FLAC, OGG, Opus or MP3 ({error})"
            ) from error
        if not self._container.streams.audio:
            self._container.close()
            raise AudioError(f"{self.path}: holds no audio stream; use WAV, FLAC, OGG, Opus or MP3")
        stream = self._container.streams.audio[0]
        ticks = stream.duration or 0
        self.duration_s = float(ticks * stream.time_base) if stream.time_base else 0.0
        if not self.duration_s and self._container.duration:
            self.duration_s = self._container.duration / av.time_base
        self._rate_hz, self._resample = SAMPLE_RATE_HZ, None
        self._parts = self._decode(stream)
        self._ready = np.zeros(0, np.float32)
        self._ended = False
        self._fill(1)

    @property
    def has_sound(self) -> bool:
        """Whether a sample waits to be read."""
        return len(self._ready) > 0

    def read(self, count: int) -> Float32Array:
        """Up to `count` samples (n,) float32; fewer only at the end of the file."""
        self._fill(count)
        samples, self._ready = self._ready[:count], self._ready[count:]
        return samples

    def _fill(self, count: int) -> None:
        parts, have = [self._ready], len(self._ready)
        while have < count and not self._ended:
            mono, rate_hz = next(self._parts, (None, self._rate_hz))
            self._ended = mono is None
            if rate_hz != self._rate_hz:  # the file's header is a first guess, each frame tells the truth
                parts.append(self._resampled(np.zeros(0, np.float32), last=True))
                self._rate_hz, self._resample = rate_hz, _resampler(rate_hz)
            parts.append(self._resampled(np.zeros(0, np.float32) if mono is None else mono, last=self._ended))
            have = sum(map(len, parts))
        if len(parts) > 1:
            self._ready = np.concatenate(parts)

    def _resampled(self, mono: Float32Array, *, last: bool) -> Float32Array:
        if self._resample is None:
            return mono
        return np.asarray(self._resample.resample_chunk(mono, last=last), np.float32)

    def _decode(self, stream: "av.AudioStream") -> Iterator[tuple[Float32Array, int]]:
        """Mono parts and their rates as they are decoded; what is damaged is left out and said once."""
        shape: tuple[int, int] | None = None
        for frame in self._frames(stream):
            if shape != (frame.sample_rate, frame.layout.nb_channels):
                shape = (frame.sample_rate, frame.layout.nb_channels)
                to_float = av.AudioResampler(format="fltp")
                down = Mixdown(self.path.name, range(1, shape[1] + 1), rate_hz=shape[0])
            for part in to_float.resample(frame):
                samples, bad = finite(np.asarray(part.to_ndarray(), np.float32))
                self.bad_samples += bad
                yield down.mix(np.ascontiguousarray(samples.T, np.float32)), shape[0]

    def _frames(self, stream: "av.AudioStream") -> "Iterator[av.AudioFrame]":
        """Whatever FFmpeg can make of the file, packet by packet."""
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, ValueError, NotImplementedError) as error:
                log.warning("%s cannot be read on from here (%s); the rest of it is left out", self.path, error)
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except (av.FFmpegError, ValueError, NotImplementedError) as error:
                self._note_damage(error)

    def _note_damage(self, error: Exception) -> None:
        if self.bad_packets == 0:
            log.warning("%s is damaged (%s); what cannot be decoded is left out", self.path, error)
        self.bad_packets += 1

    def rewind(self) -> None:
        """Start again from the first sample."""
        self.close()
        self._open()

    def close(self) -> None:
        """Close the file."""
        self._parts.close()  # type: ignore[attr-defined]
        self._container.close()


class FileSource:
    """A song, played once or for ever.

    Args:
        path: the file.
        loop: start again at the end.
    """

    stems: tuple[str, ...] = ()

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        self._stream = MonoStream(path)
        self._loop = loop
        self.name = path.name
        self.duration_s = self._stream.duration_s

    def read(self, count: int) -> Float32Array:
        """Up to `count` samples (n, 1) float32; fewer only at the end, which a looped song has not."""
        return read_looped(self._read_once, self._stream.rewind, count, loop=self._loop)

    def _read_once(self, count: int) -> Float32Array:
        return self._stream.read(count)[:, None]

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers (NaN, infinite) and became silence."""
        return self._stream.bad_samples

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def read_looped(
    read: Callable[[int], Float32Array], rewind: Callable[[], None], count: int, *, loop: bool
) -> Float32Array:
    """Read `count` samples, going back to the start at the end if `loop` is set."""
    samples = read(count)
    while loop and len(samples) < count:
        rewind()
        more = read(count - len(samples))
        if len(more) == 0:
            break
        samples = np.concatenate([samples, more])
    return samples


def finite(samples: Float32Array) -> tuple[Float32Array, int]:
    """The samples with NaN and infinities replaced by silence and clipped to ±8, and how many were replaced."""
    if samples.size and samples.min() >= -MOST and samples.max() <= MOST:
        return samples, 0  # as nearly always: a comparison with NaN does not hold
    good = np.isfinite(samples)
    bad = int(samples.size - np.count_nonzero(good))
    clean = samples if bad == 0 else np.where(good, samples, np.float32(0.0))
    return np.clip(clean, -MOST, MOST), bad


def _resampler(rate_hz: int) -> "soxr.ResampleStream | None":
    if rate_hz == SAMPLE_RATE_HZ:
        return None
    return soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")
