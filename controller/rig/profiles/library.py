"""All libraries of profiles: a reference to a checked `Profile`. Edge: looks for files and reads them.

References: `maker/model` (our own format, in `profiles` or bundled), `ofl:maker/model`, `qxf:Maker/File`, `gdtf:File`
(in the folders of `libraries`, first found first taken) and `file:PATH`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from controller.bundled import bundled
from controller.config import Config
from controller.errors import ProfileError
from controller.rig.profiles.lock import LOCK_FILE, check_lock, read_lock
from controller.rig.profiles.ofl import redirect_of
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.reading import parsed_json, read_bytes, read_profile
from controller.state_folder import visible

SUFFIX = {"": ".yaml", "ofl": ".json", "qxf": ".qxf", "gdtf": ".gdtf"}
MAX_REDIRECTS = 3
NOT_FIXTURES = ("manufacturers", "index", "register")


class Library:
    """Profiles, read once each.

    Args:
        root: the folder of our own, usually `fixtures/`.
        roots: folders of the other libraries by the names `ofl`, `qxf` and `gdtf`, and of more of our own by "".
        base: what `file:` paths are relative to.
        lock: SHA-256 of the file of each reference; a file that differs is refused.
    """

    def __init__(
        self,
        root: Path,
        roots: Mapping[str, Sequence[Path]] | None = None,
        base: Path | None = None,
        lock: Mapping[str, str] | None = None,
    ) -> None:
        roots = roots or {}
        self._roots: dict[str, Sequence[Path]] = {**roots, "": list(dict.fromkeys([root, *roots.get("", ())]))}
        self._base = base or root
        self._lock = lock or {}
        self._read: dict[str, Profile] = {}

    @classmethod
    def of(cls, config: Config, *, locked: bool = True) -> "Library":
        """The libraries of a configuration; its lock file holds unless `locked` is false."""
        libraries = config.libraries.model_dump()
        roots = {name: [config.path(folder) for folder in folders] for name, folders in libraries.items()}
        roots[""] = [bundled("fixtures")]
        lock = read_lock(config.folder / LOCK_FILE) if locked else {}
        return cls(config.path(config.profiles), roots, config.folder, lock)

    def references(self, library: str = "") -> list[str]:
        """All profiles of a library, sorted: of our own without a name, else of `ofl`, `qxf` or `gdtf`."""
        return sorted(set(self._references(library)))

    def _references(self, library: str) -> Iterator[str]:
        prefix = f"{library}:" if library else ""
        for root in self._roots.get(library, ()):
            if library == "gdtf":
                yield from (f"{prefix}{file.stem}" for file in visible(root.glob("*.gdtf")))
                continue
            for folder in _folders(root, library):
                files = visible(folder.glob(f"*/*{SUFFIX[library]}"))
                yield from (
                    f"{prefix}{file.parent.name}/{file.stem}" for file in files if file.stem not in NOT_FIXTURES
                )

    def profile(self, reference: str) -> Profile:
        """The profile of a reference.

        Raises:
            ProfileError: not there, not valid, or not what the lock file says; tells where and what is allowed.
        """
        if reference not in self._read:
            file = self.file_of(reference)
            check_lock(self._lock, reference, file)
            self._read[reference] = read_profile(file, reference)
        return self._read[reference]

    def located(self, reference: str, place: str) -> Profile:
        """As `profile`, with the place that asked for it in front of any message."""
        try:
            return self.profile(reference)
        except ProfileError as error:
            raise ProfileError(f"{place}: {error}") from error

    def file_of(self, reference: str) -> Path:
        """The file that a reference means, redirects followed.

        Raises:
            ProfileError: there is none.
        """
        name, colon, rest = reference.partition(":")
        if not colon:
            return self._found("", reference)
        if name == "file":
            file = self._base / Path(rest).expanduser()
            if not file.is_file():
                raise ProfileError(f"no file {file}")
            return file
        if name not in SUFFIX:
            raise ProfileError(f"'{name}:' is no library; there are maker/model, ofl:, qxf:, gdtf: and file:")
        return self._followed(rest) if name == "ofl" else self._found(name, rest)

    def _followed(self, rest: str) -> Path:
        """A file of the Open Fixture Library; some only say where the fixture is now."""
        for _ in range(MAX_REDIRECTS):
            file = self._found("ofl", rest)
            target = redirect_of(parsed_json(read_bytes(file)))
            if target is None:
                return file
            rest = target
        raise ProfileError(f"ofl:{rest}: redirected more than {MAX_REDIRECTS} times")

    def _found(self, library: str, rest: str) -> Path:
        parts = rest.split("/")
        plain = all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in parts)
        if plain and len(parts) == (1 if library == "gdtf" else 2):
            suffix = SUFFIX[library]
            for root in self._roots.get(library, ()):
                for folder in [root] if library == "gdtf" else _folders(root, library):
                    file = folder.joinpath(*parts[:-1], parts[-1].removesuffix(suffix) + suffix)
                    if file.is_file():
                        return file
        raise ProfileError(self._missing(library, rest))

    def _missing(self, library: str, rest: str) -> str:
        prefix = f"{library}:" if library else ""
        folders = ", ".join(str(root) for root in self._roots.get(library, ())) or "no folder"
        maker = rest.partition("/")[0].lower()
        every = self.references(library)
        near = [one for one in every if one.removeprefix(prefix).partition("/")[0].lower() == maker] or every
        known = ", ".join(near[:20]) + (f" and {len(near) - 20} more" if len(near) > 20 else "") if near else "none"
        return f"no profile '{prefix}{rest}' under {folders}; there are: {known}"


def _folders(root: Path, library: str) -> list[Path]:
    """The folders of makers may lie in a library's root or, in a checkout of the Open Fixture Library, one below."""
    return [root, root / "fixtures"] if library == "ofl" else [root]
