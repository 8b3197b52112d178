"""x"""

from controller.profiles.profile import Profile


def profile_of(content: bytes, source: str) -> Profile:
    """x"""
    raise NotImplementedError
