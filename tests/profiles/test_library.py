"""References of every library, and the lock file."""

import json
from pathlib import Path

import pytest
import yaml

from controller.commands.importing import import_profiles, lock_profiles
from controller.config import read_config
from controller.errors import ProfileError
from controller.rig.patch.configured import patch_of
from controller.rig.profiles.library import Library
from controller.rig.profiles.lock import LOCK_FILE
from controller.rig.profiles.reading import native
from controller.rig.profiles.writing import written

OFL = {
    "name": "Par",
    "categories": ["Color Changer"],
    "availableChannels": {"D": {"capability": {"type": "Intensity"}}},
    "modes": [{"name": "One", "shortName": "1ch", "channels": ["D"]}],
}
QXF = """<?xml version="1.0"?>
<!DOCTYPE FixtureDefinition>
<FixtureDefinition xmlns="http://www.qlcplus.org/FixtureDefinition">
 <Manufacturer>Big &amp; Co</Manufacturer><Model>Spot (new)</Model><Type>Dimmer</Type>
 <Channel Name="Dimmer" Preset="IntensityDimmer"/>
 <Mode Name="1 Channel"><Channel Number="0">Dimmer</Channel></Mode>
</FixtureDefinition>"""


@pytest.fixture
def shelf(tmp_path):
    """Three libraries beside a patch."""
    for file, text in (
        ("ofl/acme/par.json", json.dumps(OFL)),
        ("ofl/acme/old.json", json.dumps({"name": "old", "redirectTo": "acme/par", "reason": "FixtureRenamed"})),
        ("ofl/acme/round.json", json.dumps({"name": "round", "redirectTo": "acme/round", "reason": "FixtureRenamed"})),
        ("ofl/manufacturers.json", "{}"),
        ("qxf/Big & Co/Big-Spot (new).qxf", QXF),
        ("mine/loose.json", json.dumps(OFL)),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


@pytest.fixture
def library(shelf):
    return Library(shelf / "fixtures", {"ofl": [shelf / "none", shelf / "ofl"], "qxf": [shelf / "qxf"]}, shelf)


@pytest.mark.parametrize(
    ("reference", "mode"),
    [
        ("ofl:acme/par", "1ch"),
        ("ofl:acme/old", "1ch"),
        ("qxf:Big & Co/Big-Spot (new)", "1 Channel"),
        ("file:mine/loose.json", "1ch"),
    ],
)
def test_every_kind_of_reference_is_found(library, reference, mode):
    assert library.profile(reference).footprint(mode) == 1


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ofl:acme/spot", "no profile 'ofl:acme/spot' under .*there are: ofl:acme/old, ofl:acme/par"),
        ("ofl:../acme/par", "no profile"),
        ("ofl:acme", "no profile"),
        ("ofl:acme/round", "redirected more than 3 times"),
        ("qxf:Big & Co/.hidden", "no profile"),
        ("gdtf:Nothing", "no profile 'gdtf:Nothing' under no folder"),
        ("file:nowhere.yaml", "no file"),
        ("mvr:x/y", "'mvr:' is no library; there are maker/model, ofl:, qxf:, gdtf: and file:"),
    ],
)
def test_what_is_not_there_says_where_it_was_looked_for(library, reference, said):
    with pytest.raises(ProfileError, match=said):
        library.profile(reference)


