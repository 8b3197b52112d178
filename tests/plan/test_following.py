"""A band plays what it rehearsed, as bands do: faster, slower, a part left out, a part again, in front of a crowd."""

import numpy as np
import pytest

from controller.listening.audio.file_source import FileSource
from controller.listening.plan.fingerprint import Fingerprints
from controller.listening.plan.leading import LEAD_HOPS, PlannedShow
from controller.listening.plan.plan import Notes, Plan, TimedCue
from controller.listening.plan.position import Position
from controller.messages import Command
from controller.sound_format import HOP_S

RATE, HOP = 48_000, 4_800
SECONDS = 80
SEGMENTS = ((0.0, 0.35), (0.2, 0.5), (0.7, 1.0))
"""Of the song: its second quarter is played again, and the part from 0.5 to 0.7 is left out."""


def fingerprints(samples):
    prints, padded = Fingerprints(), np.concatenate([np.zeros(9_600, np.float32), samples])
    hops = len(samples) // HOP
    return np.stack([prints.step(padded[k * HOP : k * HOP + 9_600 + HOP]) for k in range(hops)])


@pytest.fixture(scope="session")
def song(request):
    root = request.config.rootpath
    source = FileSource(root / "controller/songs/metal_madness.opus", loop=False)
    return source.read(SECONDS * RATE)[:, 0]


@pytest.fixture(scope="session")
def performance(song):
    """(samples, place in the song at the end of each hop, times of jumps): tempo drifts by up to 8 %."""
    librosa = pytest.importorskip("librosa")
    rng, out, place, jumps = np.random.default_rng(5), [], [], []
    for begin, end in SEGMENTS:
        at_s, end_s = begin * SECONDS, end * SECONDS
        jumps.append(sum(len(one) for one in out) / RATE)
        while at_s < end_s - 1e-6:
            to_s, rate = min(end_s, at_s + 8.0), float(rng.uniform(0.92, 1.08))
            out.append(librosa.effects.time_stretch(song[int(at_s * RATE) : int(to_s * RATE)], rate=rate))
            place.append(at_s + np.arange(1, len(out[-1]) + 1) / RATE * rate)
            at_s = to_s
    samples, where = np.concatenate(out).astype(np.float32), np.concatenate(place)
    hops = len(samples) // HOP
    return samples, where[HOP - 1 :: HOP][:hops], jumps[1:]


def crowd(samples, snr_db, rng):
    """A murmur that swells, so much below the band."""
    spectrum = np.fft.rfft(rng.normal(0, 1, len(samples)))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(len(samples), 1 / RATE), 50.0))
    noise = np.fft.irfft(spectrum, len(samples))
    swell = np.interp(np.arange(len(samples)) / RATE, np.arange(0, 200, 1.5), rng.uniform(0.2, 1.5, 134))
    noise *= swell * np.sqrt(np.mean(samples**2)) / np.sqrt(np.mean((noise * swell) ** 2))
    return (samples + noise * 10 ** (-snr_db / 20)).astype(np.float32)


@pytest.mark.parametrize("snr_db", [20, 6])
def test_the_place_is_right(song, performance, snr_db, rng):
    samples, where, jumps = performance
    position, found = Position(fingerprints(song)), []
    for one in fingerprints(crowd(samples, snr_db, rng)):
        hop = position.step(one).hop
        found.append(-1e3 if hop is None else (hop + 1) * HOP_S)
    at_s = np.arange(len(found)) * HOP_S
    counts = at_s > 4.0
    for jump_s in jumps:
        counts &= (at_s < jump_s - 0.1) | (at_s > jump_s + 4.0)
    right = np.abs(np.array(found) - where[: len(found)])[counts] <= 0.3
    print(f"{snr_db} dB: right {right.mean():.1%} of the time")
    assert right.mean() >= 0.95


def test_another_song_is_not_in_the_plan(song, shared_data, rng):
    other = FileSource(shared_data / "audio/muldjord_chaos_god.opus", loop=False).read(60 * RATE)[:, 0]
    position = Position(fingerprints(song))
    inside = [position.step(one).hop is not None for one in fingerprints(other)]
    assert np.mean(inside) < 0.03


def test_silence_and_noise_are_not_in_the_plan(song, rng):
    for samples in (np.zeros(20 * RATE, np.float32), rng.normal(0, 0.1, 20 * RATE).astype(np.float32)):
        position = Position(fingerprints(song))
        assert np.mean([position.step(one).hop is not None for one in fingerprints(samples)]) < 0.1


@pytest.fixture
def planned(song):
    prints = fingerprints(song)
    light = np.column_stack([np.arange(len(prints)) % 180, np.arange(len(prints)) % 256])
    notes = Notes(
        title="Metal Madness",
        marks=((10.0, "verse"),),
        cues=(
            TimedCue(t_s=20.0, name="blackout"),
            TimedCue(t_s=22.0, name="blackout", amount=0.0),
            TimedCue(t_s=70.0, name="quiet"),
        ),
        lines={"energy": ((0.0, 0.2), (40.0, 0.8))},
    )
    return PlannedShow([Plan(notes, light, prints)])


def played(show, samples):
    """What the plan said in each hop."""
    padded = np.concatenate([np.zeros(48_000, np.float32), samples])
    return [show.step(padded[(k + 1) * HOP : (k + 1) * HOP + 48_000]) for k in range(len(samples) // HOP)]


def test_the_plan_lights_at_the_band_s_own_place_and_ahead(planned, song):
    said = played(planned, song[: 30 * RATE])
    for hop in range(50, 300):
        one = said[hop]
        assert one is not None
        assert abs(one.t_s - (hop + 1) * HOP_S) <= 0.3
        assert one.value == (round(one.t_s / HOP_S) - 1 + LEAD_HOPS) % 256
        assert one.title == "Metal Madness"


def test_cues_come_once_and_where_they_stand(planned, song):
    said = played(planned, song[: 30 * RATE])
    cues = [(hop, c) for hop, one in enumerate(said) if one for c in one.commands if c.name == "blackout"]
    assert [one.amount for _, one in cues] == [1.0, 0.0]
    assert all(
        abs((hop + 1 + LEAD_HOPS) * HOP_S - at_s) <= 0.3 for (hop, _), at_s in zip(cues, (20.0, 22.0), strict=True)
    )
    assert not any(c.name == "quiet" for one in said if one for c in one.commands)


def test_automation_rides_the_faders(planned, song):
    said = played(planned, song[: 30 * RATE])
    rides = [c for one in said if one for c in one.commands if c.name == "energy"]
    assert 20 < len(rides) < 80
    assert rides == sorted(rides, key=lambda one: one.amount)
    assert rides[-1] == Command("energy", pytest.approx(0.65, abs=0.02))


def test_a_band_that_leaves_the_plan_is_left_alone_and_found_again(planned, song, rng):
    away = rng.normal(0, 0.2, 15 * RATE).astype(np.float32)
    said = played(planned, np.concatenate([song[: 20 * RATE], away, song[40 * RATE : 60 * RATE]]))
    assert said[195] is not None
    assert all(one is None for one in said[300:345])
    back = [
        hop for hop in range(350, 550) if said[hop] is not None and abs(said[hop].t_s - (hop - 349) * HOP_S - 40) <= 0.3
    ]
    assert back
    assert back[0] < 350 + 50
    assert len(back) > 0.95 * (550 - back[0])
