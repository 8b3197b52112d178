"""Drums, kinds of sound, voice and energy: what is told, when, and what it does to accents."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile
import soxr

from controller.listening.audio.weighing import OFF_BEAT, ON_ONE, Weighing
from controller.listening.time.drums import Drums
from controller.listening.time.energy import EVERY, EnergyWatch
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import Hearing
from controller.listening.time.kinds import QUIET_FRAMES, KindWatch
from controller.listening.time.leading import TempoLead, open_hearing
from controller.listening.time.outputs import SOUNDING
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Operator, Pulse
from controller.rehearsal.heard import HeardSong

PULSE = Pulse(0.0, 0, -20.0, 0.5, 0.0, 0, float("-inf"), 0.0, ())


def likely(kind, sure=0.9):
    found = np.full(len(SOUNDING), (1.0 - sure) / (len(SOUNDING) - 1), np.float32)
    found[SOUNDING.index(kind)] = sure
    return found


def frames_until(watch, kind, sure=0.9):
    """How many frames that sound like a kind it takes until it is told."""
    for frame in range(500):
        if watch.hear(likely(kind, sure), 0.0, frame * FRAME_S, quiet=False) == kind:
            return frame + 1
    return None


def hear(hearing: Hearing, sound, cut=4_800):
    song = HeardSong()
    for number, at in enumerate(range(0, len(sound) - cut + 1, cut)):
        block = AudioBlock((at + cut) / 48_000, number, sound[at : at + cut].reshape(cut, -1))
        hearing.hear(block)
        song.take(hearing, block)
    return song


def test_talk_calms_within_two_seconds_and_music_is_back_within_half_a_second():
    watch = KindWatch()
    frames_until(watch, "band")
    for _ in range(500):
        watch.hear(likely("band"), 0.0, 0.0, quiet=False)
    assert frames_until(watch, "talk") * FRAME_S < 2.0
    for _ in range(500):
        watch.hear(likely("talk"), 0.0, 0.0, quiet=False)
    assert frames_until(watch, "band") * FRAME_S < 0.6


def test_a_moment_that_sounds_like_talk_calms_nothing():
    watch = KindWatch()
    frames_until(watch, "band")
    for frame in range(200):
        kind = watch.hear(likely("talk" if frame % 50 < 12 else "band"), 0.0, frame * FRAME_S, quiet=False)
        assert kind == "band"


def test_silence_is_a_matter_of_level_and_takes_as_long_as_a_rest():
    watch = KindWatch()
    frames_until(watch, "band")
    told = [watch.hear(likely("band"), 0.9, frame * FRAME_S, quiet=True) for frame in range(QUIET_FRAMES)]
    assert told[-2:] == ["band", "silence"]
    assert not watch.voice
    assert watch.hear(likely("talk"), 0.0, 1.0, quiet=False) == ""  # one frame says nothing, and a hit may be one
    assert frames_until(watch, "solo") * FRAME_S < 0.5


def test_a_kind_began_before_it_was_known():
    watch = KindWatch()
    for frame in range(200):
        watch.hear(likely("band"), 0.0, frame * FRAME_S, quiet=False)
    frame = 200
    while watch.hear(likely("talk"), 0.0, frame * FRAME_S, quiet=False) != "talk":
        frame += 1
    assert watch.since_s == pytest.approx(200 * FRAME_S, abs=0.3)


def test_a_hit_is_told_once_with_the_time_of_its_peak():
    drums, told = Drums(), []
    shape = [0.0, 0.2, 0.6, 0.9, 0.5, 0.1, 0.0, 0.0]
    for frame, height in enumerate([*shape, *shape]):
        told += drums.hear(np.array([height, 0, 0, 0], np.float32), frame * FRAME_S, frame * FRAME_S)
    assert [(one.drum, round(one.t_s / FRAME_S)) for one in told] == [("kick", 3), ("kick", 11)]
    assert all(one.known_s - one.t_s == pytest.approx(FRAME_S) for one in told)


def test_a_song_that_grows_builds_and_one_that_stays_does_not():
    def builds(level_of):
        watch, found = EnergyWatch(), []
        for frame in range(50 * 30):
            bands = np.full(136, level_of(frame * FRAME_S), np.float32)
            energy = watch.hear(np.concatenate([bands, np.zeros(136, np.float32)]), frame * FRAME_S)
            found += [] if energy is None else [energy]
        assert len(found) == 50 * 30 / EVERY
        return max(one.build for one in found if one.t_s > 18.0)

    assert builds(lambda t_s: 1.0 if t_s < 20 else min(2.0, 1.0 + (t_s - 20) / 8)) > 0.8
    assert builds(lambda t_s: 1.0 + 0.3 * (int(2 * t_s) % 2)) < 0.2


@pytest.mark.parametrize("kind", ["talk", "applause", "solo"])
def test_nothing_fires_where_nobody_drums(kind):
    weighing = Weighing()
    before = weighing.weigh(PULSE, "band", Tempo())
    struck = Pulse(1.0, 1, -10.0, 0.9, 0.0, 1, 0.99, 0.9, ())
    assert weighing.weigh(struck, kind, Tempo()).onsets == before.onsets
    again = weighing.weigh(Pulse(2.0, 2, -10.0, 0.9, 0.0, 2, 1.99, 0.9, ()), "band", Tempo())
    assert (again.onsets, again.onset_t_s, again.onset_strength) == (1, 1.99, 0.9)


@pytest.mark.parametrize(("sounded", "fires"), [("", 1), ("band", 1), ("talk", 0), ("applause", 0), ("solo", 0)])
@pytest.mark.parametrize("kind", ["silence", ""])
def test_a_hit_out_of_silence_is_of_what_sounded_last(sounded, fires, kind):
    weighing = Weighing()
    weighing.weigh(PULSE, sounded, Tempo())
    struck = Pulse(1.0, 1, -10.0, 0.9, 0.0, 1, 0.99, 0.9, ())
    assert weighing.weigh(struck, kind, Tempo(), drummed=False).onsets == fires


def test_a_band_without_drums_flashes_no_more_than_a_guitar():
    struck = Pulse(1.0, 1, -10.0, 0.9, 0.0, 1, 0.99, 0.9, ())
    assert Weighing().weigh(struck, "band", Tempo(), drummed=False).onsets == 0
    assert Weighing().weigh(struck, "band", Tempo(), drummed=True).onsets == 1
    assert Weighing().weigh(struck, "", Tempo(), drummed=False).onsets == 1  # nobody knows yet
    drums = Drums()
    for frame in range(500):
        height = 0.9 if frame < 200 and frame % 40 == 10 else 0.0
        drums.hear(np.array([0, height, 0, 0], np.float32), frame * FRAME_S, frame * FRAME_S)
        assert drums.played == (131 <= frame < 380), frame


def test_the_low_strings_of_a_piano_are_no_drums():
    piano, kit = Drums(), Drums()
    for frame in range(1_000):  # a low note a second; a kick and a snare at 60 beats a minute
        kick, tom = 0.9 * (frame % 100 == 0), 0.9 * (frame % 100 == 25)
        piano.hear(np.array([kick, 0, 0, tom], np.float32), frame * FRAME_S, frame * FRAME_S)
        assert not piano.played, frame
        snare = 0.9 * (frame % 100 == 50)
        kit.hear(np.array([kick, snare, 0, 0], np.float32), frame * FRAME_S, frame * FRAME_S)
    assert kit.played


def test_a_hit_weighs_by_its_place_in_the_bar():
    tempo = Tempo(0.5, 10.0, number=1, metre=4, heard=True)

    def strength(t_s):
        return Weighing().weigh(Pulse(t_s, 1, -10.0, 0.9, 0.0, 1, t_s, 0.8, ()), "band", tempo).onset_strength

    assert strength(12.0) == pytest.approx(0.8 * ON_ONE)
    assert strength(12.5) < strength(12.0)
    assert strength(12.2) == pytest.approx(0.8 * OFF_BEAT)


def kit(bpm, seconds):
    """Kick on every second beat, snare between: made, so that every hit is known."""
    time_s = np.arange(int(seconds * 48_000)) / 48_000
    rng, beat = np.random.default_rng(3), time_s * bpm / 60
    since_s, number = (beat % 1.0) * 60 / bpm, beat.astype(int)
    sweep = 2 * np.pi * (50 * since_s + 6 * (1 - np.exp(-30 * since_s)))
    kick = np.sin(sweep) * np.exp(-12 * since_s) * (number % 2 == 0)
    rattle = rng.normal(0, 1, len(time_s)) * np.exp(-18 * since_s)
    snare = (0.5 * rattle + 0.4 * np.sin(2 * np.pi * 190 * since_s) * np.exp(-25 * since_s)) * (number % 2 == 1)
    return (0.4 * (kick + snare)).astype(np.float32)


def test_kick_and_snare_are_told_apart_and_a_drum_stem_is_heard_by_itself(config):
    drums, rng = kit(100, 10), np.random.default_rng(1)
    mud = np.cumsum(rng.normal(0, 0.02, len(drums)))
    mud = (0.5 * (mud - np.convolve(mud, np.ones(2_000) / 2_000, "same"))).astype(np.float32)
    for sound, column in ((drums, 0), (np.stack([drums + mud, drums], axis=1), 1)):
        song = hear(open_hearing(config, column), sound)
        for name, first_s in (("kick", 0.0), ("snare", 0.6)):
            told = [one.t_s for one in song.hits if one.drum == name and one.t_s > 2.0]
            near = [abs((t_s - first_s + 0.6) % 1.2 - 0.6) < 0.05 for t_s in told]
            assert sum(near) >= 5, (name, told)
            assert np.mean(near) > 0.7, (name, told)


def test_somebody_who_talks_is_known(config, tmp_path, require_real):
    require_real("espeak-ng", shutil.which("espeak-ng"))
    file = tmp_path / "talk.wav"
    words = "Good evening everybody, thank you for coming. The next one is a new song, we have never played it before."
    subprocess.run(["espeak-ng", "-v", "en-gb", "-w", str(file), words], check=True)
    said, rate_hz = soundfile.read(file, dtype="float32")
    sound = np.asarray(soxr.resample(said, rate_hz, 48_000), np.float32)
    song = hear(open_hearing(config), np.concatenate([np.zeros(48_000, np.float32), sound]))
    known = [one.known_s for one in song.kinds if one.kind == "talk"]
    assert known, song.kinds
    assert known[0] <= 3.0


def test_people_say_how_beats_are_counted(config):
    hearing = open_hearing(config)
    lead, people = TempoLead(hearing), Operator()
    hear(hearing, kit(160, 9))
    heard = lead.tempo(people, 9.0)
    assert lead.by == "heard"
    assert 60 / heard.beat_s == pytest.approx(160, rel=0.03)
    people = Operator(octave=-1)
    lead.tempo(people, 9.0)
    hear_on(hearing, kit(160, 5), 9.0)
    assert 60 / lead.tempo(people, 14.0).beat_s == pytest.approx(80, rel=0.03)
    kept = lead.tempo(Operator(octave=-1, more=(("lock_tempo", 1.0),)), 14.0)
    hear_on(hearing, np.zeros(3 * 48_000, np.float32), 14.0)
    later = lead.tempo(Operator(octave=-1, more=(("lock_tempo", 1.0),)), 17.0)
    assert lead.by == "kept"
    assert later.beat_s == kept.beat_s
    assert abs(later.beat_t_s - 17.0) <= kept.beat_s
    tapped = lead.tempo(Operator(octave=-1, beat_s=0.5, beat_t_s=16.9), 17.0)
    assert (lead.by, tapped.beat_s) == ("tapped", 0.5)


def hear_on(hearing, sound, from_s):
    for number, at in enumerate(range(0, len(sound) - 4_799, 4_800)):
        hearing.hear(AudioBlock(from_s + (at + 4_800) / 48_000, 1_000 + number, sound[at : at + 4_800, None]))


def test_this_is_one_makes_it_one(config):
    hearing = open_hearing(config)
    hear(hearing, kit(120, 9))
    one_s = round(8.0 / 0.5) * 0.5
    hearing.obey(Operator(one_t_s=one_s))
    told = []
    sound = kit(120, 4)
    for number, at in enumerate(range(0, len(sound), 4_800)):
        hearing.hear(AudioBlock(9.0 + (at + 4_800) / 48_000, 900 + number, sound[at : at + 4_800, None]))
        told += hearing.told
    numbers = {one.number for one in told if round((one.t_s - one_s) / 0.5) % one.metre == 0}
    assert numbers == {1}, [(one.t_s, one.number, one.metre) for one in told]
