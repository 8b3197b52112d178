"""A whole song, or what a microphone brings, as the show hears it: written down, with the moment it was known. Pure."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from controller.listening.time.beats import Beat
from controller.listening.time.drums import DrumHit
from controller.listening.time.energy import Energy
from controller.listening.time.hearing import Hearing
from controller.messages import AudioBlock


@dataclass(frozen=True, slots=True)
class KindSpan:
    """A stretch of one kind of sound."""

    from_s: float
    to_s: float
    known_s: float
    kind: str


@dataclass
class HeardSong:
    """Everything that was heard, in order.

    Attributes:
        voice: (from, to) in which somebody sings. peaks, means: greatest height and root mean square
            of the waveform 0..1, one for each block. end_s: length of the sound.
    """

    beats: list[Beat] = field(default_factory=list)
    hits: list[DrumHit] = field(default_factory=list)
    kinds: list[KindSpan] = field(default_factory=list)
    voice: list[tuple[float, float]] = field(default_factory=list)
    energies: list[Energy] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    end_s: float = 0.0

    def take(self, hearing: Hearing, block: AudioBlock) -> None:
        """What a block made known."""
        before_s, self.end_s = self.end_s, block.t_s
        self.beats += hearing.told
        self.hits += hearing.hits
        self.energies += hearing.energies
        mix = block.samples[:, 0]
        self.peaks.append(float(np.abs(mix).max(initial=0.0)))
        self.means.append(float(np.sqrt(np.mean(np.square(mix)))) if len(mix) else 0.0)
        self._take_kind(hearing, block.t_s)
        if hearing.voice:
            begins = not self.voice or self.voice[-1][1] < before_s
            from_s = before_s if begins else self.voice.pop()[0]
            self.voice.append((from_s, block.t_s))

    def _take_kind(self, hearing: Hearing, now_s: float) -> None:
        if not hearing.kind:
            return
        last = self.kinds[-1] if self.kinds else None
        if last is not None and last.kind == hearing.kind:
            self.kinds[-1] = KindSpan(last.from_s, now_s, last.known_s, last.kind)
            return
        from_s = 0.0 if last is None else min(now_s, max(hearing.kind_since_s, last.from_s))
        if last is not None:
            self.kinds[-1] = KindSpan(last.from_s, from_s, last.known_s, last.kind)
        self.kinds.append(KindSpan(from_s, now_s, now_s, hearing.kind))

    def plain(self) -> dict[str, Any]:
        """As `hearing.json` has it: lists of rows, times in seconds."""
        return {
            "beats": [_row(one.t_s, one.known_s, one.number, one.confidence) for one in self.beats],
            "drums": [_row(one.t_s, one.known_s, one.drum, one.strength) for one in self.hits],
            "kinds": [_row(one.from_s, one.to_s, one.known_s, one.kind) for one in self.kinds],
            "voice": [_row(*one) for one in self.voice],
            "energy": [_row(one.t_s, one.level, one.build) for one in self.energies],
        }


def _row(*parts: float | str) -> list[float | str]:
    return [round(part, 4) if isinstance(part, float) else part for part in parts]
