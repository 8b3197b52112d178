"""`seed.json` and `palette.json`: what a show needs to know of an opening. Pure.

The show reads it with `controller/listening/opening/opening.py`, which refuses what does not
fit; the two belong together.
"""

from collections.abc import Sequence
from typing import Any

from tools.train.image2music.form import SECTION
from tools.train.image2music.harmony import Chord
from tools.train.image2music.melody import BEATS, Melody, key_name
from tools.train.image2music.playing import TAIL_S, quarter_s
from tools.train.image2music.reading import Reading
from tools.train.image2music.wish import beat_s

FORMAT = 1


def palette_json(reading: Reading) -> list[dict[str, Any]]:
    """The palette with weights: `rgb`, `weight`, `name`, `hue_deg` (null for greys), `chroma`."""
    return [{"rgb": c.rgb, "weight": c.weight, "name": c.name, "hue_deg": c.hue_deg, "chroma": c.chroma}
            for c in reading.palette]  # fmt: skip


def seed_json(
    reading: Reading,
    melody: Melody,
    bpm: int,
    sections: Sequence[tuple[str, int]],
    *,
    chords: Sequence[Chord],
    title: str,
    provenance: dict[str, Any],
) -> dict[str, Any]:
    """Everything about an opening that is known exactly, because it was written and not heard."""
    bar_s = melody.bar_ticks / BEATS[melody.metre] * beat_s(bpm)
    return {
        "format": FORMAT,
        "title": title,
        "audio": "tune.wav",
        "palette": palette_json(reading),
        "valence": round(reading.valence, 4),
        "arousal": round(reading.arousal, 4),
        "bpm": bpm,
        "beat_s": round(beat_s(bpm), 9),
        "beats_a_bar": melody.bar_ticks // BEATS[melody.metre],
        "key": key_name(melody),
        "mode": melody.mode,
        "metre": melody.metre,
        "bars": melody.bars,
        "seconds": round(melody.bars * bar_s, 6),
        "audio_seconds": round(melody.bars * bar_s + TAIL_S, 6),
        "quarter_s": round(quarter_s(melody, bpm), 9),
        "sections": [
            {"name": name, "bar": first, "bars": SECTION, "start_s": round(first * bar_s, 6)}
            for name, first in sections
        ],
        "chords": [chord.name for chord in chords],
        "provenance": provenance,
    }
