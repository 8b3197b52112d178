"""A few questions to a configuration that a show accepts: a wrong answer is asked again, nothing wrong is written."""

import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import webbrowser

import pytest
from called import called
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from promise import HANG_S
from running_show import Wire

from controller.__main__ import main
from controller.clock import ManualClock
from controller.commands import answers as asked_answers
from controller.commands.answers import QUESTIONS
from controller.commands.check import examine
from controller.commands.init import first_run, open_page, walk
from controller.config import read_config, with_overrides
from controller.errors import ControllerError
from controller.rig.patch.configured import patch_of

NAMES = [one.name for one in QUESTIONS]


def made(tmp_path, **given):
    return first_run(tmp_path / "v.yaml", given, ManualClock(), replace=False, ask=None, say=lambda _: None)


def typed(tmp_path, monkeypatch, *lines, options=()):
    """`followspot init v.yaml` with these lines at the terminal, and then Ctrl-D."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return called(main, "init", "v.yaml", *options, cwd=tmp_path)


def test_the_usual_answers_are_a_show(tmp_path):
    config = made(tmp_path)
    examine(config, page=False)
    assert [one.profile for one in config.fixtures] == ["generic/rgb-par-7ch"] * 4
    assert [one.address for one in config.fixtures] == [1, 8, 15, 22]


def test_the_venue_is_asked_first_and_only_what_is_not_given_is_asked(tmp_path, monkeypatch):
    done = typed(tmp_path, monkeypatch, *[""] * 4, options=("--room", "5x5x5", "--audio", "demo"))
    assert done.returncode == 0, done.stderr
    questions = [one for one in QUESTIONS if f"{one.text} [" in done.stdout]
    assert [one.name for one in questions] == [one for one in NAMES if one not in ("room", "audio")]
    assert done.stdout.startswith("What is the venue called?")


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


WRONG = [
    ("venue", "!!!", "neither a letter nor a digit"),
    ("venue", "x" * 81, "too many for a name"),
    ("venue", "a\tb", "cannot be printed"),
    ("output", "telegraph", "is none of artnet"),
    ("output", "banana", "is none of artnet"),
    ("output", "artnet 10.0.0.999", "'10.0.0.999' is no address"),
    ("output", "artnet 300", "'300' is no address"),
    ("output", "artnet 10.0.0.20 now", "is no address and no name"),
    ("output", "sacn 0.0.0.0", "no address that anything can be sent to"),
    ("output", "artnet no-such-node.invalid", "no known host"),
    ("output", "enttec /dev/ttyNONE", "/dev/ttyNONE is not plugged in"),
    ("output", "enttec /etc/hostname", "a file, no serial port"),
    ("output", "open-dmx banana", "is no serial port"),
    ("universe", "one", "is no universe of artnet"),
    ("universe", "-1", "is no universe of artnet"),
    ("universe", "1.5", "is no universe of artnet"),
    ("universe", "99999999999999999999", "is no universe of artnet"),
    ("universe", "²", "is no universe of artnet"),
    ("fixtures", "four pars", "no profile 'four'"),
    ("fixtures", "17 lasers", "no profile 'lasers'"),
    ("fixtures", ",,,", "none; write at least one"),
    ("fixtures", "4 generic/no-such-par", "no profile 'generic/no-such-par'"),
    ("fixtures", "4 ../../etc/passwd", "no profile"),
    ("fixtures", "4 generic/rgb-par 99ch", "has no mode '99ch'"),
    ("fixtures", "generic/rgb-par 3ch bakc", "a role is one of"),
    ("fixtures", "100 generic/moving-wash", "a universe has 512"),
    ("fixtures", "999999999 generic/rgb-par", "no profile"),
    ("fixtures", "generic/rgb-par @0", "an address is a whole number"),
    ("fixtures", "generic/rgb-par @513", "an address is a whole number"),
    ("fixtures", "2 generic/rgb-par @1, generic/rgb-par @5", "overlaps"),
    ("audio", "the band", "is no source of sound; write device:the band"),
    ("audio", "nothing.wav", "write file:nothing.wav"),
    ("audio", "file:", "names nothing"),
    ("audio", "file:nothing.wav", "no such file"),
    ("audio", "file:/etc/hostname", "/etc/hostname"),
    ("audio", "stems:nowhere", "no such folder"),
    ("audio", "device:desk", "desk"),
    ("room", "big", "'big' is no size"),
    ("room", "0x4x3", "is no size"),
    ("room", "6x4", "is no size"),
    ("room", "nanxnanxnan", "is no size"),
    ("room", "1000x1000x1000", "is no size"),
]


@pytest.mark.parametrize(("name", "wrong", "said"), WRONG, ids=[f"{name} {wrong[:20]}" for name, wrong, _ in WRONG])
def test_a_wrong_answer_is_named_and_nothing_is_written(tmp_path, name, wrong, said):
    with pytest.raises(ControllerError) as error:
        made(tmp_path, **{name: wrong})
    assert str(error.value).startswith(f"{name}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_at_the_terminal_only_the_wrong_one_is_asked_again_and_the_others_stay(tmp_path, monkeypatch):
    right = {"venue": "Kellerbühne", "output": "sacn", "universe": "3", "fixtures": "3 generic/rgb-par back",
             "audio": "demo", "room": "5x4x3"}  # fmt: skip
    firsts = {name: (wrong, said) for name, wrong, said in reversed(WRONG) if "artnet" not in said}
    lines = [line for name in NAMES for line in ([firsts[name][0]] if name in firsts else []) + [right[name]]]
    done = typed(tmp_path, monkeypatch, *lines)
    assert done.returncode == 0, done.stderr
    for name, (_, said) in firsts.items():
        assert done.stdout.count(f"{name}: ") == 1
        assert said in done.stdout
    config = read_config(tmp_path / "v.yaml")
    assert config.venue == "Kellerbühne"
    assert config.universes[1].outputs[0].universe == 3
    assert [one.role for one in config.fixtures] == ["back"] * 3


def test_an_empty_option_is_no_answer(tmp_path):
    done = called(main, "init", "--yes", "--venue", "", "--out", "v.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "venue: nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answered", range(len(NAMES)))
def test_ctrl_d_leaves_nothing_behind_and_says_one_line(tmp_path, monkeypatch, answered):
    done = typed(tmp_path, monkeypatch, *[""] * answered)
    assert done.returncode == 1
    assert "nothing was written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing_behind(tmp_path, monkeypatch):
    class Interrupted:
        def readline(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    done = called(main, "init", "new/folder/v.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr.strip().count("\n")) == (130, 0)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_writes_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.write_text", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        first_run(tmp_path / "new/v.yaml", {}, ManualClock(), replace=False, ask=None, say=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    made(tmp_path)
    before = (tmp_path / "v.yaml").read_text()
    with pytest.raises(ControllerError, match="is there already"):
        made(tmp_path, room="9x9x9")
    assert (tmp_path / "v.yaml").read_text() == before


@pytest.mark.parametrize(
    ("place", "said"),
    [("folder", "is a folder"), ("file/v.yaml", "is no folder"), ("/proc/v.yaml", "cannot be written"),
     ("/proc/deep/er/v.yaml", "cannot be written"), ("n" * 300 + ".yaml", "cannot be"), ("a\0b.yaml", "cannot be")],
)  # fmt: skip
def test_where_nothing_can_be_written_nobody_is_asked_anything(tmp_path, place, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    asked = []
    with pytest.raises(ControllerError, match=said):
        first_run(tmp_path / place, {}, ManualClock(), replace=False, ask=asked.append, say=lambda _: None)
    assert asked == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def test_missing_folders_are_made(tmp_path):
    done = called(main, "init", "--yes", "--out", "venues/cellar/my.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_config(tmp_path / "venues/cellar/my.yaml").fixtures


def test_the_file_works_wherever_it_is_copied_to(tmp_path, root):
    shutil.copy(root / "controller/songs/metal_madness.opus", tmp_path / "song.opus")
    here = first_run(
        tmp_path / "v.yaml", {"audio": f"file:{tmp_path / 'song.opus'}"}, ManualClock(), replace=False, ask=None,
        say=lambda _: None,
    )  # fmt: skip
    assert here.audio.source == "file:song.opus"
    elsewhere = tmp_path / "backup laptop"
    elsewhere.mkdir()
    for name in ("v.yaml", "song.opus"):
        shutil.move(tmp_path / name, elsewhere / name)
    examine(read_config(elsewhere / "v.yaml"), page=False)
    assert str(tmp_path) not in (elsewhere / "v.yaml").read_text()
    assert str(root) not in (elsewhere / "v.yaml").read_text()


def test_a_node_that_does_not_answer_is_a_remark(tmp_path, monkeypatch):
    monkeypatch.setattr(asked_answers, "find_nodes", lambda _clock: [])
    done = called(main, "init", "--yes", "--output", "artnet 10.9.8.7", "--out", "v.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert "no Art-Net node answers at 10.9.8.7 now" in done.stdout


def test_two_files_are_one_too_many(tmp_path):
    done = called(main, "init", "a.yaml", "--yes", "--out", "b.yaml", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from([wrong for _, wrong, _ in WRONG if ".invalid" not in wrong]),
    st.from_regex(r"\d{0,4} ?generic/[a-z0-9-]{1,14}( \d{1,2}ch)?( back| @\d{1,4})?", fullmatch=True),
    st.from_regex(r"(artnet|sacn|enttec|ola) ?[0-9./x]{0,12}", fullmatch=True),
    st.from_regex(r"\d{1,3}(\.\d)? ?x ?\d{1,3} ?x ?\d{1,3}", fullmatch=True),
)


def refusal(file, name, word):
    try:
        first_run(file, {name: word}, ManualClock(), replace=False, ask=None, say=lambda _: None)
    except ControllerError as error:
        return str(error)
    return ""


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), WORDS)
def test_any_answer_is_refused_with_a_line_or_makes_a_file_that_check_takes(tmp_path, name, word):
    file = tmp_path / "v.yaml"
    file.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asked_answers, "find_nodes", lambda _clock: [])
        refused = refusal(file, name, word)
    if refused:
        assert refused.startswith(f"{name}: ")
        assert list(tmp_path.iterdir()) == []
        return
    done = called(main, "patch", "sheet", "--config", file)
    assert done.returncode == 0, done.stderr


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
    done = subprocess.run(
        [*command, "init", "--yes", "--out", "v.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
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
        assert opened.wait(HANG_S)
    assert seen == [f"http://127.0.0.1:{port}/#walk"]
