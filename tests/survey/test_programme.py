"""Codes and the programme: told apart, slow, the same again from its file."""

import numpy as np
import pytest

from controller.__main__ import main
from controller.clock import ManualClock
from controller.commands.lit_rig import LitRig
from controller.commands.measure import play
from controller.errors import SurveyError
from controller.lighting.output.sender import Sender
from controller.rig.patch.configured import patch_of
from controller.survey.codes import chips_for, codes
from controller.survey.playing import ProgrammePlayer
from controller.survey.programme import LEVELS, LOW_LEVELS, plan, read_programme, sources_of


def test_codes_are_half_on_unlike_each_other_and_unlike_products():
    found = codes(20, np.random.default_rng(1))
    signs = 2.0 * found - 1.0
    assert found.shape == (20, chips_for(20))
    assert (found.sum(axis=1) * 2 == found.shape[1]).all()
    alike = np.abs(signs @ signs.T) / found.shape[1] - np.eye(20)
    assert alike.max() < 0.5
    products = np.array([signs[a] * signs[b] for a in range(20) for b in range(a)])
    assert np.abs(signs @ products.T).max() / found.shape[1] < 0.7, "no product of two is a third one's code"


def test_the_rigs_light_stays_about_even_while_codes_play():
    found = codes(40, np.random.default_rng(2))
    assert np.abs(found.mean(axis=0) - 0.5).mean() < 0.12


def test_what_can_shine_plays_and_a_hazer_does_not(small_rig):
    sources = sources_of(patch_of(small_rig))
    assert [one.name for one in sources] == [one.id for one in small_rig.fixtures if one.role != "hazer"]
    assert sources[0].emitters == ("red", "green", "blue", "white")
    assert sources[-1].emitters == ()


def test_heads_that_share_a_dimmer_agree_about_it(config):
    sources = sources_of(patch_of(config))
    bar = [row for row, one in enumerate(sources) if one.fixture == "bar-l"]
    assert len(bar) == 8
    assert all(sources[row].shares for row in bar)
    programme = plan(sources)
    levels = programme.table[programme.rows("level")][:, bar]
    assert (levels == levels[:, :1]).all()


def test_every_level_comes_as_often_and_nothing_changes_more_than_once_a_step(small_rig):
    programme = plan(sources_of(patch_of(small_rig)), level_turns=2)
    levels = programme.table[programme.rows("level")]
    assert sorted(levels[:, 0].tolist()) == pytest.approx(sorted([*LEVELS, *LOW_LEVELS] * 2))
    t_s = np.arange(0.0, programme.duration_s, 0.01)
    moving = np.abs(np.diff(programme.played(t_s), axis=0)) > 1e-6
    begins = (moving[1:] & ~moving[:-1]).sum(axis=0)
    assert begins.max() <= len(programme.kinds)
    rows = t_s[1:-1, None] * (moving[1:] & ~moving[:-1])
    starts = np.sort(rows[:, 0][rows[:, 0] > 0.0])
    assert np.diff(starts).min() > 0.9


def test_a_programme_is_the_same_from_its_file(small_rig):
    programme = plan(sources_of(patch_of(small_rig)), 3)
    assert read_programme(programme.as_json()) == programme


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "sources": 3}', '{"version": 7}', "null"])
def test_what_is_no_programme_is_refused(text):
    with pytest.raises(SurveyError):
        read_programme(text)


def test_a_rig_without_light_is_refused(small_rig):
    with pytest.raises(SurveyError, match="nothing here can be measured"):
        sources_of(patch_of(small_rig), frozenset({"hazer"}))


