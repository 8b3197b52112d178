"""`patch explain`, `sheet --html`, `identify`; `fixtures import`, `lock`, `list`, `show`."""

import json
import shutil
import socket
from html.parser import HTMLParser
from uuid import UUID

import pytest
import yaml
from promise import HANG_S

from controller.__main__ import main
from controller.clock import ManualClock
from controller.commands.identify import light
from controller.commands.lit_rig import LitRig, fixtures_named
from controller.commands.sheet import switches
from controller.config import read_config
from controller.lighting.output.sender import Sender
from controller.rig.patch.configured import patch_of
from controller.rig.patch.self_test import lit_alone


@pytest.fixture
def room(root, tmp_path):
    """The bundled room with one lamp overridden, in a folder of its own."""
    data = yaml.safe_load((root / "config.yaml").read_text())
    data["profiles"] = str(root / "fixtures")
    data["fixtures"][0] |= {"override": {"program": {"hold": 9}}, "groups": ["front"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    return tmp_path / "config.yaml"


def told(capsys, *words):
    code = main(list(words))
    return code, capsys.readouterr()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("1.1", ["front-1 (generic/rgbw-par 8ch), slot 1 of 8", "by the brightness", "in the house look: 31"]),
        ("1/7", ["channel: program", "held at 9: held by config.yaml", "in the house look: 9 "]),
        ("2.62", ["channel: pan (pan, 16 bits, fine byte)", "where its heads point"]),
        ("2/68", ["channel: dimmer", "driven by the brightness"]),
        ("2.69", ["channel: shutter", "held at 11: driven open, never strobing", "never sent: 0-7, 16-255"]),
        ("2.33", ["bar-r", "channel: red, head 1 (colour, 8 bits)", "their red"]),
        ("2.511", ["driven by people at their buttons, and look.haze where that is written"]),
        ("1.60", ["nothing is patched here; it is sent as 0"]),
    ],
)  # fmt: skip
def test_explain_tells_what_drives_a_slot(room, capsys, address, said):
    code, out = told(capsys, "patch", "explain", address, "--config", str(room))
    assert code == 0
    assert out.out.startswith(f"{address.replace('/', '.')}: "), "one notation everywhere; a slash is understood"
    for one in said:
        assert one in out.out


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("17", "write universe.slot"),
        ("9.1", "universe 9 has no outputs; there are: 1, 2"),
        ("1.513", "not in 1 to 512"),
    ],
)
def test_explain_refuses_what_is_no_address(room, capsys, address, said):
    code, out = told(capsys, "patch", "explain", address, "--config", str(room))
    assert (code, said in out.err) == (1, True)


def test_switches_are_binary_lowest_first():
    assert switches(1) == "100000000"
    assert switches(511) == "111111111"
    assert switches(18) == "010010000"


class Cells(HTMLParser):
    """Rows of a page's table, and whatever it would fetch."""

    def __init__(self):
        super().__init__()
        self.rows, self.fetched, self._inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        self._inside = tag == "td"

    def handle_data(self, data):
        if self._inside and self.rows:
            self.rows[-1].append(data)


def test_the_sheet_has_a_row_for_each_fixture_and_fetches_nothing(room, tmp_path, capsys):
    page = tmp_path / "sheet.html"
    assert told(capsys, "patch", "sheet", "--html", str(page), "--config", str(room))[0] == 0
    cells = Cells()
    cells.feed(page.read_text())
    patch = patch_of(read_config(room))
    assert len(cells.rows) == len(patch.fixtures) + 1
    assert not cells.fetched
    first = next(row for row in cells.rows if row and row[0] == "front-1")
    assert "1-8" in first
    text = page.read_text()
    row = text[text.index(">front-1<") :].split("</tr>")[0]
    assert row.count("<i") == 9
    assert 'aria-label="on: 1"><i class="on"></i><i></i>' in row, "the levers are drawn, the first is up"
    assert '<meta name="viewport"' in text, "it is read on a phone, too"
    assert "overrides: program" in first
    code, out = told(capsys, "patch", "sheet", "--html", str(tmp_path / "no" / "x.html"), "--config", str(room))
    assert (code, "cannot be written" in out.err) == (1, True)


