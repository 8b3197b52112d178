"""The small embedder: a convolutional network from a log-mel patch to 512 numbers; no training code.

It stands in for OpenL3 (Cramer et al., ICASSP 2019), whose network takes longer per window than a hop lasts on a
laptop core. Depthwise-separable convolutions: Howard et al., "MobileNets", 2017.
"""

import torch
from torch import Tensor, nn

EMBEDDING = 512
SIMILARITY = 128


def _separable(inputs: int, outputs: int, stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride=stride, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Embedder(nn.Module):
    """Patch (B, 96, 64) to embedding (B, 512).

    Time is never pooled away: twelve steps of 80 ms reach the last layer, because a show needs to know whether the
    beat fell just now or half a second ago.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False),  # (48, 32)
            nn.BatchNorm2d(width),
            nn.ReLU(),
            _separable(width, 2 * width, (2, 2)),  # (24, 16)
            _separable(2 * width, 2 * width, (1, 1)),
            _separable(2 * width, 4 * width, (2, 2)),  # (12, 8)
            _separable(4 * width, 4 * width, (1, 1)),
            _separable(4 * width, 4 * width, (1, 2)),  # (12, 4)
            nn.Conv2d(4 * width, width, 1),
            nn.ReLU(),
        )
        self.project = nn.Linear(12 * 4 * width, EMBEDDING)

    def forward(self, patch: Tensor) -> Tensor:
        return self.project(self.features(patch.unsqueeze(1)).flatten(1))

    @torch.no_grad()
    def standardise(self, mean: Tensor, deviation: Tensor) -> None:
        """Fold a shift and a scale of each output (512,) into the last layer."""
        self.project.weight.div_(deviation[:, None])
        self.project.bias.sub_(mean).div_(deviation)


class Objective(nn.Module):
    """What training asks of embeddings: which two belong together (COLA's bilinear similarity), and what is heard."""

    def __init__(self, descriptors: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(EMBEDDING, SIMILARITY), nn.LayerNorm(SIMILARITY), nn.Tanh())
        self.bilinear = nn.Linear(SIMILARITY, SIMILARITY, bias=False)
        self.describe = nn.Linear(EMBEDDING, descriptors)

    def similarities(self, anchors: Tensor, others: Tensor) -> Tensor:
        """(B, 512) and (B, 512) to (B, B); the diagonal holds the true pairs."""
        return self.bilinear(self.project(anchors)) @ self.project(others).T
