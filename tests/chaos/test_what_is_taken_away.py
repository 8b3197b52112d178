"""Cable, address, sound, USB, disk are taken from a show and given back: it goes on, says so once, and recovers."""

import shutil
import subprocess
import time

import pytest
from disk import fill
from enttec import EnttecWidget
from lab import CONSOLE, NODE, Ear, Lab, possible, wait_for
from promise import HANG_S, STRICT, kept
from pulse import Pulse, installed

from controller.commands.replay import replay

PORT = 7466
BACK_S = 3.0
"""Back to normal within this time after something came back."""


def pause(seconds):
    time.sleep(seconds)  # noqa: TID251 - real processes take real time


def to(wire):
    """A change of the configuration: both universes leave for the wire."""

    def change(data):
        for universe in data["universes"].values():
            universe["outputs"] = [universe["outputs"][0] | {"port": wire.port}]

    return change


@pytest.fixture
def cable(require_real):
    require_real("the right to make network namespaces", possible())
    lab = Lab()
    yield lab
    lab.close()


def pull(lab):
    lab.console.cable(plugged=False)
    return lambda: lab.console.cable(plugged=True)


def lose_address(lab):
    words = (f"{CONSOLE}/24", "dev", lab.console.card)
    lab.console.ip("addr", "del", *words)

    def back():
        lab.console.ip("addr", "add", *words)
        lab.console.routes()

    return back


def test_the_network_goes_away(stage, cable):
    """The cable is pulled, then the card loses its address; what is said of each is said once."""

    def change(data):
        data["network"] = {"interface": CONSOLE}
        data["universes"] = {
            1: {"outputs": [{"type": "artnet", "host": NODE, "port": PORT, "port_address": 0}]},
            2: {"outputs": [{"type": "sacn", "universe": 2}]},
        }

    ear = Ear(cable.node, PORT)
    show = stage.start(stage.venue(change), host=cable.console)
    try:
        wait_for(lambda: len(ear.heard) > 80, HANG_S, "the first light")
        for away in (pull, lose_address):
            goes_away(stage, show, ear, lambda away=away: away(cable))
        summary = show.end()["lighting"]
    finally:
        ear.close()
    said = show.said()
    assert summary.get("faults") == 0, said
    assert {one["state"] for one in summary["outputs"].values() if one["sent"]} == {"ok"}


def goes_away(stage, show, ear, away):
    """It does, and comes back: nothing ends, and each output process says so once for each output."""
    before = len(show.said())
    back = away()
    pause(stage.outage_s)
    assert show.process.poll() is None
    lit = len(ear.heard)
    back()
    back_s = stage.until(lambda: len(ear.heard) > lit + 20, show.said)

    def said_of(output, word):
        """Who said so, each as often as it did."""
        lines = [line for line in show.said()[before:].splitlines() if output in line and word in line]
        return sorted(line.split(":")[0] for line in lines)

    for output in ("Art-Net", "sACN universe 2"):
        # who stepped in meanwhile may be the later one to say so
        stage.until(lambda name=output: said_of(name, "failed") == said_of(name, "works again") != [], show.said)
    lit = len(ear.heard)
    stage.until(lambda: len(ear.heard) > lit + 20, show.said)
    kept("light after the network came back", back_s, BACK_S)
    for output in ("Art-Net", "sACN universe 2"):
        for word in ("failed", "works again"):
            told = said_of(output, word)
            assert told, show.said()
            assert len(told) == len(set(told)), show.said()


def test_the_sound_card_goes_away(stage, root, tmp_path, require_real):
    """Silence, not a dead engine: the quiet look, and the band is followed again when it is back."""
    require_real("pulseaudio", installed())
    (tmp_path / "pulse").mkdir()
    pulse = Pulse(tmp_path / "pulse")
    song = tmp_path / "song.wav"
    write_song(root, song)
    pulse.start()
    player = pulse.play(song)
    show = None
    try:

        def change(data):
            to(stage.wire)(data)
            data["audio"] |= {"source": "device:pulse", "latency": 0.03, "silence_after_s": 2.5}

        show = stage.start(stage.venue(change), environment=pulse.environment)
        stage.until(lambda: "the show is live" in show.said(), show.said)
        pause(1.0)
        gone_s = time.monotonic()
        pulse.stop()
        stage.until(lambda: "the show is quiet" in show.said(), show.said)
        quiet_s = time.monotonic() - gone_s
        player.wait(HANG_S)
        pulse.start()
        back_s = time.monotonic()
        player = pulse.play(song)
        stage.until(lambda: show.said().split("the show is quiet")[-1].count("the show is live"), show.said)
        print(f"quiet {quiet_s:.1f} s after the card went, live {time.monotonic() - back_s:.1f} s after it came back")
        kept("longest gap", stage.wire.gap_s(gone_s), 0.1)
        summary = show.end()
    finally:
        pulse.stop()
        player.wait(HANG_S)
    assert summary["listening"]["device_losses"] >= 1  # a card may go again while its server is still starting
    assert summary["restarts"]["listening"] == 0
    if STRICT:  # on a machine that is busy elsewhere somebody else may be slow enough to be replaced
        assert summary["restarts"] == {"lighting": 0, "spare": 0, "listening": 0}
    assert "the show is house" not in show.said().split("the show is live", 1)[1].split("the show is live")[0]


