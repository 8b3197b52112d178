"""`followspot init`: a few questions to a valid configuration, and a walk along the rig, fixture by fixture.

Edge: files, a socket, a thread, the browser.
"""

import argparse
import json
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from controller.bundled import bundled
from controller.clock import Clock, MonotonicClock
from controller.commands.answers import QUESTIONS, Answers, Question, ask_all, audio_inputs
from controller.commands.draft import drafted, portable, refuse_place, write_config
from controller.commands.drawing.questions import QuestionsPage
from controller.commands.drawing.served import key_for, serve_page
from controller.commands.fixture_words import UNIVERSE
from controller.commands.hanging_places import numbered
from controller.commands.identify import identify
from controller.config import Config, read_config
from controller.counted import counted
from controller.errors import ConfigError
from controller.rig.profiles.library import Library
from controller.show import run_show

WEB_PORT = 8130
USUAL_FILE = Path("my-venue.yaml")
LIT_S = 3.0
PAGE_WITHIN_S = 30.0
ENDED, INTERRUPTED = 1, 130
Ask = Callable[[str], str]
Say = Callable[[str], None]


def first_run(file: Path, given: dict[str, str], clock: Clock, *, replace: bool, ask: Ask | None, say: Say) -> Config:
    """Ask, and write the file.

    Args:
        file: to write. given: answers that need no asking, by the question's name. replace: write over a file.
        ask: puts a question to a person; None: the usual answers are taken. say: tells a person something.

    Raises:
        ControllerError: an answer cannot be used, or the file cannot be written; nothing is written.
        EOFError, KeyboardInterrupt: from `ask`; nothing is written.
    """
    refuse_place(file, replace=replace)
    answers = Answers(_library(file), clock)
    ask_all(answers, given, None if ask is None else lambda question: _put(question, ask, say), say)
    audio = {**answers.audio, "source": portable(answers.audio["source"], file.absolute().parent)}
    universes = {UNIVERSE: {"outputs": [answers.output]}}
    fixtures = sorted(numbered(answers.fixtures, answers.room), key=lambda one: int(one["address"]))
    refuse_place(file, replace=replace)  # once more: answering takes time
    return write_config(drafted(answers.venue, audio, universes, fixtures), file, "followspot init")


def _put(question: Question, ask: Ask, say: Say) -> str:
    if question.name == "audio":
        say("inputs here: " + (", ".join(audio_inputs()) or "none"))
    return ask(f"{question.text} [{question.usual}]: ")


def _library(file: Path) -> Library:
    """Profiles as the new configuration will find them."""
    demo = read_config(bundled("config.yaml"))
    return Library.of(demo.model_copy().at(file.absolute(), {}), locked=False)


def walk(config: Config, clock: Clock, said: Say, seen: Callable[[str], bool]) -> list[str]:
    """Light one fixture after the other and ask whether somebody saw it; the ids of those that nobody saw."""
    missing = []
    for fixture in config.fixtures:
        where = f"{fixture.universe}.{fixture.address}"
        if fixture.role == "hazer":
            said(f"{fixture.id} ({fixture.profile} {fixture.mode}) at {where} is left alone: no haze without a person")
            continue
        said(f"{fixture.id} ({fixture.profile} {fixture.mode}) at {where} should be white now")
        identify(config, fixture.id, clock, lambda: None, LIT_S)
        if not seen(fixture.id):
            missing.append(fixture.id)
    return missing


def walk_along(config: Config, clock: Clock, ask: Ask | None, say: Say) -> None:
    """Light every fixture, ask whether somebody saw it, and name those that nobody saw."""

    def seen(_fixture: str) -> bool:
        return ask is None or ask("seen? [Y/n] ").strip().lower() not in ("n", "no")

    for one in walk(config, clock, say, seen):
        say(f"nobody saw {one}: its address, its mode, its cable? followspot patch explain tells more")


def open_page(config: Config) -> None:
    """Open the page in a browser as soon as somebody answers there; it walks along the rig, line by line."""
    threading.Thread(target=_open_when_there, args=(config.page.host, config.page.port), daemon=True).start()


def _open_when_there(host: str, port: int) -> None:
    end_s = MonotonicClock().now_s() + PAGE_WITHIN_S
    while MonotonicClock().now_s() < end_s:
        try:
            socket.create_connection((host, port), timeout=1.0).close()
        except OSError:
            threading.Event().wait(0.2)
        else:
            webbrowser.open(f"http://{host}:{port}/#walk")
            return


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options: every question can be answered by one."""
    parser.add_argument("file", type=Path, nargs="?", help=f"to write; default: {USUAL_FILE}")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the same")
    parser.add_argument("--yes", action="store_true", help="ask nothing: the usual answer wherever no option gives one")
    for one in QUESTIONS:
        parser.add_argument(f"--{one.name}", metavar="ANSWER", help=f"{one.text}; default: {one.usual}")
    parser.add_argument("--web", action="store_true", help="ask in the browser, and draw the rig there afterwards")
    parser.add_argument("--host", default="127.0.0.1", help="of --web; 0.0.0.0: a tablet, with a key")
    parser.add_argument("--port", type=int, default=WEB_PORT, help=f"of --web; default: {WEB_PORT}")
    parser.add_argument("--replace", action="store_true", help="write over a file that is there")
    parser.add_argument("--test", action="store_true", help="then light one fixture after the other")
    parser.add_argument("--open", action="store_true", help="then start the show and open its page")


def run(options: argparse.Namespace) -> int:
    """Ask, write, and go on as wished; returns the exit code."""
    file = _file(options)
    given = {one.name: getattr(options, one.name) for one in QUESTIONS if getattr(options, one.name) is not None}
    console, clock = Console(highlight=False), MonotonicClock()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    if options.web:
        return _in_browser(options, file, given, clock)
    ask = None if options.yes else _typed
    try:
        config = first_run(file, given, clock, replace=options.replace, ask=ask, say=say)
    except (EOFError, KeyboardInterrupt) as error:
        code = ENDED if isinstance(error, EOFError) else INTERRUPTED
        hint = "" if code == INTERRUPTED else "; `--yes` takes the usual answers without asking"
        print(f"\nfollowspot: ended before the last answer: nothing was written{hint}", file=sys.stderr)
        return code
    say(f"{file}: {counted(len(config.fixtures), 'fixture')}; show it with: followspot show --config {file}")
    if options.test:
        walk_along(config, clock, ask, say)
    if options.open:
        open_page(config)
        print(json.dumps(run_show(config, clock)))
    return 0


def _in_browser(options: argparse.Namespace, file: Path, given: dict[str, str], clock: Clock) -> int:
    refuse_place(file, replace=options.replace)
    key = key_for(options.host)

    def write(answers: dict[str, str]) -> None:
        first_run(file, answers, clock, replace=options.replace, ask=None, say=print)

    page = QuestionsPage(file, given, write, Answers(_library(file), clock), key)
    said = "the questions are"
    serve_page(page, options.host, options.port, key, said=said, say=lambda line: print(line, flush=True))
    print(
        f"{file}: {'show it with: followspot show --config ' + str(file) if file.is_file() else 'nothing was written'}"
    )
    return 0 if file.is_file() else INTERRUPTED


def _file(options: argparse.Namespace) -> Path:
    if options.file is not None and options.out not in (None, options.file):
        raise ConfigError(f"two files are named, {options.file} and {options.out}; name one")
    return Path(options.file or options.out or USUAL_FILE).expanduser()


def _typed(text: str) -> str:
    print(text, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
