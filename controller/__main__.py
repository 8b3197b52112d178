"""The command line. Exit code 0 good, 1 refused with one clear message, 2 wrong usage. Edge: standard input."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
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
    parser.add_argument("--version", action="version", version=f"followspot {version('followspot')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    show = _command(commands, "show", _show, "the live show: sound in, light out")
    show.add_argument("--audio", metavar="device:NAME|file:PATH|stems:DIR", help="instead of audio.source")
    show.add_argument("--loop", action="store_true", help="start a file or stems again at the end")
    show.add_argument("--seconds", type=_positive, help="end after this long")
    show.add_argument("--web", metavar="HOST:PORT|off", help="where to serve the page")
    show.add_argument("--seed", type=int, help="instead of seed")
    show.add_argument("--plan", type=Path, metavar="FILE_OR_DIR", help="follow the band through what was rehearsed")
    show.add_argument(
        "--opening", type=Path, metavar="DIR", help="first a tune that image2music composed, and its palette"
    )

    rehearse = _command(commands, "rehearse", _rehearse, "the same stages, faster than real time, into files")
    rehearse.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    rehearse.add_argument("--out", type=Path, required=True, metavar="DIR")
    rehearse.add_argument("--seed", type=int, help="instead of seed")

    room = _command(commands, "room", _room, "the rehearsal room: a song, its show, a show plan to follow live")
    room.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    room.add_argument(
        "--out", type=Path, default=Path("plans"), metavar="DIR", help="plans and exports; default: plans"
    )
    room.add_argument("--port", type=int, default=8110, help="default: 8110, on this machine only")
    room.add_argument("--seed", type=int, help="instead of seed")

    replay = commands.add_parser("replay", help="a recorded show again", description="A show again, bit for bit.")
    replay.add_argument("log", type=Path, metavar="LOG")
    replay.add_argument("--out", type=Path, required=True, metavar="DIR")
    replay.set_defaults(run=_replay)

    evaluate = commands.add_parser("evaluate", help="how good a light file is", description="How good a light file is.")
    evaluate.add_argument("tokens", type=Path, metavar="TOKENS.csv", help="as `rehearse` writes it")
    evaluate.add_argument("--audio", type=Path, required=True, metavar="SONG", help="the song it is for")
    evaluate.add_argument("--reference", type=Path, metavar="REF.csv", help="a show by people for the same song")
    evaluate.add_argument("--json", action="store_true", help="one line of JSON instead of tables")
    evaluate.set_defaults(run=_evaluate)

    _init_command(commands)
    _command(commands, "check", _check, "validate config, patch, profiles and models; print the patch sheet")
    _patch_commands(commands.add_parser("patch", help="the patch").add_subparsers(required=True, metavar="WHAT"))
    _fixtures_commands(
        commands.add_parser("fixtures", help="fixture profiles").add_subparsers(required=True, metavar="WHAT")
    )
    _models_commands(commands)
    _command(commands, "devices", _devices, "audio inputs, network cards, serial ports, Art-Net nodes")
    doctor = _command(commands, "doctor", _doctor, "before doors: sound, nodes, models, disk, clock, power")
    doctor.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    token = commands.add_parser("token", help="a token for the page", description="A token for somebody at the page.")
    token.add_argument("name", metavar="NAME")
    token.add_argument("--role", choices=["viewer", "operator", "admin"], default="operator")
    token.set_defaults(run=_token)
    return parser


def _models_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`models list|verify|stage|rollback|pull`."""
    models = commands.add_parser("models", help="model artefacts").add_subparsers(required=True, metavar="WHAT")
    _command(models, "list", _models_list, "artefacts with their sizes")
    _command(models, "verify", _models_verify, "manifests and checksums")
    staged = _command(
        models, "stage", _models_stage, "verify a trained model and let it decide, in a running show, too"
    )
    staged.add_argument("artefact", type=Path, metavar="DIR", help="folder with manifest.yaml, as training exports it")
    back = _command(models, "rollback", _models_rollback, "let the generation before decide again")
    back.add_argument("--to", type=int, metavar="N", help="this generation instead; 0 is the configured model")
    pulled = models.add_parser("pull", help="fetch the authors' published weights, where there is a network")
    pulled.set_defaults(run=_models_pull)
    pulled.add_argument("name", help="skip-bart, pianobart or adversarial-midibert")
    pulled.add_argument("--out", type=Path, metavar="DIR", help="where to; default models/published/NAME")
    pulled.add_argument("--hub", metavar="URL", help="a mirror of the hub")


