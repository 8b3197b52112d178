"""A JACK server without a sound card: its dummy driver, and ports that hand back what is played to them."""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys

from promise import HANG_S

NUMBERS = itertools.count(1)
WAIT = """
import time, rtmidi
for _ in range(200):
    try:
        out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="probe")
        out.open_virtual_port("probe")
        out.get_ports()
        out.delete()
        break
    except Exception:
        time.sleep(0.1)
else:
    raise SystemExit("no server")
"""


def installed() -> str | None:
    """The program."""
    return shutil.which("jackd")


@contextlib.contextmanager
def server(*options: str):
    """One of a test's own, which programs of this test find as long as this lasts.

    Args:
        options: of `jackd`, in front of its driver.
    """
    name = f"followspot-test-{os.getpid()}-{next(NUMBERS)}"
    own = {"JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": name}
    before = {key: os.environ.get(key) for key in own}
    os.environ.update(own)
    # As people run it: a client that is late for half a second is given up, and libjack crashes with it.
    first = ["-R", "-m"] if subprocess.run(["chrt", "-f", "10", "true"], check=False).returncode == 0 else ["-r"]
    jackd = subprocess.Popen(
        ["jackd", "-n", name, *first, *options, "-d", "dummy", "-r", "48000", "-p", "512"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        subprocess.run([sys.executable, "-c", WAIT], capture_output=True, timeout=HANG_S, check=True)
        yield
    finally:
        jackd.terminate()
        jackd.wait(HANG_S)
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value
