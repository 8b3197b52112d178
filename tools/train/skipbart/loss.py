"""The loss of the light decoder: cross-entropy of hue and of value, balanced by which of them is still badly read."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD

PADS = (HUE_PAD, VALUE_PAD)


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


def light_loss(logits: tuple[Tensor, Tensor], light: Tensor, weights: Weights) -> dict[str, Tensor]:
    """Loss and accuracies of a batch.

    Args:
        logits: hue (B, L, 181) and value (B, L, 257).
        light: (B, L, 2) int64; PAD is ignored, and where there is nothing else the loss is zero.
    """
    hue = _cross_entropy(logits[0], light[..., 0], HUE_PAD)
    value = _cross_entropy(logits[1], light[..., 1], VALUE_PAD)
    with torch.no_grad():
        right = [_share_right(part, light[..., i], pad) for i, (part, pad) in enumerate(zip(logits, PADS, strict=True))]
    return {
        "loss": weights.hue * hue + weights.value * value,
        "hue_loss": hue.detach(),
        "value_loss": value.detach(),
        "hue_accuracy": right[0],
        "value_accuracy": right[1],
    }


def _cross_entropy(logits: Tensor, wanted: Tensor, pad: int) -> Tensor:
    """Mean over what is known; the plain mean of nothing would be NaN, and a step on it the end of the run."""
    total = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=pad, reduction="sum")
    return total / (wanted != pad).sum().clamp(min=1)


def _share_right(logits: Tensor, wanted: Tensor, pad: int) -> Tensor:
    known = wanted != pad
    return ((logits.argmax(-1) == wanted) & known).sum() / known.sum().clamp(min=1)
