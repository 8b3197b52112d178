"""What is written for another program is read back the same: every fixture with all its settings."""

import json
import zipfile
from pathlib import Path

import pytest
import yaml
from called import called
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.config import FixtureConfig, read_config
from controller.rig.exchange import mvr, patch_table, qxw
from controller.rig.exchange.gdtf_writing import gdtf_of
from controller.rig.exchange.mvr_writing import scene_of
from controller.rig.exchange.qxw_writing import definitions_for, workspace_of
from controller.rig.exchange.table_writing import table_of
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import build_patch
from controller.rig.profiles.gdtf import description_of
from controller.rig.profiles.gdtf_tree import Tree
from controller.rig.profiles.library import Library
from controller.rig.profiles.qxf import profile_of
from controller.rig.profiles.xml_tree import xml_tree

ROOT = Path(__file__).parents[2]
LIBRARY = Library(ROOT / "fixtures")
PROFILES = {
    one: LIBRARY.profile(one)
    for one in LIBRARY.references()
    if LIBRARY.profile(one).kind != "laser" and LIBRARY.profile(one).modes
}
WRITERS = {
    "mvr": (lambda fixtures: scene_of("The Ärgste", fixtures, {}), mvr.scene),
    "qxw": (lambda fixtures: workspace_of("The Ärgste", fixtures), qxw.workspace),
    "csv": (table_of, patch_table.patch_table),
}
MILLIMETRES = st.integers(-20_000, 20_000).map(lambda number: number / 1_000)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)


@st.composite
def rigs(draw):
    """Up to eight fixtures in two universes, one after the other, with settings that other programs do not know."""
    rows, free = [], {1: 1, 2: 1}
    for name in draw(st.lists(NAMES, min_size=1, max_size=8, unique=True)):
        reference = draw(st.sampled_from(sorted(PROFILES)))
        profile = PROFILES[reference]
        mode = draw(st.sampled_from(sorted(profile.modes)))
        universe = draw(st.sampled_from([1, 2]))
        atmosphere = profile.kind in ("hazer", "fan")
        row = {
            "id": name, "profile": reference, "mode": mode, "universe": universe, "address": free[universe],
            "role": "hazer" if atmosphere else draw(st.sampled_from(["key", "wash", "back", "beam", "pixel", "house"])),
            "position_m": draw(st.tuples(MILLIMETRES, MILLIMETRES, MILLIMETRES)),
            "groups": draw(st.lists(NAMES, max_size=3, unique=True)),
            "max_intensity": draw(st.sampled_from([1.0, 0.7])),
            "invert_pan": draw(st.booleans()),
            "offset_ms": draw(st.sampled_from([0.0, -12.5])),
            "turn_deg": draw(st.sampled_from([0.0, 60.0, -33.3, 270.0])),
        }  # fmt: skip
        free[universe] += profile.footprint(mode)
        if free[universe] > 513:
            break
        rows.append(FixtureConfig.model_validate(row))
    return build_patch(rows, [1, 2], PROFILES, lambda _: "").fixtures


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=40, deadline=None)
@given(rigs())
def test_a_rig_comes_back_with_everything(kind, fixtures):
    write, read = WRITERS[kind]
    listed = read(write(fixtures)).fixtures
    assert len(listed) == len(fixtures)
    for one, fixture in zip(listed, fixtures, strict=True):
        config = fixture.config
        assert (one.universe, one.address) == (config.universe, config.address)
        assert one.mode == config.mode
        assert one.place == pytest.approx(config.position_m, abs=1e-3)
        assert FixtureConfig.model_validate({k: v for k, v in one.kept.items() if k != "edge_m"}) == config


@pytest.mark.parametrize("ending", ["mvr", "qxw", "csv"])
def test_the_demos_rig_out_and_in_by_command(tmp_path, root, ending):
    done = called(main, "patch", "export", tmp_path / f"rig.{ending}", "--config", root / "config.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = called(main, "patch", "import", f"rig.{ending}", "--out", "back.yaml", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    before, after = read_config(root / "config.yaml"), read_config(tmp_path / "back.yaml")
    assert after.fixtures == before.fixtures
    assert after.venue == (before.venue if ending != "csv" else "rig")
    assert [one.outputs[0].port_address for one in after.universes.values()] == [0, 1]
    again = called(main, "patch", "export", tmp_path / f"rig.{ending}", "--config", root / "config.yaml", cwd=tmp_path)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)


