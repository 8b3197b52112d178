"""Where a show's log goes, and what stands at its head: all that a replay needs beside the cycles. Edge: files."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from controller.config import Config, StandbyConfig, freeze
from controller.records.recording import Recorder
from controller.rig.patch.configured import profiles_of
from controller.state_folder import file_word, state_folder

log = logging.getLogger(__name__)

SUFFIX = ".showlog"


def log_folder(config: Config) -> Path:
    """As configured, or `shows` in the state folder."""
    return config.path(config.record.folder) if config.record.folder else state_folder() / "shows"


def header_of(config: Config) -> dict[str, Any]:
    """Configuration and profiles as they are now: a replay in a year must not need the files of today."""
    profiles = {reference: profile.model_dump(mode="json") for reference, profile in profiles_of(config).items()}
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "venue": config.venue,
        "config": freeze(without_secrets(config)),
        "profiles": yaml.safe_dump(profiles, sort_keys=False),
    }


def without_secrets(config: Config) -> Config:
    """The configuration as others may read it: a replay needs no key."""
    return config.model_copy(update={"standby": StandbyConfig()})


def open_log(config: Config, who: str = "lighting") -> Recorder | None:
    """A recorder for a new show, and old logs beyond `record.keep` removed; None if not wished or not possible."""
    mark = "" if who == "lighting" else f"-{who}"
    path = new_file(config, f"{mark}{SUFFIX}") if config.record.enabled else None
    return None if path is None else Recorder(path, header_of(config))


def new_file(config: Config, ending: str) -> Path | None:
    """Where something of a new show is written, by when it began; None if it is not possible.

    Args:
        ending: of its name, with the suffix; of old files of this suffix, `record.keep` are kept.
    """
    folder = log_folder(config)
    name = file_word(config.venue, "show")
    began = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S-%f}"[:-3]
    path = folder / f"{began}-{name}{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _tidy(folder, path.suffix, config.record.keep - 1)
    except OSError as error:
        log.warning("nothing is kept of this show: %s: %s", folder, error.strerror)
        return None
    return path


def _tidy(folder: Path, suffix: str, keep: int) -> None:
    logs = sorted(folder.glob(f"*{suffix}"))
    for old in logs[: max(0, len(logs) - keep)]:
        old.unlink(missing_ok=True)
