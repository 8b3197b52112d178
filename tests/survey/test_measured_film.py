"""A film of a rig, rendered with a rolling shutter, drift, noise and haze, is read as it will be in a room."""

import json

import numpy as np
import pytest

from controller.__main__ import main
from controller.config import read_config
from controller.errors import SurveyError
from controller.rig.patch.configured import patch_of
from controller.survey.clocks import begin_of
from controller.survey.findings import findings
from controller.survey.programme import plan, sources_of
from controller.survey.proposal import proposal_of
from tests.survey.conftest import FAULTS, STEP_S
from tools.train.venue.measured import judged


def of(filmed, name):
    return next(one for one in filmed.found.fixtures if one.id == name)


def test_the_limiter_never_steps_in(filmed):
    assert filmed.interventions == 0


def test_every_head_is_found_where_it_is_and_a_dark_one_is_not(filmed):
    said = judged(filmed.found, filmed.lamps, filmed.programme, FAULTS, filmed.patch)
    assert (said.named, said.right, said.invented) == (said.heads, said.heads, 0)
    assert said.heads == len(filmed.programme.sources) - 1
    assert of(filmed, "back-5").dark


def test_two_at_each_others_address_are_told(filmed):
    exchanged = {one.id: one.hangs_at for one in filmed.found.fixtures if one.hangs_at}
    assert exchanged == {"back-1": "back-3", "back-3": "back-1"}


def test_colours_in_another_order_are_told(filmed):
    assert of(filmed, "back-2").colours.order == ("green", "red", "blue")
    assert all(of(filmed, name).colours.right for name in ("back-1", "back-4", "front-1"))
    assert of(filmed, "old-1").colours is None


def test_latency_and_curves_are_what_was_hidden(filmed):
    said = judged(filmed.found, filmed.lamps, filmed.programme, FAULTS, filmed.patch)
    assert len(said.late_ms) >= 0.8 * said.fixtures
    assert np.abs(said.late_ms).max() <= 10.0
    assert len(said.curves) >= 0.5 * said.fixtures
    assert np.sqrt(np.mean(np.square(said.curves))) <= 0.05
    assert said.curves.max() <= 0.08
    assert filmed.found.rolling_ms == pytest.approx(22.0, abs=6.0)


def test_places_that_are_right_are_seen_right(filmed):
    assert filmed.found.placed
    for name in ("back-2", "back-4", "back-6"):
        hung = next(one.position_m for one in filmed.config.fixtures if one.id == name)
        assert of(filmed, name).position_m == pytest.approx(hung, abs=0.25)


def test_a_film_of_something_else_is_refused(filmed):
    other = plan(sources_of(filmed.patch), seed=99, step_s=STEP_S, level_turns=2, colour_turns=2)
    with pytest.raises(SurveyError, match="does not show this programme"):
        begin_of(filmed.film, other)


def test_a_film_that_ends_too_early_is_refused(filmed):
    half = len(filmed.film.t_s) // 3
    short = type(filmed.film)(
        filmed.film.t_s[:half], filmed.film.codes[:half], filmed.film.clipped, 1.6, filmed.film.still
    )
    with pytest.raises(SurveyError, match="lasts"):
        findings(short, filmed.programme, filmed.patch)


def test_the_command_writes_a_report_and_after_a_yes_the_patch(filmed, tmp_path, capsys, monkeypatch):
    config, programme = tmp_path / "config.yaml", tmp_path / "measure.json"
    config.write_text(filmed.config.file.read_text(encoding="utf-8"), encoding="utf-8")
    programme.write_text(filmed.programme.as_json(), encoding="utf-8")
    words = ["measure", "read", str(filmed.path), "--programme", str(programme), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("builtins.input", lambda _: "y")
    monkeypatch.setattr("controller.commands.measure.findings", lambda *_: filmed.found)
    monkeypatch.setattr("controller.commands.measure.read_film", lambda _: filmed.film)
    assert main([*words, "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "9 of 10 fixtures recognised" in said
    assert "back-5: no light of it is seen; its place is in the picture" in said
    assert "+  - {id: back-1, profile: generic/rgbw-par, mode: 8ch, universe: 1, address: 17" in said
    text = config.read_text(encoding="utf-8")
    assert text.count("# hung by hand") == 8
    assert "# the rig" in text
    patch = patch_of(read_config(config))
    assert next(one.config.address for one in patch.fixtures if one.config.id == "back-3") == 1
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "at the place of back-3" in page
    assert (tmp_path / "out" / "picture.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "out" / "report.json").read_text())["proposed"]["back-3"]["address"] == 1


def test_what_was_exchanged_takes_its_numbers_with_its_address(filmed):
    said = proposal_of(filmed.config, filmed.found)
    late = of(filmed, "back-1").late_ms
    assert late is not None
    written = said.values["back-3"].get("offset_ms", 0.0)
    assert written == (-round(late) if abs(round(late)) >= 10 else 0.0)


def test_another_patch_is_refused(filmed, tmp_path, capsys):
    programme = tmp_path / "measure.json"
    programme.write_text(filmed.programme.as_json().replace("back-6", "back-7"), encoding="utf-8")
    words = ["measure", "read", str(filmed.path), "--programme", str(programme), "--config", str(filmed.config.file)]
    assert main(words) == 1
    assert "was played on another patch" in capsys.readouterr().err
