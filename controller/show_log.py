"""Where a show's log goes, and what stands at its head: all that a replay needs beside the cycles. Edge: files."""

import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from controller.config import Config, StandbyConfig, freeze
from controller.desk import profiles_of
from controller.recording import Recorder
from controller.state_folder import state_folder

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
    if not config.record.enabled:
        return None
    folder = log_folder(config)
    name = re.sub(r"[^A-Za-z0-9]+", "-", config.venue).strip("-").lower() or "show"
    began = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S-%f}"[:-3]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _tidy(folder, config.record.keep - 1)
    except OSError as error:
        log.warning("no log of this show: %s: %s", folder, error.strerror)
        return None
    mark = "" if who == "lighting" else f"-{who}"
    return Recorder(folder / f"{began}-{name}{mark}{SUFFIX}", header_of(config))


def _tidy(folder: Path, keep: int) -> None:
    logs = sorted(folder.glob(f"*{SUFFIX}"))
    for old in logs[: max(0, len(logs) - keep)]:
        old.unlink(missing_ok=True)
