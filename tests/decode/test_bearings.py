"""What a decoder is told of where a hop lies: every number from what is known, and nothing where nobody knows."""

import math

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.listening.bearings import NAMES, bearings
from controller.listening.decider import Decider
from controller.listening.decode.vocabulary import BEARINGS
from controller.listening.form.director import Band
from controller.listening.form.form import SongNow, SongSection
from controller.listening.time.tempo import Tempo
from controller.messages import Cue, Embedding, Window

NOW_S = 12.0
SECTION = SongSection(8.0, 8.2, "C", 0.7, again=True, stage="two", opens=0.9)
SONG = SongNow(1, SECTION, rank=0.6, risen=0.3, biggest=True, bars=4, line_s=12.0)
BAND = Band(SONG, Tempo(0.5, 11.0, 1, 4), "band", drummed=True, build=0.2, level=0.8, voice=True,
            hits_s=(11.95, 11.0, -math.inf, 12.1))  # fmt: skip
CUE = Cue("wall", 11.5, "C", level=0.4, palette=(240.0, 1.0, 20.0, 1.0))


def told(band=BAND, cue=CUE, t_s=NOW_S, loudness=0.5, hit=0.25):
    numbers = bearings(band, cue, t_s, loudness, hit)
    assert numbers.shape == (BEARINGS,)
    assert numbers.dtype == np.float32
    assert np.abs(numbers).max() <= 1.0
    return dict(zip(NAMES, numbers.tolist(), strict=True))


def test_there_are_as_many_names_as_a_decoder_is_told_numbers():
    assert len(NAMES) == len(set(NAMES)) == BEARINGS


def test_what_nobody_knows_is_zero():
    assert {name: number for name, number in told(None, None).items() if number} == {"loudness": 0.5, "hit": 0.25}
    nowhere = told(Band(SongNow(), Tempo(), "", drummed=False, build=0.0, level=0.0), None, loudness=0.0, hit=0.0)
    assert set(nowhere.values()) == {0.0}


def test_the_place_in_beat_and_bar():
    here = told()  # two beats after a one: on the third of four
    assert (here["beat_sin"], here["beat_cos"]) == pytest.approx((0.0, 1.0), abs=1e-6)
    assert (here["bar_sin"], here["bar_cos"]) == pytest.approx((0.0, -1.0), abs=1e-6)
    later = told(t_s=NOW_S + 0.125)  # a quarter of a beat on
    assert (later["beat_sin"], later["beat_cos"]) == pytest.approx((1.0, 0.0), abs=1e-6)
    unknown = told(Band(SONG, Tempo(0.5, 11.0), "band", drummed=True, build=0.0, level=0.0))
    assert unknown["beat_cos"] == pytest.approx(1.0)
    assert (unknown["bar_sin"], unknown["bar_cos"]) == (0.0, 0.0), "beats are known, and nobody knows the one"


def test_drums_are_loudest_when_they_are_hit():
    here = told()
    assert here["kick"] == pytest.approx(math.exp(-0.05 / 0.15))
    assert 0.0 < here["snare"] < 0.01
    assert here["cymbal"] == 0.0, "it was never hit"
    assert here["tom"] == 1.0, "told a frame ahead of the hop's end"


def test_the_part_of_the_song():
    here = told()
    assert [here[f"part_{number}"] for number in range(8)] == [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert here["bars"] == pytest.approx(math.log2(5.0) / math.log2(65.0))
    assert (here["of_four"], here["of_eight"]) == (0.0, 0.5)
    assert (here["again"], here["biggest"], here["voice"], here["band"], here["talk"]) == (1.0, 1.0, 1.0, 1.0, 0.0)
    ninth = SongSection(8.0, 8.2, "I", 0.7, again=False, stage="two")
    assert told(Band(SongNow(1, ninth), Tempo(), "band", drummed=True, build=0.0, level=0.0))["part_0"] == 1.0


def test_the_look_that_hangs_and_the_one_that_comes():
    here = told()
    hue = math.atan2(here["hue_1_sin"], here["hue_1_cos"])
    assert math.degrees(hue) % 360.0 == pytest.approx(240.0, abs=1e-3)
    assert (here["hung"], here["ahead"], here["size"]) == pytest.approx((1.0, 0.0, 0.4))
    assert here["fresh"] == pytest.approx(math.exp(-0.5))
    coming = told(cue=Cue("wall", NOW_S + 0.4, palette=(240.0, 1.0)))
    assert (coming["ahead"], coming["fresh"]) == (pytest.approx(0.4), 0.0)
    plain = told(cue=Cue("wall", 11.5))
    assert plain["hung"] == plain["hue_1_sin"] == plain["hue_1_cos"] == 0.0


def test_a_decider_tells_its_decoder_the_look_of_the_hop_before(config):
    heard = []

    class Listener:
        def step(self, embedding, hue, value, told):
            heard.append(dict(zip(NAMES, told.tolist(), strict=True)))
            return np.zeros(181, np.float32), np.zeros(257, np.float32)

    decider = Decider(config, ManualClock(), patient=True)
    decider._networks.decoder = Listener()
    decider.band = BAND
    for hop in range(3):
        embedding = Embedding(NOW_S + 0.1 * hop, hop, np.zeros(512, np.float32))
        cue = decider.directed(decider.decide(embedding, embedding.t_s, 0.25, loudness=0.5)).cue
    assert heard[0]["hung"] == 0.0, "no look before the first hop"
    assert heard[2]["hung"] == 1.0
    assert heard[2]["hue_1_cos"] == pytest.approx(math.cos(math.radians(cue.palette[0])), abs=1e-6)
    assert (heard[2]["loudness"], heard[2]["hit"]) == (0.5, 0.25)


def test_who_may_decide_next_is_told_the_same(config):
    decider, kept = Decider(config, ManualClock(), patient=True), []
    decider.succession.hear = lambda *_, bearings=None, **__: kept.append(bearings)
    decider.band = BAND
    silence = np.zeros(48_000, np.float32)
    decider.step(Window(NOW_S, 0, silence, silence[None, :0], hit=0.25, loudness=0.5))
    assert dict(zip(NAMES, kept[0].tolist(), strict=True)) == told(cue=None)
