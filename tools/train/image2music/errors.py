"""What this package refuses, with the place and the remedy."""

from controller.errors import ControllerError


class OpeningError(ControllerError):
    """A picture, a tune, an index, a model or an endpoint that cannot be used, and why."""
