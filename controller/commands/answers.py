"""The questions of `followspot init` and what an answer means: each is checked when it is given.

A wrong answer is named with its reason and asked again; those before it stay. Edge: devices, hosts and files are looked
for, Art-Net nodes are asked once.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from serial.tools import list_ports

from controller.clock import Clock
from controller.commands.arguments import at_home, audio_source
from controller.commands.draft import SONG
from controller.commands.fixture_words import FIXTURES, fixture_rows
from controller.commands.hanging_places import Room
from controller.commands.node_search import find_nodes
from controller.commands.wiring import wrong_with_device, wrong_with_host
from controller.config import EnttecProConfig
from controller.errors import AudioError, ConfigError, ControllerError
from controller.lighting.output.routes import DISCOVER
from controller.listening.audio.capture import find_device, input_devices
from controller.listening.audio.file_source import FileSource
from controller.listening.audio.stems_source import StemsSource
from controller.rig.profiles.library import Library

MOST_LETTERS = 4_000
"""Of an answer; 512 fixtures, each by itself, take more, and then a patch list is better."""
LONGEST_VENUE = 80
LEAST_M, MOST_M = 0.5, 60.0
ROOM = re.compile(r"^(\d{1,3}(?:\.\d{1,3})?)\s*[x×]\s*(\d{1,3}(?:\.\d{1,3})?)\s*[x×]\s*(\d{1,3}(?:\.\d{1,3})?)$")
NUMBERED = {
    "artnet": ("port_address", 0, 32_767, 0),
    "sacn": ("universe", 1, 63_999, 1),
    "ola": ("universe", 0, 65_535, 0),
}
"""Outputs with universes: the key of its number, the lowest, the highest and the usual one."""
SERIAL = {"enttec": "enttec-pro", "enttec-pro": "enttec-pro", "open-dmx": "open-dmx"}
STEREO = 2


@dataclass(slots=True)
class Answers:
    """What was understood so far.

    Args:
        library: where profiles are looked up. clock: for the search for nodes.

    Attributes:
        output: of the one universe, as the configuration has it. fixtures: rows without names and places.
        audio: as the configuration has it. room: of the stage. remarks: not wrong, and worth knowing.
    """

    library: Library
    clock: Clock
    venue: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    fixtures: list[dict[str, Any]] = field(default_factory=list)
    audio: dict[str, Any] = field(default_factory=dict)
    room: Room = (0.0, 0.0, 0.0)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """One of them: its name is that of its option, `usual` what Enter takes; `take` puts an answer into the others.

    `take` raises a ControllerError with the reason where the answer means nothing or names what is not there.
    """

    name: str
    text: str
    usual: str
    take: Callable[[Answers, str], None]

    def put(self, answers: Answers, written: str) -> None:
        """Take an answer.

        Raises:
            ConfigError: it cannot be used; begins with the question's name.
        """
        try:
            self.take(answers, _readable(written))
        except ControllerError as error:
            said = str(error)
            raise ConfigError(said if said.startswith(f"{self.name}: ") else f"{self.name}: {said}") from error


Ask = Callable[[Question], str]
Say = Callable[[str], None]


def ask_all(
    answers: Answers, given: dict[str, str], ask: Ask | None, say: Say, questions: "tuple[Question, ...] | None" = None
) -> None:
    """Ask what is not given.

    Args:
        given: answers by the question's name. ask: gives an answer, "" for the usual one; None: nobody is asked, and
            the usual answers are taken. say: told the reason why an answer is asked again, and remarks.
        questions: which; None: all of them.

    Raises:
        ConfigError: an answer cannot be used and nobody is there to give another.
    """
    for question in QUESTIONS if questions is None else questions:
        if question.name != "universe" or answers.output["type"] in NUMBERED:
            _ask_one(question, answers, given.get(question.name), ask, say)
        elif question.name in given:
            say(f"universe: not needed, {answers.output['type']} carries one universe")
        for remark in answers.remarks:
            say(remark)
        answers.remarks.clear()


def _ask_one(
    question: Question,
    answers: Answers,
    written: str | None,
    ask: Ask | None,
    say: Say,
) -> None:
    while True:
        try:
            if written is None:
                written = (ask(question).strip() if ask else "") or question.usual
            question.put(answers, written)
        except ControllerError as error:
            if ask is None:
                raise
            say(str(error))
            written = None
        else:
            return


def audio_inputs() -> list[str]:
    """What `device:` may name here."""
    try:
        return [str(one["label"]) for one in input_devices()]
    except AudioError:
        return []


def _readable(written: str) -> str:
    written = written.strip()
    if not written:
        raise ConfigError("nothing was written; leave the option out for the usual answer")
    if len(written) > MOST_LETTERS:
        raise ConfigError(f"{len(written)} letters are too many; at most {MOST_LETTERS}")
    if not written.isprintable():
        raise ConfigError(f"{ascii(written)[:60]} has signs in it that cannot be printed")
    return written


def _venue(answers: Answers, written: str) -> None:
    if len(written) > LONGEST_VENUE:
        raise ConfigError(f"{len(written)} letters are too many for a name; at most {LONGEST_VENUE}")
    if not any(one.isalnum() for one in written):
        raise ConfigError(f"'{written}' has neither a letter nor a digit; the venue's files are called by it")
    answers.venue = written


def _output(answers: Answers, written: str) -> None:
    kind, _, place = written.partition(" ")
    kind, place = kind.lower().rstrip(":"), place.strip()
    if kind in NUMBERED:
        number, _, _, usual = NUMBERED[kind]
        answers.output = {"type": kind, **_host(answers, kind, place), number: usual}
    elif kind in SERIAL:
        answers.output = {"type": SERIAL[kind], "device": _device(place)}
    else:
        raise ConfigError(
            f"'{_short(written)}' is none of artnet, sacn, ola, enttec and open-dmx, with an address or a device"
        )


def _host(answers: Answers, kind: str, place: str) -> dict[str, str]:
    if kind == "artnet" and place in ("", DISCOVER):
        return {"host": DISCOVER}
    if not place:
        return {}
    if " " in place or "/" in place or ":" in place:
        raise ConfigError(f"'{_short(place)}' is no address and no name of a host; for example {kind} 10.0.0.20")
    if problem := wrong_with_host(place):
        raise ConfigError(problem)
    if kind == "artnet":
        _ask_node(answers, place)
    return {"host": place}


def _ask_node(answers: Answers, place: str) -> None:
    """A node that does not answer may be switched off until tonight: a remark, and no mistake."""
    try:
        address = ipaddress.IPv4Address(place)
    except ValueError:
        return
    if address.is_loopback or place.endswith(".255"):
        return
    if place not in (ip for ip, _ in find_nodes(answers.clock)):
        answers.remarks.append(
            f"no Art-Net node answers at {place} now: is it on, and in this network? "
            "Before doors `followspot doctor` asks again"
        )


def _device(place: str) -> str:
    ports = sorted(str(one.device) for one in list_ports.comports())
    here = f"here: {', '.join(ports)}" if ports else "no serial port is plugged in here"
    if not place:
        if len(ports) != 1:
            raise ConfigError(f"which device? {here}")
        return ports[0]
    try:
        EnttecProConfig(type="enttec-pro", device=place)
    except ValidationError:
        raise ConfigError(f"'{_short(place)}' is no serial port (/dev/ttyUSB0, COM3, serial:NUMBER); {here}") from None
    if problem := wrong_with_device(place):
        raise ConfigError(f"{problem}; {here}")
    return place


def _universe(answers: Answers, written: str) -> None:
    kind = str(answers.output["type"])
    key, lowest, highest, usual = NUMBERED[kind]
    if written == "auto":
        answers.output[key] = usual
        return
    digits = written if written.isascii() and written.isdecimal() else ""
    if not digits or len(digits) > 10 or not lowest <= int(digits) <= highest:
        raise ConfigError(
            f"'{_short(written)}' is no universe of {kind}; a whole number from {lowest} to {highest}, or auto"
        )
    answers.output[key] = int(digits)


def _fixtures(answers: Answers, written: str) -> None:
    answers.fixtures = fixture_rows(written, answers.library)


def _audio(answers: Answers, written: str) -> None:
    if written.lower() == "demo":
        answers.audio = {"source": SONG, "loop": True, "monitor": "auto"}
        return
    kind, place = audio_source(written)
    if kind == "device":
        channels = int(find_device(place)["channels"])
        answers.audio = {"source": f"device:{place}", **({} if channels >= STEREO else {"channels": [1]})}
        return
    path = at_home(place)
    try:
        if not path.exists():
            raise ConfigError(f"{path}: no such {'file' if kind == 'file' else 'folder'}")
        if path.is_dir() != (kind == "stems"):
            raise ConfigError(
                f"{path}: is {'a folder: write stems:' if path.is_dir() else 'a file: write file:'}{place}"
            )
        (StemsSource(path, {}, loop=False) if kind == "stems" else FileSource(path, loop=False)).close()
    except (OSError, ValueError) as error:
        raise ConfigError(f"'{_short(place)}' cannot be read: {error}") from error
    answers.audio = {"source": f"{kind}:{path.absolute()}", "loop": False, "monitor": "auto"}


def _room(answers: Answers, written: str) -> None:
    match = ROOM.match(written.lower().replace(",", "."))
    sides = [float(one) for one in match.groups()] if match else []
    if len(sides) != len(answers.room) or not all(LEAST_M <= one <= MOST_M for one in sides):
        raise ConfigError(
            f"'{_short(written)}' is no size of a stage; three lengths in metres from {LEAST_M:g} to {MOST_M:g}, "
            "such as 6x4x3.4"
        )
    answers.room = (sides[0], sides[1], sides[2])


def _short(written: str) -> str:
    return written if len(written) <= 60 else f"{written[:57]}..."


OUTPUTS = "artnet | artnet ADDRESS | sacn | sacn ADDRESS | ola | enttec DEVICE | open-dmx DEVICE"
LISTED = "`followspot fixtures list`"
VENUE = Question("venue", "What is the venue called?", "My Venue", _venue)
OUTPUT = Question("output", f"Light leaves by ({OUTPUTS})", "artnet 127.0.0.1", _output)
SOUND = Question("audio", "Sound comes from (demo | file:PATH | stems:FOLDER | device:NAME)", "demo", _audio)
QUESTIONS = (
    VENUE,
    OUTPUT,
    Question("universe", "Universe on the wire (Art-Net and OLA count from 0, sACN from 1)", "auto", _universe),
    Question("fixtures", f"Fixtures, as {FIXTURES}, with commas ({LISTED})", "4 generic/rgb-par-7ch", _fixtures),
    SOUND,
    Question("room", "Stage in metres, WIDTHxDEPTHxHEIGHT of the fixtures", "6x4x3.4", _room),
)
