"""The loss of the light decoder: cross-entropy of hue and of value, balanced by which of them is still badly read."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from controller.listening.bearings import NAMES
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from controller.listening.time.outputs import DRUMS

PADS = (HUE_PAD, VALUE_PAD)
BAR, FRESH = NAMES.index("bar_cos"), NAMES.index("fresh")
HITS = [NAMES.index(drum) for drum in DRUMS]
NEAR_LINE, NEAR_LOOK = 0.8, 0.85
LINE, HIT = 3.0, 1.0
"""How much more a hop counts at a bar line or a new look (its hue), and at a hit of a drum (its value)."""


@dataclass(slots=True)
class Weights:
    """Weights of the two losses.

    Source: Zhao et al., "Skip-BART", ICLR 2026: each is the other head's accuracy over the mean accuracy. There they
    come from the test split; here from the validation split.
    """

    hue: float = 1.0
    value: float = 1.0

    def balance(self, hue_accuracy: float, value_accuracy: float) -> None:
        """The weaker output head gets more weight; both stay above a tenth."""
        mean = max((hue_accuracy + value_accuracy) / 2.0, 1e-6)
        self.hue = max(value_accuracy / mean, 0.1)
        self.value = max(hue_accuracy / mean, 0.1)


def light_loss(
    logits: tuple[Tensor, Tensor], light: Tensor, weights: Weights, bearings: Tensor | None = None
) -> dict[str, Tensor]:
    """Loss and accuracies of a batch.

    Args:
        logits: hue (B, L, 181) and value (B, L, 257).
        light: (B, L, 2) int64; PAD is ignored, and where there is nothing else the loss is zero.
        bearings: (B, L, N), where each hop lies: those at which something is decided count more; None: all alike.
    """
    matters = None if bearings is None else decisive(bearings)
    hue = _cross_entropy(logits[0], light[..., 0], HUE_PAD, None if matters is None else matters[0])
    value = _cross_entropy(logits[1], light[..., 1], VALUE_PAD, None if matters is None else matters[1])
    with torch.no_grad():
        right = [_share_right(part, light[..., i], pad) for i, (part, pad) in enumerate(zip(logits, PADS, strict=True))]
    return {
        "loss": weights.hue * hue + weights.value * value,
        "hue_loss": hue.detach(),
        "value_loss": value.detach(),
        "hue_accuracy": right[0],
        "value_accuracy": right[1],
    }


def decisive(bearings: Tensor) -> tuple[Tensor, Tensor]:
    """How much each hop's hue and value count, (B, L) each: bar lines and new looks, and hits of drums.

    It depends on what is told alone, never on what is wanted: weighing changes would teach too many of them.
    """
    line = torch.maximum(bearings[..., BAR] > NEAR_LINE, bearings[..., FRESH] > NEAR_LOOK)
    return 1.0 + LINE * line, 1.0 + HIT * bearings[..., HITS].amax(dim=-1)


def _cross_entropy(logits: Tensor, wanted: Tensor, pad: int, matters: Tensor | None) -> Tensor:
    """Mean over what is known; the plain mean of nothing would be NaN, and a step on it the end of the run."""
    known = wanted != pad
    each = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=pad, reduction="none")
    weight = known.float() if matters is None else known * matters
    return (each.view(wanted.shape) * weight).sum() / weight.sum().clamp(min=1e-6)


def _share_right(logits: Tensor, wanted: Tensor, pad: int) -> Tensor:
    known = wanted != pad
    return ((logits.argmax(-1) == wanted) & known).sum() / known.sum().clamp(min=1)
