"""`followspot patch import`: a rig of another program to a configuration, shown for approval before it is written.

Edge: reads and writes files, asks at the terminal.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.markup import escape

from controller.bundled import bundled
from controller.clock import MonotonicClock
from controller.commands.answers import OUTPUT, SERIAL, SOUND, VENUE, Answers, Question, ask_all
from controller.commands.bringing import Brought, brought, definitions_of, finder_for, read_list, used
from controller.commands.draft import drafted, portable, refuse_place, write_config
from controller.commands.paper import paper, wide_table
from controller.config import Config, read_config
from controller.counted import counted
from controller.errors import ConfigError, RigListError
from controller.rig.exchange.guessing import ROLES
from controller.rig.exchange.patch_table import WORDS, headings
from controller.rig.exchange.rig_list import RigList
from controller.rig.profiles.library import Library
from controller.state_folder import coming

TABLES = (".csv", ".tsv", ".txt")
ENDED, INTERRUPTED = 1, 130
SAY_AS = "a model without a profile or a mode: --as 'MODEL=PROFILE MODE'"
MOST_SAID = 12
"""Remarks that are printed one by one; of more only the number."""
Typed = Callable[[str], str]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "source", type=Path, metavar="FILE", help="an MVR scene, a QLC+ workspace (.qxw), or a CSV list"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the configuration to write; default: NAME.yaml, here")
    parser.add_argument("--column", dest="columns", action="append", default=[], metavar="MEANING=HEADING",
                        help=f"of a CSV list, instead of a guess; meanings: {', '.join(WORDS)}")  # fmt: skip
    wishes(parser)


def wishes(parser: argparse.ArgumentParser) -> None:
    """What a person may say about a rig that comes from elsewhere."""
    parser.add_argument("--venue", metavar="NAME")
    parser.add_argument("--output", metavar="ANSWER", help=f"{OUTPUT.text}; default: {OUTPUT.usual}")
    parser.add_argument("--audio", metavar="ANSWER", help=f"{SOUND.text}; default: {SOUND.usual}")
    parser.add_argument("--as", dest="kinds", action="append", default=[], metavar="MODEL=PROFILE[ MODE]",
                        help="the profile of a kind of fixture that was not found, or not the right one")  # fmt: skip
    parser.add_argument(
        "--role", dest="roles", action="append", default=[], metavar="ID=ROLE", help="instead of a guess"
    )
    parser.add_argument("--propose", action="store_true", help="give fixtures that are not patched free addresses")
    parser.add_argument("--yes", action="store_true", help="ask nothing and write")
    parser.add_argument("--replace", action="store_true", help="write over files that are there")


def run(options: argparse.Namespace) -> int:
    """Read, guess, show, ask, write; returns the exit code."""
    source = options.source.expanduser()
    file = Path(options.out or f"{source.stem}.yaml").expanduser()
    columns = _pairs(options.columns, "--column", tuple(WORDS))
    listed = read_list(source, columns)
    heads = headings(source.read_bytes(), columns) if source.suffix.lower() in TABLES else {}
    come = Come(str(source), source.stem.replace("_", " "), listed, definitions_of(listed, source), heads)
    return bring(options, come, file, "followspot patch import")


@dataclass(frozen=True, slots=True)
class Come:
    """A rig as it came from elsewhere.

    Attributes:
        name: what messages call it. venue: the name of the venue if nobody says another. listed: its fixtures.
        definitions: files that came with it, by the path they take. heads: of a table, the column of each meaning.
    """

    name: str
    venue: str
    listed: RigList
    definitions: Mapping[str, bytes] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)


def bring(options: argparse.Namespace, come: Come, file: Path, by: str) -> int:
    """From a list on: guess, show, ask, write; returns the exit code.

    Args:
        options: as `wishes` adds them. file: to write. by: the command, for the first line of the file.
    """
    refuse_place(file, replace=options.replace)
    try:
        config = _imported(options, come, file, by)
    except (EOFError, KeyboardInterrupt) as error:
        print("\nfollowspot: nothing was written", file=sys.stderr)
        return ENDED if isinstance(error, EOFError) else INTERRUPTED
    if config is None:
        print("nothing was written")
        return ENDED
    print(f"{file}: {counted(len(config.fixtures), 'fixture')}; show it with: followspot show --config {file}")
    return 0


def _imported(options: argparse.Namespace, come: Come, file: Path, by: str) -> Config | None:
    answers, ask = _asked(options, come)
    with tempfile.TemporaryDirectory() as aside:
        _put(come.definitions, Path(aside))
        library = _library(file, Path(aside))
        finder = finder_for(come.listed, library, _kinds(options.kinds))
        try:
            found = brought(come.listed, finder, propose=options.propose)
        except RigListError as error:
            raise RigListError(f"{come.name}: {error}; {SAY_AS}") from error
    _say_roles(found.rows, _pairs(options.roles, "--role"))
    _show(found, come.heads)
    if ask is not None and not _approved(found.rows, ask, file):
        return None
    return _written(found, answers, used(come.definitions, found.rows), file, by, replace=options.replace)


def _asked(options: argparse.Namespace, come: Come) -> tuple[Answers, Typed | None]:
    """Venue, output and sound; and how to ask more, None where nobody is to be asked."""
    given = {
        name: getattr(options, name) for name in ("venue", "output", "audio") if getattr(options, name) is not None
    }
    usual = come.listed.venue or come.venue
    answers = Answers(Library(bundled("fixtures")), MonotonicClock())
    if options.yes:
        given.setdefault("venue", usual)

    def put(question: Question) -> str:
        return _typed(f"{question.text} [{usual if question is VENUE else question.usual}]: ").strip() or (
            usual if question is VENUE else ""
        )

    ask_all(answers, given, None if options.yes else put, print, (VENUE, OUTPUT, SOUND))
    return answers, None if options.yes else _typed


def _typed(text: str) -> str:
    print(text, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def _pairs(written: list[str], option: str, allowed: tuple[str, ...] = ()) -> dict[str, str]:
    """`A=B` of an option that may stand several times."""
    found = {}
    for one in written:
        name, sign, value = one.partition("=")
        if not sign or not name.strip() or not value.strip() or (allowed and name.strip() not in allowed):
            known = f"; {', '.join(allowed)}" if allowed else ""
            raise ConfigError(f"{option} '{one}': write NAME=VALUE{known}")
        found[name.strip()] = value.strip()
    return found


def _kinds(written: list[str]) -> dict[str, tuple[str, str]]:
    pairs = _pairs(written, "--as")
    return {kind: (named.partition(" ")[0], named.partition(" ")[2].strip()) for kind, named in pairs.items()}


def _library(file: Path, aside: Path) -> Library:
    """Profiles as the new configuration will find them, those that came with the list first."""
    demo = read_config(bundled("config.yaml")).model_copy()
    libraries = demo.libraries
    wider = {name: [str(aside / "profiles" / name), *folders] for name, folders in libraries.model_dump().items()}
    config = demo.model_copy(update={"libraries": type(libraries)(**wider)}).at(file.absolute(), {})
    return Library.of(config, locked=False)


def _say_roles(rows: list[dict[str, Any]], said: Mapping[str, str]) -> None:
    """Put in what a person says of roles.

    Raises:
        ConfigError: no such fixture or role.
    """
    for name, role in said.items():
        found = [row for row in rows if row["id"] == name]
        if not found or role not in ROLES:
            known = f"a role is one of {', '.join(ROLES)}" if found else "no fixture is called so"
            raise ConfigError(f"'{name}={role}': {known}")
        found[0]["role"] = role


def _show(found: Brought, heads: Mapping[str, str]) -> None:
    """What would be written, and what would not."""
    console = paper()
    if heads:
        console.print(
            "columns: " + ", ".join(f"{meaning} is '{heading}'" for meaning, heading in heads.items()), markup=False
        )
    table = wide_table("", "fixture", "role", "profile, mode", "address", "x y z m", "groups")
    for row in found.rows:
        place = " ".join(f"{metres:.2f}" for metres in row["position_m"])
        place += f" turned {row['turn_deg']:g}°" if row.get("turn_deg") else ""
        profile = f"{row['profile']} {row['mode']}"
        cells = (row["id"], row["role"], profile, f"{row['universe']}.{row['address']}", place,
                 ", ".join(row.get("groups", ())))  # fmt: skip
        table.add_row(*map(escape, cells))
    console.print(table)
    for title, lines in (("", found.remarks), ("left out: ", _together(found.left_out))):
        for line in lines[:MOST_SAID]:
            console.print(title + line, markup=False)
        if len(lines) > MOST_SAID:
            console.print(f"{title}and {len(lines) - MOST_SAID} more")
    if found.left_out:
        console.print(SAY_AS, markup=False)
    console.print("roles are guesses from names, groups, kinds and places; places without a height are usual ones")


def _together(lines: list[str]) -> list[str]:
    """Lines that differ by their fixture alone as one, with the first of them and how many more there are."""
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        where, _, reason = line.partition(": ")
        by_reason.setdefault(reason, []).append(where)
    return [
        f"{where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''}: {reason}"
        for reason, where in by_reason.items()
    ]


def _approved(rows: list[dict[str, Any]], ask: Typed, file: Path) -> bool:
    """Whether a person agrees, after putting roles right."""
    while True:
        typed = ask(f"Write {file}? [Y/n, or ID=ROLE to put a role right]: ")
        if typed.lower() in ("", "y", "yes"):
            return True
        if typed.lower() in ("n", "no"):
            return False
        try:
            _say_roles(rows, _pairs([typed], "a role"))
            print(f"{typed.partition('=')[0].strip()} is {typed.partition('=')[2].strip()} now")
        except ConfigError as error:
            print(error)


def _written(
    found: Brought, answers: Answers, definitions: Mapping[str, bytes], file: Path, by: str, *, replace: bool
) -> Config:
    folder = file.absolute().parent
    _refuse_other(definitions, folder, replace=replace)
    made = _put(definitions, folder)
    audio = {**answers.audio, "source": portable(answers.audio["source"], folder)}
    try:
        return write_config(drafted(answers.venue, audio, _universes(found.rows, answers.output), found.rows), file,
                            by)  # fmt: skip
    except BaseException:
        for one in made:
            one.unlink(missing_ok=True)
        raise


def _universes(rows: list[dict[str, Any]], output: Mapping[str, Any]) -> dict[int, Any]:
    """An output for each universe that is used: the first universe on the wire is the first of the file, and so on."""
    numbers = sorted({int(row["universe"]) for row in rows})
    if output["type"] in SERIAL.values() and len(numbers) > 1:
        raise ConfigError(f"output: {output['type']} carries one universe, this rig has {len(numbers)}")
    key = {"artnet": "port_address", "sacn": "universe", "ola": "universe"}.get(str(output["type"]))
    if key is None:
        return {number: {"outputs": [dict(output)]} for number in numbers}
    return {number: {"outputs": [{**output, key: number - 1 + int(output[key])}]} for number in numbers}


def _refuse_other(definitions: Mapping[str, bytes], folder: Path, *, replace: bool) -> None:
    for name, content in definitions.items():
        there = folder / name
        if not replace and there.exists() and there.read_bytes() != content:
            raise RigListError(
                f"{there}: is there and says something else than the file that came with the rig; --replace"
            )


def _put(definitions: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write definitions; returns those that were not there."""
    made = []
    for name, content in definitions.items():
        file = folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            made += [] if file.exists() else [file]
            with coming(file) as written:
                written.write_bytes(content)
        except OSError as error:
            raise RigListError(f"{file}: cannot be written: {error.strerror}") from error
    return made