def write_song(root, path):
    import av
    import numpy as np
    import soundfile

    with av.open(str(root / "controller/songs/metal_madness.opus")) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    sound = np.concatenate(frames, axis=1).T[: 48_000 * 60]
    soundfile.write(path, sound.astype(np.float32) / (1 if sound.dtype.kind == "f" else 32_768), 48_000)


def test_a_usb_widget_stalls_and_is_pulled_out(stage, tmp_path):
    """The other outputs never notice."""
    link = tmp_path / "widget"
    widget = EnttecWidget(link)

    def change(data):
        to(stage.wire)(data)
        data["universes"][2]["outputs"].append({"type": "enttec-pro", "device": str(link)})

    show = stage.start(stage.venue(change))
    try:
        stage.until(lambda: len(widget.frames) > 40, show.said)
        since_s, before = time.monotonic(), show.said()
        lost = missed(show)
        widget.stalled = True
        stage.until(lambda: missed(show) > lost, show.said)  # its buffer takes some of it
        pause(stage.outage_s)
        stalled = len(widget.frames)
        widget.stalled = False
        stage.until(lambda: len(widget.frames) > stalled + 40, show.said)
        lost = missed(show)
        widget.unplug()
        pause(stage.outage_s)
        stage.until(lambda: missed(show) > lost, show.said)
        widget = EnttecWidget(link)
        stage.until(lambda: len(widget.frames) > 20, show.said)
        gap_s = stage.wire.gap_s(since_s)
        summary = show.end()["lighting"]
    finally:
        widget.unplug()
    said = show.said().removeprefix(before)
    kept("longest gap on Art-Net meanwhile", gap_s, 0.1)
    stepped_in = "going on in its place" in said  # for who steps in it has always worked
    for word, least in (("failed", 2), ("works again", 1 if stepped_in else 2)):
        lines = [line for line in said.splitlines() if "Enttec" in line and word in line]
        assert len(lines) >= least, said
        for who in ("lighting", "spare"):
            # said once for each time, and each time that it steps in: the other one holds the port for a moment
            stepped = said.count(f"{who}: the leading output process is silent")
            assert sum(line.startswith(who) for line in lines) <= 2 + stepped, said
    assert summary.get("faults") == 0, said


def missed(show):
    """How often it was said that the widget failed."""
    return sum("Enttec" in line and "failed" in line for line in show.said().splitlines())


@pytest.fixture
def small_disk(tmp_path, require_real):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    require_real("the right to mount a small disk", mounted.returncode == 0)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_the_disk_is_full_for_a_while(stage, small_disk, tmp_path):
    """What was not written is written later: the log replays whole, to the same bytes."""

    def change(data):
        to(stage.wire)(data)
        data["record"] = {"folder": str(small_disk)}

    show = stage.start(stage.venue(change))
    stage.until(lambda: "the show is live" in show.said(), show.said)
    pause(1.0)
    fill(small_disk / "filler")
    since_s = time.monotonic()
    stage.until(lambda: "cannot be written" in show.said(), show.said)
    pause(stage.outage_s)
    (small_disk / "filler").unlink()
    stage.until(lambda: "is written again; nothing is missing" in show.said(), show.said)
    gap_s = stage.wire.gap_s(since_s)
    summary = show.end()["lighting"]
    shutil.copy(summary["log"]["file"], tmp_path / "kept.showlog")
    result = replay(tmp_path / "kept.showlog", tmp_path / "again")
    print(f"{result['cycles']} cycles in the log, {summary['cycles']} lit")
    kept("longest gap", gap_s, 0.1)
    assert result["damage"] == ""
    assert result["different_cycles"] == 0
    assert result["cycles"] == summary["cycles"] - summary["faults"]
    assert summary["log"]["lost_seconds"] == 0
