"""What this package refuses, with the place and the remedy."""

from controller.errors import ControllerError


class SymbolicError(ControllerError):
    """Music, a corpus or a model that cannot be used, and why."""
