"""A GDTF file or QLC+ definition that somebody brings to the patch page, kept where its configuration finds it.

Edge: files.
"""

import re
import tempfile
from pathlib import Path

from controller.config import Config
from controller.errors import ConfigError, ProfileError
from controller.rig.exchange.qxw import names_in
from controller.rig.profiles.reading import read_profile
from controller.state_folder import coming

ENDINGS = {".gdtf": "gdtf", ".qxf": "qxf"}


def keep_own(config: Config, name: str, content: bytes) -> tuple[Path, str]:
    """Put a file into the configuration's first folder of its kind, if a mode of it can be used.

    Args:
        name: of the file, as the browser says it. content: all of it.

    Returns:
        where it is, and the reference by which a patch names it.

    Raises:
        ConfigError, ProfileError: it is of another kind, cannot be read, has no mode that can be used, or another file
            of this name is there.
    """
    library = ENDINGS.get(Path(name).suffix.lower(), "")
    stem = _plain(Path(name.replace("\\", "/")).stem)
    if not library or not stem:
        raise ConfigError(f"'{name}': a fixture is brought as .gdtf or .qxf; OFL files go into profiles/ofl/MAKER/")
    inside = f"{stem}.gdtf" if library == "gdtf" else f"{_maker(content)}/{stem}.qxf"
    reference = f"{library}:{inside.removesuffix(f'.{library}')}"
    file = config.path(getattr(config.libraries, library)[0]) / inside
    _examine(content, inside, reference)
    if file.exists() and file.read_bytes() != content:
        raise ConfigError(f"{file}: is there and says something else; rename one of them")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with coming(file) as written:
            written.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    return file, reference


def _examine(content: bytes, inside: str, reference: str) -> None:
    """Read it where nobody else looks, before it is among the others."""
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / Path(inside).name
        file.write_bytes(content)
        profile = read_profile(file, reference)
    if not profile.modes:
        mode, why = next(iter(profile.refused.items()), ("", "it has no mode"))
        raise ProfileError(f"{Path(inside).name}: no mode of it can be used; {mode}: {why}")


def _maker(content: bytes) -> str:
    """The folder of a QLC+ definition: its maker."""
    maker = next((_plain(maker) for maker, _ in names_in(content)), "")
    if not maker:
        raise ProfileError("a QLC+ definition without a maker")
    return maker


def _plain(name: str) -> str:
    """A name that every system takes, and that is no path."""
    return re.sub(r'[\\/:*?"<>|\0]+|^\.+', "_", name).strip()[:80]
