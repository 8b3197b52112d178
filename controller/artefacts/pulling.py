"""`followspot models pull NAME`: the authors' weights, from the hub they published them on to the importers.

A download that was cut off goes on where it stopped; a file takes its name when it is whole. Nothing of it is run or
unpickled here: `python -m tools.train...` imports it, weights only. Edge: network and files.
"""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from controller.artefacts.artefact import sha256_of
from controller.errors import ModelError

HUB = "https://huggingface.co"
TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 20
MOST_BYTES = 8 << 30
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Published:
    """Weights on the hub: which repository and file, what is in it, and what to do next."""

    repository: str
    file: str
    members: tuple[str, ...]
    then: str


PUBLISHED = {
    "skip-bart": Published(
        "RS2002/Skip-BART", "trained.zip", ("bart_finetune.pth", "head_finetune.pth"),
        "python -m tools.train.skipbart import --bart {0}/bart_finetune.pth --head {0}/head_finetune.pth --out "
        "models/skipbart-official",
    ),
    "pianobart": Published(
        "RS2002/PianoBART", "model.safetensors", (),
        "python -m tools.train.symbolic import --model pianobart --file {0}/model.safetensors --out {0}/imported",
    ),
    "adversarial-midibert": Published(
        "RS2002/Adversarial-MidiBERT", "model.safetensors", (),
        "python -m tools.train.symbolic import --model adversarial-midibert --file {0}/model.safetensors --out "
        "{0}/imported",
    ),
}  # fmt: skip


def pull(name: str, out: Path, hub: str = HUB) -> list[Path]:
    """Fetch published weights.

    Args:
        name: one of `PUBLISHED`. out: folder to put them in. hub: address of the hub or of a mirror of it.

    Returns:
        The files.

    Raises:
        ModelError: no such name, no network, not there, no room, or not what was expected.
    """
    if name not in PUBLISHED:
        raise ModelError(f"no published weights named {name!r}; there are {', '.join(PUBLISHED)}")
    published = PUBLISHED[name]
    out.mkdir(parents=True, exist_ok=True)
    url = f"{hub.rstrip('/')}/{published.repository}/resolve/main/{quote(published.file)}"
    whole = out / published.file
    if not whole.is_file():
        columns = (TextColumn(published.file), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns) as progress:
            bar = progress.add_task(name, total=None)
            fetch(url, whole, lambda got, of: progress.update(bar, completed=got, total=of or None))
    if not published.members:
        return [whole]
    return unpack(whole, out, published.members)


def fetch(url: str, path: Path, told: Told) -> None:
    """Download to `path`, going on with what `path.part` already holds.

    Args:
        told: hears how many bytes are there, and of how many (0: the hub does not say).

    Raises:
        ModelError: it cannot be had; what there is of it is kept.
    """
    part = path.with_name(f"{path.name}.part")
    have = part.stat().st_size if part.is_file() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - the hub's, or a person's
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            goes_on = answer.status == 206
            have = have if goes_on else 0
            size = have + int(answer.headers.get("Content-Length") or 0)
            if size > MOST_BYTES:
                raise ModelError(f"{url}: {size >> 30} GB; at most {MOST_BYTES >> 30} GB are fetched")
            if size and shutil.disk_usage(path.parent).free < size - have:
                raise ModelError(f"{path.parent}: no room for {(size - have) >> 20} MB; free some, or use --out")
            with part.open("ab" if goes_on else "wb") as stream:
                while chunk := answer.read(CHUNK_BYTES):
                    have += len(chunk)
                    if have > MOST_BYTES:
                        raise ModelError(f"{url}: it does not end; given up after {MOST_BYTES >> 30} GB")
                    stream.write(chunk)
                    told(have, size)
    except HTTPError as error:
        if error.code == 416 and have:  # all of it was there already
            part.replace(path)
            return
        raise ModelError(f"{url}: the hub says {error.code} {error.reason}; nothing was changed") from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        raise ModelError(f"{url}: {reason}; what arrived is kept, the same command goes on with it") from error
    if size and have < size:
        raise ModelError(f"{url}: cut off after {have:,} of {size:,} bytes; the same command goes on with it")
    part.replace(path)


def unpack(archive: Path, out: Path, members: tuple[str, ...]) -> list[Path]:
    """Only the files that are expected, whatever folder of the archive they lie in.

    Raises:
        ModelError: the archive is damaged, one is not in it or too large, or there is no room.
    """
    found = []
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in members:
                inside = next((info for info in packed.infolist() if Path(info.filename).name == member), None)
                if inside is None:
                    raise ModelError(f"{archive}: {member} is not in it; the hub may hold another version now")
                if inside.file_size > MOST_BYTES:
                    raise ModelError(f"{archive}: {member} would be {inside.file_size >> 30} GB")
                path = out / member
                with packed.open(inside) as source, path.with_name(f"{member}.part").open("wb") as target:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
                path.with_name(f"{member}.part").replace(path)
                found.append(path)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise ModelError(f"{archive}: not a whole archive ({error}); delete it and pull again") from error
    return found


def print_pulled(name: str, out: Path, hub: str) -> None:
    """`pull`, what it brought with checksums, and what to do with it."""
    for path in pull(name, out, hub):
        print(f"{path}  sha256 {sha256_of(path)}")  # noqa: T201 - a command's answer
    print(f"next: {PUBLISHED[name].then.format(out)}")  # noqa: T201
