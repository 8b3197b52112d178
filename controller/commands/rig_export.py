"""`followspot patch export`: the rig for another program. Edge: reads profiles, writes files."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from controller.commands.draft import refuse_place
from controller.config import Config
from controller.errors import RigListError
from controller.rig.exchange.gdtf_writing import gdtf_name, gdtf_of
from controller.rig.exchange.mvr_writing import scene_of
from controller.rig.exchange.qxw_writing import definitions_for, workspace_of
from controller.rig.exchange.table_writing import table_of
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Fixture
from controller.rig.profiles.library import Library
from controller.state_folder import coming

Files = dict[str, bytes]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("file", type=Path, metavar="FILE", help=f"to write; its ending says what: {', '.join(WRITERS)}")
    parser.add_argument("--replace", action="store_true", help="write over files that are there")


def run(options: argparse.Namespace, config: Config) -> int:
    """Write; returns the exit code."""
    file = options.file.expanduser()
    write = WRITERS.get(file.suffix.lower())
    if write is None:
        raise RigListError(f"{file}: a rig is written to {', '.join(WRITERS)}")
    made = write(config, patch_of(config).fixtures, file)
    for name in made:
        refuse_place(file.with_name(name), replace=options.replace)
    for name, content in made.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with coming(file.with_name(name)) as written:
                written.write_bytes(content)
        except OSError as error:
            raise RigListError(f"{file.with_name(name)}: cannot be written: {error.strerror}") from error
        print(f"{file.with_name(name)} written")
    return 0


def _workspace(config: Config, fixtures: Sequence[Fixture], file: Path) -> Files:
    return {file.name: workspace_of(config.venue, fixtures), **definitions_for(fixtures)}


def _scene(config: Config, fixtures: Sequence[Fixture], file: Path) -> Files:
    """With the GDTF file of each fixture: the manufacturer's where the patch has it, else one made of our profile."""
    library = Library.of(config)
    gdtfs = {}
    for reference, profile in {one.config.profile: one.profile for one in fixtures}.items():
        found = library.file_of(reference)
        is_gdtf = found.suffix.lower() == ".gdtf"
        gdtfs[reference] = (found.name, found.read_bytes()) if is_gdtf else (gdtf_name(profile), gdtf_of(profile))
    return {file.name: scene_of(config.venue, fixtures, gdtfs)}


def _table(_config: Config, fixtures: Sequence[Fixture], file: Path) -> Files:
    return {file.name: table_of(fixtures)}


WRITERS: dict[str, Callable[[Config, Sequence[Fixture], Path], Files]] = {
    ".mvr": _scene,
    ".qxw": _workspace,
    ".csv": _table,
}
