"""READ THIS FIRST: a show, from sound to light.

    sound card, file or stems
        |  blocks, 5 ms                        listening/audio/capture, playback, block_queue
        +--> level and onsets --------------+  listening/audio/onsets       the fast path: it never waits for a network
        |                                   |
        +--> one-second windows, 10 Hz      |  listening/audio/windows
                |  512 floats               |  listening/embed/embedder     what the second sounds like
                |  logits                   |  listening/decode/skipbart    what light would follow the light so far
                |  hue, value               |  listening/chooser            drawn within reach of the last token
                v                           v
             tokens                      pulses                             ZeroMQ, newest value wins: bus/topics
                |                           |
                +------------+--------------+
                             |  40 Hz                               lighting/output_cycle: one pure object, ticked
                             |  how well it can hear and think      lighting/health
                             |  what each role makes of it          lighting/look/roles, accents, fade
                             |  what a person holds at the page     lighting/look/manual
                             |  grand master, blackout, hold        lighting/look/master
                             |  slots                               rig/patch/render
                             |  a person's console takes over       lighting/takeover/console_merge
                             |  no more flashes than allowed        lighting/limiter
                             +--> the show's log                    records/recording
                             v
             Art-Net, sACN, OLA, USB                                lighting/output/streams, sender, sinks

Four processes share the work, so that nothing which may be slow or may die stands between a look and the wire:
`listening` (audio and networks), `lighting` (everything below the bus), `spare` (the same as `lighting`, in silence
until it must step in) and `watching` (the page and controllers). This file starts them, starts again what dies, and
ends them in order. `rehearsal/rehearse.py` joins the same stages in a virtual time. The whole house,
file by file: docs/architecture.md. Edge: processes, signals, files.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from controller.bus.beats import BEATS_FILE, CYCLES_AT, LEADER_AT, Beats
from controller.bus.doors import DOORS, RUN_FILE, new_doors
from controller.bus.run import KEY
from controller.clock import Clock
from controller.config import Config, freeze, without_key
from controller.copies import Copy
from controller.errors import ControllerError
from controller.lighting.failover.lead import PAIR
from controller.one_show import OneShow
from controller.records.show_log import make_room
from controller.system import allow_open_files, ending_signals, spawns
from controller.text_out import STDERR, Drawing, TextOut, forward, log_through
from controller.watching.status_line import StatusLine

log = logging.getLogger(__name__)

POLL_S = 0.05
RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
LIGHT_RETRY_S = 0.5
"""One that lights never waits longer: the other one is all that is left."""
RUN_PREFIX = "followspot-"
MOST_PATH_BYTES = 107
"""Of a Unix socket's name (Linux; 103 on macOS)."""
LONGEST_NAME = 40
"""Of the run's folder and a socket in it, with some to spare."""
READY_S = 1.5
FEW_FILES, MOST_FILES = 128, 4_096
CHECK_S = 120.0
"""The check before the show may take so long: a model or a file of somebody else may never end."""
GRACE_S = 3.0
STUCK_S = 1.2
"""A process that has said nothing for so long is stopped, swapped out or in a loop."""
BEGIN_S = 120.0
"""One that has not said anything at all for so long since it was started never will: loading takes seconds."""
ASLEEP_S = 0.5
"""A supervisor that looks so late was itself stopped, with everybody else: a machine that was suspended wakes up."""
LAST_WORDS_S = 0.2
"""What a process said before it ended comes before what is said about its end, as a rule."""
FIRST_LIGHT_S = 60.0
"""Where no light comes at all, a show of so many seconds ends so much later."""
STEADY_S = 3.0
"""A process that ran for so long is started again at once; one that keeps dying, later and later."""


@dataclass(frozen=True, slots=True)
class ShowProcess:
    """One process: its name, the module it runs, and whether the show is over when it ends well."""

    name: str
    module: str
    ends_show: bool = False

    @property
    def lights(self) -> bool:
        """Whether it is one of the two that send."""
        return self.name in PAIR


PARTS = (
    ShowProcess("lighting", "controller.lighting.process"),
    ShowProcess("spare", "controller.lighting.process"),
    ShowProcess("listening", "controller.listening.process", ends_show=True),  # a song that is over
    ShowProcess("watching", "controller.watching.process"),
)


CHECK = "controller.commands.check"
"""What runs, in a process of its own, before the first light."""


