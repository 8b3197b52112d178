"""Before doors: what is wrong with the world is said, with a remedy, and nothing raises."""

import json
import shutil
import socket
from collections import namedtuple

import pytest

from controller import system
from controller.__main__ import main
from controller.clock import MonotonicClock
from controller.commands import doctor
from controller.commands.doctor import examine
from controller.config import with_overrides


def found(config, what):
    return [one for one in examine(config, MonotonicClock()) if one.what == what]


def test_a_good_machine_is_good_and_tells_what_it_saw(config, capsys):
    free = with_overrides(config, page={"port": free_port()})
    findings = {one.what: one for one in examine(free, MonotonicClock())}
    assert {"patch", "sound", "models", "page", "disk", "clock", "power"} <= set(findings)
    assert findings["patch"].said == "24 fixtures, 40 heads, 2 universes"
    assert findings["sound"].verdict == "good"
    assert "for a hop of 100" in findings["models"].said
    assert all(one.remedy for one in findings.values() if one.verdict != "good")


def test_h16_it_says_where_the_light_may_not_go_first(config, monkeypatch):
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    for allowed, verdict in ((0, "check"), (30, "good")):
        monkeypatch.setattr(system.resource, "getrlimit", lambda _, allowed=allowed: (allowed, allowed))
        (one,) = doctor._priority()
        assert (one.what, one.verdict) == ("priority", verdict)
        assert ("limits.d" in one.remedy) == (verdict == "check")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_a_port_in_use_is_bad(config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (page,) = found(with_overrides(config, page={"port": taken.getsockname()[1]}), "page")
    assert page.verdict == "bad"
    assert "cannot be served" in page.said


def test_a_song_that_is_not_there_is_bad_and_the_rest_is_looked_at(config):
    wrong = with_overrides(config, audio={"source": "file:nowhere.flac"})
    findings = list(examine(wrong, MonotonicClock()))
    assert next(one for one in findings if one.what == "sound").verdict == "bad"
    assert findings[-1].what == "power"


def test_olad_that_is_not_there_is_bad(config):
    wrong = with_overrides(config, universes={1: {"outputs": [{"type": "ola", "universe": 1, "port": free_port()}]}})
    (olad,) = found(wrong, "olad")
    assert (olad.verdict, olad.remedy) == ("bad", "start olad")


@pytest.mark.parametrize(
    ("files", "verdicts"),
    [
        ({"AC/type": "Mains", "AC/online": "1", "BAT/type": "Battery"}, ["good"]),
        ({"AC/type": "Mains", "AC/online": "0"}, ["bad", "good"]),
        ({"AC/type": "Mains", "AC/online": "1", "governor": "powersave"}, ["check"]),
        ({"AC/type": "Mains", "AC/online": "1", "governor": "performance"}, ["good"]),
        ({}, ["good"]),
    ],
)
def test_power_is_read_from_the_kernel(config, tmp_path, monkeypatch, files, verdicts):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setattr(doctor, "POWER", tmp_path)
    monkeypatch.setattr(doctor, "GOVERNOR", tmp_path / "governor")
    assert [one.verdict for one in doctor._power()] == verdicts


def test_a_full_disk_is_worth_a_look(config, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1e12, 1e12, 5e6))
    (disk,) = doctor._disk(config)
    assert disk.verdict == "check"
    assert disk.remedy


def test_the_command_ends_with_1_if_something_is_bad(root, tmp_path, capsys):
    text = (root / "config.yaml").read_text()
    for name in ("models", "fixtures", "controller"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "config.yaml").write_text(text.replace("metal_madness.opus", "nowhere.opus"))
    assert main(["doctor", "--config", str(tmp_path / "config.yaml"), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert next(one for one in findings if one["what"] == "sound")["verdict"] == "bad"


def test_a_token_is_shown_once_and_only_its_digest_is_for_the_file(capsys):
    assert main(["token", "the LD", "--role", "viewer"]) == 0
    shown = capsys.readouterr()
    token = shown.err.split(": ")[-1].strip()
    assert token not in shown.out
    assert 'name: "the LD", role: viewer' in shown.out


def test_the_way_to_the_other_machine(config, tmp_path):
    assert found(config, "pair") == []
    standby = {"role": "backup", "peer": "127.0.0.1", "key": "a long enough text for a test"}
    pair = with_overrides(config, standby=standby)
    file = tmp_path / "config.yaml"
    file.write_text("")
    file.chmod(0o644)
    (one,) = list(doctor._pair(pair.at(file, {})))
    assert (one.verdict, one.remedy) == ("check", f"chmod 600 {file}")
    file.chmod(0o600)
    (one,) = list(doctor._pair(pair))
    assert one.verdict == "good"
    assert "from 127.0.0.1" in one.said
    (one,) = list(doctor._pair(with_overrides(config, standby=standby | {"peer": "ff02::1"})))
    assert one.what == "pair"
