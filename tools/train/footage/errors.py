"""What goes wrong with footage."""

from controller.errors import ControllerError


class FootageError(ControllerError):
    """A video, or a folder of footage, cannot be used; the message is one line: what, and what to do."""
