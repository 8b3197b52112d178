"""Half a minute of the bundled song, heard once for all tests of the room."""

from copy import copy
from pathlib import Path

import pytest

from controller.config import read_config
from controller.rehearsal.room.sound import HOP_S, hear
from controller.rehearsal.room.studio import Studio

SECONDS = 24.0


@pytest.fixture(scope="session")
def room_config(request):
    return read_config(Path(request.config.rootpath) / "config.yaml")


@pytest.fixture(scope="session")
def take(request, tmp_path_factory):
    """Half a minute of the bundled song, as a file."""
    from controller.listening.audio.file_source import FileSource
    from controller.messages import AudioBlock
    from controller.records.heard_log import SoundRecorder

    source = FileSource(Path(request.config.rootpath) / "controller/songs/metal_madness.opus", loop=False)
    source.read(20 * 48_000)
    file = tmp_path_factory.mktemp("take") / "take.flac"
    recorder = SoundRecorder(file, "take")
    for number in range(round(SECONDS / HOP_S)):
        recorder.add(AudioBlock((number + 1) * HOP_S, number, source.read(4_800)))
    recorder.close()
    source.close()
    return file


@pytest.fixture(scope="session")
def sound(room_config, take):
    return hear(room_config, take)


@pytest.fixture(scope="session")
def first_roll(room_config, sound):
    return Studio.fresh(room_config, sound)


@pytest.fixture
def studio(first_roll):
    """The song as it is lit at first; a test does with it what it likes."""
    mine = copy(first_roll)
    mine.light = first_roll.light.copy()
    mine._staging, mine._rolling = copy(first_roll._staging), copy(first_roll._rolling)
    mine._rolling._wishes = dict(first_roll._rolling._wishes)
    return mine
