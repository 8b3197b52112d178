"""The wall clock jumps an hour, and the whole machine stands still: no light goes by the wall clock."""

import os
import signal
import subprocess
import time

from promise import STRICT, kept


def pause(seconds):
    time.sleep(seconds)  # noqa: TID251 - real processes take real time


def to(wire):
    def change(data):
        for universe in data["universes"].values():
            universe["outputs"] = [universe["outputs"][0] | {"port": wire.port}]
        data["page"] |= {"enabled": False}

    return change


def test_the_wall_clock_jumps_an_hour_and_the_whole_machine_stands_still(stage, stepping):
    """As under a lid that was closed: everything goes on by itself, and nobody is killed for having slept."""
    environment, step = stepping
    show = stage.start(stage.venue(to(stage.wire)), environment=environment)
    stage.until(lambda: "the show is live" in show.said(), show.said)
    pause(1.0)
    jumps(stage, show, environment, step)
    before = len(stage.wire.packets)
    os.killpg(show.process.pid, signal.SIGSTOP)
    pause(stage.outage_s)
    woke_s = time.monotonic()
    os.killpg(show.process.pid, signal.SIGCONT)
    light_s = stage.until(lambda: len(stage.wire.packets) > before + 2, show.said)
    stage.until(lambda: show.said().splitlines()[-1].endswith("the show is live") or steady(show, woke_s), show.said)
    pause(1.0)
    gap_s = stage.wire.gap_s(woke_s + 0.5)
    summary = show.end()
    kept("light after waking", light_s, 0.5)
    kept("longest gap after that", gap_s, 0.1)
    assert summary["restarts"] == {"lighting": 0, "spare": 0, "listening": 0}, show.said()
    stood = show.said().count("nothing ran for")
    assert stood == 1 or (stood > 1 and not STRICT)  # a busy machine stands still by itself


def jumps(stage, show, environment, step):
    """An hour on, an hour back, and as it was: the light goes on as before, and the show says nothing of it."""
    since_s, before = time.monotonic(), show.said()
    for seconds in ("3600", "-3600", "0"):
        step.write_text(seconds)
        seen = subprocess.run(
            ["python3", "-c", "import time; print(time.time())"], env={**os.environ, **environment},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert abs(float(seen.stdout) - time.clock_gettime(time.CLOCK_REALTIME) - float(seconds)) < 60
        lit = len(stage.wire.packets)
        pause(1.0)
        stage.until(lambda lit=lit: len(stage.wire.packets) > lit + 80)
    gap_s, said = stage.wire.gap_s(since_s), show.said()
    rate_hz = sum(t > since_s for t, p in stage.wire.packets if p[14] == 0) / (time.monotonic() - since_s)
    kept(f"three steps of an hour, {rate_hz:.1f} Hz: longest gap", gap_s, 0.1)
    assert 38 < rate_hz < 45 or not STRICT
    changes = [line for line in said.removeprefix(before).splitlines() if "the show is" in line]
    assert changes == [] or (gap_s > 0.5 and not STRICT), changes  # a machine that gave nobody a turn changes them, too


def steady(show, woke_s):
    """Nothing else has been said for three seconds."""
    return time.monotonic() - woke_s > 3.0
