"""Tunes that fit a picture: by words, by mood, by picture where a CLIP model is given; fused, varied, and no twins.

Source: reciprocal rank fusion (Cormack et al. 2009), maximal marginal relevance (Carbonell & Goldstein 1998). The
published system searched with words and with the picture and then used only the picture's answer; here all are used,
and each score is in the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from tools.train.image2music.corpus import CorpusTune
from tools.train.image2music.melody import Melody
from tools.train.image2music.words import density

FUSION = 60.0
"""Ranks are added as 1 / (FUSION + rank)."""
POOL, COUNT = 40, 3
VARIETY = 0.3
"""Of the score of one more tune: how much it counts that it is unlike those that are chosen."""
MODE_VALENCE = {"maj": 0.45, "mix": 0.15, "dor": -0.25, "min": -0.5}
RHYTHM_AROUSAL = {"reel": 0.6, "jig": 0.45, "slip": 0.3, "hornpipe": 0.35, "strathspey": 0.2, "march": 0.1, "clog": 0.4,
                  "waltz": -0.2, "air": -0.4, "polka": 0.5}  # fmt: skip
WORD_MOOD = {
    "lively": (0.3, 0.6),
    "spirit": (0.3, 0.5),
    "animated": (0.3, 0.6),
    "quick": (0.1, 0.6),
    "bold": (0.2, 0.5),
    "gay": (0.6, 0.5),
    "cheerful": (0.7, 0.4),
    "playful": (0.5, 0.4),
    "gracefully": (0.4, -0.2),
    "fast": (0.1, 0.7),
    "moderate": (0.0, -0.1),
    "slow": (-0.2, -0.6),
    "tender": (0.0, -0.5),
    "plaintive": (-0.6, -0.4),
    "mournful": (-0.8, -0.5),
    "sad": (-0.7, -0.4),
    "feeling": (-0.2, -0.3),
    "expression": (-0.1, -0.3),
    "lament": (-0.7, -0.5),
    "dignity": (0.0, -0.3),
    "majestic": (0.2, -0.1),
    "lullaby": (0.2, -0.7),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One retrieved tune with its scores: cosine of the words, closeness of mood 0..1, cosine of the picture or
    None."""

    tune: CorpusTune
    fused: float
    text: float
    mood: float
    picture: float | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that is searched.

    Attributes:
        tunes: N of them. texts: (N, 384) unit vectors of their captions. moods: (N, 2) valence and arousal.
        clip: (N, D) unit vectors of their captions in CLIP's space, or None.
    """

    tunes: tuple[CorpusTune, ...]
    texts: Float32Array
    moods: Float32Array
    identity: str
    clip: Float32Array | None = None

    @property
    def melodies(self) -> list[Melody]:
        """Of all tunes, in order."""
        return [tune.melody for tune in self.tunes]


def mood_of(tune: CorpusTune) -> tuple[float, float]:
    """Valence and arousal, -1..1, that a tune's mode, rhythm, words and density speak for. A rule, no measurement."""
    said = [mood for word, mood in WORD_MOOD.items() if word in f"{tune.words} {tune.title.lower()}"]
    words_valence, words_arousal = np.mean(said, axis=0) if said else (0.0, 0.0)
    dance = [one for word, one in RHYTHM_AROUSAL.items() if word in f"{tune.rhythm} {tune.title.lower()}"]
    busy = float(np.clip((density(tune.melody) - 1.9) / 1.5, -0.5, 0.5))
    arousal = 0.6 * words_arousal + 0.5 * (float(np.mean(dance)) if dance else 0.0) + 0.5 * busy
    valence = MODE_VALENCE[tune.melody.mode] + 0.5 * words_valence
    return float(np.clip(valence, -1, 1)), float(np.clip(arousal, -1, 1))


def ranks(scores: Float32Array) -> npt.NDArray[np.int64]:
    """(N,) 0 for the best."""
    order = np.argsort(-scores, kind="stable")
    found = np.empty(len(scores), np.int64)
    found[order] = np.arange(len(scores))
    return found


def search(
    index: Index,
    text: Float32Array,
    mood: tuple[float, float],
    picture: Float32Array | None = None,
    count: int = COUNT,
) -> list[Found]:
    """The tunes that fit best.

    Args:
        text: (384,) unit vector of what the picture is said to show. mood: valence and arousal, -1..1.
        picture: (D,) unit vector of the picture in CLIP's space, where the index has one.
    """
    by_text = index.texts @ text
    by_mood = np.asarray(
        1.0 - np.linalg.norm(index.moods - np.array(mood, np.float32), axis=1) / np.sqrt(8.0), np.float32
    )
    lists = [by_text, by_mood]
    by_picture = index.clip @ picture if picture is not None and index.clip is not None else None
    lists += [by_picture] if by_picture is not None else []
    fused = np.sum([1.0 / (FUSION + ranks(one)) for one in lists], axis=0)
    pool = [int(at) for at in np.argsort(-fused, kind="stable")[: max(POOL, 4 * count)]]
    chosen = _varied(index, fused / fused.max(), pool, count)
    return [
        Found(index.tunes[at], round(float(fused[at]), 5), round(float(by_text[at]), 4), round(float(by_mood[at]), 4),
              None if by_picture is None else round(float(by_picture[at]), 4))
        for at in chosen
    ]  # fmt: skip


def _varied(index: Index, fused: Float32Array, pool: Sequence[int], count: int) -> list[int]:
    """Maximal marginal relevance; settings of a tune that is chosen are left out."""
    chosen: list[int] = []
    left = list(pool)
    while left and len(chosen) < count:
        alike = [max((float(index.texts[at] @ index.texts[one]) for one in chosen), default=0.0) for at in left]
        best = max(range(len(left)), key=lambda i: (1 - VARIETY) * fused[left[i]] - VARIETY * alike[i])
        chosen.append(left[best])
        taken = index.tunes[chosen[-1]].identity
        left = [at for at in left if index.tunes[at].identity != taken]
    return chosen


def random_tunes(index: Index, rng: np.random.Generator, count: int = COUNT) -> list[Found]:
    """Tunes drawn without looking at the picture: an ablation."""
    return [Found(index.tunes[int(at)], 0.0, 0.0, 0.0) for at in rng.choice(len(index.tunes), count, replace=False)]
