"""Videos as small pictures and blocks of sound on one clock. Edge: PyAV.

One thread, one frame at a time, scaled down in libswscale before NumPy sees it; sound in blocks of a minute. Times are
seconds of the container's own clock, wherever it starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from controller.arrays import Float32Array
from controller.errors import ControllerError
from controller.sound_format import SAMPLE_RATE_HZ

Picture = npt.NDArray[np.uint8]

PIXELS = 64 * 36
"""A picture's small form has about so many; light on a stage is large."""
LEAST_SIDE = 12
MOST_HZ = 31.0
"""Frames that follow closer than this are skipped: 25 or 30 a second time an offset well enough."""
SKIP_ABOVE_HZ = 45.0
"""Faster films are decoded without the frames that no other frame needs: at least every second one remains."""
LONGEST_GAP_S = 600.0
PROBES = 24
PROTECTED = ("encv", "enca", "drmi", "drms")


class FootageError(ControllerError):
    """A video, or a folder of footage, cannot be used; the message is one line: what, and what to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says about itself; `rotation` in degrees as it must be turned to be upright, anticlockwise."""

    codec: str
    width: int
    height: int
    fps: float
    rotation: int
    duration_s: float
    start_s: float
    sound: str
    sound_rate_hz: int
    sound_start_s: float


@dataclass(slots=True)
class Trouble:
    """What went wrong while reading; counted, and told in the report."""

    bad_packets: int = 0
    notes: list[str] = field(default_factory=list)

    def tell(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _open(path: Path) -> "av.container.InputContainer":
    try:
        if path.stat().st_size == 0:
            raise FootageError("the file is empty (0 bytes); copy it again")
        return av.open(str(path.absolute()), metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise FootageError(f"not readable as a video ({reason}); copy it again or convert it") from error


def read_facts(path: Path) -> Facts:
    """Open a file and see what is in it.

    Raises:
        FootageError: not a video, no picture, no sound, protected.
    """
    with _open(path) as container:
        if not container.streams.video:
            raise FootageError("has no picture; give the video, not only its sound")
        video = container.streams.video[0]
        streams = (*container.streams.video[:1], *container.streams.audio[:1])
        if any(stream.codec_context is None for stream in streams):
            raise FootageError("is encrypted or unknown to this FFmpeg; export it without protection, as H.264")
        if any(stream.codec_context.codec_tag in PROTECTED for stream in streams):
            raise FootageError("is protected (DRM); export it without protection")
        if not container.streams.audio:
            raise FootageError("has no sound; features need what was heard with the light")
        audio = container.streams.audio[0]
        first = _first_frame(container, video)
        start_s = first.time if first.time is not None else 0.0
        tick = audio.time_base or 0
        duration = container.duration / av.time_base if container.duration else 0.0
        return Facts(
            codec=video.codec_context.name,
            width=first.width,
            height=first.height,
            fps=float(video.average_rate or video.guessed_rate or 0),
            rotation=_rotation(first),
            duration_s=float(duration),
            start_s=float(start_s),
            sound=audio.codec_context.name,
            sound_rate_hz=int(audio.codec_context.sample_rate or 0),
            sound_start_s=float((audio.start_time or 0) * tick) if audio.start_time is not None else float(start_s),
        )


def _rotation(frame: "av.VideoFrame") -> int:
    return int(round(getattr(frame, "rotation", 0) / 90.0) * 90) % 360


def _first_frame(container: "av.container.InputContainer", video: "av.VideoStream") -> "av.VideoFrame":
    video.codec_context.thread_count = 1
    bad = 0
    try:
        for packet in container.demux(video):
            try:
                for frame in packet.decode():
                    return frame
            except av.FFmpegError:
                bad += 1
            if bad > 500:
                break
    except av.FFmpegError:
        bad += 1
    raise FootageError("no picture can be decoded (encrypted, damaged or cut short); copy it again")


def small_size(facts: Facts) -> tuple[int, int]:
    """Width and height of the small pictures, upright."""
    wide, high = (facts.height, facts.width) if facts.rotation % 180 else (facts.width, facts.height)
    width = (PIXELS * wide / high) ** 0.5
    return max(LEAST_SIDE, round(width)), max(LEAST_SIDE, round(PIXELS / width))


class Scaler:
    """Frames of any size and pixel format to small upright RGB pictures."""

    def __init__(self, facts: Facts) -> None:
        self.width, self.height = small_size(facts)
        self._turns = facts.rotation // 90
        self._reformatter = VideoReformatter()

    def small(self, frame: "av.VideoFrame") -> Picture:
        """(height, width, 3) uint8, full range."""
        width, height = (self.height, self.width) if self._turns % 2 else (self.width, self.height)
        scaled = self._reformatter.reformat(frame, width, height, "rgb24", interpolation="AREA", dst_color_range="JPEG")
        picture = scaled.to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, self._turns)) if self._turns else picture


