"""A new configuration: from plain data to a file that `followspot check` accepts, written whole or not at all.

What comes with the program is named `bundled:...`, and what lies beside the file relative to it, so that the file can
be copied to another machine. Edge: files.
"""

import contextlib
from pathlib import Path
from typing import Any

import yaml

from controller.bundled import PREFIX
from controller.commands.wiring import examine_wiring
from controller.config import Config, checked, read_config
from controller.errors import ConfigError
from controller.rig.patch.configured import patch_of
from controller.state_folder import coming

SONG = f"file:{PREFIX}controller/songs/metal_madness.opus"
PALETTE = ["#ff3a12", "#c8149a", "#2b34ff", "#12c2d6"]
MODEL = {
    "embedder": f"{PREFIX}models/embedder-small",
    "decoder": f"{PREFIX}models/skipbart-small",
    "hue": {"temperature": 1.0, "top_p": 1.0, "reach": 90},
    "value": {"temperature": 1.0, "top_p": 1.0, "reach": 255},
}
HEAD = "every line may be changed, `followspot check` says what is wrong with it.\n"


def drafted(
    venue: str, audio: dict[str, Any], universes: dict[int, Any], fixtures: list[dict[str, Any]]
) -> dict[str, Any]:
    """The configuration as plain data."""
    return {
        "venue": venue,
        "seed": 7,
        "palette": PALETTE,
        "audio": audio,
        "model": MODEL,
        "universes": universes,
        "fixtures": fixtures,
    }


def portable(source: str, folder: Path) -> str:
    """A source of sound as the file has it: what lies below its folder relative to it."""
    kind, _, place = source.partition(":")
    if kind == "device" or place.startswith(PREFIX):
        return source
    path, folder = Path(place).expanduser().resolve(), folder.resolve()
    inside = path.relative_to(folder) if path.is_relative_to(folder) else path
    return f"{kind}:{inside.as_posix()}"


def refuse_place(file: Path, *, replace: bool) -> None:
    """See that a file can be written, before anybody has answered anything.

    Raises:
        ConfigError: it is there already, or its folder cannot be written to.
    """
    try:
        _refuse_place(file, replace=replace)
    except (OSError, ValueError) as error:  # a name that is too long, or that no file can have
        raise ConfigError(f"'{str(file)[:80]}' cannot be a file's name: {error}") from error


def _refuse_place(file: Path, *, replace: bool) -> None:
    if file.is_dir():
        raise ConfigError(f"{file}: is a folder; name a file in it, such as {file / 'my-venue.yaml'}")
    if (file.exists() or file.is_symlink()) and not replace:
        raise ConfigError(f"{file}: is there already; nothing changed. Write over it with --replace, or name another")
    folder = next(one for one in file.absolute().parents if one.exists())
    if not folder.is_dir():
        raise ConfigError(f"{file}: {folder} is no folder; name another file")
    _try_folder(file, folder)


def _try_folder(file: Path, folder: Path) -> None:
    """Only writing tells whether one may: rights do not tell of a disk that is read-only."""
    try:
        with coming(folder / file.name) as written:
            written.touch()
            raise _OnlyTriedError
    except _OnlyTriedError:
        return
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}; name another file") from error


class _OnlyTriedError(Exception):
    """Nothing is to take the file's name."""


def write_config(draft: dict[str, Any], file: Path, by: str) -> Config:
    """Write a configuration that was read back and patched before it takes its name.

    Args:
        by: the command that writes it, for the first line.

    Raises:
        ConfigError, PatchError, ProfileError: it is not valid, and nothing is written.
    """
    text = text_of(draft, by)
    config = checked(yaml.safe_load(text), file, {})
    patch_of(config)
    examine_wiring(config)
    made = [one for one in file.absolute().parents if not one.exists()]
    try:
        file.absolute().parent.mkdir(parents=True, exist_ok=True)
        with coming(file) as written:
            written.write_text(text, encoding="utf-8")
    except BaseException as error:
        _unmake(made)
        if isinstance(error, OSError):
            raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
        raise
    return read_config(file)


def _unmake(folders: list[Path]) -> None:
    """Folders that were made for nothing, the innermost first."""
    for one in folders:
        with contextlib.suppress(OSError):
            one.rmdir()


def text_of(draft: dict[str, Any], by: str) -> str:
    """A configuration as text, one line for each fixture."""
    head, fixtures = {k: v for k, v in draft.items() if k != "fixtures"}, draft["fixtures"]
    text = f"# Written by `{by}`; {HEAD}"
    text += yaml.safe_dump(head, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    return text + "fixtures:\n" + "".join(f"  - {row_of(one)}\n" for one in fixtures)


def row_of(fixture: dict[str, Any]) -> str:
    """A fixture as one line of YAML."""
    options: dict[str, Any] = {"sort_keys": False, "width": 100_000, "allow_unicode": True}
    return str(yaml.safe_dump(fixture, default_flow_style=True, **options)).strip()