def _init_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    first = commands.add_parser("init", help="five questions to a valid config.yaml, and a walk along the rig")
    first.add_argument("file", type=Path, nargs="?", default=Path("my-venue.yaml"), help="default: my-venue.yaml")
    for name in ("venue", "output", "universe", "fixtures", "audio", "room"):
        first.add_argument(f"--{name}", metavar="ANSWER")
    first.add_argument("--replace", action="store_true", help="write over a file that is there")
    first.add_argument("--test", action="store_true", help="then light each fixture by itself")
    first.add_argument("--open", action="store_true", help="then start the show and open its page")
    first.set_defaults(run=_init)


def _patch_commands(patch: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sheet = _command(patch, "sheet", _patch_sheet, "print the patch sheet")
    sheet.add_argument("--html", type=Path, metavar="FILE", help="write a page to print instead")
    why = _command(patch, "explain", _patch_explain, "why a slot has its level")
    why.add_argument("address", metavar="UNIVERSE.SLOT", help="for example 1.17")
    identified = _command(patch, "identify", _patch_identify, "light one fixture, everything else dark")
    identified.add_argument("fixture", metavar="ID")
    identified.add_argument("--seconds", type=_positive, help="end after this long; without it, at Ctrl-C")


def _fixtures_commands(fixtures: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    listed = _command(fixtures, "list", _fixtures_list, "all profiles and their modes")
    listed.add_argument("library", nargs="?", default="", choices=("", "ofl", "qxf", "gdtf"), metavar="ofl|qxf|gdtf",
                        help="names in another library than our own")  # fmt: skip
    one = _command(fixtures, "show", _fixtures_show, "one profile, slot by slot")
    one.add_argument(
        "reference", metavar="REF", help="maker/model, ofl:maker/model, qxf:Maker/File, gdtf:File, file:PATH"
    )
    imported = fixtures.add_parser("import", help="other libraries into our profiles")
    imported.add_argument("source", metavar="ofl:PATH|qxf:PATH|gdtf:PATH", help="a file, or a folder with a library")
    imported.add_argument("--out", type=Path, metavar="DIR", help="where to write profiles; without it, look only")
    imported.add_argument("--replace", action="store_true", help="write over profiles that are there and differ")
    imported.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    imported.set_defaults(run=_fixtures_import)
    _command(fixtures, "lock", _fixtures_lock, "remember which profile files the patch uses; changed ones are refused")


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
    if getattr(arguments, "plan", None):
        changes["plan"] = str(arguments.plan.expanduser().resolve())
    if getattr(arguments, "opening", None):
        changes |= _opening(arguments.opening.expanduser().resolve())
    if getattr(arguments, "loop", False):
        changes["audio"] = {**changes.get("audio", {}), "loop": True}
    if getattr(arguments, "web", None):
        changes["page"] = _page(arguments.web)
    return with_overrides(config, **changes) if changes else config


def _opening(folder: Path) -> dict[str, Any]:
    """The opening, and its colours as the night's palette, where it has any."""
    from controller.listening.opening.opening import read_opening  # noqa: PLC0415

    colours = [one.rgb for one in read_opening(folder)[0].colours]
    return {"opening": str(folder), **({"palette": colours} if colours else {})}


def _page(written: str) -> dict[str, Any]:
    if written == "off":
        return {"enabled": False}
    host, _, port = written.rpartition(":")
    return {"enabled": True, "host": host or "127.0.0.1", "port": port}


def _show(arguments: argparse.Namespace) -> int:
    from controller.show import run_show  # noqa: PLC0415 - a command loads what it needs and no more

    config = _configured(arguments)
    page = f"page at http://{config.page.host}:{config.page.port}" if config.page.enabled else "no page"
    first = f"the opening {Path(config.opening).name}, then " if config.opening else ""
    print(f"{config.venue}: {first}{config.audio.source}; {page}; Ctrl-C ends the show", flush=True)
    summary = run_show(config, MonotonicClock(), arguments.seconds)
    print(json.dumps(summary))
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from controller.rehearsal.rehearse import rehearse  # noqa: PLC0415

    summary = rehearse(_configured(arguments), arguments.song, arguments.out)
    print(json.dumps(summary))
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from controller.commands.init import first_run  # noqa: PLC0415

    names = ("venue", "output", "universe", "fixtures", "audio", "room")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name)}
    asks = sys.stdin.isatty()
    first_run(arguments.file, given, MonotonicClock(), replace=arguments.replace, test=arguments.test, asks=asks)
    if not arguments.open:
        return 0
    from controller.commands.init import open_page  # noqa: PLC0415
    from controller.show import run_show  # noqa: PLC0415

    config = read_config(arguments.file)
    open_page(config)
    print(json.dumps(run_show(config, MonotonicClock())))
    return 0


