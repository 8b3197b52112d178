"""Processes that begin as copies: what they are told, what they have of their parent, how they end."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from promise import HANG_S

from controller.copies import can_copy, copies
from controller.system import spawns

pytestmark = pytest.mark.skipif(sys.platform != "linux" or spawns(), reason="copies are made on Linux alone")

PART = """
import json, os, sys, threading, time

def main(argv):
    if argv[0] == "say":
        print(json.dumps({
            "argv": argv, "told": os.environ["TOLD"], "loaded": "shelf" in sys.modules,
            "files": sorted(int(one) for one in os.listdir("/proc/self/fd"))[:-1],
            "title": open("/proc/self/cmdline").read().strip(chr(0)), "rest": sys.stdin.read(),
        }))
        sys.stderr.write("and this")
        threading.Thread(target=lambda: (time.sleep(0.2), print("a thread's last word", flush=True))).start()
        return 3
    if argv[0] == "fail":
        raise ValueError("a fault of its own")
    if argv[0] == "refuse":
        sys.exit("not today")
    while True:
        time.sleep(1)
"""
PARENT = """
import contextlib, json, os, signal, subprocess, sys
from controller.copies import copies

held = open(os.devnull), os.pipe()
told = {}
try:
    made = copies("part", lambda: __import__("shelf"), 5)
    waiting = made.__enter__()
finally:
    with open("came_back", "a") as file:  # one line for each process that gets here
        file.write("x")
with contextlib.ExitStack() as stack:
    stack.push(made.__exit__)
    told["count"] = len(waiting)
    first, one, other, left, failing, refusing = waiting
    waiting[:] = [left]
    for name, copy in (("fail", failing), ("refuse", refusing)):
        assert copy.become("part", [name], {})
        told[name] = [text.decode() for text in copy.communicate(60)] + [copy.poll()]
    assert first.become("part", ["say", "first"], {"TOLD": "early"})
    told["first"] = [text.decode() for text in first.communicate(60)]
    assert one.become("part", ["say", "one"], {"TOLD": "this"})
    one.stdin.write(b"what comes later")
    told["said"] = [text.decode() for text in one.communicate(60)]
    told["code"] = one.poll()
    assert other.become("part", ["wait"], {})
    told["runs"] = other.poll()
    try:
        other.wait(0.01)
    except subprocess.TimeoutExpired:
        told["late"] = True
    other.terminate()
    told["ended"] = other.wait(60)
    other.kill()  # whoever has the number now is not meant
    told["gone"] = other.become("part", ["wait"], {})
    os.kill(left._pid, signal.SIGKILL)
    told["dead"] = [left.wait(60), left.become("part", ["say"], {})]
told["came_back"] = len(open("came_back").read())
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a parent in a process of its own found out about its copies."""
    folder = tmp_path_factory.mktemp("copies")
    for name, text in (("part.py", PART), ("parent.py", PARENT), ("shelf.py", "")):
        (folder / name).write_text(text)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "parent.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{root}"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_first_and_so_many_more_are_made(told):
    assert told["count"] == 6


def test_no_copy_gets_back_into_what_its_parent_is_doing(told):
    assert told["came_back"] == 1


def test_a_copy_that_fails_says_why_and_one_that_refuses_says_how(told):
    assert told["fail"][0] == ""
    assert told["fail"][1].endswith("ValueError: a fault of its own\n")
    assert told["fail"][2] == 1
    assert told["refuse"] == ["", "not today\n", 1]


def test_a_copy_runs_its_part_with_what_it_was_told(told):
    said = json.loads(told["said"][0].splitlines()[0])
    assert (said["argv"], said["told"], said["rest"]) == (["say", "one"], "this", "what comes later")
    assert (told["said"][1], told["code"]) == ("and this", 3)


def test_what_was_loaded_before_is_there_in_all_but_the_first(told):
    assert json.loads(told["said"][0].splitlines()[0])["loaded"]
    assert not json.loads(told["first"][0].splitlines()[0])["loaded"]


def test_a_copy_has_its_own_streams_and_nothing_else_of_its_parent(told):
    # the lock of a show, the streams of other copies: whoever waits for their end would wait for this process
    assert json.loads(told["said"][0].splitlines()[0])["files"] == [0, 1, 2]
    assert json.loads(told["first"][0].splitlines()[0])["files"] == [0, 1, 2]


def test_a_copy_is_called_what_it_runs(told):
    assert json.loads(told["said"][0].splitlines()[0])["title"] == f"{sys.executable} -P -m part say one"


def test_a_copy_ends_as_a_program_does_with_its_threads(told):
    assert told["said"][0].splitlines()[1:] == ["a thread's last word"]


def test_a_copy_is_waited_for_and_ended(told):
    assert (told["runs"], told["late"], told["ended"], told["gone"]) == (None, True, -15, False)


def test_a_copy_that_died_while_it_waited_becomes_nothing(told):
    assert told["dead"] == [-9, False]


def test_no_copies_beside_a_thread_and_none_where_processes_begin_with_nothing(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert can_copy()
    monkeypatch.setenv("FOLLOWSPOT_START", "spawn")
    assert not can_copy()
    monkeypatch.delenv("FOLLOWSPOT_START")
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with copies("json", lambda: pytest.fail("nothing is prepared for nobody"), 2) as waiting:
        assert waiting == []
