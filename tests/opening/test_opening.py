"""An opening in the show: its light is on its beats, its palette is the night's, and then the band plays."""

import json
import sys
import wave
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "show"))
from test_show import Wire, finish, start, venue, wire  # noqa: F401 - fixtures

from controller.__main__ import main
from controller.config import read_config
from controller.cycle import OutputCycle
from controller.decode.vocabulary import hue_distance
from controller.desk import patch_of
from controller.errors import OpeningError
from controller.messages import Pulse
from controller.observe import Observer
from controller.opening.conducting import Conductor
from controller.opening.following import ThenSource
from controller.opening.opening import read_opening
from controller.recording import Heard
from controller.takeover.person import Person

FRAME_S = 0.025
BEAT_S, BEATS, BARS = 0.6, 4, 8
RED, BLUE = 0, 120


def seed(**changes):
    plain = {
        "format": 1, "title": "A test", "audio": "tune.wav", "valence": 0.2, "arousal": 0.0, "beat_s": BEAT_S,
        "beats_a_bar": BEATS, "bars": BARS, "seconds": BARS * BEATS * BEAT_S,
        "palette": [{"rgb": "#ff0000", "weight": 0.6, "hue_deg": 0.0},
                    {"rgb": "#0000ff", "weight": 0.3, "hue_deg": 240.0},
                    {"rgb": "#777777", "weight": 0.1, "hue_deg": None}],
        "sections": [{"name": "A", "bar": 0, "bars": 4}, {"name": "B", "bar": 4, "bars": 4}],
    }  # fmt: skip
    return plain | changes


