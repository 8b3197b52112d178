"""A signal comes at any moment, and again while it is dealt with: the process ends all the same, and in order."""

import subprocess
import sys

from promise import HANG_S

from controller.bus.doors import DOORS, RUN_FILE, new_doors
from controller.config import freeze

WHILE_IT_IS_SET = """
import os, signal, sys, threading
from controller.bus.run import Run

run, set_it, hits = Run("lighting", [sys.argv[1]]), threading.Condition.notify_all, []

def hit(condition):
    if condition is run.stopping._cond and not hits:  # the event's own lock is held
        hits.append(os.kill(os.getpid(), signal.SIGTERM))
    set_it(condition)

threading.Condition.notify_all = hit
os.kill(os.getpid(), signal.SIGTERM)
while not run.stopping.wait(0.01):
    pass
print("stops", len(hits))
"""


def test_a_process_that_is_told_to_end_while_it_is_told_to_end_does(config, tmp_path):
    """The supervisor says so twice, within a millisecond where it is quick."""
    (tmp_path / RUN_FILE).write_text(freeze(config, {DOORS: new_doors()}), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", WHILE_IT_IS_SET, str(tmp_path)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert process.stdout.readline() == "stops 1\n"
        assert process.wait(HANG_S) == 0
    finally:
        process.kill()
        process.communicate()
