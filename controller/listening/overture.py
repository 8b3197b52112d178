"""An opening in front of the night: its tune is the source and its conductor speaks. Edge: files."""

from collections.abc import Callable
from pathlib import Path

from controller.clock import Clock
from controller.colour import hue_degrees, parse_colour
from controller.config import Config
from controller.listening.audio.loudspeaker import audible
from controller.listening.audio.playback import Playback
from controller.listening.audio.source import LiveSource, open_recorded
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.opening.conducting import Conductor
from controller.listening.opening.following import ThenSource
from controller.listening.opening.opening import read_opening
from controller.listening.plan.leading import Planned
from controller.messages import AudioBlock, LightToken, Pulse
from controller.sound_format import SAMPLE_RATE_HZ

PLAYED = "opening.played"


class Overture:
    """The opening while it plays; nothing once it is over, or where there is none.

    Args:
        conductor: knows beats and colours of the tune, or None.

    Attributes:
        conducting: whether it speaks instead of the decider. decided: what the decider is told meanwhile, or None.
    """

    def __init__(self, conductor: Conductor | None = None) -> None:
        self._conductor = conductor
        self._at_s = 0.0
        self.conducting = False
        self.decided: Planned | None = None

    @property
    def hues(self) -> tuple[int, ...]:
        """That the night keeps to; none without an opening."""
        return () if self._conductor is None else tuple(self._conductor.hues)

    def hear(self, block: AudioBlock) -> LightToken | None:
        """Go on by a block; the token that is due on its beat, not at the next hop, if one is."""
        conductor = self._conductor
        self.conducting, self.decided = False, None
        if conductor is None or conductor.over:
            return None
        self._at_s = conductor.placed(block.t_s, self._at_s + len(block.samples) / SAMPLE_RATE_HZ)
        token = conductor.token(block.t_s, self._at_s)
        self.conducting = not conductor.over
        self.decided = conductor.light(self._at_s) if self.conducting else None
        return token

    def pulse(self, heard: Pulse, block: AudioBlock) -> Pulse:
        """A pulse of the tune has its own beats; everybody else's are heard."""
        if self._conductor is None or not self.conducting:
            return heard
        return self._conductor.pulse(heard, self._at_s - (block.t_s - heard.t_s))

    def end(self) -> None:
        """The tune is over."""
        self._conductor, self.conducting, self.decided = None, False, None


def with_overture(
    config: Config, folder: Path, band: LiveSource, stems: int, clock: Clock
) -> tuple[LiveSource, Overture]:
    """Put the opening before a source, once in a night: who starts this process again goes on with the band.

    Args:
        config: names the opening. folder: of the run. band: what comes then. stems: its stem columns. clock: time.
    """
    if config.opening is None or (folder / PLAYED).exists():
        return band, Overture()
    opening, tune = read_opening(config.path(config.opening))
    recorded = Playback(open_recorded(tune, config), block_s=config.audio.block_s, clock=clock)
    house = tuple(hue_from_degrees(hue_degrees(parse_colour(one))) for one in config.palette)
    overture = Overture(Conductor(opening, house))
    ended: Callable[[], None] = overture.end
    source = ThenSource(audible(recorded, config.opening_sound), band, columns=1 + stems, ended=ended)
    (folder / PLAYED).touch()
    return source, overture
