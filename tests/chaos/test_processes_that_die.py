"""Every process of a show is killed, and stopped, at random moments while the wire is watched: the light goes on.

The default is a short, seeded run; `FOLLOWSPOT_CHAOS=50` makes it the long one.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import yaml

from controller.config import read_config
from controller.lighting.protocol import sacn
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of

TURNS = int(os.environ.get("FOLLOWSPOT_CHAOS", "2"))
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


def parts(show):
    """Process ids of the show's parts that run now, by name."""
    found = {}
    for child in Path(f"/proc/{show.pid}/task/{show.pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if len(words) > 5:
            found[words[5].decode()] = int(child)
    return found


def until(condition, patience_s):
    """Wait for something; how long it took."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < patience_s
        time.sleep(0.01)  # noqa: TID251 - real processes take real time
    return time.monotonic() - begun_s


def beating(path, name, since_s):
    """Whether a process has said since then that it is alive."""
    from controller.bus.beats import Beats

    folders = [one for one in Path("/tmp").glob("followspot-*") if (one / "beats").exists()]
    for folder in folders:
        if str(path) in (folder / "run.json").read_text():
            beats = Beats(folder)
            beaten_s = beats.beaten_s(name)
            beats.close()
            return beaten_s > since_s
    return False


def brightness(wire, path, since_s):
    """Mean power of the rig with each packet."""
    config = read_config(path)
    observer, found = Observer(patch_of(config)), []
    for t, payload in list(wire.packets):
        slots = np.frombuffer(payload[18:], np.uint8)
        stage = observer.observe({int.from_bytes(payload[14:16], "little") + 1: slots})
        if t >= since_s:
            found.append(float(stage.power.mean()))
    return np.array(found)


@pytest.mark.timeout(120 + 60 * TURNS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_each_process_dies_and_the_light_goes_on(show, how):
    process, wire, path = show
    rng = np.random.default_rng(11)
    until(lambda: len(wire.packets) > 400 and all(beating(path, name, 0.0) for name in PARTS), 60.0)
    since_s = time.monotonic()
    recoveries = []  # how long, and who
    for name in [*PARTS] * TURNS:
        time.sleep(float(rng.uniform(0.3, 1.5)))  # noqa: TID251 - a random moment
        hit_s = time.monotonic()
        os.kill(parts(process)[name], how)
        # stopped processes beat no more either; the one that beats again is the new one
        until(lambda name=name, hit_s=hit_s: beating(path, name, hit_s + 0.1), 10.0)
        recoveries.append((time.monotonic() - hit_s, name))
    time.sleep(1.0)  # noqa: TID251
    process.send_signal(signal.SIGINT)
    said, logged = process.communicate(timeout=30)
    assert process.returncode == 0, logged
    summary = json.loads(said.splitlines()[-1])
    assert sum(summary["restarts"].values()) == TURNS * len(PARTS), logged
    gap_s = max(wire.gap_s(since_s, address=address) for address in (0, 1))
    slowest_s, who = max(recoveries)
    print(f"{how.name}: longest gap {1e3 * gap_s:.0f} ms, recoveries up to {slowest_s:.2f} s ({who})")
    assert gap_s <= GAP_S
    assert max(recoveries)[0] <= RECOVERY_S, sorted(recoveries)[-5:]
    power = brightness(wire, path, since_s)[: -40 * 2 * 3]  # not the end look
    assert power.min() > 0.001  # never all off
    assert power.max() < 0.9  # never full on


def test_a_fader_in_a_persons_hand_survives_the_process(venue, start, wire):
    """The output process dies while a person holds a level: not one packet shows anything else."""

    def change(data):
        data["desk"] = {"inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 77}], "hands_off_s": 0}
        for universe in data["universes"].values():
            universe["outputs"][0]["port"] = wire.port

    show = start(venue(change))
    until(lambda: len(wire.packets) > 200, 60.0)
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
        time.sleep(1.0)  # noqa: TID251 - real time
        slots[:8] = 99
        until(lambda: 99 in wire.packets[-1][1][18:26] or 99 in wire.packets[-2][1][18:26], 5.0)
        time.sleep(1.0)  # noqa: TID251
        held_s = time.monotonic()
        os.kill(parts(show.process)["lighting"], signal.SIGKILL)
        time.sleep(4.0)  # noqa: TID251
    finally:
        over.set()
        sender.join()
    shown = {p[18] for t, p in list(wire.packets) if t > held_s - 0.5 and p[14] == 0}
    until(lambda: "going on in its place" in show.said(), 5.0)
    assert shown == {99}
    assert show.end()["restarts"]["lighting"] == 1