def test_levels_of_the_wire_leave_out_what_is_known_but_not_the_limit(small_rig):
    fixtures = [one.model_copy(update={"curve": "square", "minimum": 0.3}) for one in small_rig.fixtures]
    fixtures[0] = fixtures[0].model_copy(update={"max_intensity": 0.5})
    patch = patch_of(small_rig.model_copy(update={"fixtures": fixtures}))
    programme = plan(sources_of(patch), step_s=0.7)
    row = int(programme.rows("level")[5])
    t_s = float(programme.edges_s[row]) + 0.5
    playing = ProgrammePlayer(patch, programme)
    for now_s in np.arange(0.0, 1.0, 0.1):
        (frame,) = playing.frames(t_s, now_s)
    sent, wanted = frame.slots, programme.table[row]
    assert sent[8] == pytest.approx(255 * wanted[1], abs=1)
    assert sent[0] == pytest.approx(255 * 0.5 * wanted[0], abs=1)
    assert sent[200] == 0, "a hazer stays off"


def test_play_sends_the_programme_and_ends_dark(small_rig, tmp_path, monkeypatch):
    monkeypatch.setattr("controller.commands.measure.plan", lambda sources, seed: _short(plan(sources, seed)))
    sent, said = [], []

    class Sink:
        def send(self, packet, now_s):
            sent.append(packet)

    clock, patch = ManualClock(), patch_of(small_rig)
    rig = LitRig(patch, Sender(small_rig.universes, small_rig.network, b"0" * 16), Sink(), clock)
    monkeypatch.setattr(LitRig, "on_outputs", staticmethod(lambda *_: rig))
    assert play(small_rig, [], tmp_path / "measure.json", said.append, clock, aim_s=3.0) == 0
    assert read_programme((tmp_path / "measure.json").read_text()).sources == sources_of(patch)
    bytes_sent = [packet.payload[18:] for packet in sent if len(packet.payload) > 200]
    assert max(one[0] for one in bytes_sent) == 255
    assert not any(bytes_sent[-1][8 * row] for row in range(8)), "it ends dark"
    assert "measure read FILM" in said[-1]


def test_play_says_when_the_machine_was_too_busy(small_rig, tmp_path, monkeypatch):
    """A film of a light that stood still would tell wrong latencies."""
    monkeypatch.setattr("controller.commands.measure.plan", lambda sources, seed: _short(plan(sources, seed)))

    class Busy(ManualClock):
        def sleep_until(self, deadline_s):
            super().sleep_until(deadline_s + (0.2 if int(deadline_s * 2) % 2 else 0.0))

    class Sink:
        def send(self, packet, now_s):
            pass

    said, clock, patch = [], Busy(), patch_of(small_rig)
    rig = LitRig(patch, Sender(small_rig.universes, small_rig.network, b"0" * 16), Sink(), clock)
    monkeypatch.setattr(LitRig, "on_outputs", staticmethod(lambda *_: rig))
    assert play(small_rig, [], tmp_path / "measure.json", said.append, clock, aim_s=3.0) == 0
    assert any("This machine was busy" in line for line in said)


def _short(programme):
    from dataclasses import replace

    keep = 12
    return replace(
        programme, kinds=programme.kinds[:keep], levels=programme.levels[:keep], colours=programme.colours[:keep]
    )


def test_a_fixture_that_is_not_there_is_refused(small_rig, tmp_path, capsys):
    words = ["measure", "play", "nobody", "--programme", str(tmp_path / "m.json"), "--config", str(small_rig.file)]
    assert main(words) == 1
    assert "no fixture 'nobody'" in capsys.readouterr().err


def test_a_file_that_is_no_film_is_refused(small_rig, tmp_path, capsys):
    programme = plan(sources_of(patch_of(small_rig)))
    (tmp_path / "m.json").write_text(programme.as_json())
    for name, content in (("none.mp4", None), ("text.mp4", b"no film" * 99), ("empty.mp4", b"")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        words = ["measure", "read", str(tmp_path / name), "--programme", str(tmp_path / "m.json")]
        assert main([*words, "--out", str(tmp_path / "out"), "--config", str(small_rig.file)]) == 1
        assert name in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
