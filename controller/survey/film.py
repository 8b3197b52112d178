"""A film of the rig as a table of light: one small picture a frame, and when it was taken. Edge: PyAV.

What a phone or webcam stores is decoded, turned upright, scaled down in libswscale and averaged in linear light. Frames
are timed by their own stamps: phones skip frames, and their rate is not quite what they say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from controller.arrays import BoolArray, ByteArray, Float32Array, Float64Array
from controller.errors import SurveyError, first_line

ROWS, COLUMNS, FINER = 54, 96, 4
"""A frame is kept as so many blocks, each the mean of FINER x FINER dots."""
GAMMA = 2.2
WHOLE = 65_535
CLIPPED, OFTEN = 250, 0.005
MOST_HZ, LONGEST_S, LEAST_FRAMES = 31.5, 900.0, 200
BAD_PACKETS = 50
STILLS = ("png", "mjpeg", "bmp", "gif", "tiff", "webp")


@dataclass(frozen=True, slots=True)
class Film:
    """What was filmed.

    Attributes:
        t_s: (T,) float64, time of each frame from the first, rising.
        codes: (T, ROWS x COLUMNS, 3) uint16, mean linear light of each block to the power 1 / GAMMA, 0..WHOLE.
        clipped: (ROWS x COLUMNS,) blocks in which some dot was too bright for the camera.
        aspect: width by height. still: (H, W, 3) uint8, the brightest moment of every dot, for people.
    """

    t_s: Float64Array
    codes: npt.NDArray[np.uint16]
    clipped: BoolArray
    aspect: float
    still: ByteArray

    def shown(self, rows: npt.NDArray[np.intp] | slice) -> Float32Array:
        """Codes of some frames as float32, 0..1."""
        return np.asarray(self.codes[rows], np.float32) / np.float32(WHOLE)


def read_film(path: Path, progress: Callable[[float], None] = lambda _: None) -> Film:
    """Read a film.

    Args:
        progress: told the share that is done, 0..1.

    Raises:
        SurveyError: it cannot be read, or is no film of a rig: says why, and what to do.
    """
    times: list[float] = []
    codes: list[npt.NDArray[np.uint16]] = []
    table = ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)
    clips, brightest, aspect = np.zeros(ROWS * COLUMNS), np.zeros((ROWS * FINER, COLUMNS * FINER, 3), np.uint8), 16 / 9
    try:
        for t_s, small, aspect, share in _frames(path):  # noqa: B007 - the last one's
            linear = table[small].reshape(ROWS, FINER, COLUMNS, FINER, 3).mean(axis=(1, 3))
            codes.append(np.rint(WHOLE * linear.reshape(-1, 3) ** (1.0 / GAMMA)).astype(np.uint16))
            clips += (small.max(axis=2) >= CLIPPED).reshape(ROWS, FINER, COLUMNS, FINER).any(axis=(1, 3)).reshape(-1)
            np.maximum(brightest, small, out=brightest)
            times.append(t_s)
            progress(share)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SurveyError(f"{path}: cannot be read as a film ({first_line(error)}); copy it again") from error
    if len(times) < LEAST_FRAMES:
        raise SurveyError(f"{path}: {len(times)} frames are no film of a rig; film from before it begins to its end")
    t = np.array(times)
    return Film(t - t[0], np.stack(codes), clips > OFTEN * len(times), aspect, brightest)


def _frames(path: Path) -> Iterator[tuple[float, ByteArray, float, float]]:
    """Time, small picture, aspect and share done of each frame, in order."""
    if not path.is_file():
        raise SurveyError(f"{path}: no such file")
    with av.open(str(path.absolute()), metadata_errors="ignore") as container:
        video = next((one for one in container.streams.video if _moves(one)), None)
        if video is None:
            raise SurveyError(f"{path}: has no moving picture; give the film itself")
        video.thread_type = "AUTO"
        whole_s = float(container.duration or 0) / av.time_base
        scaler, last_s, first_s, bad = VideoReformatter(), -np.inf, None, 0
        for packet in container.demux(video):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                bad += 1
                if bad > BAD_PACKETS:
                    raise
                continue
            for frame in frames:
                if frame.time is None or frame.time - last_s < 1.0 / MOST_HZ:
                    continue
                first_s, last_s = frame.time if first_s is None else first_s, float(frame.time)
                if last_s - first_s > LONGEST_S:
                    return
                turns = round(getattr(frame, "rotation", 0) / 90.0) % 4
                sides = (COLUMNS * FINER, ROWS * FINER) if turns % 2 == 0 else (ROWS * FINER, COLUMNS * FINER)
                small = scaler.reformat(frame, *sides, "rgb24", interpolation="AREA").to_ndarray()
                aspect = frame.width / max(frame.height, 1)
                upright = np.ascontiguousarray(np.rot90(small, turns)).astype(np.uint8, copy=False)
                share = min((last_s - first_s) / max(whole_s, 1.0), 1.0)
                yield last_s, upright, aspect if turns % 2 == 0 else 1 / aspect, share


def _moves(stream: "av.VideoStream") -> bool:
    """Whether it is a film, not an attached cover."""
    cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return stream.codec_context is not None and not (cover and stream.codec_context.name in STILLS)
