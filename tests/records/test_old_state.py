"""What version 0.1 left on disk opens as it is: logs, embeddings, journals, scenes, plans, mappings, sACN's CID."""

import json
import shutil
from uuid import UUID

import pytest

from controller.commands.replay import replay
from controller.errors import RecordingError
from controller.lighting.output.cid import source_cid
from controller.listening.plan.plan import read_plan
from controller.people.scenes import Scenes
from controller.records.heard_log import read_heard
from controller.records.journal import Journal
from controller.records.recording import Log
from controller.watching.controls.mapping import read_mapping, write_mapping


@pytest.fixture
def old(root):
    return root / "tests" / "recordings" / "state-0.1"


def test_an_old_log_is_played_to_its_end_and_what_differs_from_that_night_is_said(old, tmp_path):
    """Since then a hit of the model and an accent share a gap, so that some cycles are lit otherwise."""
    with pytest.raises(RecordingError, match=r"of 374 cycles differ .* recorded by another version"):
        replay(old / "night.showlog", tmp_path)
    result = json.loads((tmp_path / "replay.json").read_text())
    assert (result["cycles"], result["damage"]) == (374, "")
    assert 0 < result["different_cycles"] < 100
    assert (tmp_path / "dmx.show").stat().st_size > 10_000


def test_an_old_log_says_what_was_heard_and_who_took_over(old):
    log = Log(old / "night.showlog")
    heard = [cycle.heard for cycle in log.cycles()]
    assert log.damage == ""
    assert sum(one.token is not None for one in heard) > 50
    assert {universe for one in heard for universe in one.desk} == {1}


def test_old_embeddings_are_read(old):
    heard = read_heard(old / "night.heard")
    assert heard.embedding.shape[1] == 512
    assert len(heard.t_s) == len(heard.embedding) > 50


def test_old_journals_go_on(old, tmp_path):
    for name in ("takeovers.jsonl", "audit.jsonl"):
        shutil.copy(old / name, tmp_path / name)
        before = (tmp_path / name).read_text().splitlines()
        journal = Journal(tmp_path / name)
        journal.add({"new": 1})
        journal.close()
        after = (tmp_path / name).read_text().splitlines()
        assert after[:-1] == before
        assert json.loads(after[-1])["new"] == 1
    assert json.loads((old / "takeovers.jsonl").read_text().splitlines()[0])["fixture"] == "front-1"


def test_old_scenes_are_known_by_name(old, patch):
    scenes = Scenes(old / "scenes.json")
    assert scenes.names == ["Böse Zeit", "Chorus"]
    assert scenes.rows("Chorus")[:6] == (0.5, 1.0, 0.0, 0.25, 0.5, 0.5)
    assert len(scenes.rows("Chorus")) == 6 * patch.heads


def test_an_old_plan_is_followed(old):
    plan = read_plan(old / "plans" / "erlkoenig.plan")
    assert (plan.notes.title, plan.notes.seed, plan.hops) == ("Erlkönig", 3, 120)
    assert plan.notes.marks == ((1.0, "verse"), (6.0, "chorus"))
    assert 0 <= plan.light[:, 0].min() <= plan.light[:, 0].max() < 180


def test_an_old_mapping_is_read_and_written_as_it_was(old, tmp_path):
    mapping = read_mapping(old / "controls.yaml")
    assert [one.do for one in mapping.bindings] == ["grand_master", "blackout", "energy", "scene"]
    write_mapping(mapping.bindings, tmp_path / "controls.yaml")
    assert (tmp_path / "controls.yaml").read_text() == (old / "controls.yaml").read_text()


def test_the_source_keeps_its_number(old, tmp_path):
    shutil.copy(old / "cid", tmp_path / "cid")
    assert source_cid(None, "The Basement", tmp_path) == UUID((old / "cid").read_text().strip())
