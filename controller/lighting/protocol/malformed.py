"""The one thing that a decoder may raise."""


class MalformedError(ValueError):
    """These bytes are not what they should be; the text says why. Anything may arrive from a network."""
