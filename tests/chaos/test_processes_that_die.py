"""Every process of a show is killed, and stopped, at random moments while the wire is watched: the light goes on.

The default is a short, seeded run; `make chaos` is the long one, which holds gaps and recoveries to what is promised.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import yaml
from promise import HANG_S, STRICT, kept
from running_show import processes

from controller.config import read_config
from controller.lighting.protocol import sacn
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.show import RUN_PREFIX

TURNS = int(os.environ.get("FOLLOWSPOT_CHAOS", "1"))
"""How often each process is hit, in each way."""
GAP_S = 0.1
RECOVERY_S = 3.0
PARTS = ("lighting", "spare", "listening", "watching")


@pytest.fixture
def show(root, tmp_path, wire):
    """A running show of the bundled room, and its wire."""
    data = yaml.safe_load((root / "config.yaml").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        data["page"]["port"] = free.getsockname()[1]
    data["profiles"] = str(root / "fixtures")
    for kind in ("embedder", "decoder"):
        data["model"][kind] = str(root / data["model"][kind])
    data["audio"] |= {"source": f"file:{root / 'controller/songs/metal_madness.opus'}", "loop": True}
    for universe in data["universes"].values():
        universe["outputs"][0]["port"] = wire.port
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "controller", "show", "--config", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process, wire, path
    if process.poll() is None:
        process.kill()
        process.communicate()


def until(condition, every_s=0.05):
    """Wait for something, looking every so often; how long it took."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < HANG_S
        time.sleep(every_s)  # noqa: TID251 - real processes take real time
    return time.monotonic() - begun_s


def beating(path, name, since_s):
    """Whether a process has said since then that it is alive."""
    from controller.bus.beats import Beats

    folders = [one for one in Path(tempfile.gettempdir()).glob(f"{RUN_PREFIX}*") if (one / "beats").exists()]
    for folder in folders:
        with contextlib.suppress(OSError):  # other shows come and go beside this one
            if str(path) not in (folder / "run.json").read_text():
                continue
            beats = Beats(folder)
            beaten_s = beats.beaten_s(name)
            beats.close()
            return beaten_s > since_s
    return False


def brightness(wire, path):
    """Mean power of the rig with each packet after the first 400."""
    config = read_config(path)
    observer, found = Observer(patch_of(config)), []
    for number, (_, payload) in enumerate(list(wire.packets)):
        slots = np.frombuffer(payload[18:], np.uint8)
        stage = observer.observe({int.from_bytes(payload[14:16], "little") + 1: slots})
        if number > 400:
            found.append(float(stage.power.mean()))
    return np.array(found)


def test_each_process_dies_and_the_light_goes_on(show):
    """Killed, and stopped: one that is stopped has to be found out."""
    process, wire, path = show
    rng = np.random.default_rng(11)
    until(lambda: len(wire.packets) > 400 and all(beating(path, name, 0.0) for name in PARTS), 0.1)
    hits = 0
    for how in (signal.SIGKILL, signal.SIGSTOP):
        since_s, recoveries = time.monotonic(), []  # how long, and who
        for name in [*PARTS] * TURNS:
            time.sleep(float(rng.uniform(0.3, 1.5 if STRICT else 0.6)))  # noqa: TID251 - a random moment
            hit_s = time.monotonic()
            os.kill(processes(process)[name], how)
            hits += 1
            # stopped processes beat no more either; the one that beats again is the new one
            until(lambda name=name, hit_s=hit_s: beating(path, name, hit_s + 0.1))
            recoveries.append((time.monotonic() - hit_s, name))
        kept(f"{how.name}: longest gap", max(wire.gap_s(since_s, address=address) for address in (0, 1)), GAP_S)
        slowest_s, who = max(recoveries)
        kept(f"{how.name}: slowest recovery ({who})", slowest_s, RECOVERY_S)
    lit = len(wire.packets)
    until(lambda: len(wire.packets) > lit + 300)  # more than the end look, which is left out below
    process.send_signal(signal.SIGINT)
    said, logged = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, logged
    restarts = sum(json.loads(said.splitlines()[-1])["restarts"].values())
    # on a machine that is busy elsewhere somebody else may be slow enough to be replaced, too
    assert restarts == hits if STRICT else restarts >= hits, logged
    power = brightness(wire, path)[: -40 * 2 * 3]  # not the end look
    assert power.min() > 0.001  # never all off
    assert power.max() < 0.9  # never full on


def test_a_fader_in_a_persons_hand_survives_the_process(venue, start, wire):
    """The output process dies while a person holds a level: not one packet shows anything else."""

    def change(data):
        data["desk"] = {"inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 77}], "hands_off_s": 0}
        for universe in data["universes"].values():
            universe["outputs"][0]["port"] = wire.port

    show = start(venue(change))
    until(lambda: len(wire.packets) > 200)
    slots, over = np.zeros(512, np.uint8), threading.Event()

    def desk():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for sequence in itertools.count():
                if over.wait(0.025):
                    return
                sock.sendto(sacn.encode_data(slots, 77, sequence % 256, UUID(int=9)), ("127.0.0.1", sacn.PORT))

    sender = threading.Thread(target=desk)
    sender.start()
    try:
        heard = len(wire.packets)
        until(lambda: len(wire.packets) > heard + 80)  # the desk is known, at rest
        slots[:8] = 99
        until(lambda: 99 in wire.packets[-1][1][18:26] or 99 in wire.packets[-2][1][18:26])
        heard = len(wire.packets)
        until(lambda: len(wire.packets) > heard + 80)
        held_s = time.monotonic()
        os.kill(processes(show.process)["lighting"], signal.SIGKILL)
        until(lambda: "going on in its place" in show.said())
        heard = len(wire.packets)
        until(lambda: len(wire.packets) > heard + 200)
    finally:
        over.set()
        sender.join()
    shown = {p[18] for t, p in list(wire.packets) if t > held_s - 0.5 and p[14] == 0}
    assert shown == {99}
    assert show.end()["restarts"]["lighting"] == 1
