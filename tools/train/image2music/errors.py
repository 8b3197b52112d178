"""What this package refuses: the show refuses the same, with the same class."""

from controller.errors import OpeningError

__all__ = ["OpeningError"]