def folder_of(place: Path, **changes) -> Path:
    place.mkdir(exist_ok=True)
    plain = seed(**changes)
    (place / "seed.json").write_text(json.dumps(plain))
    samples = 0.2 * np.sin(np.arange(round((plain["seconds"] + 0.5) * 48_000)) * 2 * np.pi * 220 / 48_000)
    with wave.open(str(place / "tune.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes((samples * 32_767).astype("<i2").tobytes())
    return place


@pytest.fixture
def opening(tmp_path):
    return read_opening(folder_of(tmp_path / "opening"))[0]


def pulse(t_s):
    return Pulse(t_s, 0, -20.0, 0.5, 0.0, 7, t_s - 0.003, 0.3, ())


def test_every_beat_is_an_onset_at_its_moment_and_nothing_else_is(opening):
    conductor = Conductor(opening)
    onsets = {}
    for block in range(1, round(opening.seconds / 0.005)):
        at_s = 0.005 * block
        told = conductor.pulse(pulse(100.0 + at_s), at_s)
        onsets[told.onsets] = (told.onset_t_s, told.onset_strength)
    assert [round(t_s - 100.0, 6) for t_s, _ in onsets.values()] == [
        round(BEAT_S * beat, 6) for beat in range(BARS * BEATS)
    ]
    assert [strength == 1.0 for _, strength in onsets.values()] == [beat % BEATS == 0 for beat in range(BARS * BEATS)]


def test_colours_are_the_pictures_and_turn_with_bars_and_sections(opening):
    conductor = Conductor(opening)
    hues = [conductor.light((bar * BEATS + 0.5) * BEAT_S).hue for bar in range(BARS)]
    assert hues == [RED, RED, BLUE, BLUE, BLUE, BLUE, RED, RED]
    assert conductor.hues == (RED, BLUE)


def test_a_picture_without_colours_lights_too_and_steers_nothing(tmp_path):
    grey = [{"rgb": "#777777", "weight": 1.0, "hue_deg": None}]
    conductor = Conductor(read_opening(folder_of(tmp_path / "grey", palette=grey))[0])
    assert conductor.hues == ()
    assert conductor.light(0.0).value > 0


def test_tokens_stop_with_the_last_bar(opening):
    conductor = Conductor(opening)
    sent = [conductor.token(50.0 + 0.005 * i, 0.005 * i) for i in range(1, round((opening.seconds + 1.0) / 0.005))]
    times_s = np.array([one.t_s - 50.0 for one in sent if one is not None])
    assert conductor.over
    assert np.diff(times_s).max() < 0.11
    assert opening.seconds - 0.01 < times_s[-1] <= opening.seconds + 0.006


def test_rendered_cues_are_on_beats_within_one_dmx_frame(config, patch, opening):
    """The output cycle as the show runs it: 40 times a second, and at once where a pulse starts an accent."""
    conductor, cycle = Conductor(opening), OutputCycle(config, patch, Person(config, patch, UUID(int=1)))
    rendered, next_s, token = [], 0.0, None
    for block in range(1, round(opening.seconds / 0.005)):
        at_s = 0.005 * block
        now_s = 1_000.0 + at_s + 0.002  # what the bus takes
        token = conductor.token(1_000.0 + at_s, at_s) or token
        told = conductor.pulse(pulse(1_000.0 + at_s), at_s)
        hurried = cycle.hear_pulse(told, now_s)
        if hurried or at_s >= next_s:
            tick = cycle.run(now_s, Heard(token=token))
            token, next_s = None, at_s + FRAME_S
            rendered.append((at_s + 0.002, {frame.universe: frame.slots for frame in tick.frames}))
    observer = Observer(patch)
    times_s = np.array([at_s for at_s, _ in rendered])
    light = np.array([observer.observe(frames).light.sum() for _, frames in rendered])
    steps = np.diff(light)[times_s[1:] > 0.3]  # the rig has come up
    rises = np.flatnonzero(steps > 0.25 * steps.max())
    starts_s = times_s[1:][times_s[1:] > 0.3][rises[np.diff(rises, prepend=-9) > 1]]
    off_s = np.array([min(abs(at_s - BEAT_S * beat) for beat in range(BARS * BEATS)) for at_s in starts_s])
    assert len(starts_s) >= BARS * BEATS * 0.7
    assert off_s.max() <= FRAME_S


def test_refusals_name_the_file_and_what_to_do(tmp_path):
    with pytest.raises(OpeningError, match="no such file"):
        read_opening(tmp_path / "nowhere")
    with pytest.raises(OpeningError, match=r"seed\.json: beat_s"):
        read_opening(folder_of(tmp_path / "slow", beat_s=99.0))
    with pytest.raises(OpeningError, match="do not agree"):
        read_opening(folder_of(tmp_path / "odd", bars=9))
    with pytest.raises(OpeningError, match="audio"):
        read_opening(folder_of(tmp_path / "out", audio="../tune.wav"))
    gone = folder_of(tmp_path / "gone")
    (gone / "tune.wav").unlink()
    with pytest.raises(OpeningError, match="missing"):
        read_opening(gone)
    (gone / "seed.json").write_text("{")
    with pytest.raises(OpeningError, match="not readable"):
        read_opening(gone)


def test_the_show_refuses_a_damaged_opening_before_any_light(tmp_path, capsys, venue):  # noqa: F811
    assert main(["show", "--config", str(venue), "--opening", str(tmp_path / "nowhere"), "--web", "off"]) == 1
    assert "no such file" in capsys.readouterr().err


class Blocks:
    """A source that has some blocks and is over then."""

    losses = overruns = bad_samples = 0

    def __init__(self, count, columns):
        self.left, self.columns, self.started, self.stopped = count, columns, False, False

    @property
    def over(self):
        return self.left == 0

    def start(self):
        self.started = True

    def read(self, timeout_s):
        if not self.left:
            return None
        self.left -= 1
        return np.ones((10, self.columns), np.float32), float(self.left)

    def stop(self):
        self.stopped = True


def test_the_band_follows_the_opening_with_all_its_stems():
    first, then, ended = Blocks(2, 1), Blocks(2, 3), []
    source = ThenSource(first, then, columns=3, ended=lambda: ended.append(1))
    source.start()
    assert first.started
    assert not then.started
    blocks = [got[0] for _ in range(6) if (got := source.read(0.0)) is not None]
    assert [block.shape for block in blocks] == [(10, 3)] * 4
    assert not blocks[0][:, 1:].any()
    assert first.stopped
    assert then.started
    assert ended == [1]
    assert source.over


def test_on_the_wire_a_real_show_plays_the_opening_in_its_colours_and_goes_on(venue, wire: Wire, tmp_path):  # noqa: F811
    """Real processes: what the picture has is what the rig shows, and hues stay the night's when the band plays."""
    green = [{"rgb": "#00ff00", "weight": 1.0, "hue_deg": 120.0}]
    folder = folder_of(tmp_path / "opening", palette=green, bars=2, seconds=2 * BEATS * BEAT_S,
                       sections=[{"name": "A", "bar": 0, "bars": 2}])  # fmt: skip
    show = start(venue, "--opening", str(folder), "--seconds", "12")
    summary, logged = finish(show, wire, 60)
    assert summary["ended_by"] in ("seconds", "song"), logged
    patch = patch_of(read_config(venue))
    observer, wash = Observer(patch), np.array([role == "wash" for role in patch.roles])
    times_s, slots = wire.frames(0)
    light = np.array([observer.observe({1: one}).light[wash].mean(axis=0) for one in slots])
    lit = light[light.max(axis=1) > 0.05]
    assert len(lit) > 100
    hue = lit / lit.sum(axis=1, keepdims=True)
    assert np.median(hue[:, 1]) > 0.5, logged
    assert times_s[-1] - times_s[0] > 8.0


def test_hue_ids_are_those_of_the_token_vocabulary(opening):
    assert all(hue_distance(one, round(colour.hue_deg / 2) % 180) == 0
               for one, colour in zip(Conductor(opening).hues, opening.colours, strict=True))  # fmt: skip
