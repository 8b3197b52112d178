"""How well the show can hear and think, and what it may do about it: a pure state machine without a clock.

The states, by default: tokens arrive, or the last is younger than two seconds: LIVE, and a late one costs nothing but
its news, because fades go on to where the last one pointed. Older, sound is heard: FALLBACK, brightness by the audio
level; ten seconds: HOUSE, a steady warm look. Somebody talks, or hands clap: TALK, a steady front. Silence for four
seconds, which a lost sound card is too: QUIET. Nothing arrives at all, the listening process is dead: HOUSE. Each
returns by itself (docs/safety.md).
"""

from dataclasses import dataclass
from typing import Literal

Health = Literal["live", "fallback", "talk", "quiet", "house"]
TALK = ("talk", "applause")
"""Kinds of sound in which the light follows nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Ages in seconds at which an input counts as late or lost."""

    token_stale_s: float
    token_dead_s: float
    pulse_dead_s: float
    silence_after_s: float


def health(token_age_s: float, pulse_age_s: float, silent_s: float, limits: Limits, kind: str = "") -> Health:
    """The state for these ages.

    Args:
        token_age_s: since the sound of the newest token; infinite before the first.
        pulse_age_s: since the sound of the newest pulse; infinite before the first.
        silent_s: how long the sound has been below the silence threshold.
        kind: of sound, "" where nobody knows.
    """
    heard = pulse_age_s <= limits.pulse_dead_s
    if heard and silent_s >= limits.silence_after_s:
        return "quiet"
    if heard and kind in TALK:
        return "talk"
    if token_age_s <= limits.token_stale_s:
        return "live"
    if heard and token_age_s <= limits.token_dead_s:
        return "fallback"
    return "house"
