"""The whole show on one host, its light and a person's desk on the other."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from lab import CONSOLE, NODE, Ear, wait_for
from promise import HANG_S, kept

from controller.lighting.protocol import sacn

PORT = 7455


@pytest.fixture
def venue(root, tmp_path):
    """The bundled room: universe 1 by sACN, universe 2 by Art-Net, a desk on sACN 40."""
    data = yaml.safe_load((root / "config.yaml").read_text())
    data["page"]["enabled"] = False
    data["profiles"] = str(root / "fixtures")
    for part in ("embedder", "decoder"):
        data["model"][part] = str(root / data["model"][part])
    data["audio"]["source"] = f"file:{root / 'controller/songs/metal_madness.opus'}"
    data["network"] = {"interface": CONSOLE, "source_name": "Basement"}
    data["universes"] = {
        1: {"outputs": [{"type": "sacn", "universe": 1}, {"type": "ola", "universe": 1}]},
        2: {"outputs": [{"type": "artnet", "host": NODE, "port": PORT, "port_address": 1}]},
    }
    data["desk"] = {
        "inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 40}],
        "interface": CONSOLE,
        "allow": [NODE],
        "hands_off_s": 1.0,
        "hand_back_s": 0.5,
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def test_a_person_takes_a_lamp_from_a_running_show_and_it_comes_back(two_hosts, show, venue, tmp_path):
    """A dead output (no olad here) beside two good ones; a fader that moves; what is written down; an orderly end."""
    light = Ear(two_hosts.node, sacn.PORT, groups=[sacn.multicast_address(1)])
    art = Ear(two_hosts.node, PORT)
    lies = np.zeros(512, np.uint8)
    desk = show(two_hosts.node, {1: [{"type": "sacn", "universe": 40}]}, {1: lies}, interface=NODE)
    running = two_hosts.console.start(
        sys.executable, "-P", "-m", "controller", "show", "--config", str(venue),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )  # fmt: skip
    try:
        wait_for(lambda: len(light.heard) > 80 or running.poll() is not None, 40, "the first light")
        touched = lies.copy()
        touched[:5] = 177  # dimmer and colours of front-1; its strobe would be stopped by the flash limiter
        desk.levels = {1: touched}
        moved_s = time.monotonic()
        wait_for(lambda: set(light.heard[-1][1][126:131]) == {177}, 2, "the takeover on the wire")
        taken_s = time.monotonic() - moved_s
        wait_for(lambda: set(light.heard[-1][1][126:131]) != {177}, 4, "the lamp to come back")
        back_s = time.monotonic() - moved_s
        wait_for(lambda: len(art.heard) > 200, 10, "Art-Net beside it")
        running.send_signal(signal.SIGINT)
        said, logged = running.communicate(timeout=HANG_S)
    finally:
        running.kill()
        running.wait()
        light.close()
        art.close()
    assert running.returncode == 0, logged
    lighting = json.loads(said.splitlines()[-1])["lighting"]
    kept("a fader is on the wire", taken_s, 1.0)
    assert back_s > 0.9
    kept("the lamp is back", back_s, 3.0)
    lines = [json.loads(line) for line in (tmp_path / "state/followspot/takeovers.jsonl").read_text().splitlines()]
    begun = [one for one in lines if one["event"] == "start"]
    assert {one["fixture"] for one in begun} == {"front-1"}
    assert {one["attribute"] for one in begun} >= {"intensity", "colour"}
    assert len(begun) == len([one for one in lines if one["event"] == "end"])
    if "going on in its place" in logged:  # the counters of a spare that stepped in begin with it
        return
    assert len(begun) == lighting["takeovers"]["begun"]
    states = {name: one["state"] for name, one in lighting["outputs"].items()}
    assert states["universe 1, sACN universe 1 multicast"] == "ok"
    assert states[f"universe 2, Art-Net {NODE}:{PORT} port address 1"] == "ok"
    assert states["universe 1, OLA 127.0.0.1:9010 universe 1"] == "failed"
    assert logged.count("OLA 127.0.0.1:9010 universe 1 failed") == 1
    packets = [sacn.decode_data(payload) for _, payload in light.heard]
    assert [one.options for one in packets[-4:]] == [0, *[sacn.TERMINATED] * 3]
    assert len({one.cid for one in packets}) == 1
    assert packets[0].source_name == "Basement"
    assert (tmp_path / "state/followspot/cid").exists()
    assert lighting["faults"] == 0
    assert len(art.heard) > 200
