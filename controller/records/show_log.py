"""Where a show's log goes, and what stands at its head: all that a replay needs beside the cycles. Edge: files."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from controller.config import Config, StandbyConfig, freeze
from controller.records.kinds import LOG_SUFFIX as SUFFIX
from controller.records.recording import Recorder
from controller.records.retention import remove_old
from controller.rig.patch.configured import profiles_of
from controller.state_folder import file_word, private_folder, state_folder

log = logging.getLogger(__name__)


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


def make_room(config: Config) -> None:
    """Remove the oldest shows beyond `record.keep` and `record.keep_mb`; once, where a show begins."""
    record, folder = config.record, log_folder(config)
    if not record.enabled or not folder.is_dir():
        return
    try:
        remove_old(folder, record.keep - 1, record.keep_mb * 1_000_000)
    except OSError as error:
        log.warning("old shows in %s stay: %s", folder, error.strerror)


def open_log(config: Config, who: str = "lighting", show: str = "") -> Recorder | None:
    """A recorder for a show's log; None if not wished or not possible.

    Args:
        config: what is recorded. who: which of the two that light. show: name of the show that has begun (`make_room`);
            without one this is its beginning.
    """
    if not show and who == "lighting":
        make_room(config)
    mark = "" if who == "lighting" else f"-{who}"
    path = new_file(config, f"{mark}{SUFFIX}") if config.record.enabled else None
    return None if path is None else Recorder(path, header_of(config) | ({"show": show} if show else {}))


def new_file(config: Config, ending: str) -> Path | None:
    """Where something of a show is written, by when it began; None if it is not possible.

    Args:
        ending: of its name, with the suffix.
    """
    folder = log_folder(config)
    name = file_word(config.venue, "show")
    began = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S-%f}"[:-3]
    path = folder / f"{began}-{name}{ending}"
    try:
        private_folder(folder)
    except OSError as error:
        log.warning("this show is not being recorded: %s: %s", folder, error.strerror)
        return None
    return path
