"""A film of the rehearsed show: the stage from the front and its music, as MP4 (H.264 and AAC). Edge: files.

Small on purpose: every lamp is a glow and a cone of haze at its place, lit with what was read back from its slots. It
is for showing a band what they will get, not for measuring it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import av
import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array
from controller.config import Config
from controller.errors import PlanError
from controller.listening.audio.source import open_recorded
from controller.rehearsal.room.studio import Studio
from controller.rig.patch.configured import patch_of
from controller.sound_format import SAMPLE_RATE_HZ
from controller.state_folder import coming

WIDTH, HEIGHT, SCALE = 320, 180, 4
RATE_HZ = 20
HALF_M, TOP_M = 5.0, 5.0
EXPOSURE = 2.2
FLOOR_LIGHT = 0.01


def write_film(studio: Studio, song: Path, file: Path, progress: Callable[[float], None] = lambda _share: None) -> None:
    """Render and write.

    Args:
        studio: with its newest stage. song: the music. file: to write. progress: told the share that is done.

    Raises:
        PlanError: it cannot be written.
    """
    patch = patch_of(studio.config)
    camera = Camera(patch.positions_m, patch.has("pan"))

    def pictures() -> Iterator[ByteArray]:
        for number, rows in enumerate(studio.rows):
            yield camera.picture(rows)
            progress(0.9 * (number + 1) / len(studio.rows))

    encode(file, pictures(), _sound(studio.config, song))


def encode(file: Path, pictures: Iterable[ByteArray], sound: Iterable[Float32Array]) -> None:
    """Write a film; nothing in it says what it shows.

    Args:
        pictures: (180, 320, 3) uint8, twenty a second. sound: (n,) mono at 48 kHz, in parts.

    Raises:
        PlanError: it cannot be written.
    """
    try:
        with coming(file) as written, av.open(str(written), "w", format="mp4") as container:
            picture = container.add_stream("libx264", rate=RATE_HZ)
            picture.width, picture.height, picture.pix_fmt = WIDTH * SCALE, HEIGHT * SCALE, "yuv420p"
            picture.options = {"preset": "veryfast", "crf": "23"}
            voice = container.add_stream("aac", rate=SAMPLE_RATE_HZ)
            voice.layout = "mono"
            for one in pictures:
                frame = av.VideoFrame.from_ndarray(one, format="rgb24")
                for packet in picture.encode(frame.reformat(WIDTH * SCALE, HEIGHT * SCALE, "yuv420p")):
                    container.mux(packet)
            for packet in picture.encode(None):
                container.mux(packet)
            _encode_sound(container, voice, sound)
    except (OSError, av.error.FFmpegError) as error:
        raise PlanError(f"{file}: cannot be written: {error}") from error


def _encode_sound(
    container: "av.container.OutputContainer", stream: "av.AudioStream", sound: Iterable[Float32Array]
) -> None:
    written = 0
    for samples in sound:
        whole = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, written
        written += len(samples)
        for packet in stream.encode(frame):
            container.mux(packet)
    for packet in stream.encode(None):
        container.mux(packet)


def _sound(config: Config, song: Path) -> Iterator[Float32Array]:
    """The mix of a song, a second at a time."""
    source = open_recorded(song, config)
    while len(samples := source.read(SAMPLE_RATE_HZ)):
        yield samples[:, 0]
    source.close()


class Camera:
    """Where lamps are in the picture, and what each lights at full.

    Args:
        place: (N, 3) metres. moves: (N,) which lamps turn.
    """

    def __init__(self, place: Float32Array, moves: BoolArray) -> None:
        self._y, self._x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        depth = 1.0 + 0.06 * np.maximum(place[:, 1], 0.0)
        self._left = WIDTH / 2 + place[:, 0] / depth / HALF_M * WIDTH / 2
        self._top = HEIGHT * (0.86 - 0.78 * np.clip(place[:, 2] / TOP_M, 0.0, 1.0) / depth)
        self._moves = np.array(moves)
        self._still = [int(head) for head in np.flatnonzero(~self._moves)]
        masks = [np.add(self._glow(head), self._cone(head, 0.0, 20.0, 0.16)) for head in self._still]
        self._masks = np.array(masks, np.float32).reshape(len(masks), WIDTH * HEIGHT)

    def picture(self, rows: ByteArray) -> ByteArray:
        """(180, 320, 3) uint8 of one stage (N, 5) uint8, as in `Studio.rows`."""
        light = np.square(rows[:, :3].astype(np.float32) / 255.0)
        image = (light[self._still].T @ self._masks).T.reshape(HEIGHT, WIDTH, 3) + np.float32(FLOOR_LIGHT)
        for head in (int(one) for one in np.flatnonzero(self._moves)):
            if light[head].max() > 0.003:
                pan = (float(rows[head, 3]) / 255.0 * 360.0 + 180.0) % 360.0 - 180.0
                beam = self._glow(head) + 1.6 * self._cone(head, np.sin(np.radians(pan)) * 0.8, 7.0, 0.35)
                image += beam[:, :, None] * light[head]
        shown = 1.0 - np.exp(-EXPOSURE * image)
        return np.asarray(np.rint(np.sqrt(shown) * 255.0), np.uint8)

    def _glow(self, head: int) -> Float32Array:
        """The lens, and what it does to the air around it."""
        away = np.square(self._x - self._left[head]) + np.square(self._y - self._top[head])
        return np.asarray(np.exp(-away / 8.0) + 0.12 * np.exp(-away / 240.0), np.float32)

    def _cone(self, head: int, lean: float, half_deg: float, strength: float) -> Float32Array:
        """Haze below a lamp, leaning to a side."""
        below = np.maximum(self._y - self._top[head], 0.0)
        middle = self._left[head] + lean * below
        wide = 2.0 + below * np.tan(np.radians(half_deg))
        haze = strength * np.exp(-np.square((self._x - middle) / wide)) * np.exp(-below / 130.0)
        return np.asarray(haze * (below > 0), np.float32)
