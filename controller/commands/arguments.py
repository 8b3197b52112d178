"""What the commands' arguments have in common: the configuration, with the options of a command line over it."""

import argparse
from pathlib import Path
from typing import Any

from controller.config import Config, read_config, with_overrides

CONFIG = Path("config.yaml")


def with_config(parser: argparse.ArgumentParser) -> None:
    """The option that nearly every command has."""
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="F", help="default: config.yaml")


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
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def configured(options: argparse.Namespace) -> Config:
    """The configuration with the command line's options over it.

    Raises:
        ControllerError: it cannot be used.
    """
    config = read_config(options.config)
    changes: dict[str, Any] = {}
    if getattr(options, "seed", None) is not None:
        changes["seed"] = options.seed
    if getattr(options, "audio", None):
        kind, _, place = options.audio.partition(":")
        if kind in ("file", "stems") and place:
            place = str(Path(place).expanduser().resolve())  # relative to where one stands, not to the config
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


def _opening(folder: Path) -> dict[str, Any]:
    """The opening, and its colours as the night's palette, where it has any."""
    from controller.listening.opening.opening import read_opening  # noqa: PLC0415 - only a show with an opening reads one

    colours = [one.rgb for one in read_opening(folder)[0].colours]
    return {"opening": str(folder), **({"palette": colours} if colours else {})}


def _page(written: str) -> dict[str, Any]:
    if written == "off":
        return {"enabled": False}
    host, _, port = written.rpartition(":")
    return {"enabled": True, "host": host or "127.0.0.1", "port": port}
