"""A band that the ear's networks would hear clearly: parts with a timbre, a harmony and a drum pattern of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from controller.listening.time.beats import Beat
from controller.listening.time.drums import DrumHit
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import HeardFrame

BEAT_S, METRE, BANDS = 0.5, 4, 136
TOLD_S = 0.1


@dataclass
class Part:
    """Bands (136,), loudness, drum hits in each beat, and whether somebody sings."""

    seed: int
    loud: float = 0.5
    drums: int = 2
    sings: bool = False

    @property
    def bands(self):
        rng = np.random.default_rng(self.seed)
        return self.loud * (0.6 + 0.8 * rng.random(BANDS))


def played(
    parts: Sequence[tuple[Part, int]], rng: np.random.Generator, start_s: float = 0.0
) -> Iterator[tuple[float, SimpleNamespace]]:
    """Blocks of a tenth of a second: time of the end, and what the networks told in it.

    Args:
        parts: each with its bars. start_s: of the first beat.
    """
    beats = [(part, bar, number) for part, bars in parts for bar in range(bars) for number in range(METRE)]
    end_s = start_s + len(beats) * BEAT_S
    starts = np.cumsum([0, *(bars for _, bars in parts)]) * METRE
    told = 0
    frame_s = start_s
    now_s = start_s
    while now_s < end_s - 1e-6:
        now_s += 0.1
        found = SimpleNamespace(
            frames=[], told=[], hits=[], energy=SimpleNamespace(build=0.0, level=0.5), kind="band", drummed=True
        )
        while told < len(beats) and start_s + told * BEAT_S - TOLD_S <= now_s:
            at_s, (part, _, number) = start_s + told * BEAT_S, beats[told]
            found.told.append(Beat(at_s, now_s, BEAT_S, number + 1, METRE, 0.9, 0.9))
            for hit in range(part.drums):
                drum = "snare" if number % 2 else "kick"
                found.hits.append(DrumHit(at_s + hit * BEAT_S / max(1, part.drums), now_s, drum, 0.9))
            if told in starts:
                found.hits.append(DrumHit(at_s, now_s, "cymbal", 0.9))
            told += 1
        while frame_s <= now_s:
            part = beats[min(len(beats) - 1, int((frame_s - start_s) / BEAT_S))][0]
            bands = (part.bands + 0.03 * rng.standard_normal(BANDS)).astype(np.float32)
            found.frames.append(HeardFrame(frame_s, bands, 0.02, float(part.sings)))
            frame_s += FRAME_S
        yield now_s, found
