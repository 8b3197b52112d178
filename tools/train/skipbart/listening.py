"""What the encoder is asked besides light: beats, bars, sections, loudness. Used in training only.

First alone (`skipbart listen`: many times as fast as with a decoder behind it), then along with the light.

A colour changes seven times a minute, at most: from those few moments alone a network hardly learns what a downbeat is
(LOG.md, first version: hue timing did not listen). Asked ten times a second where in the bar it is, it has to know, and
the decoder finds the answer in the encoder's output. The exported graph is Skip-BART's, nothing more.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.skipbart.dataset import PreparedSong, draw_batch
from tools.train.skipbart.network import Size, SkipBart, sight
from tools.train.skipbart.prepare import TOLD, TOLD_YES
from tools.train.workers import Workers

YES = [index for index, name in enumerate(TOLD) if name in TOLD_YES]
MEASURE = [index for index, name in enumerate(TOLD) if name not in TOLD_YES]


class Student(nn.Module):
    """A Skip-BART with one more linear layer on its encoder; `asked`: how many questions."""

    def __init__(self, network: SkipBart, asked: int) -> None:
        super().__init__()
        self.network = network
        self.questions = nn.Linear(network.size.d, asked)

    def forward(self, music: Tensor, light_in: Tensor, bearings: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Hue logits (B, L, 181), value logits (B, L, 257) and answers (B, L, asked)."""
        hue, value, memory = self.network.answer(music, light_in, None, bearings)
        return hue, value, self.questions(memory)


def told_loss(answers: Tensor, told: Tensor) -> Tensor:
    """Cross-entropy of what is yes or no plus squared error of the rest, (B, L, len(TOLD)) each, to a number."""
    truths = functional.binary_cross_entropy_with_logits(answers[..., YES], told[..., YES])
    return truths + functional.mse_loss(answers[..., MEASURE], told[..., MEASURE])


class Listener(nn.Module):
    """The encoder's half of a student."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.size, self.encoder = student.network.size, student.network.encoder
        self.music_encoder, self.questions = student.network.music_encoder, student.questions

    def forward(self, music: Tensor) -> Tensor:
        """(B, L, 512) to answers (B, L, asked)."""
        seen = sight(music.shape[1], self.size.chunk, None, music.device)
        return self.questions(self.encoder(self.music_encoder(music), seen))


@dataclass(frozen=True, slots=True)
class ListenRecipe:
    """Numbers of a run."""

    steps: int = 3_000
    batch: int = 16
    length: int = 256
    rate: float = 2e-3
    warmup: int = 50
    clip: float = 1.0
    evaluate_every: int = 200
    log_every: int = 20


class Listening:
    """A run that can stop after any step and go on as if it had not."""

    def __init__(
        self, size: Size, recipe: ListenRecipe, seed: int, workers: Workers | None = None, *, bfloat16: bool = False
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.workers = recipe, workers or Workers()
        self.device = self.workers.device
        self.seed = seed
        self.autocast = torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=bfloat16)
        self.student = Student(SkipBart(size), len(TOLD)).to(self.device)
        self.listener = Listener(self.student)
        self._shared = self.workers.share(self.listener)
        self.optimiser = torch.optim.AdamW(self.listener.parameters(), lr=recipe.rate, weight_decay=0.02)
        self.step_count, self.seconds, self.hops = 0, 0.0, 0

    def step(self, songs: list[PreparedSong]) -> dict[str, float]:
        """One optimiser step on a random batch."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            left = 1.0 - self.step_count / recipe.steps
            group["lr"] = recipe.rate * min((self.step_count + 1) / recipe.warmup, 0.1 + 0.9 * max(left, 0.0))
        rng, length = self.workers.draws(self.seed, self.step_count), self.student.network.size.positions
        crops = draw_batch(songs, recipe.batch, min(recipe.length, length), rng)
        with self.autocast:
            answers = self._shared(torch.from_numpy(crops.music).to(self.device))
        loss = told_loss(answers.float(), torch.from_numpy(crops.told).to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.listener.parameters(), recipe.clip)
        self.optimiser.step()
        self.step_count += 1
        self.hops = crops.music.shape[0] * crops.music.shape[1]
        return {"loss": float(loss.detach())}

    @torch.no_grad()
    def validate(self, songs: list[PreparedSong]) -> dict[str, float]:
        """Loss over whole songs, and how each answer correlates with the truth."""
        self.listener.eval()
        length, found, truth = self.student.network.size.positions, [], []
        for song in songs:
            for start in range(0, song.hops - 1, length):
                music = torch.from_numpy(song.music[0, start : start + length].astype(np.float32))[None]
                found.append(self.listener(music.to(self.device))[0].float().cpu().numpy())
                truth.append(song.told[start : start + length].astype(np.float32))
        self.listener.train()
        answers, told = np.concatenate(found), np.concatenate(truth)
        loss = float(told_loss(torch.from_numpy(answers), torch.from_numpy(told)))
        return {"loss": loss, **{name: _correlation(answers[:, i], told[:, i]) for i, name in enumerate(TOLD)}}

    def balance(self, _scores: dict[str, float]) -> None:
        """Nothing to weigh."""

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs; `network` and `student` are what fine-tuning starts from."""
        return {
            "network": self.student.network.state_dict(),
            "student": self.student.state_dict(),
            "size": asdict(self.student.network.size),
            "optimiser": self.optimiser.state_dict(),
            "seed": self.seed,
            "step": self.step_count,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.student.load_state_dict(state["student"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seed = state.get("seed", self.seed)
        self.step_count, self.seconds = state["step"], state["seconds"]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
