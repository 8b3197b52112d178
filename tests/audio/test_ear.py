"""One ear for everybody: the show, rehearsal, the room and training hear the same numbers, and change with it."""

import numpy as np
import pytest

from controller.listening.audio import ear as ears
from controller.listening.audio.ear import Ear
from controller.messages import AudioBlock
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ

pytest.importorskip("torch", reason="training's ears need the train extra")
from tools.train.bearings import SongEar, hits_of
from tools.train.footage.hearing import Listener

HOPS = 60
SILENCE_DB = -60.0


@pytest.fixture
def song(rng):
    """Six seconds of bursts over a hum, (n,) float32."""
    t_s = np.arange(HOPS * HOP_SAMPLES) / SAMPLE_RATE_HZ
    beat = np.exp(-30.0 * (t_s % 0.37)) * rng.normal(0.0, 0.3, len(t_s))
    return (0.02 * np.sin(2 * np.pi * 110 * t_s) + beat).astype(np.float32)


def live(song, cut):
    """As the sound card brings it: blocks of `cut` samples."""
    ear, found = Ear(SILENCE_DB), []
    for first in range(0, len(song), cut):
        part = song[first : first + cut, None]
        block = AudioBlock((first + len(part)) / SAMPLE_RATE_HZ, first // cut, part)
        list(ear.pulses(block))
        found += [window.hit for window in ear.windows(block)]
    return np.array(found, np.float32)


@pytest.mark.parametrize("cut", [240, 480, 1000])
def test_live_and_training_hear_the_same_hits(song, cut):
    heard = live(song, cut)
    assert heard.max() > 0.2
    np.testing.assert_allclose(hits_of(SongEar().hear(song)), heard, atol=1e-6)
    np.testing.assert_allclose(hits_of(Listener({}).hear(song).hops), heard, atol=1e-6)


def test_whoever_changes_the_ear_changes_it_for_all(song, monkeypatch, config, tmp_path):
    import soundfile

    from controller.listening.audio.source import open_recorded
    from controller.rehearsal.rehearse import Rehearsal
    from controller.rehearsal.room.sound import hear

    file = tmp_path / "song.wav"
    soundfile.write(file, song, SAMPLE_RATE_HZ)

    def everybody():
        rehearsal = Rehearsal(config, open_recorded(file, config), tmp_path, file)
        offline = [hop.window.hit for hop in rehearsal._listened()]
        return {
            "live": live(song, 240).max(), "prepare": hits_of(SongEar().hear(song)).max(), "rehearsal": max(offline),
            "footage": hits_of(Listener({}).hear(song).hops).max(), "room": hear(config, file).hits.max(),
        }  # fmt: skip

    assert min(everybody().values()) > 0.2

    class Deaf(ears.Onsets):
        def feed(self, block):
            return iter(())

    monkeypatch.setattr(ears, "Onsets", Deaf)
    assert max(everybody().values()) == 0.0
