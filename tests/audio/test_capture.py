"""Real capture from a real sound server: every sample in its place, and a card that goes away and comes back.

Run in a process of its own, because PortAudio reads its environment once.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))
from pulse import Pulse, installed

RATE = 48_000
LISTENER = """
import json, sys
import numpy as np
from controller.listening.audio.capture import Capture
from controller.clock import MonotonicClock

seconds, quiet_ok = float(sys.argv[1]), sys.argv[2] == "lossy"
clock = MonotonicClock()
capture = Capture("pulse", channels=(1, 2), block_s=0.005, latency=0.02, clock=clock)
capture.start()
print("listening", flush=True)
parts, times, end = [], [], clock.now_s() + seconds
while clock.now_s() < end:
    got = capture.read(0.05)
    if got is not None:
        parts.append(got[0][:, 0]); times.append(got[1])
capture.stop()
sound = np.concatenate(parts) if parts else np.zeros(0)
np.save(sys.argv[3], sound)
gaps = np.diff(times)
print(json.dumps({"blocks": len(parts), "overruns": capture.overruns,
                  "losses": capture.losses, "longest_gap_s": float(gaps.max()) if len(gaps) else 0.0,
                  "after_gap_s": float(times[-1] - times[int(gaps.argmax()) + 1]) if len(gaps) else 0.0}))
"""


@pytest.fixture
def pulse(tmp_path, require_real):
    require_real("pulseaudio", installed())
    folder = tmp_path / "pulse"
    folder.mkdir()
    pulse = Pulse(folder)
    pulse.start()
    yield pulse
    pulse.stop()


def listen(pulse, tmp_path, seconds, kind="whole"):
    listener = subprocess.Popen(
        [sys.executable, "-P", "-c", LISTENER, str(seconds), kind, str(tmp_path / "heard.npy")],
        env=pulse.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert listener.stdout.readline().strip() == "listening"
    return listener


def result(listener):
    said, _ = listener.communicate(timeout=60)
    return json.loads(said.splitlines()[-1])


def test_clicks_arrive_sample_for_sample(pulse, tmp_path):
    spacing = 12_000
    sound = np.zeros((4 * RATE, 2), np.float32)
    sound[RATE // 2 :: spacing] = 0.8
    soundfile.write(tmp_path / "clicks.wav", sound, RATE, subtype="FLOAT")
    listener = listen(pulse, tmp_path, 6.5)
    time.sleep(1.0)  # noqa: TID251
    player = pulse.play(tmp_path / "clicks.wav")
    numbers = result(listener)
    player.wait(10)
    heard = np.load(tmp_path / "heard.npy")
    clicks = np.flatnonzero(heard > 0.4)
    assert numbers["overruns"] == 0
    assert len(clicks) == np.count_nonzero(sound[:, 0])
    assert set(np.diff(clicks)) == {spacing}
    assert np.allclose(heard[clicks], 0.8, atol=1e-3)


def test_a_card_that_goes_away_and_comes_back_is_opened_again(pulse, tmp_path):
    listener = listen(pulse, tmp_path, 14.0, "lossy")
    time.sleep(2.0)  # noqa: TID251
    pulse.stop()
    time.sleep(2.0)  # noqa: TID251
    pulse.start()
    numbers = result(listener)
    assert numbers["losses"] >= 1
    assert numbers["longest_gap_s"] > 1.0
    assert numbers["after_gap_s"] > 3.0  # blocks came again, and kept coming
