"""Where what is built once is kept: the index, the classifier as ONNX. Edge: the user's folders."""

import os
from pathlib import Path

from controller.errors import ControllerError
from tools.train.image2music.errors import OpeningError


def cache_folder(given: Path | None = None) -> Path:
    """`given`, or followspot/openings in the user's cache folder; made if it is not there.

    Raises:
        OpeningError: it cannot be made.
    """
    home = os.environ.get("XDG_CACHE_HOME", "")
    folder = given or (Path(home) if home else Path.home() / ".cache") / "followspot" / "openings"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OpeningError(f"{folder}: cannot be made ({error.strerror}); name another folder with --cache") from error
    return folder


def missing_package(error: ImportError) -> ControllerError:
    """The refusal for a package of the extra `image` that is not installed."""
    return OpeningError(
        f"the package {error.name} is not installed; install the extra `image`: python -m pip install -e '.[image]'"
    )
