"""OpenL3's music/mel256/512 network in PyTorch, as its Keras weights want it; no training code.

Source: Cramer et al., "Look, Listen and Learn More", ICASSP 2019, and the released model: eight 3 x 3 convolutions with
bias, batch normalisation before each (of the input, then of what the one before gave), the last one linear.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = (64, 64, 128, 128, 256, 256, 512, 512)
EPSILON = 1e-3
POOL = (32, 24)
"""The whole of the last map, but for its columns' remainder: 32 x 24 after three halvings of 256 x 199."""


class OpenL3(nn.Module):
    """Spectrograms (B, 256, 199, 1), dB below each window's loudest cell, to embeddings (B, 512).

    4,687,042 trainable parameters and 2,818 running statistics.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = (1, *CHANNELS[:-1])
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels, eps=EPSILON) for channels in inputs)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(inputs, CHANNELS, strict=True))

    def forward(self, spectrogram: Tensor) -> Tensor:
        x = self.norms[0](spectrogram.permute(0, 3, 1, 2))
        for index, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if index == len(self.convolutions) - 1:
                break
            x = functional.relu(self.norms[index + 1](x))
            if index % 2 == 1:
                x = functional.max_pool2d(x, 2)
        return torch.flatten(functional.max_pool2d(x, POOL), 1)
