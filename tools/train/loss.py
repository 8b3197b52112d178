"""The loss of the light decoder: cross-entropy of hue and of value, balanced by which of them is still badly read."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from controller.decode.vocabulary import HUE_PAD, VALUE_PAD


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
        light: (B, L, 2) int64; PAD is ignored.
    """
    hue = functional.cross_entropy(logits[0].flatten(0, 1), light[..., 0].flatten(), ignore_index=HUE_PAD)
    value = functional.cross_entropy(logits[1].flatten(0, 1), light[..., 1].flatten(), ignore_index=VALUE_PAD)
    with torch.no_grad():
        right = [(part.argmax(-1) == light[..., i]).float().mean() for i, part in enumerate(logits)]
    return {
        "loss": weights.hue * hue + weights.value * value,
        "hue_loss": hue.detach(),
        "value_loss": value.detach(),
        "hue_accuracy": right[0],
        "value_accuracy": right[1],
    }
