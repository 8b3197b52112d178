"""A band's beat is found, told ahead, held through breaks, and forgotten with the song."""

import numpy as np
import pytest

from controller.config import with_overrides
from controller.errors import ModelError
from controller.listening.audio.source import open_recorded
from controller.listening.decode.cueing import Cueing
from controller.listening.time.bar_filter import BarFilter
from controller.listening.time.beat_filter import BeatFilter
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import Hearing
from controller.listening.time.leading import hearing_folder, open_hearing, tempo_of
from controller.listening.time.tempo import BEAT, ONE, Tempo
from controller.messages import AudioBlock
from controller.rehearsal.rehearse import Rehearsal


def drums(bpm, seconds, silent=()):
    """Kick, hat, snare, hat; `silent` are (from, to) in seconds. Hearing are at multiples of 60 / bpm."""
    time_s = np.arange(int(seconds * 48_000)) / 48_000
    beat, rng = time_s * bpm / 60, np.random.default_rng(3)
    since_s = (beat % 1.0) * 60 / bpm
    number = beat.astype(int) % 4
    noise = rng.normal(0, 1, len(time_s))
    kick = np.sin(2 * np.pi * 60 * since_s) * np.exp(-14 * since_s) * (number % 2 == 0)
    snare = noise * np.exp(-25 * since_s) * (number % 2 == 1) * 0.5
    hat = np.diff(noise, prepend=0) * np.exp(-70 * ((beat * 2) % 1.0) * 30 / bpm) * 0.15
    sound = 0.5 * (kick + snare + hat)
    for start, end in silent:
        sound[(time_s >= start) & (time_s < end)] = 0.0
    return sound.astype(np.float32)


def told(beats: Hearing, sound, cut=4_800):
    found = []
    for number, at in enumerate(range(0, len(sound), cut)):
        part = sound[at : at + cut]
        beats.hear(AudioBlock((at + len(part)) / 48_000, number, part[:, None]))
        found += beats.told
    return found


@pytest.mark.parametrize("bpm", [104, 120, 143])
def test_a_drummers_beats_are_found_and_known_before_they_sound(config, bpm):
    found = [beat for beat in told(open_hearing(config), drums(bpm, 14), 960) if beat.t_s > 6.0]
    period_s = 60 / bpm
    off_s = np.array([(beat.t_s + period_s / 2) % period_s - period_s / 2 for beat in found])
    assert len(found) == pytest.approx((14 - 6) / period_s, abs=2)
    assert np.abs(off_s).max() < 0.05
    assert all(beat.beat_s == pytest.approx(period_s, rel=0.02) for beat in found)
    # a frame stands for its middle, 32 ms before its end
    assert np.median([beat.t_s - beat.known_s for beat in found]) > -0.01
    assert min(beat.confidence for beat in found[-6:]) > 0.4


def test_the_cutting_changes_nothing(config):
    sound = drums(120, 5)
    assert [beat.t_s for beat in told(open_hearing(config), sound, 4_800)] == pytest.approx(
        [beat.t_s for beat in told(open_hearing(config), sound, 480)]
    )


@pytest.mark.parametrize("bpm", [104, 120, 143])
def test_beats_go_on_through_four_silent_bars(config, bpm):
    period_s = 60 / bpm
    start_s, end_s = 16 * period_s, 32 * period_s
    found = told(open_hearing(config), drums(bpm, end_s + 2.0, silent=[(start_s - 0.02, end_s - 0.02)]))
    inside = np.array([beat.t_s for beat in found if start_s - 0.1 < beat.t_s < end_s + 0.1])
    true = period_s * np.arange(16, 33)
    assert np.abs(true[:, None] - inside[None, :]).min(axis=1).max() < 0.07


def test_after_a_long_silence_a_song_is_new(config):
    beats = open_hearing(config)
    told(beats, drums(120, 6))
    assert beats.newest is not None
    told(beats, np.zeros(11 * 48_000, np.float32))
    assert beats.newest is None
    assert tempo_of(beats) == Tempo()


