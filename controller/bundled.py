"""Where what comes with the program lies: models, fixtures, the song and the configuration of the demo.

A configuration names it as `bundled:models/embedder-small`: the same on every machine, so that the file can be copied.
Edge: looks for files.
"""

from pathlib import Path

PREFIX = "bundled:"
PACKAGE = Path(__file__).resolve().parent
DATA = PACKAGE / "data"
"""Made when the package is built (`pyproject.toml`); a checkout has no such folder."""
ROOTS = (DATA, PACKAGE.parent)
INSTALLED_DEMO = DATA / "config.yaml"


def bundled(name: str) -> Path:
    """A file or folder that comes with the program, by its path in a checkout; it need not be there."""
    return next((root / name for root in ROOTS if (root / name).exists()), PACKAGE.parent / name)


def beside(file: Path, name: str) -> Path:
    """What a configuration calls `name`: absolute, bundled, or relative to the folder of the configuration.

    What the installed demo names came with it; what is kept beside it (a mapping, set lists) stands in the current
    folder, since nobody writes into an installed package.
    """
    if name.startswith(PREFIX):
        return bundled(name.removeprefix(PREFIX))
    if file != INSTALLED_DEMO:
        return file.parent / Path(name).expanduser()
    came = bundled(name)
    return came if came.exists() else Path(name).expanduser()
