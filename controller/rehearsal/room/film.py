"""A film of the rehearsed show: the stage from the front and its music, as MP4 (H.264 and AAC). Edge: files.

Fixtures are lit with what was read back from their slots, twenty pictures a second.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import av
import numpy as np

from controller.arrays import ByteArray, Float32Array
from controller.config import Config
from controller.errors import PlanError
from controller.listening.audio.source import open_recorded
from controller.rehearsal.camera import HEIGHT, WIDTH, Camera
from controller.rehearsal.room.studio import Studio
from controller.rig.patch.configured import patch_of
from controller.sound_format import SAMPLE_RATE_HZ
from controller.state_folder import coming

SCALE = 4
RATE_HZ = 20


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
