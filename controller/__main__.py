"""The command line. Exit code 0 good, 1 refused with one clear message, 2 wrong usage."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from controller.clock import MonotonicClock
from controller.config import Config, read_config, with_overrides
from controller.errors import ControllerError

CONFIG = Path("config.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    command: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return command(arguments)
    except ControllerError as error:
        print(f"followspot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(prog="followspot", description="Light that listens to the band.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    show = _command(commands, "show", _show, "the live show: sound in, light out")
    show.add_argument("--audio", metavar="device:NAME|file:PATH|stems:DIR", help="instead of audio.source")
    show.add_argument("--loop", action="store_true", help="start a file or stems again at the end")
    show.add_argument("--seconds", type=_positive, help="end after this long")
    show.add_argument("--web", metavar="HOST:PORT|off", help="where to serve the page")
    show.add_argument("--seed", type=int, help="instead of seed")

    rehearse = _command(commands, "rehearse", _rehearse, "the same stages, faster than real time, into files")
    rehearse.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    rehearse.add_argument("--out", type=Path, required=True, metavar="DIR")
    rehearse.add_argument("--seed", type=int, help="instead of seed")

    evaluate = commands.add_parser("evaluate", help="how good a light file is", description="How good a light file is.")
    evaluate.add_argument("tokens", type=Path, metavar="TOKENS.csv", help="as `rehearse` writes it")
    evaluate.add_argument("--audio", type=Path, required=True, metavar="SONG", help="the song it is for")
    evaluate.add_argument("--reference", type=Path, metavar="REF.csv", help="a show by people for the same song")
    evaluate.add_argument("--json", action="store_true", help="one line of JSON instead of tables")
    evaluate.set_defaults(run=_evaluate)

    _command(commands, "check", _check, "validate config, patch, profiles and models; print the patch sheet")
    patch = commands.add_parser("patch", help="the patch").add_subparsers(required=True, metavar="WHAT")
    _command(patch, "sheet", _patch_sheet, "print the patch sheet")
    fixtures = commands.add_parser("fixtures", help="fixture profiles").add_subparsers(required=True, metavar="WHAT")
    _command(fixtures, "list", _fixtures_list, "all profiles and their modes")
    one = _command(fixtures, "show", _fixtures_show, "one profile, slot by slot")
    one.add_argument("reference", metavar="MAKER/MODEL")
    models = commands.add_parser("models", help="model artefacts").add_subparsers(required=True, metavar="WHAT")
    _command(models, "list", _models_list, "artefacts with their sizes")
    _command(models, "verify", _models_verify, "manifests and checksums")
    _command(commands, "devices", _devices, "audio inputs and network interfaces")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="F", help="default: config.yaml")
    parser.set_defaults(run=run)
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def _configured(arguments: argparse.Namespace) -> Config:
    """The configuration with the command line's options over it."""
    config = read_config(arguments.config)
    changes: dict[str, Any] = {}
    if getattr(arguments, "seed", None) is not None:
        changes["seed"] = arguments.seed
    if getattr(arguments, "audio", None):
        kind, _, place = arguments.audio.partition(":")
        if kind in ("file", "stems") and place:
            place = str(Path(place).expanduser().resolve())  # relative to where one stands, not to the config
        changes["audio"] = {"source": f"{kind}:{place}"}
    if getattr(arguments, "loop", False):
        changes["audio"] = {**changes.get("audio", {}), "loop": True}
    if getattr(arguments, "web", None):
        changes["page"] = _page(arguments.web)
    return with_overrides(config, **changes) if changes else config


def _page(written: str) -> dict[str, Any]:
    if written == "off":
        return {"enabled": False}
    host, _, port = written.rpartition(":")
    return {"enabled": True, "host": host or "127.0.0.1", "port": port}


def _show(arguments: argparse.Namespace) -> int:
    from controller.show import run_show  # noqa: PLC0415 - a command loads what it needs and no more

    config = _configured(arguments)
    page = f"page at http://{config.page.host}:{config.page.port}" if config.page.enabled else "no page"
    print(f"{config.venue}: {config.audio.source}; {page}; Ctrl-C ends the show", flush=True)
    summary = run_show(config, MonotonicClock(), arguments.seconds)
    print(json.dumps(summary))
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from controller.rehearse import rehearse  # noqa: PLC0415

    summary = rehearse(_configured(arguments), arguments.song, arguments.out)
    print(json.dumps(summary))
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from controller.evaluate import evaluate, print_evaluation  # noqa: PLC0415

    result = evaluate(arguments.tokens, arguments.audio, arguments.reference)
    if arguments.json:
        print(json.dumps(result))
    else:
        print_evaluation(result)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from controller.check import print_check  # noqa: PLC0415

    print_check(_configured(arguments))
    return 0


def _patch_sheet(arguments: argparse.Namespace) -> int:
    from controller.check import print_patch_sheet  # noqa: PLC0415

    print_patch_sheet(_configured(arguments))
    return 0


def _fixtures_list(arguments: argparse.Namespace) -> int:
    from controller.inventory import print_profiles  # noqa: PLC0415

    print_profiles(_configured(arguments))
    return 0


def _fixtures_show(arguments: argparse.Namespace) -> int:
    from controller.inventory import print_profile  # noqa: PLC0415

    print_profile(_configured(arguments), arguments.reference)
    return 0


def _models_list(arguments: argparse.Namespace) -> int:
    from controller.inventory import print_models  # noqa: PLC0415

    print_models(_configured(arguments), verify=False)
    return 0


def _models_verify(arguments: argparse.Namespace) -> int:
    from controller.inventory import print_models  # noqa: PLC0415

    print_models(_configured(arguments), verify=True)
    return 0


def _devices(_arguments: argparse.Namespace) -> int:
    from controller.inventory import print_devices  # noqa: PLC0415

    print_devices()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
