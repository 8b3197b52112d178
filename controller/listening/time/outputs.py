"""What the network that hears drums, voice and kinds of sound tells of each frame. Pure."""

from typing import Literal

Drum = Literal["kick", "snare", "cymbal", "tom"]
Kind = Literal["band", "solo", "talk", "applause", "silence"]
Unknown = Literal[""]
"""Where nobody knows the kind."""

DRUMS: tuple[Drum, ...] = ("kick", "snare", "cymbal", "tom")
SOUNDING: tuple[Kind, ...] = ("band", "solo", "talk", "applause")
"""Kinds that the network tells apart; silence is a matter of level."""
OUTPUTS = ("beat", "one", *DRUMS, "voice", *SOUNDING)
"""In the order of the network's eleven probabilities."""
DELAY = 2
"""Frames by which the network is behind the sound, so that it sees an attack whole."""
