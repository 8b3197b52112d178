"""Configuration and rig of a recorded show, from its log alone. Pure."""

from pathlib import Path

import yaml

from controller.config import Config, thaw
from controller.errors import ConfigError, RecordingError, first_line
from controller.records.recording import Log
from controller.rig.patch.patch import Patch, build_patch
from controller.rig.profiles.profile import Profile


def as_it_was(log: Log, log_file: Path) -> tuple[Config, Patch]:
    """Configuration and rig from the log's header alone.

    Raises:
        RecordingError: the header is of another version.
    """
    try:
        config = thaw(log.header["config"])
        written = yaml.safe_load(log.header["profiles"])
        profiles = {reference: Profile.model_validate(data) for reference, data in written.items()}
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, yaml.YAMLError, ConfigError) as error:
        log.close()
        raise RecordingError(f"{log_file}: its header is of another version: {first_line(error)}") from error
    return config, build_patch(config.fixtures, list(config.universes), profiles, config.where)
