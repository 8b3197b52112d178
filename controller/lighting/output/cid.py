"""What sACN receivers know this source by: made once, the same at every start (E1.31 section 5.6). Edge: a file.

A CID that changed at a restart would be a second source, and receivers would merge the two for 2.5 seconds.
"""

import contextlib
import logging
import socket
from pathlib import Path
from uuid import NAMESPACE_DNS, UUID, uuid4, uuid5

log = logging.getLogger(__name__)


def source_cid(configured: UUID | None, venue: str, folder: Path) -> UUID:
    """The configured CID, or the one kept in `folder`, or a new one that is kept there.

    Where nothing can be kept it is derived from host name and venue, so that it is the same next time all the same.
    """
    if configured is not None:
        return configured
    file = folder / "cid"
    try:
        return UUID(file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        log.warning("%s holds no CID (%s); a new one is made", file, error)
        with contextlib.suppress(OSError):
            file.unlink()
    try:
        return _keep(uuid4(), file)
    except (OSError, ValueError) as error:
        log.warning("%s cannot be kept (%s); sACN is sent under a CID from host name and venue", file, error)
        return uuid5(NAMESPACE_DNS, f"{socket.gethostname()}/{venue}")


def _keep(made: UUID, file: Path) -> UUID:
    """Keep a CID unless another process, the spare above all, was quicker: then its CID is ours.

    Raises:
        OSError, ValueError: nothing can be kept there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"cid.{made}")
    draft.write_text(f"{made}\n", encoding="ascii")
    try:
        file.hardlink_to(draft)  # whole or not at all, and only if nobody else did
    except FileExistsError:
        return UUID(file.read_text(encoding="ascii").strip())
    finally:
        draft.unlink()
    return made
