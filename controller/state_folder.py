"""Where this machine keeps what is worth keeping between shows, and how files are named. Edge: environment, files.

One rule names whatever is kept under a title that a person wrote (a song, a venue, a fixture): letters and digits of
every script stay. What such a name cannot tell apart (`Metal Madness` and `metal_madness`, two names of signs only) is
told apart by `own_word`, or by looking into the file (`controller/listening/plan/plan.py`, `plan_file`).
"""

import hashlib
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

PRIVATE = 0o600
"""Who did what, what was heard and what lets others in is for one reader."""
MOST_BYTES = 100
"""Of a word in UTF-8; a file's name may have 255, and suffixes and times stand beside it."""


def state_folder() -> Path:
    """`$XDG_STATE_HOME/followspot`, by default `~/.local/state/followspot` (XDG Base Directory). Not made here.

    On Windows and macOS, unless that variable is set, the system's own folder for what a program keeps.
    """
    chosen = os.environ.get("XDG_STATE_HOME", "")
    if not chosen and sys.platform in ("win32", "darwin"):
        return Path(platformdirs.user_state_dir("followspot", appauthor=False))
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "state"
    return root / "followspot"


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner reads; one that is there already stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def coming(file: Path) -> Iterator[Path]:
    """Gives the name under which a file is written; it takes its place when it is whole, or leaves nothing behind.

    Raises:
        OSError: it cannot take its place.
    """
    written = file.with_name(f".{file.name}.{os.getpid()}.coming")
    written.unlink(missing_ok=True)
    try:
        yield written
        written.replace(file)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def open_private(file: Path) -> int:
    """A new file that only its owner reads, open for writing.

    Raises:
        OSError: it is there already, or cannot be made.
    """
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    private_folder(file.parent)
    with coming(file) as written, os.fdopen(open_private(written), "w", encoding="utf-8") as out:
        out.write(text)


def visible(paths: Iterable[Path]) -> list[Path]:
    """Files and folders that a person put there, in the order of their names.

    Names that begin with a dot are hidden, among them the `._` files that a Mac leaves beside every file on a memory
    stick: they have the same ending and hold nothing.
    """
    return sorted(path for path in paths if not path.name.startswith("."))


def same_title(one: str, other: str) -> bool:
    """Whether two titles are the same to whoever reads them; macOS takes letters and their accents apart in names."""
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def file_word(title: str, otherwise: str) -> str:
    """A title as part of a file's name: small letters and digits of every script, and hyphens for all else.

    Args:
        title: as a person wrote it. otherwise: the word where nothing is left of it.
    """
    whole = unicodedata.normalize("NFC", title)
    kept = "".join(one if _is_kept(one) else "-" for one in whole)
    return _cut(re.sub("-+", "-", kept).strip("-").lower()).rstrip("-") or otherwise


def own_word(title: str, otherwise: str) -> str:
    """As `file_word`, with eight letters of a checksum that no other title has."""
    whole = unicodedata.normalize("NFC", title).encode("utf-8", "surrogatepass")
    return f"{file_word(title, otherwise)}-{hashlib.sha256(whole).hexdigest()[:8]}"


def kept_under(folder: Path, title: str, otherwise: str, suffix: str = "") -> tuple[Path, Path]:
    """Where something of a title is kept, by its own word; and where version 0.2 kept it, for two titles alike."""
    own, before = own_word(title, otherwise), _word_of_version_0_2(title, otherwise)
    return folder / f"{own}{suffix}", folder / f"{before}{suffix}"


def set_aside(file: Path) -> Path:
    """Give a damaged file another name, which no file has; returns it.

    Raises:
        OSError: it cannot be renamed.
    """
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    return file.rename(aside)


def shown(name: str, most: int) -> str:
    """A file's name as a title: without what cannot be printed, and not longer than `most` letters."""
    plain = "".join(one if one.isprintable() else "?" for one in name.encode("utf-8", "replace").decode())
    return plain if len(plain) <= most else f"{plain[: most - 10]}…-{own_word(name, '')[-8:]}"


def _is_kept(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def _cut(word: str) -> str:
    return word.encode()[:MOST_BYTES].decode("utf-8", "ignore")


def _word_of_version_0_2(title: str, otherwise: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower() or otherwise