def probe(path: Path, facts: Facts) -> list[Picture]:
    """Small pictures from all over the film, by seeking; fewer where a file cannot be sought in."""
    scaler, pictures = Scaler(facts), []
    with _open(path) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        for share in np.linspace(0.02, 0.98, PROBES):
            at = int((facts.start_s + share * max(facts.duration_s, 1.0)) / video.time_base)
            try:
                container.seek(at, stream=video)
                frame = next(container.decode(video))
            except (av.FFmpegError, StopIteration, OverflowError):
                continue
            pictures.append(scaler.small(frame))
    return pictures


def pictures(path: Path, facts: Facts, trouble: Trouble) -> Iterator[tuple[float, Picture]]:
    """Time and small picture of every frame that is looked at, in order; damaged packets are skipped and counted."""
    scaler, last_s = Scaler(facts), -np.inf
    with _open(path) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        if facts.fps > SKIP_ABOVE_HZ:
            video.codec_context.skip_frame = "NONREF"
        for frame in _decoded(container, video, trouble):
            t_s = frame.time
            if t_s is None or t_s <= last_s or t_s - last_s < 1.0 / MOST_HZ - 1e-4:
                continue
            yield float(t_s), scaler.small(frame)
            last_s = t_s


def _decoded(
    container: "av.container.InputContainer", stream: "av.VideoStream | av.AudioStream", trouble: Trouble
) -> Iterator["av.VideoFrame | av.AudioFrame"]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError as error:
            trouble.tell(f"reading stopped early ({str(error).split(':', 1)[0]}); the file is cut short")
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            trouble.bad_packets += 1


def sound(path: Path, trouble: Trouble, block_samples: int) -> Iterator[Float32Array]:
    """The sound, mono at 48 kHz, in blocks of `block_samples` (the last is shorter); holes are filled with silence."""
    pending: list[Float32Array] = []
    have = 0
    for part in _sound_parts(path, trouble):
        pending.append(part)
        have += len(part)
        if have >= block_samples:
            joined = np.concatenate(pending)
            whole = len(joined) // block_samples * block_samples
            for first in range(0, whole, block_samples):
                yield joined[first : first + block_samples]
            pending, have = [joined[whole:]], len(joined) - whole
    if have:
        yield np.concatenate(pending)


def _sound_parts(path: Path, trouble: Trouble) -> Iterator[Float32Array]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    written, start_s = 0, None
    with _open(path) as container:
        audio = container.streams.audio[0]
        for frame in _decoded(container, audio, trouble):
            if frame.time is not None:
                start_s = frame.time if start_s is None else start_s
                hole_s = frame.time - start_s - written / SAMPLE_RATE_HZ
                if 0.05 < hole_s < LONGEST_GAP_S:
                    trouble.tell("holes in the sound were filled with silence")
                    yield np.zeros(round(hole_s * SAMPLE_RATE_HZ), np.float32)
                    written += round(hole_s * SAMPLE_RATE_HZ)
            frame.pts = None
            for part in resampler.resample(frame):
                samples = np.nan_to_num(part.to_ndarray()[0])
                written += len(samples)
                yield samples
        for part in resampler.resample(None):
            yield part.to_ndarray()[0]