def test_what_is_unheard_is_as_if_nobody_had_played():
    played, stopped = BeatFilter(), BeatFilter()
    for frame in range(400):
        beat = 1.0 if frame % 30 == 0 else 0.0
        played.step(beat)
        stopped.step(beat)
    for _ in range(20):
        played.step(0.5)
        stopped.step(0.0)
    assert stopped.best() != played.best()
    stopped.unhear(20)
    assert stopped.best() == pytest.approx(played.best())


def test_a_filter_knows_nothing_of_noise_and_much_of_a_metronome():
    rng = np.random.default_rng(1)
    noise, clock = BeatFilter(), BeatFilter()
    period_s = 60 / 97.3
    for frame in range(600):
        near = abs((frame * FRAME_S + period_s / 2) % period_s - period_s / 2) < FRAME_S / 2
        noise.step(float(rng.random() * 0.2))
        clock.step(0.9 if near else 0.02)
    bpm, phase, sure = clock.best()
    assert bpm == pytest.approx(97.3, rel=0.01)
    assert sure > 0.45
    assert min(phase, 1 - phase) * period_s == pytest.approx(
        min(599 * FRAME_S % period_s, -599 * FRAME_S % period_s), abs=0.03
    )
    assert noise.best()[2] < 0.1


@pytest.mark.parametrize("metre", [3, 4, 6, 7])
def test_ones_that_can_be_heard_give_the_bar(metre):
    bar = BarFilter()
    for beat in range(8 * metre):
        assert beat < 6 * metre or bar.after(1)[:2] == (beat % metre + 1, metre)
        bar.step(2.0 if beat % metre == 0 else -2.0)
    assert bar.best()[2] > 0.8


def test_colours_wait_for_the_one_and_then_for_a_beat():
    tempo = Tempo(0.5, 10.0, number=3, metre=4, heard=True)  # the third beat of a bar sounds at 10.0
    hits = {round(end_s, 1): tempo.hit(end_s, 0.2) for end_s in np.arange(10.0, 12.05, 0.1)}
    assert {end_s: hit for end_s, hit in hits.items() if hit > 0.1} == {
        10.0: BEAT, 10.5: BEAT, 11.0: ONE, 11.5: BEAT, 12.0: BEAT
    }  # fmt: skip
    cueing, hues = Cueing(20), []
    for end_s in np.arange(10.1, 11.65, 0.1):
        hues.append(cueing.step(90, 10 if not hues else hues[-1], tempo.hit(round(end_s, 1), 0.9)))
    assert hues.index(90) == 9  # at 11.0: the beat at 10.5 is not strong enough for a fresh wish


def test_people_and_clocks_come_before_the_ear():
    assert tempo_of(None) == Tempo()
    assert Tempo(0.5, 10.0).hit(10.7, 1.0) == pytest.approx(0.3)  # tapped: as ever


def test_a_rehearsal_hears_beats_only_where_a_network_is_configured(config, tmp_path):
    silent = with_overrides(config, model={**config.model.model_dump(), "hearing": "none"})
    song = config.path("controller/songs/metal_madness.opus")
    made = [Rehearsal(one, open_recorded(song, one), tmp_path, song) for one in (config, silent)]
    assert made[0]._ear.hearing is not None
    assert made[1]._ear.hearing is None


def test_the_network_lies_beside_the_embedder_and_one_that_is_named_has_to_be_there(config, tmp_path):
    def named(**model):
        return with_overrides(config, model={**config.model.model_dump(), **model})

    assert hearing_folder(config) == config.path("models/hearing")
    assert hearing_folder(named(embedder=str(tmp_path / "embedder"))) is None
    with pytest.raises(ModelError, match="no such manifest"):
        open_hearing(named(hearing=str(tmp_path)))
