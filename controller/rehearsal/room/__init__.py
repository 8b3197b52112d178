"""The rehearsal room: a song, its show, and what people make of it before the night. Edge: files, the event loop."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from controller.config import Config
from controller.errors import PageError
from controller.listening.audio.source import open_recorded
from controller.listening.plan.plan import plan_file, read_plan, song_title
from controller.messages import AudioBlock
from controller.records.heard_log import SoundRecorder
from controller.rehearsal.room.server import Room
from controller.rehearsal.room.studio import Studio, hear
from controller.sound_format import HOP_SAMPLES


def open_room(config: Config, song: Path, out: Path, host: str, port: int) -> None:
    """Hear a song, light it or open its plan, and serve the room until Ctrl-C.

    Args:
        config: rig and models. song: file, or folder of stems. out: where plans and exports go. host, port: loopback.

    Raises:
        AudioError, PlanError, PageError: the song or its plan cannot be used, or the port is taken.
    """
    with Progress(console=Console(stderr=True)) as bars:
        hearing = bars.add_task("hearing the song", total=1.0)
        sound = hear(config, song, lambda share: bars.update(hearing, completed=share))
        lighting = bars.add_task("lighting it", total=None)
        known = plan_file(out, song_title(song))
        studio = Studio.opened(config, sound, read_plan(known)) if known.is_file() else Studio.fresh(config, sound)
        bars.update(lighting, total=1.0, completed=1.0)
    with tempfile.TemporaryDirectory(prefix="followspot-room-") as folder, contextlib.suppress(KeyboardInterrupt):
        room = Room(studio, song, song if song.is_file() else mixed(config, song, Path(folder)), out)
        print(f"the room is at http://{host}:{port}; Ctrl-C closes it", flush=True)  # noqa: T201 - says where it is
        try:
            asyncio.run(room.serve(host, port))
        except OSError as error:
            raise PageError(
                f"port {port} on {host} cannot be served: {error.strerror}; choose another with --port"
            ) from error


def mixed(config: Config, stems: Path, folder: Path) -> Path:
    """One file of a folder of stems, for a browser to play."""
    source, file = open_recorded(stems, config), folder / "mix.flac"
    recorder, count = SoundRecorder(file, stems.name), 0
    while len(samples := source.read(HOP_SAMPLES)):
        count += len(samples)
        recorder.add(AudioBlock(count / 48_000, 0, samples))
    recorder.close()
    source.close()
    return file
