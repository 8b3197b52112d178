"""What the encoder is asked besides light: beats, bars, sections, loudness. Used in training only.

A colour changes seven times a minute, at most: from those few moments alone a network hardly learns what a downbeat is
(LOG.md, first version: hue timing did not listen). Asked ten times a second where in the bar it is, it has to know, and
the decoder finds the answer in the encoder's output. The exported graph is Skip-BART's, nothing more.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.network import SkipBart
from tools.train.prepare import TOLD, TOLD_YES

YES = [index for index, name in enumerate(TOLD) if name in TOLD_YES]
MEASURE = [index for index, name in enumerate(TOLD) if name not in TOLD_YES]


class Student(nn.Module):
    """A Skip-BART with one more linear layer on its encoder; `asked`: how many questions."""

    def __init__(self, network: SkipBart, asked: int) -> None:
        super().__init__()
        self.network = network
        self.questions = nn.Linear(network.size.d, asked)

    def forward(self, music: Tensor, light_in: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Hue logits (B, L, 181), value logits (B, L, 257) and answers (B, L, asked)."""
        hue, value, memory = self.network.answer(music, light_in)
        return hue, value, self.questions(memory)


def told_loss(answers: Tensor, told: Tensor) -> Tensor:
    """Cross-entropy of what is yes or no plus squared error of the rest, (B, L, len(TOLD)) each, to a number."""
    truths = functional.binary_cross_entropy_with_logits(answers[..., YES], told[..., YES])
    return truths + functional.mse_loss(answers[..., MEASURE], told[..., MEASURE])


@torch.no_grad()
def answers_of(student: Student, music: Tensor) -> Tensor:
    """Answers (B, L, asked) to music alone; the decoder is told nothing."""
    light = torch.zeros(*music.shape[:2], 2, dtype=torch.int64, device=music.device)
    return student(music, light)[2]
