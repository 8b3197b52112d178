"""How much the counts of two pitches before weigh beside the composer's network, decided on the validation tunes; and
what the critic says of what is then composed. Pure but for the networks' runs.

The weight is the one under which the validation tunes are likeliest, so that no ear, no critic and no test tune has a
say in it.
"""

from collections.abc import Sequence

import numpy as np
import torch

from controller.arrays import Float32Array
from tools.train.image2music import words
from tools.train.image2music.composer import Composer
from tools.train.image2music.critic import Judge
from tools.train.image2music.form import PERIOD
from tools.train.image2music.measures import measure
from tools.train.image2music.melody import Melody
from tools.train.image2music.network import Composer as Network
from tools.train.image2music.training import Piece, padded
from tools.train.image2music.wish import wish_for

WEIGHTS = tuple(round(0.05 * at, 2) for at in range(21))
THEMES = 16


def surprises(network: Network, heights: Float32Array, pieces: Sequence[Piece]) -> dict[float, float]:
    """Mean nats of a pitch (rests left out) of some tunes, for each weight of the counts.

    Every second tune is written with another one as its example, the others without any.

    Args:
        network: in evaluation mode. heights: (4, 45, 45, 42) log odds, as `critic.heights_table` makes them.
    """
    total, count = np.zeros(len(WEIGHTS)), 0
    for number, piece in enumerate(pieces):
        at = piece.alike[number % len(piece.alike)]
        source = pieces[at].rows if number % 2 and at != number else piece.rows[:0]
        logits = _pitches(network, piece, source)
        table = heights[words.TUNE_MODES.index(words.metre_and_mode(piece.request)[1])]
        sounding = np.flatnonzero(piece.rows[:, 0] != words.REST)
        pitches = piece.rows[sounding, 0]
        before = np.concatenate([[words.PITCH_START] * 2, pitches])
        counted = table[before[:-2], before[1:-1]]
        for place, weight in enumerate(WEIGHTS):
            mixed = (1.0 - weight) * logits[sounding] + weight * counted
            mixed = mixed[:, 1:] - mixed[:, 1:].max(axis=1, keepdims=True)  # column 0 is the rest
            odds = mixed - np.log(np.exp(mixed).sum(axis=1, keepdims=True))
            total[place] -= odds[np.arange(len(pitches)), pitches - 1].sum()
        count += len(pitches)
    return {weight: round(float(one), 4) for weight, one in zip(WEIGHTS, total / count, strict=True)}


@torch.no_grad()
def _pitches(network: Network, piece: Piece, source: words.IntArray) -> Float32Array:
    """(N, 42) logits of each note's pitch after the true ones before it."""
    rows = padded([source], (words.PITCH_PAD, words.DURATION_PAD, words.POSITION_PAD, words.BAR_PAD))
    there = torch.cat([torch.ones(1, 4, dtype=torch.bool), rows[..., 0] != words.PITCH_PAD], dim=1)
    kind = torch.tensor([words.EXAMPLE if len(source) else words.NOTHING])
    told = torch.from_numpy(words.shifted(piece.rows, piece.bars))[None]
    duration = torch.from_numpy(piece.rows[:, 1])[None]
    request = torch.from_numpy(piece.request)[None]
    return network(request, rows, kind, there, told=told, duration=duration)[1][0].numpy()


def heard(composers: dict[str, Composer], critic: Judge, tunes: Sequence[Melody]) -> dict[str, dict[str, float]]:
    """What the critic says of themes of 16 bars, and how they move: mean over THEMES of each composer, and of tunes."""
    found = {name: _figures(critic, _themes(one)) for name, one in composers.items()}
    return found | {"validation tunes": _figures(critic, tunes)}


def _themes(composer: Composer) -> list[Melody]:
    """Half bright, half dark, without an example."""
    themes = []
    for number, (valence, arousal) in enumerate(((0.5, 0.2), (0.2, -0.4), (-0.3, 0.4), (-0.6, -0.2))):
        wish = wish_for(valence, arousal)
        made = composer.compose(wish, PERIOD, None, count=THEMES // 4, rng=np.random.default_rng(number))
        themes += [words.decode(rows, wish.request.metre, wish.request.mode, 62) for rows in made]
    return themes


def _figures(critic: Judge, melodies: Sequence[Melody]) -> dict[str, float]:
    plain = [measure(one) for one in melodies]
    return {
        "score": round(float(np.mean([one.score for one in critic.judge(melodies)])), 2),
        **{name: round(float(np.mean([one[name] for one in plain])), 3) for name in ("stepwise", "leaps", "closes")},
    }
