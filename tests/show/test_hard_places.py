"""A show in a hard place: a second one, a long TMPDIR, no folder any more, nobody left who lights."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import yaml
from promise import HANG_S, kept
from running_show import heard, lit, processes, run_folder, start, stop

from controller.clock import ManualClock
from controller.config import read_config, with_overrides
from controller.errors import ControllerError
from controller.one_show import OneShow, places_of
from controller.show import LIGHT_RETRY_S, PARTS, Supervised, run_root

GAP_S = 0.1


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_h10_a_second_show_is_refused_and_names_the_first(config, elsewhere, tmp_path):
    first = OneShow(config)
    with pytest.raises(ControllerError, match=rf"another show is running.*'{config.venue}'.*process {os.getpid()}"):
        OneShow(with_overrides(config, venue="Elsewhere"))
    first.close()
    OneShow(config).close()


def test_h10_two_state_folders_do_not_send_to_one_place(config, monkeypatch, tmp_path, wire):
    def to(*numbers, **network):
        outputs = [{"type": "artnet", "host": "127.0.0.1", "port": wire.port, "port_address": one} for one in numbers]
        universes = {universe: {"outputs": outputs} for universe in config.universes}
        return with_overrides(config, universes=universes, network=network)

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a"))
    first = OneShow(to(0, 1)).hold_places()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "b"))
    with pytest.raises(ControllerError, match=f"sends to Art-Net 1 at .*process {os.getpid()}"):
        OneShow(to(1, 2)).hold_places()
    OneShow(to(2, 3)).hold_places().close()
    OneShow(to(1, 2, beside_others=True)).hold_places().close()
    first.close()
    OneShow(to(1, 2)).hold_places().close()


def test_h10_every_kind_of_output_is_a_place(config):
    outputs = [
        {"type": "artnet", "host": "10.0.0.5", "port_address": 3}, {"type": "sacn", "universe": 7},
        {"type": "ola", "universe": 2}, {"type": "enttec-pro", "device": "/dev/ttyUSB0"},
        {"type": "open-dmx", "device": "/dev/ttyUSB1"},
    ]  # fmt: skip
    places = places_of(with_overrides(config, universes={n: {"outputs": outputs} for n in config.universes}))
    assert places == ["Art-Net 3 at 10.0.0.5:6454", "sACN 7 at multicast:5568", "OLA 2 at 127.0.0.1:9010",
                      "/dev/ttyUSB0, output 1", "/dev/ttyUSB1"]  # fmt: skip


def test_h10_the_command_says_so_in_one_line(venue, elsewhere):
    data = yaml.safe_load(venue.read_text())
    with_others = OneShow(read_config(venue))
    refused = subprocess.run([sys.executable, "-P", "-m", "controller", "show", "--config", str(venue)],
                             capture_output=True, text=True, timeout=HANG_S, check=False)  # fmt: skip
    with_others.close()
    assert refused.returncode == 1
    assert data["venue"] in refused.stderr
    assert "Traceback" not in refused.stderr


def test_h8_a_long_tmpdir_is_lit_from_a_short_one(venue, wire, tmp_path):
    long = tmp_path / ("a" * 100) / ("b" * 100)
    long.mkdir(parents=True)
    show = start(venue, "--loop", environment={"TMPDIR": str(long)})
    lit(show, wire, packets=20)
    assert len(str(run_folder(show))) < 60
    summary, _ = stop(show, wire)  # the last line of what it says
    assert summary["ended_by"] == "operator"


def test_h8_no_short_folder_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr("controller.show.os.access", lambda *_: False)
    with pytest.raises(ControllerError, match="set TMPDIR to a short one"):
        run_root()


@pytest.mark.warns("nothing was ever sent")
def test_h8_a_show_that_never_sent_is_no_success(venue, monkeypatch):
    from controller.commands import show as command

    monkeypatch.setattr(command, "run_show", lambda *_, **__: {"ended_by": "operator", "sent_cycles": 0})
    from controller.__main__ import main

    assert main(["show", "--config", str(venue)]) == 1
    monkeypatch.setattr(command, "run_show", lambda *_, **__: {"ended_by": "operator", "sent_cycles": 9})
    assert main(["show", "--config", str(venue)]) == 0


def test_h11_a_run_folder_that_is_taken_away_costs_no_light(venue, wire):
    show = start(venue, "--loop")
    lit(show, wire)
    folder, before, since = run_folder(show), processes(show), len(wire.packets)
    shutil.rmtree(folder.rename(folder.with_name(f"{folder.name}-gone")))  # at once: somebody may just write into it
    heard(show, wire, lambda: len(processes(show)) == 3 and not set(processes(show).values()) & set(before.values()))
    wire.listen(1.5)
    for name in ("lighting", "spare"):  # and now everybody dies once more
        os.kill(processes(show)[name], signal.SIGKILL)
        wire.listen(2.0)
    count = len(wire.packets)
    heard(show, wire, lambda: len(wire.packets) > count + 100)
    summary, logged = stop(show, wire)
    assert "was removed by somebody; it is made anew" in logged
    assert "Traceback" not in logged
    times_s = np.array([at_s for at_s, packet in wire.packets[since:] if packet[14] == 0])
    kept("longest gap with the run folder gone", float(np.diff(times_s).max()), GAP_S)
    assert np.diff(times_s).max() < 8.0
    assert summary["sent_cycles"] > 100


def test_h12_whoever_lights_waits_for_nothing_while_it_is_dark(tmp_path, monkeypatch):
    class Dead:
        def __init__(self):
            self.stdin = self.stdout = self.stderr = None

        def poll(self):
            return 1

    starts = []
    lighting, listening = (Supervised(part, tmp_path, None, {}) for part in (PARTS[0], PARTS[2]))
    for one in (lighting, listening):

        def begin(now_s, one=one):
            starts.append((one.part.name, now_s))
            one._process, one._started_s = Dead(), now_s

        monkeypatch.setattr(one, "start", begin)
        monkeypatch.setattr(one, "_collect", lambda one=one: setattr(one, "_process", None))
    monkeypatch.setattr("controller.show.log.warning", lambda *_: None)
    clock = ManualClock()
    for dark in (True, False):
        starts.clear()
        for one in (lighting, listening):
            one.start(clock.now_s())
        for _ in range(400):
            clock.sleep_until(clock.now_s() + 0.05)
            for one in (lighting, listening):
                one.watch(clock.now_s(), 0.0, dark=dark)
        lights = [at_s for name, at_s in starts if name == "lighting"]
        others = [at_s for name, at_s in starts if name == "listening"]
        assert max(np.diff(lights)) <= (0.11 if dark else LIGHT_RETRY_S + 0.11)
        assert max(np.diff(others)) >= 4.9
