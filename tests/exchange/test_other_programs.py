"""Rigs of other programs: as their own files have them, and as damaged or hostile ones."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from called import called
from gdtf_file import packed
from small_gdtf import archive as small
from small_gdtf import channel

from controller.__main__ import main
from controller.config import read_config
from controller.errors import RigListError
from controller.rig.exchange import mvr, patch_table, qxw

ROOT = Path(__file__).parents[2]
SAMPLE = Path("/usr/share/qlcplus/Sample.qxw")
BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def taken_in(file, *options, cwd):
    return called(main, "patch", "import", file, "--out", "out.yaml", "--yes", *options, cwd=cwd)


def rows(tmp_path):
    return {one.id: one for one in read_config(tmp_path / "out.yaml").fixtures}


def scene(*fixtures, layer="Rig", more=""):
    """The description of an MVR scene."""
    return (
        '<?xml version="1.0"?><GeneralSceneDescription verMajor="1" verMinor="5"><Scene><AUXData>'
        '<Class name="Backlight" uuid="c1"/><Position name="Upstage truss" uuid="p1"/></AUXData><Layers>'
        f'<Layer name="{layer}" uuid="l">{more}<ChildList>{"".join(fixtures)}</ChildList></Layer></Layers></Scene>'
        "</GeneralSceneDescription>"
    )


def fixture(name, address, mode="Extended", *, spec="Acme@Spot 2@v1.gdtf", at="0,0,0", inside=""):
    addresses = "".join(f'<Address break="{n}">{one}</Address>' for n, one in enumerate(str(address).split("+")))
    return (
        f'<Fixture name="{name}" uuid="{name}"><Matrix>{{1,0,0}}{{0,1,0}}{{0,0,1}}{{{at}}}</Matrix>'
        f"<GDTFSpec>{spec}</GDTFSpec><GDTFMode>{mode}</GDTFMode><Addresses>{addresses}</Addresses>{inside}</Fixture>"
    )


def archive(path, description, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(mvr.SCENE, description)
        for name, content in files.items():
            made.writestr(name, content)
    return path


SPOT = packed()
GDTF = {"Acme@Spot 2@v1.gdtf": SPOT}


def test_a_scene_comes_with_its_gdtfs_addresses_places_and_groups(tmp_path):
    group = (
        '<GroupObject name="Truss"><Matrix>{0,1,0}{-1,0,0}{0,0,1}{1000,2000,3000}</Matrix>'
        f"<ChildList>{fixture('Spot', 513, at='500,0,0')}</ChildList></GroupObject>"
    )
    classed = fixture("Backlight 2", "1.101", at="-2000,4000,3500", inside="<Classing>c1</Classing>")
    done = taken_in(archive(tmp_path / "a.mvr", scene(group, classed), **GDTF), cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    found = rows(tmp_path)
    assert (found["spot"].universe, found["spot"].address) == (2, 1)
    assert found["spot"].position_m == (1.0, 2.5, 3.0)  # the group turns by a quarter, then moves
    assert (found["backlight-2"].universe, found["backlight-2"].address, found["backlight-2"].role) == (1, 101, "back")
    assert found["backlight-2"].groups == ["rig", "backlight"]
    assert (tmp_path / "profiles/gdtf/Acme@Spot 2@v1.gdtf").read_bytes() == SPOT
    check = called(main, "patch", "sheet", "--config", tmp_path / "out.yaml")
    assert check.returncode == 0, check.stderr


def test_what_cannot_be_used_is_left_out_by_name(tmp_path):
    lines = [fixture("Good", 1), fixture("Twice", 5), fixture("Far", 505), fixture("Other mode", 101, "Basic"),
             fixture("Stranger", 201, spec="Who@What.gdtf"), fixture("Bare", 0), fixture("Good", 301)]  # fmt: skip
    done = taken_in(archive(tmp_path / "a.mvr", scene(*lines), **GDTF), cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert list(rows(tmp_path)) == ["good-1", "good-2"]
    for said in ("fixture 'Twice': shares slots with fixture 'Good'", "'Far': 15 slots from 1.505 do not fit",
                 "'Other mode'", "its modes are Extended", "'Stranger': no profile for 'Who What'",
                 "Who@What.gdtf is named and not in the file", "left out, without an address: 1 fixture"):  # fmt: skip
        assert said in done.stdout


def test_fixtures_that_are_not_patched_get_addresses_if_a_person_wishes(tmp_path):
    file = archive(
        tmp_path / "a.mvr", scene(fixture("Spot", 0), fixture("Spot", 3), *[fixture("Spot", 0)] * 35), **GDTF
    )
    (tmp_path / "bare.csv").write_text("Name,Type,Address\nPar,generic dimmer,\n")
    done = taken_in("bare.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert "without an address: 1 fixture; --propose gives them some" in done.stderr
    done = taken_in(file, "--propose", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [(one.universe, one.address) for one in read_config(tmp_path / "out.yaml").fixtures]
    assert found[:3] == [(2, 1), (1, 3), (2, 16)]
    assert found[34:36] == [(2, 496), (3, 1)]  # the next does not fit any more


def test_a_gdtf_of_numbered_dimmers_says_nothing_and_moves_nothing(tmp_path):
    """Capture writes every channel of a moving head as a dimmer; driven as such it would pan, strobe and reset."""
    channels = [channel(at, f"Dimmer{at}") for at in range(1, 21)]
    placeholder = {"Clay Paky@A.leda Wash K20@r1.gdtf": small({"Standard": channels})}
    fixtures = [fixture("Wash", at, "Standard", spec=next(iter(placeholder))) for at in (1, 21)]
    done = taken_in(archive(tmp_path / "a.mvr", scene(*fixtures), **placeholder), cwd=tmp_path)
    if SAMPLE.exists():  # QLC+ knows the fixture: the mode of 20 slots
        assert {one.profile for one in rows(tmp_path).values()} == {"qxf:Clay_Paky/Clay-Paky-A.LEDA-Wash-K20"}
    else:
        assert "nothing but 20 dimmers" in done.stderr
    assert not (tmp_path / "profiles").exists()
    unknown = {"Acme@Spot 3@v1.gdtf": small({"Standard": channels})}
    fixtures = [fixture("Spot", at, "Standard", spec="Acme@Spot 3@v1.gdtf") for at in (1, 21)]
    done = taken_in(archive(tmp_path / "a.mvr", scene(*fixtures), **unknown), "--replace", cwd=tmp_path)
    assert done.returncode == 1
    assert "fixture 'Spot': its GDTF has nothing but 20 dimmers" in done.stderr


def test_a_person_says_which_profile_a_model_is(tmp_path):
    file = archive(tmp_path / "a.mvr", scene(fixture("Par", 1, "7 channels", spec="Who@What.gdtf")))
    assert taken_in(file, cwd=tmp_path).returncode == 1
    done = taken_in(file, "--as", "What=generic/rgb-par-7ch 7ch", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path)["par"].profile == "generic/rgb-par-7ch"


def bad_files():
    deep = "<ChildList><GroupObject>" * 200
    packed_zeros = io.BytesIO()
    with zipfile.ZipFile(packed_zeros, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(mvr.SCENE, b"\0" * 60_000_000)
    return {
        "empty.mvr": (b"", "no MVR file"),
        "text.mvr": (b"hello", "no MVR file"),
        "bomb.mvr": (packed_zeros.getvalue(), "unpacks to 60000000 bytes"),
        "entities.mvr": (BOMB + scene(), "its document type declares things"),
        "deep.mvr": (scene(deep), "more than 64 levels"),
        "none.mvr": (scene(), "this scene has no fixtures"),
        "words.mvr": (scene(fixture("Par", "banana")), "address 'banana' is neither"),
        "workspace.mvr": ("<Workspace/>", "this scene has no fixtures"),
        "empty.qxw": (b"", "not valid XML"),
        "entities.qxw": (BOMB + "<Workspace><Engine/></Workspace>", "its document type declares things"),
        "scene.qxw": (scene(), "not a QLC+ workspace"),
        "none.qxw": ("<Workspace><Engine/></Workspace>", "this workspace has no fixtures"),
        "words.qxw": (
            "<Workspace><Engine><Fixture><Name>Par</Name><Address>x</Address></Fixture></Engine></Workspace>",
            "fixture 'Par': Address is 'x', no whole number",
        ),
        "empty.csv": (b"", "no column is called address"),
        "sheet.csv": (b"PK\x03\x04rest", "this is a spreadsheet"),
        "binary.csv": (bytes(range(256)), "this is no text"),
        "words.csv": ("Name,Address\nPar,banana\n", "line 2: 'banana' is no address"),
        "far.csv": ("Name,Address\nPar,1.700\n", "line 2: address 700 is not one of 1 to 512"),
        "none.csv": ("Name,Address\n", "headings and no fixtures"),
        "rig.xlsx": (b"PK", "a rig is brought from"),
        "rig": (b"", "a rig is brought from"),
    }


@pytest.mark.parametrize("name", bad_files())
def test_a_bad_file_is_one_clear_error_and_leaves_nothing(tmp_path, name):
    content, said = bad_files()[name]
    file = tmp_path / name
    if name.endswith(".mvr") and isinstance(content, str):
        archive(file, content)
    else:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    done = taken_in(name, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.startswith(f"followspot: {name}: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there(tmp_path):
    done = taken_in("nowhere.mvr", cwd=tmp_path)
    assert (done.returncode, "nowhere.mvr: cannot be read: No such file" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix ID\tName\tFixture Type\tMode\tPatch\n7\tPar L\tgeneric rgb-par\t3ch\t2.017\n", ("Par L", 2, 17, "3ch")),
        ("Name;Typ;Universum;Adresse\nPar L;generic rgb-par;2;17\n", ("Par L", 2, 17, "")),
        ("Channel,Label,Fixture,Address\n1,Par L,generic rgb-par,529\n", ("Par L", 2, 17, "")),
        ("My show, patch\n\nChannel|Name|Type|DMX\n1|Par L|generic rgb-par|2/17\n", ("Par L", 2, 17, "")),
        ('\ufeffname,type,universe,address,x,y,z\nPar L,generic rgb-par,2,17,-1,"2",3 m\n', ("Par L", 2, 17, "")),
    ],
    ids=["grandMA", "German", "absolute", "lines above", "with a mark"],
)
def test_patch_lists_as_consoles_and_spreadsheets_write_them(text, expected):
    (one,) = patch_table.patch_table(text.encode()).fixtures
    assert (one.name, one.universe, one.address, one.mode) == expected


def test_columns_are_told_and_a_person_may_say_otherwise(tmp_path):
    (tmp_path / "a.csv").write_text("Lamp,Kind,Where\nPar L,generic dimmer,1.17\n")
    assert "no column is called address" in taken_in("a.csv", cwd=tmp_path).stderr
    columns = ("--column", "address=Where", "--column", "model=Kind", "--column", "name=Lamp")
    done = taken_in("a.csv", *columns, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "address is 'Where'" in done.stdout
    assert rows(tmp_path)["par-l"].address == 17


def test_roles_are_shown_for_approval_and_put_right(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("Name,Type,Address\nBacklight 1,generic dimmer,1\nFront 1,generic dimmer,4\n")
    typed = io.StringIO("Cellar\n\n\nfront-1=banana\nfront-1=key\n\n")
    monkeypatch.setattr("sys.stdin", typed)
    done = called(main, "patch", "import", "a.csv", "--out", "out.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a role is one of" in done.stdout
    assert {name: one.role for name, one in rows(tmp_path).items()} == {"backlight-1": "back", "front-1": "key"}
    assert read_config(tmp_path / "out.yaml").venue == "Cellar"


@pytest.mark.parametrize(("lines", "code"), [("Cellar\n\n\nn\n", 1), ("Cellar\n\n", 1), ("", 1)])
def test_who_does_not_agree_has_nothing_written(tmp_path, monkeypatch, lines, code):
    (tmp_path / "a.csv").write_text("Name,Type,Address\nFront 1,generic dimmer,4\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    done = called(main, "patch", "import", "a.csv", "--out", "out.yaml", cwd=tmp_path)
    assert done.returncode == code
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_a_definition_that_is_there_and_differs_is_kept(tmp_path):
    other = tmp_path / "profiles/gdtf/Acme@Spot 2@v1.gdtf"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    file = archive(tmp_path / "a.mvr", scene(fixture("Spot", 1)), **GDTF)
    done = taken_in(file, cwd=tmp_path)
    assert (done.returncode, "says something else" in done.stderr) == (1, True)
    assert other.read_bytes() == b"mine"
    assert not (tmp_path / "out.yaml").exists()


def test_names_in_an_archive_are_no_paths(tmp_path):
    spec = "../../evil.gdtf"
    archive(tmp_path / "a.mvr", scene(fixture("Spot", 1, spec=spec)), **{spec: packed()})
    done = taken_in("a.mvr", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert not (tmp_path.parent / "evil.gdtf").exists()
    assert [one.parent.name for one in tmp_path.rglob("*.gdtf")] == ["gdtf"]


@pytest.mark.skipif(not SAMPLE.exists(), reason="qlcplus-data is not installed")
def test_qlcplus_own_sample_is_a_rig(tmp_path):
    listed = qxw.workspace(SAMPLE.read_bytes()).fixtures
    assert [(one.universe, one.address) for one in listed[:3]] == [(1, 1), (1, 6), (1, 11)]
    done = taken_in(SAMPLE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    found = rows(tmp_path)
    assert sum(one.profile == "generic/dimmer" for one in found.values()) == 16
    assert {one.role for one in found.values() if "DJScan" in one.profile} == {"beam"}


def test_an_address_that_says_too_much_is_refused():
    with pytest.raises(RigListError, match="neither a number nor"):
        mvr.scene(archive_bytes(scene(fixture("Par", "1.2.3"))))


def archive_bytes(description):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        written.writestr(mvr.SCENE, description)
    return made.getvalue()


def test_several_start_addresses_are_fixtures_of_their_own():
    first, second = mvr.scene(archive_bytes(scene(fixture("Wall", "1+101")))).fixtures
    assert (first.address, second.address) == (1, 101)
    assert (first.mode, second.mode) == ("Extended, break 1", "Extended, break 2")
    assert json.loads(json.dumps(second.name)) == "Wall part 2"
