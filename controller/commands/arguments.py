"""What the commands' arguments have in common: the configuration, with the options of a command line over it.

Edge: looks for files.
"""

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any

from controller.bundled import bundled
from controller.config import Config, read_config, with_overrides
from controller.errors import ConfigError

CONFIG = Path("config.yaml")
SOURCES = ("device", "file", "stems")


def with_config(parser: argparse.ArgumentParser) -> None:
    """The option that nearly every command has."""
    parser.add_argument(
        "--config",
        type=Path,
        default=CONFIG,
        metavar="F",
        help="default: config.yaml; where there is none, the demo's rig",
    )


def verbs(parser: argparse.ArgumentParser) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """For a command of several words."""
    return parser.add_subparsers(required=True, metavar="WHAT")


def verb(
    words: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, *, configured: bool = True
) -> argparse.ArgumentParser:
    """One word more of such a command; `what` in its options says which."""
    parser: argparse.ArgumentParser = words.add_parser(name, help=text, description=text)
    if configured:
        with_config(parser)
    parser.set_defaults(what=name)
    return parser


def positive(text: str) -> float:
    """A number of seconds."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds") from None
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def configured(options: argparse.Namespace) -> Config:
    """The configuration with the command line's options over it.

    Raises:
        ControllerError: it cannot be used.
    """
    config = read_config(config_file(options.config))
    changes: dict[str, Any] = {}
    if getattr(options, "seed", None) is not None:
        changes["seed"] = options.seed
    if getattr(options, "audio", None):
        kind, place = audio_source(options.audio)
        if kind != "device":
            place = str(at_home(place).resolve())  # relative to where one stands, not to the config
        changes["audio"] = {"source": f"{kind}:{place}"}
    if getattr(options, "plan", None):
        changes["plan"] = str(options.plan.expanduser().resolve())
    if getattr(options, "opening", None):
        changes |= _opening(options.opening.expanduser().resolve())
    if getattr(options, "loop", False):
        changes["audio"] = {**changes.get("audio", {}), "loop": True}
    if getattr(options, "web", None):
        changes["page"] = _page(options.web)
    return with_overrides(config, **changes) if changes else config


def config_file(given: Path) -> Path:
    """The configuration that is meant: the given one, or that of the demo where none is given and none is here."""
    if given != CONFIG or given.exists():
        return given
    said = "no config.yaml here: this is the rig of the demo; `followspot init` makes one of your own"
    print(f"followspot: {said}", file=sys.stderr)
    return bundled("config.yaml")


def at_home(written: str) -> Path:
    """A path, with `~` as the user's folder.

    Raises:
        ConfigError: `~NAME` of somebody who is not known here.
    """
    try:
        return Path(written).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"'{written}': {str(error).rstrip('.')}") from error


def audio_source(written: str) -> tuple[str, str]:
    """Kind (`device`, `file` or `stems`) and place of a source of sound.

    Raises:
        ConfigError: it is none; says what was probably meant.
    """
    kind, colon, place = written.partition(":")
    if colon and kind in SOURCES and place.strip():
        return kind, place
    if colon and kind in SOURCES:
        raise ConfigError(f"'{written}' names nothing; write {_meant(kind)}")
    path = at_home(written)
    if path.exists() or path.suffix:
        raise ConfigError(f"'{written}': write {'stems' if path.is_dir() else 'file'}:{written}")
    near = difflib.get_close_matches(kind, SOURCES, 1)
    wish = f"{near[0]}:{place}" if near and place else f"device:{written}, or file:PATH or stems:FOLDER"
    raise ConfigError(f"'{written}' is no source of sound; write {wish}")


def _meant(kind: str) -> str:
    return {"device": "device:NAME", "file": "file:PATH", "stems": "stems:FOLDER"}[kind]


def _opening(folder: Path) -> dict[str, Any]:
    """The opening, and its colours as the night's palette, where it has any."""
    from controller.listening.opening.opening import read_opening  # noqa: PLC0415 - only a show with an opening reads one

    colours = [one.rgb for one in read_opening(folder)[0].colours]
    return {"opening": str(folder), **({"palette": colours} if colours else {})}


def _page(written: str) -> dict[str, Any]:
    if written == "off":
        return {"enabled": False}
    host, _, port = written.rpartition(":")
    if not (port.isascii() and port.isdecimal()):
        raise ConfigError(f"--web '{written}': write HOST:PORT, such as 127.0.0.1:8100, or a port alone, or off")
    return {"enabled": True, "host": host or "127.0.0.1", "port": port}
