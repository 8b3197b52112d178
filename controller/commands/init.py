"""`followspot init`: five questions to a valid `config.yaml`, and a walk along the rig, lamp by lamp.

Edge: files, a socket, a thread, the browser.
"""

import argparse
import json
import re
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from controller.clock import Clock, MonotonicClock
from controller.commands.identify import identify
from controller.config import Config, read_config
from controller.errors import AudioError, ConfigError, ControllerError
from controller.listening.audio.capture import input_devices
from controller.rig.patch.configured import patch_of
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile
from controller.show import run_show
from controller.state_folder import coming

HERE = Path(__file__).parents[2]
SONG = "controller/songs/metal_madness.opus"
PALETTE = ["#ff3a12", "#c8149a", "#2b34ff", "#12c2d6"]
LIT_S = 3.0
PAGE_WITHIN_S = 30.0
FIXTURES = re.compile(
    r"^(?:(\d{1,3})\s*[x×]?\s+)?([\w:./+-]+)(?:\s+(?!(?:key|wash|back|beam|mover|pixel|blinder|strobe|hazer)\b)(\w[\w.-]*))?"
    r"(?:\s+(key|wash|back|beam|mover|pixel|blinder|strobe|hazer))?(?:\s+@(\d{1,3}))?$"
)
ROOM = re.compile(r"^(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)$")
ROLES = {"hazer": "hazer", "strobe": "strobe", "blinder": "blinder", "spot": "beam", "bar": "pixel", "matrix": "pixel"}
"""Words in a profile's name, and what such a fixture is for; any other is a wash."""
HANGS = {
    "key": (-1.0, 1.0),
    "wash": (-1.0, 1.0),
    "back": (0.8, 0.95),
    "beam": (0.65, 1.0),
    "mover": (0.65, 1.0),
    "pixel": (0.5, 0.1),
    "blinder": (0.6, 0.8),
    "strobe": (0.75, 0.85),
    "hazer": (0.4, 0.05),
}
"""Where fixtures of a role hang at first: share of the depth (in front of the edge: metres), and of the height."""
Ask = Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked: `output` and `universe` as the wire knows them, `fixtures`, `audio`, `room`, all as written."""

    output: str
    universe: str
    fixtures: str
    audio: str
    room: str


QUESTIONS = (
    ("output", "Light leaves by (artnet | artnet ADDRESS | sacn | sacn ADDRESS | enttec DEVICE | open-dmx DEVICE)",
     "artnet 127.0.0.1"),
    ("universe", "Universe on the wire (Art-Net counts from 0, sACN from 1)", "auto"),
    ("fixtures", "Fixtures, as COUNT PROFILE [MODE] [ROLE] [@ADDRESS], with commas (`followspot fixtures list`)",
     "4 generic/rgb-par-7ch"),
    ("audio", "Sound comes from (demo | file:PATH | stems:DIR | device:NAME)", "demo"),
    ("room", "Stage in metres, WIDTHxDEPTHxHEIGHT of the lamps", "6x4x3.4"),
)  # fmt: skip


def ask_all(ask: Ask, given: dict[str, str]) -> Answers:
    """Ask what is not given; a wrong answer is asked again by `ask`, which raises what it likes to give up."""
    words = {name: given.get(name) or ask(name, text, usual) for name, text, usual in QUESTIONS}
    return Answers(**words)


def drafted(answers: Answers, venue: str, library: Library) -> dict[str, Any]:
    """The configuration as plain data.

    Raises:
        ConfigError: an answer means nothing; says which, and what would.
    """
    width, depth, height = _room(answers.room)
    fixtures = _fixtures(answers.fixtures, library, (width, depth, height))
    return {
        "venue": venue,
        "seed": 7,
        "palette": PALETTE,
        "audio": {"source": f"file:{HERE / SONG}" if answers.audio == "demo" else answers.audio,
                  "loop": answers.audio == "demo"},
        "model": {"embedder": str(HERE / "models/embedder-small"), "decoder": str(HERE / "models/skipbart-small"),
                  "hue": {"temperature": 1.0, "top_p": 1.0, "reach": 90},
                  "value": {"temperature": 1.0, "top_p": 1.0, "reach": 255}},
        "profiles": str(HERE / "fixtures"),
        "universes": {1: {"outputs": [_output(answers.output, answers.universe)]}},
        "fixtures": fixtures,
    }  # fmt: skip


def write_config(draft: dict[str, Any], file: Path) -> Config:
    """Write a configuration that was read back and patched before it takes its name.

    Raises:
        ConfigError, PatchError, ProfileError: it is not valid, and nothing is written.
    """
    head, fixtures = {k: v for k, v in draft.items() if k != "fixtures"}, draft["fixtures"]
    text = "# Written by `followspot init`; every line may be changed, `followspot check` says what is wrong with it.\n"
    text += yaml.safe_dump(head, sort_keys=False, default_flow_style=None, width=110)
    rows = (yaml.safe_dump(one, default_flow_style=True, sort_keys=False, width=1_000).strip() for one in fixtures)
    text += "fixtures:\n" + "".join(f"  - {row}\n" for row in rows)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with coming(file) as written:
            written.write_text(text, encoding="utf-8")
            config = read_config(written)
            patch_of(config)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    return read_config(file)


def walk(config: Config, clock: Clock, said: Callable[[str], None], seen: Callable[[str], bool]) -> list[str]:
    """Light every fixture by itself and ask whether somebody saw it; the ids of those that nobody saw."""
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


def audio_inputs() -> list[str]:
    """What `device:` may name here."""
    try:
        return [str(one["label"]) for one in input_devices()]
    except AudioError:
        return []


def _room(written: str) -> tuple[float, float, float]:
    match = ROOM.match(written.strip().lower().replace(",", "."))
    sides = tuple(float(one) for one in match.groups()) if match else ()
    if len(sides) != 3 or not all(0.5 <= one <= 60.0 for one in sides):
        raise ConfigError(f"room: {written!r} is no size; write three lengths in metres, such as 6x4x3.4")
    return sides[0], sides[1], sides[2]


def _output(written: str, universe: str) -> dict[str, Any]:
    kind, _, place = written.strip().partition(" ")
    number = None if universe in ("", "auto") else _number(universe)
    match kind:
        case "artnet":
            return {"type": "artnet", "host": place or "discover", "port_address": number or 0}
        case "sacn":
            return {"type": "sacn", "universe": 1 if number is None else number} | ({"host": place} if place else {})
        case "enttec" | "enttec-pro":
            return {"type": "enttec-pro", "device": place or "/dev/ttyUSB0"}
        case "open-dmx":
            return {"type": "open-dmx", "device": place or "/dev/ttyUSB0"}
    raise ConfigError(f"output: {written!r} is none of artnet, sacn, enttec and open-dmx, with an address or a device")


def _number(written: str) -> int:
    try:
        return int(written)
    except ValueError:
        raise ConfigError(f"universe: {written!r} is no whole number") from None


def _fixtures(written: str, library: Library, room: tuple[float, float, float]) -> list[dict[str, Any]]:
    """Fixtures of one universe, address after address, hung where their role usually hangs."""
    found: list[tuple[str, str, str]] = []
    rows: list[dict[str, Any]] = []
    free = 1
    for part in (one.strip() for one in written.split(",") if one.strip()):
        match = FIXTURES.match(part)
        if match is None:
            raise ConfigError(
                f"fixtures: {part!r} is not COUNT PROFILE [MODE] [ROLE] [@ADDRESS], e.g. 4 generic/rgb-par"
            )
        count, reference, mode, role, address = match.groups()
        profile = library.profile(reference)
        mode = _mode(profile, reference, mode)
        role = role or next((one for word, one in ROLES.items() if word in reference), "wash")
        free = int(address) if address else free
        for _ in range(int(count or 1)):
            found.append((reference, mode, role))
            rows.append({"profile": reference, "mode": mode, "universe": 1, "address": free, "role": role})
            free += profile.footprint(mode)
    if not rows:
        raise ConfigError("fixtures: none; write at least one, e.g. 4 generic/rgb-par-7ch")
    if free > 513:
        raise ConfigError(f"fixtures: they need {free - 1} slots, a universe has 512; `init` sets up one universe")
    return _hung(rows, room)


def _mode(profile: Profile, reference: str, mode: str | None) -> str:
    modes = list(profile.modes)
    if not modes:
        mode, why = next(iter(profile.refused.items()))
        raise ConfigError(f"fixtures: {reference} has no mode that can be used as it is; {mode}: {why}")
    if mode is None:
        return modes[0]
    if mode not in modes:
        raise ConfigError(f"fixtures: {reference} has no mode {mode!r}; it has {', '.join(modes)}")
    return mode


def _hung(rows: Sequence[dict[str, Any]], room: tuple[float, float, float]) -> list[dict[str, Any]]:
    """Ids and places: those of a role side by side over the width."""
    width, depth, height = room
    hung = []
    for role in dict.fromkeys(str(one["role"]) for one in rows):
        mine = [one for one in rows if one["role"] == role]
        back, up = HANGS[role]
        y = back if back < 0 else back * depth
        for number, one in enumerate(mine, start=1):
            x = 0.0 if len(mine) == 1 else (number - 1) / (len(mine) - 1) * 0.85 * width - 0.425 * width
            place = [round(x, 2), round(y, 2), round(up * height, 2)]
            hung.append({"id": f"{role}-{number}", **one, "position_m": place})
    return sorted(hung, key=lambda one: int(one["address"]))


def first_run(file: Path, given: dict[str, str], clock: Clock, *, replace: bool, test: bool, asks: bool) -> Config:
    """The whole of `followspot init`.

    Args:
        file: to write. given: answers that need no asking. replace: write over a file. test: walk along the rig.
        asks: somebody sits at the terminal.

    Raises:
        ControllerError: an answer means nothing, or the file is there already; nothing is written.
    """
    console = Console()
    if file.exists() and not replace:
        raise ConfigError(f"{file}: is there already; nothing changed. Write over it with --replace, or name another")

    def ask(name: str, text: str, usual: str) -> str:
        if not asks:
            return usual
        if name == "audio":
            console.print("inputs here: " + (", ".join(audio_inputs()) or "none"), markup=False)
        return console.input(f"{text} [{usual}]: ", markup=False).strip() or usual

    answers = ask_all(ask, given)
    library = Library.of(_library_config(), locked=False)
    while True:
        try:
            config = write_config(drafted(answers, given.get("venue", "My Venue"), library), file)
            break
        except ControllerError as error:
            if not asks:
                raise
            console.print(f"[red]{error}[/red]")
            answers = ask_all(ask, {})
    console.print(
        f"{file}: {len(config.fixtures)} fixtures; show it with: followspot show --config {file}", markup=False
    )
    if test:
        missing = walk(
            config, clock, lambda text: console.print(text, markup=False),
            lambda _: not asks or console.input("seen? [Y/n] ").strip().lower() not in ("n", "no"),
        )  # fmt: skip
        for one in missing:
            console.print(f"nobody saw {one}: its address, its mode, its cable? followspot patch explain tells more")
    return config


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


def _library_config() -> Config:
    """For looking profiles up before there is a configuration."""
    return read_config(HERE / "config.yaml")


ANSWERS = ("venue", "output", "universe", "fixtures", "audio", "room")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options: every question can be answered by one."""
    parser.add_argument("file", type=Path, nargs="?", default=Path("my-venue.yaml"), help="default: my-venue.yaml")
    for name in ANSWERS:
        parser.add_argument(f"--{name}", metavar="ANSWER")
    parser.add_argument("--replace", action="store_true", help="write over a file that is there")
    parser.add_argument("--test", action="store_true", help="then light each fixture by itself")
    parser.add_argument("--open", action="store_true", help="then start the show and open its page")


def run(options: argparse.Namespace) -> int:
    """Ask, write, and go on as wished; returns the exit code."""
    given = {name: getattr(options, name) for name in ANSWERS if getattr(options, name)}
    asks = sys.stdin.isatty()
    first_run(options.file, given, MonotonicClock(), replace=options.replace, test=options.test, asks=asks)
    if options.open:
        config = read_config(options.file)
        open_page(config)
        print(json.dumps(run_show(config, MonotonicClock())))
    return 0
