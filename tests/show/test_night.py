"""The report of a night, out of the log of its show: songs, wishes, what people did, what went wrong, pictures."""

import base64
import re
import shutil
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.evening.entry import ListEntry
from controller.evening.wishing import song_wish
from controller.lighting.output_cycle import checksum
from controller.messages import Command
from controller.records.cycles import Cycle, Heard
from controller.records.recording import Log, Recorder
from controller.records.show_log import header_of
from tests.look.band import Band, cue

LIST = (
    ListEntry("song", "Black Rain", asked=("red",), strobe=False),
    ListEntry("talk", "merch"),
    ListEntry("song", "赤い夜 <b>"),
)


class Recorded(Band):
    """A band whose show is written down as the output process writes it."""

    def __init__(self, config, path):
        super().__init__(config)
        self.recorder = Recorder(path, header_of(config))
        self.commands = []
        self._heard_pulses = []
        take = self.cycle.hear_pulse
        self.cycle.hear_pulse = lambda pulse, at_s: (self._heard_pulses.append((at_s, pulse)), take(pulse, at_s))[1]
        run = self.cycle.run

        def written(now_s, heard):
            heard = Heard(tuple(self._heard_pulses), heard.token, tuple(self.commands))
            self._heard_pulses, self.commands = [], []
            tick = run(now_s, heard)
            self.recorder.add(Cycle(now_s, heard, checksum(tick.frames)))
            return tick

        self.cycle.run = written

    def tell(self, *commands):
        self.commands += commands


@pytest.fixture(scope="module")
def played(config, tmp_path_factory):
    """Two songs and a talk, with a colour that somebody asked for in the second one."""
    path = tmp_path_factory.mktemp("night") / "2026-11-29T200000-000-here.showlog"
    made = Recorded(config, path)
    for place, entry in enumerate(LIST):
        made.tell(Command("wish", 1.0, wish=song_wish(entry, place)))
        made.kind, made.level_db = ("talk", -30.0) if entry.kind == "talk" else ("band", -15.0)
        made.cue = cue("the biggest", made.now_s + 0.5, label="AB"[place % 2], hue_deg=0.0 if place == 0 else 240.0)
        made.play(14.0)
        if place == 2:
            made.tell(Command("hues", 1.0, values=(60.0,)), Command("hand", 1.0, "wash", (0.5, -1.0, -1.0)))
            made.play(2.0)
    made.recorder.close()
    return path


@pytest.fixture
def log(played, tmp_path):
    """That night's log, to do with it what one likes."""
    return Path(shutil.copy(played, tmp_path))


def page_of(log, tmp_path, *more):
    out = tmp_path / "report"
    assert main(["night", str(log), *more, "--out", str(out)]) == 0
    return (out / "night.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(played, tmp_path_factory):
    """The report of that night; a test reads it."""
    return page_of(played, tmp_path_factory.mktemp("page"))


def test_songs_are_those_of_the_set_list(page):
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["Black Rain", "merch", "赤い夜 &lt;b&gt;"]
    assert "red" in page
    assert "no strobe" in page


def test_every_song_has_its_sheet(page):
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 3
    assert all(base64.b64decode(one).startswith(b"\x89PNG") for one in pictures)


def test_what_people_did_is_counted_and_offered_to_training(page):
    assert "Taken in hand: wash (1)" in page
    assert "in 1 of 3 songs" in page
    assert "takeovers" in page


def test_a_gap_is_told(config, tmp_path, capsys):
    path = tmp_path / "a.showlog"
    made = Recorded(config, path)
    made.play(4.0)
    made.step += 60  # three quarters of a second without a cycle
    made.play(4.0)
    made.recorder.close()
    page = page_of(path, tmp_path)
    assert capsys.readouterr().out.strip().endswith("night.html")
    assert re.search(r"longest pause between two output cycles was 7[5-9]\d ms", page)
    assert "late by more than a tenth" in page


def test_a_night_in_two_logs_is_one_report(log, config, tmp_path):
    later = tmp_path / "b.showlog"
    made = Recorded(config, later)
    made.play(12.0)
    made.recorder.close()
    page = page_of(log, tmp_path, str(later))
    assert len(re.findall(r"<h2>", page)) == 4
    assert "a.showlog" not in page
    assert later.name in page


def test_a_log_that_ends_in_mid_air_is_told_as_far_as_it_goes(log, tmp_path):
    log.write_bytes(log.read_bytes()[:-40])
    assert "The log ends early" in page_of(log, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no log", b"FOLLOWSPOT SHOW LOG 1\n"])
def test_what_is_no_log_is_refused(tmp_path, capsys, content):
    path = tmp_path / "x.showlog"
    path.write_bytes(content)
    assert main(["night", str(path), "--out", str(tmp_path / "out")]) == 1
    assert str(path) in capsys.readouterr().err


def test_without_a_show_it_says_how_to_name_one(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert main(["night", "--config", str(root / "config.yaml"), "--out", str(tmp_path / "out")]) == 1
    assert "followspot night LOG" in capsys.readouterr().err


def test_the_log_knows_how_much_of_it_was_read(log):
    opened = Log(log)
    first = opened.read_bytes
    for _ in opened.cycles():
        assert first <= opened.read_bytes <= opened.size_bytes
    assert opened.read_bytes == opened.size_bytes