@pytest.mark.parametrize("ending", ["mvr", "qxw", "csv"])
def test_a_bar_that_is_turned_stays_turned_and_one_that_was_turned_elsewhere_is(tmp_path, root, ending):
    config = (root / "config.yaml").read_text().replace("{id: bar-l,", "{id: bar-l, turn_deg: 60,")
    (tmp_path / "turned.yaml").write_text(config)
    called(main, "patch", "export", tmp_path / f"rig.{ending}", "--config", tmp_path / "turned.yaml", cwd=tmp_path)
    done = called(main, "patch", "import", f"rig.{ending}", "--out", "back.yaml", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "turned 60°" in done.stdout
    turns = {one.id: one.turn_deg for one in read_config(tmp_path / "back.yaml").fixtures}
    assert (turns["bar-l"], turns["bar-r"]) == (60.0, 0.0)
    if ending == "mvr":
        with zipfile.ZipFile(tmp_path / "rig.mvr") as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        files[mvr.SCENE] = files[mvr.SCENE].replace(b"{0.5,0.866025,0}{-0.866025,0.5,0}", b"{0,-1,0}{1,0,0}")
        with zipfile.ZipFile(tmp_path / "moved.mvr", "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        done = called(main, "patch", "import", "moved.mvr", "--out", "moved.yaml", "--yes", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (bar,) = [one for one in read_config(tmp_path / "moved.yaml").fixtures if one.id == "bar-l"]
        assert bar.turn_deg == -90.0


def test_what_was_changed_in_the_other_program_counts(tmp_path, root):
    called(main, "patch", "export", tmp_path / "rig.qxw", "--config", root / "config.yaml", cwd=tmp_path)
    text = (tmp_path / "rig.qxw").read_text()
    assert text.count("<Address>150</Address>") == 1
    moved = text.replace("<Address>150</Address>", "<Address>200</Address>").replace(
        ">strobe</Name>", ">big one</Name>", 1
    )
    (tmp_path / "rig.qxw").write_text(moved)
    done = called(main, "patch", "import", "rig.qxw", "--out", "back.yaml", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (strobe,) = [one for one in read_config(tmp_path / "back.yaml").fixtures if one.role == "strobe"]
    assert (strobe.address, strobe.max_intensity) == (201, 0.6)


def test_somebody_elses_reader_finds_the_same_scene(tmp_path):
    pymvr = pytest.importorskip("pymvr")
    (tmp_path / "rig.mvr").write_bytes(WRITTEN["mvr"])
    with pymvr.GeneralSceneDescription(str(tmp_path / "rig.mvr")) as read:
        (layer,) = read.scene.layers
        found = [(one.name, one.addresses.addresses[0].address, one.gdtf_mode) for one in layer.child_list.fixtures]
    configs = [one.config for one in DEMO]
    assert found == [(one.id, (one.universe - 1) * 512 + one.address, one.mode) for one in configs]


@pytest.mark.parametrize("reference", sorted(PROFILES))
def test_a_gdtf_of_ours_has_the_same_modes_and_slots(reference):
    profile = PROFILES[reference]
    root = xml_tree(description_of(gdtf_of(profile)))
    tree = Tree(root)
    assert [one.get("Name") for one in tree.modes()] == list(profile.modes)
    for mode in tree.modes():
        offsets = sorted(at for one in tree.channels(mode) for at in one.offsets)
        assert offsets == list(range(1, profile.footprint(mode.get("Name")) + 1))
        names = [f"{one.get('Geometry')}_{one[0].get('Attribute')}" for one in mode.iterfind("DMXChannels/DMXChannel")]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("reference", sorted(PROFILES))
def test_a_definition_for_qlcplus_drives_the_same_slots(reference):
    profile = PROFILES[reference]
    (fixture,) = build_patch(
        [FixtureConfig(id="a", profile=reference, mode=next(iter(profile.modes)), universe=1, address=1,
                       role="hazer" if profile.kind == "hazer" else "wash", position_m=(0, 0, 0))],
        [1], {reference: profile}, lambda _: "",
    ).fixtures  # fmt: skip
    ((name, content),) = definitions_for([fixture]).items()
    assert name.endswith(".qxf")
    root = xml_tree(content)
    for mode in profile.modes:
        (element,) = [one for one in root.findall("Mode") if one.get("Name") == mode]
        assert len(element.findall("Channel")) == profile.footprint(mode)
    if profile.kind not in ("hazer", "fan"):
        back = profile_of(root, "qxf:x/y")
        assert {back.footprint(mode) for mode in back.modes} <= {profile.footprint(mode) for mode in profile.modes}


def test_every_fixture_of_the_demo_is_there_for_a_spreadsheet(root):
    text = table_of(patch_of(read_config(root / "config.yaml")).fixtures).decode("utf-8-sig")
    first = yaml.safe_load(json.dumps(text.splitlines()[1].split(",")[:3]))
    assert first == ["1", "front-1", "wash"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_damage_is_refused_with_a_line(tmp_path, data):
    """Bytes of a real file cut off or changed: one error of ours, or a list."""
    kind = data.draw(st.sampled_from(sorted(WRITERS)))
    content = bytearray(WRITTEN[kind])
    cut = data.draw(st.integers(0, len(content)))
    content = content[:cut] if data.draw(st.booleans()) else content
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path / f"rig.{kind}"
    file.write_bytes(content)
    done = called(main, "patch", "import", file, "--out", tmp_path / "out.yaml", "--yes", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)
    assert (tmp_path / "out.yaml").exists() == (done.returncode == 0)
    (tmp_path / "out.yaml").unlink(missing_ok=True)


DEMO = patch_of(read_config(ROOT / "config.yaml")).fixtures[:6]
WRITTEN = {kind: write(DEMO) for kind, (write, _) in WRITERS.items()}