class Heard:
    """A sink that keeps what is sent."""

    errors = 0

    def __init__(self):
        self.packets = []

    def send(self, packet, now_s):
        self.packets.append((now_s, packet.payload))


def test_identify_lights_one_lamp_moves_nothing_and_ends_dark(room):
    config = read_config(room)
    patch = patch_of(config)
    sink = Heard()
    sender = Sender(config.universes, config.network, UUID(int=1))
    clock, (fixture,) = ManualClock(), fixtures_named(config, patch, ["spot-l"])
    with LitRig(patch, sender, sink, clock) as rig:
        light(rig, lit_alone(patch, fixture), clock, seconds=1.0)
    second = [payload[18:] for _, payload in sink.packets[1::2]]
    lit, dark = second[0], second[-1]
    spot = next(one for one in patch.fixtures if one.config.id == "spot-l").config.address - 1
    assert lit[spot + 7] == 255  # its dimmer
    assert dark[spot + 7] == 0
    assert lit[spot : spot + 4] == dark[spot : spot + 4] == bytes((128, 0, 128, 0))
    assert sum(one[spot + 7] == 255 for one in second) >= 38
    first = [payload[18:] for _, payload in sink.packets[0::2]]
    assert not any(one[0] for one in first)  # the dimmer of front-1


def test_identify_by_the_command_sends_and_an_unknown_name_is_refused(room, capsys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
        node.bind(("127.0.0.1", 0))
        node.settimeout(HANG_S)
        data = yaml.safe_load(room.read_text())
        for number in (1, 2):
            data["universes"][number]["outputs"][0]["port"] = node.getsockname()[1]
        room.write_text(yaml.safe_dump(data, sort_keys=False))
        code, out = told(capsys, "patch", "identify", "front-1", "--seconds", "0.2", "--config", str(room))
        assert (code, "front-1 is lit" in out.out) == (0, True)
        assert node.recv(600)[18] == 255
    code, out = told(capsys, "patch", "identify", "front-9", "--config", str(room))
    assert (code, "no fixture 'front-9'; there are front-1" in out.err) == (1, True)


def test_import_lock_list_and_show(root, room, tmp_path, capsys):
    library = tmp_path / "profiles" / "ofl" / "acme"
    library.mkdir(parents=True)
    par = {
        "name": "Par <b>",
        "categories": ["Color Changer"],
        "availableChannels": {"D": {"capability": {"type": "Intensity"}}},
        "modes": [{"name": "1ch", "channels": ["D"]}, {"name": "bad", "channels": ["E"]}],
    }
    (library / "par.json").write_text(json.dumps(par))
    code, out = told(capsys, "fixtures", "import", f"ofl:{tmp_path / 'profiles'}", "--json")
    assert json.loads(out.out) == {
        "files": 1,
        "modes": 2,
        "imported": 1,
        "refused": [{"ref": "ofl:acme/par", "mode": "bad", "reason": "'E' is no channel of this fixture"}],
    }
    own = tmp_path / "own"
    shutil.copytree(root / "fixtures", own)
    code, out = told(capsys, "fixtures", "import", f"ofl:{library / 'par.json'}", "--out", str(own))
    assert (code, "1 profile written" in out.out) == (0, True)
    assert (own / "acme" / "par-b.yaml").is_file()
    assert "ofl:acme/par" in told(capsys, "fixtures", "list", "ofl", "--config", str(room))[1].out
    shown = told(capsys, "fixtures", "show", "ofl:acme/par", "--config", str(room))[1].out
    assert "modes.bad: not usable: 'E' is no channel" in shown
    assert told(capsys, "fixtures", "lock", "--config", str(room))[0] == 0
    assert (room.parent / "fixtures.lock.yaml").is_file()
    assert "generic/rgbl-par" in told(capsys, "fixtures", "list", "--config", str(room))[1].out
    code, out = told(capsys, "fixtures", "import", "ofl:/nowhere")
    assert (code, "no .json file is there" in out.err) == (1, True)


def test_r28_an_import_of_which_nothing_can_be_used_ends_with_1(tmp_path, capsys):
    (tmp_path / "club.mvr").write_bytes(b"PK")
    assert main(["fixtures", "import", f"gdtf:{tmp_path / 'club.mvr'}"]) == 1
    assert "profiles end in" in capsys.readouterr().out