class Started(Protocol):
    """A process that was started: a `Copy`, or a `subprocess.Popen`."""

    @property
    def stdin(self) -> IO[bytes] | None: ...  # noqa: D102
    @property
    def stdout(self) -> IO[bytes] | None: ...  # noqa: D102
    @property
    def stderr(self) -> IO[bytes] | None: ...  # noqa: D102
    def poll(self) -> int | None: ...  # noqa: D102
    def wait(self, timeout: float | None = None) -> int: ...  # noqa: D102
    def communicate(self, *, timeout: float) -> tuple[bytes, bytes]: ...  # noqa: D102
    def terminate(self) -> None: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102


def started(copy: Copy | None, module: str, argv: list[str], told: dict[str, str]) -> Started:
    """A process that runs a module's `main`: a copy that waits, if there is one; else one that begins by itself.

    Args:
        argv: its arguments. told: what it finds in its environment.
    """
    if copy is not None and copy.become(module, argv, told):
        return copy
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **told},
    )


class Supervised:
    """A part, kept running.

    Args:
        part: which. folder: the run's. out: takes what the process logs, so that it never waits for who reads it.
        told: what it finds in its environment. copy: what becomes the part at first.
    """

    def __init__(
        self, part: ShowProcess, folder: Path, out: TextOut, told: dict[str, str], copy: Copy | None = None
    ) -> None:
        self.part = part
        self._folder, self._out, self._told, self._copy = folder, out, told, copy
        self._passing: threading.Thread | None = None
        self._process: Started | None = None
        self._retry_at_s = self._started_s = self._woke_s = 0.0
        self._failures = 0
        self.starts = self.stuck = 0
        self.over = False
        self.summary: dict[str, Any] = {}

    def start(self, now_s: float) -> None:
        """Start the process."""
        self._started_s = now_s
        self._process = started(self._copy, self.part.module, [str(self._folder), self.part.name], self._told)
        self._copy = None
        if self._process.stderr is not None:
            self._passing = forward(os.dup(self._process.stderr.fileno()), self._out)
            self._process.stderr.close()
        self.starts += 1

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the process at once; it is started again."""
        if self._process is not None:
            self._process.kill()

    def watch(self, now_s: float, beaten_s: float, *, dark: bool = False) -> None:
        """Notice an end or a standstill; start again what should not have ended, a little later each time.

        Args:
            now_s: time. beaten_s: when the process last said that it is alive. dark: nobody lights, so that a process
                that lights waits for nothing.
        """
        if self._process is None:
            if not self.over and (now_s >= self._retry_at_s or (dark and self.part.lights)):
                self.start(now_s)
            return
        code = self._process.poll()
        if code is None:
            still_s = now_s - max(beaten_s, self._woke_s)
            begun = beaten_s > self._started_s
            if still_s > STUCK_S if begun else now_s - max(self._started_s, self._woke_s) > BEGIN_S:
                still_s = still_s if begun else now_s - self._started_s
                log.warning("%s has not moved for %.1f s; it is killed", self.part.name, still_s)
                self.stuck += 1
                self._process.kill()
            return
        self._collect()
        if code == 0 and self.part.ends_show:
            self.over = True
            return
        steady = now_s - self._started_s > STEADY_S
        self._failures = 0 if steady else self._failures + 1
        most = LIGHT_RETRY_S if self.part.lights else RETRY_S[-1]
        wait_s = min(most, RETRY_S[min(self._failures, len(RETRY_S) - 1)])
        log.warning("%s ended with code %d; starting it again in %.1f s", self.part.name, code, wait_s)
        self._retry_at_s = now_s + wait_s

    def wake(self, now_s: float) -> None:
        """The whole machine stood still until now; that is nobody's fault."""
        self._woke_s = now_s

    def terminate(self) -> None:
        """Ask the process to end: by its signal, or where that would kill it (Windows), by closing what it reads."""
        if self._process is None:
            return
        if not spawns():
            self._process.terminate()
        elif self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """Ask the process to end, and wait; end it if it does not."""
        if self._process is None:
            return
        self.terminate()
        try:
            self._process.wait(GRACE_S + 30.0 if self.part.lights else GRACE_S)
        except subprocess.TimeoutExpired:
            log.warning("%s did not end in time; killed", self.part.name)
            self._process.kill()
            self._process.wait()
        self._collect()

    def _collect(self) -> None:
        """Keep the process's last word and close its pipes."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return
        self._process.stdin.close()
        said = self._process.stdout.read().splitlines()
        self._process.stdout.close()
        if self._passing is not None:
            self._passing.join(LAST_WORDS_S)
        self._process = None
        if said:
            with contextlib.suppress(ValueError):
                self.summary = json.loads(said[-1])


def parts_of(config: Config) -> list[ShowProcess]:
    """The parts of this show."""
    return [part for part in PARTS if part.name != "watching" or config.page.enabled]


def run_show(
    config: Config,
    clock: Clock,
    seconds: float | None = None,
    *,
    accepted: Callable[[], None] = lambda: None,
    copies: list[Copy] | None = None,
) -> dict[str, Any]:
    """Run a show until it is over: the song ends, `seconds` have passed, or somebody says so (SIGINT, SIGTERM).

    Args:
        config: everything, command-line options included.
        clock: time.
        seconds: longest duration from the first light on, or None.
        accepted: called when nothing was refused, before the first light.
        copies: processes that wait to be one of this show: the first does the check, then one becomes each part.

    Returns:
        The summary that the command line prints as JSON.

    Raises:
        ControllerError: the show was refused before any light was sent.
    """
    ended_by: list[str] = []
    waiting = copies or []
    before = {number: signal.signal(number, lambda *_: ended_by.append("operator")) for number in ending_signals()}
    try:
        with (
            contextlib.closing(OneShow(config)) as alone,
            tempfile.TemporaryDirectory(prefix=RUN_PREFIX, dir=run_root(), ignore_cleanup_errors=True) as name,
        ):
            folder, text = Path(name), freeze(without_key(config), {DOORS: new_doors()})
            (folder / RUN_FILE).write_text(text, encoding="utf-8")
            refuse_early(folder, _taken(waiting))
            alone.hold_places()
            accepted()
            have_files()
            make_room(config)
            out = TextOut(STDERR)
            log_through(out, "%(name)s: %(message)s")
            with contextlib.ExitStack() as stack:
                line = stack.enter_context(StatusLine(folder, Drawing(out, STDERR)))
                beats = stack.enter_context(contextlib.closing(Beats(folder)))
                told = {KEY: config.standby.key, BEATS_FILE: beats.elsewhere}
                parts = [Supervised(part, folder, out, told, _taken(waiting)) for part in parts_of(config)]
                return _supervise(
                    parts, clock, seconds, ended_by, line=line, beats=beats, mending=Mending(folder, text, beats)
                )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _taken(waiting: list[Copy]) -> Copy | None:
    return waiting.pop(0) if waiting else None


def _supervise(
    parts: list[Supervised],
    clock: Clock,
    seconds: float | None,
    ended_by: list[str],
    *,
    line: StatusLine,
    beats: Beats,
    mending: "Mending",
) -> dict[str, Any]:
    started_s = clock.now_s()
    for part in parts:
        part.start(started_s)
    now_s, first_s = started_s, None
    while not ended_by:
        looked_s = now_s
        clock.sleep_until(clock.now_s() + POLL_S)
        now_s = clock.now_s()
        if now_s - looked_s > ASLEEP_S:
            log.warning("nothing ran for %.1f s; going on", now_s - looked_s)
            for part in parts:
                part.wake(now_s)
        line.update(now_s - started_s)
        mending.look(parts, now_s)
        dark = not any(part.runs for part in parts if part.part.lights)
        for part in parts:
            part.watch(now_s, beats.beaten_s(part.part.name), dark=dark)
        if first_s is None and beats.read(CYCLES_AT):
            first_s = now_s
        begun_s = started_s + FIRST_LIGHT_S if first_s is None else first_s
        if any(part.over for part in parts):
            ended_by.append("song")
        elif seconds is not None and now_s - begun_s >= seconds:
            ended_by.append("seconds")
    lit_s = clock.now_s() - (started_s if first_s is None else first_s)
    _stop_in_order(parts, leads=beats.read(LEADER_AT))
    return {
        "ended_by": ended_by[0],
        "seconds": round(lit_s, 2),
        "sent_cycles": beats.read(CYCLES_AT),
        "restarts": {part.part.name: part.starts - 1 for part in parts},
        **{part.part.name: part.summary for part in parts if not part.part.lights},
        "lighting": _last_lit([part.summary for part in parts if part.part.lights]),
    }


class Mending:
    """Makes the run's folder anew when a cleaner of temporary files took it, and moves everybody into the new one.

    Sockets that were open go on; who starts needs the folder. So those who do not send are started again first and,
    when the spare stands ready, the one that sends: the light goes on as when it dies.

    Args:
        folder: the run's. text: of its file. beats: signs of life, which need no folder.
    """

    def __init__(self, folder: Path, text: str, beats: Beats) -> None:
        self._folder, self._text, self._beats = folder, text, beats
        self._waits_for: str | None = None
        self._moved_s = float("-inf")

    def look(self, parts: list[Supervised], now_s: float) -> None:
        """Once in each turn of the supervisor."""
        if not (self._folder / RUN_FILE).exists():
            self._make_anew(parts, now_s)
        elif self._waits_for is not None and now_s - self._moved_s > READY_S:
            other = PAIR[1 - PAIR.index(self._waits_for)]
            if now_s - self._beats.beaten_s(other) < STUCK_S and self._beats.beaten_s(other) > self._moved_s + READY_S:
                next(part for part in parts if part.part.name == self._waits_for).kill()
                self._waits_for = None

    def _make_anew(self, parts: list[Supervised], now_s: float) -> None:
        log.warning("%s was removed by somebody; it is made anew, and all processes move there", self._folder)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._folder / RUN_FILE).write_text(self._text, encoding="utf-8")
        except OSError as error:
            log.warning("%s cannot be made: %s; what runs goes on", self._folder, error.strerror)
            return
        leads = PAIR[self._beats.read(LEADER_AT) % len(PAIR)]
        self._waits_for, self._moved_s = leads, now_s
        for part in parts:
            if part.part.name != leads:
                part.kill()


def have_files() -> None:
    """Take as many open files as this user may have, and say it where they are few."""
    few = allow_open_files(MOST_FILES)
    if few < FEW_FILES:
        log.warning("this system gives a process %d open files; the sound or the page may fail: ulimit -n 1024", few)


def run_root() -> str | None:
    """Where a run's folder may lie: sockets in it have names of at most 107 bytes.

    Raises:
        ControllerError: nowhere.
    """
    chosen = tempfile.gettempdir()
    for root in (chosen, os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp"):  # noqa: S108 - a private folder is made there
        if root and len(os.fsencode(root)) + LONGEST_NAME < MOST_PATH_BYTES and os.access(root, os.W_OK | os.X_OK):
            return root
    raise ControllerError(
        f"{chosen}: no folder for this run's sockets: its name is too long, or it cannot be written to; set TMPDIR to "
        "a short one, such as /tmp"
    )


def _last_lit(said: list[dict[str, Any]]) -> dict[str, Any]:
    """The last word of the output process that led; of any, where the one that led died with its word unsaid."""
    return max(said, key=lambda one: (one.get("leads", False), bool(one)))


def _stop_in_order(parts: list[Supervised], leads: int) -> None:
    """Those that light last, both at once: the one that leads fades to the end look, and nobody steps in for it.

    The other one is told first: it would take a leader that fades for one that is gone.

    Args:
        parts: all. leads: which of `PAIR` does.
    """
    for part in parts:
        if not part.part.lights:
            part.stop()
    leader = PAIR[leads % len(PAIR)]
    lights = sorted((part for part in parts if part.part.lights), key=lambda one: one.part.name == leader)
    for part in lights:
        part.terminate()
    for part in lights:
        part.stop()


def refuse_early(folder: Path, copy: Copy | None = None) -> None:
    """Try everything that can be refused in a process of its own, before the first light.

    Args:
        folder: the run's. copy: what becomes that process.

    Raises:
        ControllerError: with the message that process printed.
    """
    check = started(copy, CHECK, [str(folder)], {})
    try:
        said, complained = check.communicate(timeout=CHECK_S)
    except subprocess.TimeoutExpired as error:
        check.kill()
        check.wait()
        raise ControllerError(
            f"the check before the show did not end within {CHECK_S:.0f} s; look at the model and at others' files"
        ) from error
    if check.wait():
        words = (said.strip() or complained.strip()).decode("utf-8", "replace")
        raise ControllerError(words or "the check before the show failed")
