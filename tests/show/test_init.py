"""Five questions to a configuration that a show accepts; wrong answers are named and nothing is written."""

import json
import socket
import subprocess
import sys
import threading
import webbrowser

import pytest
from running_show import Wire

from controller.clock import ManualClock
from controller.commands.check import examine
from controller.commands.init import QUESTIONS, ask_all, first_run, open_page, walk
from controller.config import read_config, with_overrides
from controller.errors import ControllerError
from controller.rig.patch.configured import patch_of


def made(tmp_path, **given):
    return first_run(tmp_path / "v.yaml", given, ManualClock(), replace=False, test=False, asks=False)


def test_the_usual_answers_are_a_show(tmp_path):
    config = made(tmp_path)
    examine(config, page=False)
    assert [one.profile for one in config.fixtures] == ["generic/rgb-par-7ch"] * 4
    assert [one.address for one in config.fixtures] == [1, 8, 15, 22]


def test_only_what_is_not_given_is_asked():
    asked = []

    def ask(name, text, usual):
        asked.append(name)
        return usual

    ask_all(ask, {"room": "5x5x5", "audio": "demo"})
    assert asked == [name for name, *_ in QUESTIONS if name not in ("room", "audio")]


def test_a_rig_of_several_kinds(tmp_path):
    config = made(
        tmp_path, room="8 x 5 x 4", output="sacn 10.0.0.9", universe="7", venue="Cellar",
        fixtures="3 generic/rgbw-par 8ch back, 2x generic/moving-spot 10ch @61, generic/strobe, generic/hazer",
    )  # fmt: skip
    assert config.venue == "Cellar"
    assert [(one.id, one.address, one.role) for one in config.fixtures] == [
        ("back-1", 1, "back"), ("back-2", 9, "back"), ("back-3", 17, "back"),
        ("beam-1", 61, "beam"), ("beam-2", 71, "beam"), ("strobe-1", 81, "strobe"), ("hazer-1", 84, "hazer"),
    ]  # fmt: skip
    (output,) = config.universes[1].outputs
    assert (output.type, output.host, output.universe) == ("sacn", "10.0.0.9", 7)
    assert config.fixtures[0].position_m[0] == -config.fixtures[2].position_m[0] == -3.4
    assert patch_of(config).heads == 7


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"room": "big"}, "room: 'big' is no size"),
        ({"room": "0x4x3"}, "is no size"),
        ({"output": "telegraph"}, "is none of artnet"),
        ({"universe": "one"}, "no whole number"),
        ({"universe": "99999"}, "universes"),
        ({"fixtures": "four pars"}, "four"),
        ({"fixtures": ""}, "generic"),
        ({"fixtures": "4 generic/no-such-par"}, "no-such-par"),
        ({"fixtures": "4 generic/rgb-par 99ch"}, "has no mode '99ch'"),
        ({"fixtures": "100 generic/moving-wash"}, "a universe has 512"),
        ({"audio": "the band"}, "audio"),
    ],
)
def test_answers_that_mean_nothing_are_named_and_nothing_is_written(tmp_path, given, said):
    if given == {"fixtures": ""}:
        assert made(tmp_path, **given).fixtures  # nothing given is nothing said
        return
    with pytest.raises(ControllerError) as error:
        made(tmp_path, **given)
    assert said in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    made(tmp_path)
    before = (tmp_path / "v.yaml").read_text()
    with pytest.raises(ControllerError, match="is there already"):
        made(tmp_path, room="9x9x9")
    assert (tmp_path / "v.yaml").read_text() == before


def test_the_walk_lights_each_lamp_and_notes_what_nobody_saw(tmp_path, wire: Wire):
    config = made(tmp_path, fixtures="2 generic/rgb-par, generic/hazer")
    data = (tmp_path / "v.yaml").read_text().replace("port_address: 0", f"port_address: 0, port: {wire.port}")
    (tmp_path / "v.yaml").write_text(data)
    config, lit = read_config(tmp_path / "v.yaml"), []

    def seen(name):
        wire.listen(0.1)
        slots = wire.frames(0)[1].reshape(-1, 512)
        lit.append([slots[:, one.address - 1].max(initial=0) for one in config.fixtures])
        wire.packets.clear()
        return name != "wash-2"

    assert walk(config, ManualClock(), lambda _text: None, seen) == ["wash-2"]
    assert lit[0][0] == 255
    assert lit[0][1] == 0
    assert lit[1][0] == 0
    assert lit[1][1] == 255


def test_from_the_command_line_to_a_running_show(tmp_path):
    command = [sys.executable, "-P", "-m", "controller"]
    done = subprocess.run([*command, "init", "v.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "followspot show --config v.yaml" in done.stdout
    show = subprocess.run(
        [*command, "show", "--config", "v.yaml", "--seconds", "2", "--web", "off"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert show.returncode == 0, show.stderr
    assert json.loads(show.stdout.splitlines()[-1])["ended_by"] == "seconds"


def test_the_page_is_opened_when_somebody_answers_there_and_walks_along_the_rig(root, monkeypatch):
    opened = threading.Event()
    seen = []
    monkeypatch.setattr(webbrowser, "open", lambda url: (seen.append(url), opened.set()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = with_overrides(read_config(root / "config.yaml"), page={"port": port})
    open_page(config)
    assert not opened.wait(0.6)
    with socket.create_server(("127.0.0.1", port)):
        assert opened.wait(5.0)
    assert seen == [f"http://127.0.0.1:{port}/#walk"]
