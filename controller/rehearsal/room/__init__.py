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
from controller.rehearsal.room.aside import Aside
from controller.rehearsal.room.history import RoomStep
from controller.rehearsal.room.server import Room
from controller.rehearsal.room.sound import Sound, hear
from controller.rehearsal.room.studio import Studio
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
        studio, saved, since = opened(config, sound, song, out)
        bars.update(lighting, total=1.0, completed=1.0)
    with tempfile.TemporaryDirectory(prefix="followspot-room-") as folder, contextlib.suppress(KeyboardInterrupt):
        heard = song if song.is_file() else mixed(config, song, Path(folder))
        room = Room(studio, song, heard, out, saved=saved, since=since)
        if since:
            print(f"your unsaved work of {since} is open again", flush=True)  # noqa: T201 - says what happened
        print(f"the room is at http://{host}:{port}; Ctrl-C closes it", flush=True)  # noqa: T201 - says where it is
        try:
            asyncio.run(room.serve(host, port))
        except OSError as error:
            raise PageError(
                f"port {port} on {host} cannot be served: {error.strerror}; choose another with --port"
            ) from error


def opened(config: Config, sound: Sound, song: Path, out: Path) -> tuple[Studio, RoomStep | None, str]:
    """A song as somebody left it: its plan, and on top of that what was never saved.

    Returns:
        the song; what it is without the unsaved work, None: there is none; and since when that is kept, in words.

    Raises:
        PlanError: its plan cannot be read.
    """
    studio, known, kept = Studio.unstaged(config, sound), plan_file(out, song_title(song)), Aside.of(song).found()
    if known.is_file():
        studio.take(read_plan(known))
    saved = None if kept is None else RoomStep.of(studio)
    if kept is not None:
        studio.take(kept[0])
    studio.stage()
    return studio, saved, "" if kept is None else kept[1]


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
