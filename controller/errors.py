"""What can be refused before a show starts, one class for each kind of mistake.

Every message says what is wrong, where, and what to do. The command line prints it and leaves with exit code 1.
During a show nothing here is raised out of a loop.
"""

import errno


class ControllerError(Exception):
    """Something the operator can put right."""


class ConfigError(ControllerError):
    """`config.yaml` is not usable."""


class ProfileError(ControllerError):
    """A fixture profile is not usable."""


class RigListError(ControllerError):
    """A scene, workspace or patch list of another program cannot be read or written."""


class RdmError(ControllerError):
    """A device on the wire, or olad in between, cannot be asked or told."""


class PatchError(ControllerError):
    """Fixtures do not fit on their universes."""


class ModelError(ControllerError):
    """A model artefact is missing, damaged or not the one that is expected."""


class AudioError(ControllerError):
    """An audio device, file or folder of stems cannot be used."""


class EvaluationError(ControllerError):
    """A light file cannot be judged, or nothing is here to judge it with."""


class PageError(ControllerError):
    """The operator page cannot be served."""


class SurveyError(ControllerError):
    """The rig cannot be measured, or the film of it cannot be read."""


class RecordingError(ControllerError):
    """The log of a show cannot be read."""


class PlanError(ControllerError):
    """A show plan cannot be read or written."""


class OpeningError(ControllerError):
    """An opening cannot be composed or played."""


class SetListError(ControllerError):
    """A band's sheet or a set list cannot be read or written."""


def first_line(error: BaseException) -> str:
    """What an error of somebody else says, in one line; its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def port_refused(host: str, port: int, error: OSError) -> str:
    """Why a page cannot be served at a port of this machine, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use; stop the other program or choose another with --web HOST:PORT, "
            "or --web off"
        )
    return (
        f"port {port} on {host} cannot be served ({error.strerror}); choose an address of this machine with "
        "--web HOST:PORT, or --web off"
    )
