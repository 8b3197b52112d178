"""Doors of a run's folder as the supervisor makes them: Unix sockets, or ports where `FOLLOWSPOT_TRANSPORT` says so."""

import json
from pathlib import Path

from controller.bus.doors import DOORS, RUN_FILE, new_doors


def with_doors(folder: Path) -> Path:
    """The folder, with a run's file that says where its sockets are."""
    (folder / RUN_FILE).write_text(json.dumps({DOORS: new_doors()}), encoding="utf-8")
    return folder
