"""Before doors: everything that can be refused, refused now, with place and remedy. Also prints the patch sheet.

Edge: reads files, tries an address.
"""

import argparse
import socket
import sys
from pathlib import Path

import numpy as np
from rich.table import Table

from controller.bus.doors import RUN_FILE
from controller.clock import MonotonicClock
from controller.commands.arguments import configured, with_config
from controller.commands.beam_parts import beam_lines
from controller.commands.paper import paper, wide_table
from controller.commands.trial import bounded, end_with_parent
from controller.commands.wiring import describe_wiring, examine_wiring
from controller.config import Config, thaw
from controller.errors import ControllerError, ModelError, PageError, port_refused
from controller.listening.audio.capture import find_device, input_channels
from controller.listening.audio.source import open_recorded
from controller.listening.decider import Decider, model_folders
from controller.listening.opening.opening import read_opening
from controller.listening.plan.plan import read_plans
from controller.listening.time.leading import open_hearing
from controller.looks.pack import pack_of
from controller.rig.patch.configured import patch_of
from controller.rig.patch.lasers import lasers
from controller.rig.patch.overrides import usable_because
from controller.rig.patch.patch import Patch
from controller.rig.profiles.cross_checks import warnings
from controller.watching.controls.mapping import read_mapping


def examine(config: Config, *, audio: bool = True, page: bool = True) -> Patch:
    """Resolve the patch, load the models, find the audio and the page's port.

    Raises:
        ControllerError: the first thing that is wrong.
    """
    patch = patch_of(config)
    examine_wiring(config)
    read_mapping(config.path(config.controls.mapping))
    pack_of(config)
    if config.plan:
        read_plans(config.path(config.plan))
    if config.opening:
        open_recorded(read_opening(config.path(config.opening))[1], config).close()
    _examine_models(config)
    if audio:
        _examine_audio(config)
    if page and config.page.enabled:
        _examine_port(config.page.host, config.page.port)
    return patch


def _examine_models(config: Config) -> None:
    try:
        with bounded(f"{config.where(('model',))}: the configured model"):
            Decider(config, MonotonicClock()).warm_up()
            open_hearing(config)
    except ModelError as error:
        raise ModelError(f"{config.where(('model',))}: {error}") from error


def _examine_audio(config: Config) -> None:
    kind, place = config.audio.source.split(":", 1)
    if kind == "device":
        input_channels(find_device(place), config.audio.channels)
    else:
        open_recorded(config.path(place), config).close()


def _examine_port(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise PageError(port_refused(host, port, error)) from error


def patch_sheet(config: Config, patch: Patch) -> Table:
    """The patch as a technician reads it: one row for each fixture, nothing cut off."""
    table = wide_table(f"{config.venue}: patch sheet", "fixture", "role", "profile, mode", "address", "x y z m", "note")
    for fixture in patch.fixtures:
        one = fixture.config
        notes = [] if one.role != "hazer" else ["armed" if one.armed else "not armed"]
        notes += [f"limit {one.max_intensity:.0%}"] if one.max_intensity < 1 else []
        notes += usable_because(one, fixture.profile)
        table.add_row(
            one.id,
            one.role,
            f"{one.profile} {one.mode}",
            f"{one.universe}.{one.address}-{one.address + fixture.footprint - 1}",
            " ".join(f"{metres:g}" for metres in one.position_m),
            ", ".join(notes),
        )
    return table


def print_check(config: Config) -> None:
    """Examine and tell: models, outputs, patch sheet."""
    patch = examine(config, audio=False, page=False)
    console = paper()
    embedder, decoder = model_folders(config)
    console.print(f"{config.file}: good")
    console.print(f"embedder {embedder.name}, decoder {decoder.name}, seed {config.seed}, source {config.audio.source}")
    pack = pack_of(config)
    console.print(f"looks: {config.look.pack}, {len(pack.looks)} of them")
    for line in beam_lines(patch, pack):
        console.print(line)
    for line in describe_wiring(config):
        console.print(line)
    console.print(patch_sheet(config, patch))
    for warning in worth_a_look(patch):
        console.print(f"worth a look: {warning}")


def worth_a_look(patch: Patch) -> list[str]:
    """What is not wrong and may still surprise: oddities of profiles in use, fixtures that nothing can make dark."""
    profiles = {fixture.config.profile: fixture.profile for fixture in patch.fixtures}
    found = [f"{reference}: {said}" for reference, profile in profiles.items() for said in warnings(profile)]
    lamps = np.array([role != "hazer" for role in patch.roles])
    heads = np.flatnonzero(lamps & ~patch.dimmable)
    bright = sorted({patch.fixtures[patch.fixture_of[head]].config.id for head in heads})
    found += lasers(patch)
    return found + ([f"nothing can make these dark: {', '.join(bright)}"] if bright else [])


def print_patch_sheet(config: Config) -> None:
    """The patch sheet alone."""
    paper().print(patch_sheet(config, patch_of(config)))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)


def run(options: argparse.Namespace) -> int:
    """Validate everything and print the patch sheet; returns the exit code."""
    print_check(configured(options))
    return 0


def main(argv: list[str]) -> int:
    """Examine a run's folder: nothing is printed when all is good."""
    end_with_parent()
    try:
        examine(thaw((Path(argv[0]) / RUN_FILE).read_text(encoding="utf-8")))
    except ControllerError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
