"""Where this machine keeps what is worth keeping between shows. Edge: environment, files."""

import os
import re
from pathlib import Path


def state_folder() -> Path:
    """`$XDG_STATE_HOME/followspot`, by default `~/.local/state/followspot` (XDG Base Directory). Not made here."""
    chosen = os.environ.get("XDG_STATE_HOME", "")
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "state"
    return root / "followspot"


def file_word(venue: str, otherwise: str) -> str:
    """A venue's name as part of a file's: letters, digits and hyphens; `otherwise` where nothing is left of it."""
    return re.sub(r"[^A-Za-z0-9]+", "-", venue).strip("-").lower() or otherwise