def rig(folder, **fixture):
    """A configuration of one fixture, relative to a folder."""
    root = Path(__file__).parents[2]
    data = yaml.safe_load((root / "config.yaml").read_text())
    given = {"id": "a", "profile": "ofl:acme/par", "mode": "1ch", "universe": 1, "address": 1, "role": "wash"}
    data["fixtures"] = [{**given, "position_m": [0, 0, 3], **fixture}]
    data["libraries"] = {"ofl": ["ofl"], "qxf": ["qxf"], "gdtf": []}
    (folder / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    return read_config(folder / "config.yaml")


def test_a_mode_may_be_called_by_its_long_name(shelf):
    assert patch_of(rig(shelf, mode="One")).fixtures[0].config.mode == "1ch"


def test_libraries_are_relative_to_the_configuration(shelf):
    assert patch_of(rig(shelf)).fixtures[0].footprint == 1


def test_a_locked_profile_that_changes_is_refused_until_it_is_locked_again(shelf):
    config = rig(shelf)
    file, count = lock_profiles(config)
    assert (file.name, count) == (LOCK_FILE, 1)
    assert patch_of(config).heads == 1
    (shelf / "ofl/acme/par.json").write_text(json.dumps(OFL) + " ")
    with pytest.raises(
        ProfileError, match=r"config.yaml:\d+: fixtures\[0\].profile: .*par.json is not the file"
    ) as refused:
        patch_of(config)
    assert "followspot fixtures lock" in str(refused.value)
    lock_profiles(config)
    assert patch_of(config).heads == 1


@pytest.mark.parametrize("text", ["profiles: [", "3", "profiles: {a: 3}", "other: {}"])
def test_a_damaged_lock_file_says_so(shelf, text):
    config = rig(shelf)
    (shelf / LOCK_FILE).write_text(text)
    with pytest.raises(ProfileError, match="fixtures lock` writes it anew"):
        patch_of(config)


def test_import_counts_and_writes_what_our_reader_reads(shelf):
    tally = import_profiles(f"ofl:{shelf / 'ofl'}", shelf / "out")
    assert tally.as_json() == {"files": 3, "modes": 1, "imported": 1, "refused": []}
    file = shelf / "out" / "acme" / "par.yaml"
    assert native(file.read_bytes(), file).footprint("1ch") == 1
    assert Library(shelf / "out").references() == ["acme/par"]
    file.write_text(file.read_text() + "# mine\n")
    with pytest.raises(ProfileError, match=r"par.yaml is there and says something else; --replace writes over it"):
        import_profiles(f"ofl:{shelf / 'ofl'}", shelf / "out")
    import_profiles(f"ofl:{shelf / 'ofl'}", shelf / "out", replace=True)
    assert "# mine" not in file.read_text()
    tally = import_profiles(f"qxf:{shelf / 'qxf'}", None)
    assert (tally.imported, tally.written) == (1, 0)


def test_import_of_nothing_and_of_damage(shelf):
    with pytest.raises(ProfileError, match=r"no \.qxf file"):
        import_profiles(f"qxf:{shelf / 'ofl'}", None)
    with pytest.raises(ProfileError, match="write ofl:PATH"):
        import_profiles("somewhere", None)
    bad = shelf / "ofl" / "acme" / "bad.json"
    bad.write_text("{")
    assert import_profiles(f"ofl:{bad}", None).refused[0]["reason"].startswith("not valid JSON")


def test_the_guides_example_is_a_profile(root):
    guide = (root / "docs" / "fixtures.md").read_text()
    examples = [block.partition("```")[0] for block in guide.split("```yaml\n")[1:]]
    profiles = [native(one.encode(), Path("guide.yaml")) for one in examples if one.startswith("format:")]
    assert [profile.footprint("8ch") for profile in profiles] == [8]


def test_every_bundled_profile_is_written_and_read_back(root):
    library = Library(root / "fixtures")
    for reference in library.references():
        profile = library.profile(reference)
        assert native(written(profile).encode(), Path("x.yaml")) == profile


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  red: {does: colour, emitter: octarine}", r"p.yaml:6: channels.red.emitter: must be 'red', 'green'"),
        ("  red: {does: colour, emitter: red, emitter: red}", r"p.yaml:6: 'emitter' stands here twice"),
        (
            "  red: {does: hold, at: 7, forbidden: [[5, 9]]}",
            r"p.yaml:6: channels.red: it would send 7, and 5 to 9 is forbid",
        ),
        (
            "  red: {does: intensity, range: [0, 300]}",
            r"p.yaml:6: channels.red.range\[1\]: must be at most",
        ),
        (
            "  red: {does: shutter, ranges: [{dmx: [9, 3], shutter: open}]}",
            r"p.yaml:6: channels.red.ranges\[0\]: 9 to 3 runs",
        ),
        ("  red: {does: wheel, slots: [{dmx: [0, 9], colour: red}]}", r"p.yaml:6: channels.red.slots"),
        (
            "  red: {does: sing}",
            r"p.yaml:6: channels.red: Input tag 'sing' found using 'does' does not match any of the expected",
        ),
        ("  red: [", r"p.yaml:\d: not valid YAML"),
    ],
)
def test_mistakes_in_a_profile_have_file_line_path_and_what_is_allowed(tmp_path, line, said):
    text = f"format: 1\nmaker: x\nmodel: y\nkind: par\nchannels:\n{line}\nmodes:\n  1ch: [red]\n"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "p.yaml").write_text(text)
    with pytest.raises(ProfileError, match=said):
        Library(tmp_path).profile("x/p")
