"""What a show did comes out of its log again, bit for bit, without the files it was made with."""

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import zmq
from memory_sink import MemorySink
from run_doors import with_doors

from controller.__main__ import main
from controller.bus.sockets import Commander, Publisher
from controller.bus.topics import PULSES, TOKENS
from controller.clock import ManualClock
from controller.config import with_overrides
from controller.lighting.process import Lighting
from controller.messages import Command, LightToken, Pulse
from controller.records.recording import Log, Recorder
from controller.records.show_log import SUFFIX, header_of, open_log

SILENT = Pulse(0.0, 0, -20.0, 0.5, 0.0, 0, float("-inf"), 0.0, ())


@pytest.fixture(scope="module")
def recorded(config, tmp_path_factory):
    """Twenty seconds of the real output process's loop, with everything that can reach it; its log and its packets."""
    folder = with_doors(tmp_path_factory.mktemp("show"))
    config = with_overrides(config, look={"end_fade_s": 0.5})
    context, stopping = zmq.Context(), threading.Event()
    run = SimpleNamespace(config=config, folder=folder, context=context, stopping=stopping)
    sink, clock, rng = MemorySink(), ManualClock(1_000.0), np.random.default_rng(3)
    recorder = Recorder(folder / f"a{SUFFIX}", header_of(config))
    lighting = Lighting(run, clock, sink, recorder=recorder)
    tokens, pulses = (Publisher(context, folder, topic) for topic in (TOKENS, PULSES))
    commander = Commander(context, folder)
    for cycle in range(800):
        clock.sleep_until(clock.now_s() + float(rng.choice([0.008, 0.025, 0.031])))
        now_s = clock.now_s()
        if cycle % 4 == 0:
            tokens.send(LightToken(now_s, cycle, int(rng.integers(180)), int(rng.integers(256)), 0.5, 0.5))
            pulses.send(replace(SILENT, t_s=now_s, onsets=cycle, onset_t_s=now_s, onset_strength=float(rng.random())))
        if cycle % 90 == 60:
            name = ("grand_master", "blackout", "hold", "flash_override")[cycle // 90 % 4]
            commander.send(Command(name, float(rng.random())))
        lighting._cycle(pulled=False)
    lighting._leave()
    recorder.close()
    for one in (tokens, pulses, commander, lighting):
        one.close()
    context.term()
    return folder / f"a{SUFFIX}", sink


def test_a_replay_has_the_bytes_that_were_sent(recorded, tmp_path, capsys):
    log, sink = recorded
    assert main(["replay", str(log), "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["different_cycles"] == 0
    assert result["cycles"] > 800
    lines = (tmp_path / "dmx.show").read_text().splitlines()[1:]
    replayed = [line for line in lines if " " in line]
    sent = [packet.payload for _, packet in sink.sent]
    assert len(replayed) == len(sent)
    for line, payload in zip(replayed, sent, strict=True):
        universe, slots = line.split(" ")
        numbers = [int(one) for one in slots.split(",")]
        assert payload[14] == int(universe) - 1
        assert list(payload[18 : 18 + len(numbers)]) == numbers
        assert not any(payload[18 + len(numbers) :])
    assert (tmp_path / "tokens.csv").read_text().startswith("t_s,hue,value\n0.1,")


def test_a_cut_log_is_replayed_up_to_the_cut(recorded, tmp_path, capsys):
    log, _ = recorded
    (tmp_path / "cut").write_bytes(log.read_bytes()[:-50])
    assert main(["replay", str(tmp_path / "cut"), "--out", str(tmp_path / "out")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["damage"]
    assert result["different_cycles"] == 0
    assert result["cycles"] > 700


def test_a_difference_is_refused_and_told(recorded, tmp_path, capsys):
    log, _ = recorded
    opened = Log(log)
    other = Recorder(tmp_path / "other", {k: v for k, v in opened.header.items() if k != "version"})
    for number, cycle in enumerate(opened.cycles()):
        other.add(replace(cycle, crc=cycle.crc ^ (number == 100)))
    other.close()
    assert main(["replay", str(tmp_path / "other"), "--out", str(tmp_path / "out")]) == 1
    assert "1 of" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "replay.json").read_text())["different_cycles"] == 1


def test_what_is_no_log_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "x").write_text("hello")
    assert main(["replay", str(tmp_path / "x"), "--out", str(tmp_path)]) == 1
    assert "no show log" in capsys.readouterr().err


def test_old_logs_make_room(config, tmp_path):
    kept = with_overrides(config, record={"folder": str(tmp_path), "keep": 3})
    for _ in range(5):
        recorder = open_log(kept)
        recorder.close()
    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == 3
    assert open_log(with_overrides(config, record={"enabled": False})) is None


@pytest.mark.warns("this show is not being recorded")
def test_no_folder_for_logs_is_no_reason_not_to_light(config, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert open_log(with_overrides(config, record={"folder": str(tmp_path / "file" / "logs")})) is None
    assert "this show is not being recorded" in caplog.text
