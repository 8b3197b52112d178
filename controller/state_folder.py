"""Where this machine keeps what is worth keeping between shows. Edge: environment, files."""

import os
from pathlib import Path


def state_folder() -> Path:
    """`$XDG_STATE_HOME/followspot`, by default `~/.local/state/followspot` (XDG Base Directory). Not made here."""
    chosen = os.environ.get("XDG_STATE_HOME", "")
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "state"
    return root / "followspot"