def _room(arguments: argparse.Namespace) -> int:
    from controller.rehearsal.room import open_room  # noqa: PLC0415

    open_room(_configured(arguments), arguments.song, arguments.out, "127.0.0.1", arguments.port)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from controller.commands.replay import replay  # noqa: PLC0415

    print(json.dumps(replay(arguments.log, arguments.out)))
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from controller.commands.evaluate import evaluate, print_evaluation  # noqa: PLC0415

    result = evaluate(arguments.tokens, arguments.audio, arguments.reference)
    if arguments.json:
        print(json.dumps(result))
    else:
        print_evaluation(result)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from controller.commands.check import print_check  # noqa: PLC0415

    print_check(_configured(arguments))
    return 0


def _patch_sheet(arguments: argparse.Namespace) -> int:
    from controller.commands.check import print_patch_sheet  # noqa: PLC0415
    from controller.commands.sheet import write_sheet  # noqa: PLC0415

    if arguments.html:
        write_sheet(_configured(arguments), arguments.html)
        print(f"{arguments.html} written")
    else:
        print_patch_sheet(_configured(arguments))
    return 0


def _patch_explain(arguments: argparse.Namespace) -> int:
    from controller.commands.explain import print_explanation  # noqa: PLC0415

    print_explanation(_configured(arguments), arguments.address)
    return 0


def _patch_identify(arguments: argparse.Namespace) -> int:
    from controller.commands.identify import identify  # noqa: PLC0415

    def started() -> None:
        print(f"{arguments.fixture} is lit; Ctrl-C ends", flush=True)

    identify(_configured(arguments), arguments.fixture, MonotonicClock(), started, arguments.seconds)
    return 0


def _fixtures_list(arguments: argparse.Namespace) -> int:
    from controller.commands.inventory import print_profiles  # noqa: PLC0415

    print_profiles(_configured(arguments), arguments.library)
    return 0


def _fixtures_show(arguments: argparse.Namespace) -> int:
    from controller.commands.inventory import print_profile  # noqa: PLC0415

    print_profile(_configured(arguments), arguments.reference)
    return 0


def _fixtures_import(arguments: argparse.Namespace) -> int:
    from controller.commands.importing import import_profiles  # noqa: PLC0415
    from controller.commands.inventory import print_tally  # noqa: PLC0415

    tally = import_profiles(arguments.source, arguments.out, replace=arguments.replace)
    if arguments.json:
        print(json.dumps(tally.as_json()))
    else:
        print_tally(tally.as_json(), tally.written)
    return 0


def _fixtures_lock(arguments: argparse.Namespace) -> int:
    from controller.commands.importing import lock_profiles  # noqa: PLC0415

    file, count = lock_profiles(_configured(arguments))
    print(f"{file}: {count} profiles")
    return 0


def _models_list(arguments: argparse.Namespace) -> int:
    from controller.commands.inventory import print_models  # noqa: PLC0415

    print_models(_configured(arguments), verify=False)
    return 0


def _models_verify(arguments: argparse.Namespace) -> int:
    from controller.commands.inventory import print_models  # noqa: PLC0415

    print_models(_configured(arguments), verify=True)
    return 0


def _models_pull(arguments: argparse.Namespace) -> int:
    from controller.artefacts.pulling import HUB, print_pulled  # noqa: PLC0415

    out = arguments.out or Path("models") / "published" / arguments.name
    print_pulled(arguments.name, out, arguments.hub or HUB)
    return 0


def _models_stage(arguments: argparse.Namespace) -> int:
    from controller.commands.staging import stage  # noqa: PLC0415

    one = stage(_configured(arguments), arguments.artefact, MonotonicClock())
    print(
        f"generation {one.number} ({one.name}) decides from now on; a running show takes it up at the end of a phrase"
    )
    print("back again: followspot models rollback")
    return 0


def _models_rollback(arguments: argparse.Namespace) -> int:
    from controller.commands.staging import roll_back  # noqa: PLC0415

    number = roll_back(_configured(arguments), arguments.to)
    what = f"generation {number}" if number else "the configured model"
    print(f"{what} decides from now on; a running show takes it up at the end of a phrase")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from controller.commands.doctor import findings_as_data, print_findings  # noqa: PLC0415

    config = _configured(arguments)
    if not arguments.json:
        return 0 if print_findings(config, MonotonicClock()) else 1
    findings = findings_as_data(config, MonotonicClock())
    print(json.dumps(findings))
    return int(any(one["verdict"] == "bad" for one in findings))


def _token(arguments: argparse.Namespace) -> int:
    from controller.watching.page.access import new_token  # noqa: PLC0415

    token, digest = new_token()
    print(f"token, shown once, for {arguments.name}: {token}", file=sys.stderr)
    print(f"for config.yaml, under page.access:\n  - {{name: {json.dumps(arguments.name)}, role: {arguments.role}, "
          f"token_sha256: {digest}}}")  # fmt: skip
    return 0


def _devices(_arguments: argparse.Namespace) -> int:
    from controller.commands.inventory import print_devices  # noqa: PLC0415

    print_devices()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
