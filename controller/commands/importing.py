"""`followspot fixtures import` and `fixtures lock`: other libraries into our own files, and checksums. Edge: files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.config import Config
from controller.errors import ProfileError
from controller.rig.profiles.assembly import NoUsableModeError
from controller.rig.profiles.library import NOT_FIXTURES, SUFFIX, Library
from controller.rig.profiles.lock import LOCK_FILE, write_lock
from controller.rig.profiles.ofl import redirect_of
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.qxf import modes_of as qxf_modes
from controller.rig.profiles.reading import parsed_json, read_bytes, read_profile, sha256_of
from controller.rig.profiles.writing import file_name, written
from controller.rig.profiles.xml_tree import xml_tree
from controller.state_folder import visible

WHOLE = "(all)"


@dataclass(slots=True)
class Tally:
    """What became of the files that were looked at."""

    files: int = 0
    modes: int = 0
    imported: int = 0
    written: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The fixed form of `--json`."""
        return {"files": self.files, "modes": self.modes, "imported": self.imported, "refused": self.refused}


def import_profiles(written_source: str, out: Path | None, *, replace: bool = False) -> Tally:
    """Read a file or a whole library, and write what can be used as our own profiles.

    Args:
        written_source: `ofl:PATH`, `qxf:PATH` or `gdtf:PATH`; a folder is searched with all that is below it.
        out: folder for `maker/model.yaml`, or None to look only.
        replace: write over files that are there and say something else.

    Raises:
        ProfileError: nothing there to import, or `out` cannot be written.
    """
    library, colon, place = written_source.partition(":")
    if not colon or library not in SUFFIX or not library:
        raise ProfileError(f"'{written_source}': write ofl:PATH, qxf:PATH or gdtf:PATH")
    path = Path(place).expanduser()
    tally = Tally()
    for file in _files(path, library):
        profile = _take(file, library, tally)
        if profile is not None and out is not None:
            _write(profile, out, replace=replace)
            tally.written += 1
    if not tally.files:
        raise ProfileError(f"{path}: no {SUFFIX[library]} file is there")
    return tally


def _files(path: Path, library: str) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        found = visible(path.rglob(f"*{SUFFIX[library]}"))
        yield from (file for file in found if library != "ofl" or _is_fixture(file))


def _is_fixture(file: Path) -> bool:
    """Whether a JSON file in a folder of the Open Fixture Library describes a fixture, or points to one that does."""
    if file.stem in NOT_FIXTURES:
        return False
    try:
        data = parsed_json(read_bytes(file))
    except ProfileError:
        return True  # counted, and refused with its reason
    return "modes" in data or redirect_of(data) is not None


def _take(file: Path, library: str, tally: Tally) -> Profile | None:
    """Count a file; the profile that it holds, if any."""
    tally.files += 1
    reference = f"{library}:{file.stem}" if library == "gdtf" else f"{library}:{file.parent.name}/{file.stem}"
    try:
        if library == "ofl" and redirect_of(parsed_json(read_bytes(file))):
            return None
        profile = read_profile(file, reference)
    except ProfileError as error:
        reasons = _reasons(error, file, library)
        tally.modes += len(reasons)
        tally.refused += [{"ref": reference, "mode": mode, "reason": reason} for mode, reason in reasons.items()]
        return None
    tally.modes += len(profile.modes) + len(profile.refused)
    tally.imported += len(profile.modes)
    tally.refused += [{"ref": reference, "mode": mode, "reason": why} for mode, why in profile.refused.items()]
    return profile


def _reasons(error: ProfileError, file: Path, library: str) -> Mapping[str, str]:
    """Why each mode of a file that is refused as a whole cannot be used."""
    if isinstance(error.__cause__, NoUsableModeError) and error.__cause__.refused:
        return error.__cause__.refused
    return dict.fromkeys(_modes(file, library) or [WHOLE], str(error).removeprefix(f"{file}: "))


def _modes(file: Path, library: str) -> list[str]:
    """Names of the modes of a file that is refused as a whole, as far as it can be read."""
    try:
        if library == "qxf":
            return qxf_modes(xml_tree(read_bytes(file)))
        if library == "ofl":
            modes = parsed_json(read_bytes(file)).get("modes") or []
            return [str(mode.get("shortName") or mode.get("name")) for mode in modes if isinstance(mode, dict)]
    except ProfileError:
        pass
    return []


def _write(profile: Profile, out: Path, *, replace: bool) -> None:
    file, text = out / f"{file_name(profile)}.yaml", written(profile)
    try:
        if not replace and file.exists() and file.read_text(encoding="utf-8") != text:
            raise ProfileError(f"{file} is there and says something else; --replace writes over it")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProfileError(f"{file} cannot be written: {error.strerror}") from error


def lock_profiles(config: Config) -> tuple[Path, int]:
    """Write the lock file of the profiles that a configuration uses; returns where, and how many.

    Raises:
        ProfileError: one of them is not there or not valid.
    """
    library = Library.of(config, locked=False)
    checksums = {}
    for number, fixture in enumerate(config.fixtures):
        library.located(fixture.profile, config.where(("fixtures", number, "profile")))
        checksums[fixture.profile] = sha256_of(read_bytes(library.file_of(fixture.profile)))
    file = config.folder / LOCK_FILE
    try:
        write_lock(file, checksums)
    except OSError as error:
        raise ProfileError(f"{file} cannot be written: {error.strerror}") from error
    return file, len(checksums)
