"""Pre-training on music alone: rebuild masked music, well enough to fool a discriminator.

Recipe: Zhao et al., "Skip-BART", ICLR 2026, and its released code. 15 to 30 % of a sequence's hops are replaced by
noise of the sequence's own statistics; the decoder is given the clean music one hop late and predicts the music of each
hop. Loss: 0.8 squared error of masked hops + 0.2 of all + a little cross-entropy of a discriminator that should say
"real".

Mended, each by name:
* noise is mean + deviation x normal; upstream's is (normal + mean) x deviation, which lies elsewhere than the music;
* hops to mask are drawn without replacement, so that the share is what it says;
* the discriminator's pooling sees no padding, because batches have none: they are cut to their shortest song;
* it is validated on songs of other artists, and no test song is read here; upstream's pre-training saw the test music;
* upstream's call of its own test function passes one argument too many and ends the run after an epoch.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.dataset import PreparedSong, draw_batch
from tools.train.skipbart.network import Size, SkipBart, sight
from tools.train.workers import Workers

MASKED, ALL = 0.8, 0.2
LEAST, MOST = 0.15, 0.3
POOLS = 8
FAKE, REAL = 0, 1


class Reconstructor(nn.Module):
    """A Skip-BART that answers with music: its decoder reads music, and a predictor stands in for the output heads."""

    def __init__(self, network: SkipBart) -> None:
        super().__init__()
        self.network = network
        hidden = max(network.size.d * 3 // 4, 64)
        self.predictor = nn.Sequential(
            nn.Linear(network.size.d, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, EMBEDDING)
        )

    def forward(self, noisy: Tensor, told: Tensor) -> Tensor:
        """Masked music (B, L, 512) and clean music one hop late (B, L, 512) to music (B, L, 512)."""
        network = self.network
        seen = sight(noisy.shape[1], network.size.chunk, None, noisy.device)
        memory = network.encoder(network.music_encoder(noisy), seen)
        return self.predictor(network.decoder(network.music_encoder(told), None, memory, seen))


class Discriminator(nn.Module):
    """Real music or rebuilt: self-attentive pooling into eight summaries, then two layers."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.inner = nn.Linear(EMBEDDING, EMBEDDING, bias=False)
        self.outer = nn.Linear(EMBEDDING, POOLS)
        self.judge = nn.Sequential(nn.Linear(POOLS * EMBEDDING, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, 2))

    def forward(self, music: Tensor) -> Tensor:
        """(B, L, 512) to logits (B, 2) of fake and real."""
        weights = torch.softmax(self.outer(torch.tanh(self.inner(music))), dim=1)  # (B, L, 8)
        return self.judge((weights.transpose(1, 2) @ music).flatten(1))


def mask_music(music: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Music (B, L, 512) with masked hops as noise, the mask (B, L) bool, and the clean music one hop late."""
    batch, length, _ = music.shape
    mean, deviation = music.mean(dim=1, keepdim=True), music.std(dim=1, keepdim=True)
    noise = mean + deviation * torch.from_numpy(rng.normal(size=tuple(music.shape)).astype(np.float32)).to(music.device)
    masked = np.zeros((batch, length), bool)
    for row in masked:
        row[rng.choice(length, max(1, round(rng.uniform(LEAST, MOST) * length)), replace=False)] = True
    mask = torch.from_numpy(masked).to(music.device)
    late = torch.cat([noise[:, :1], music[:, :-1]], dim=1)
    return torch.where(mask[..., None], noise, music), mask, late


@dataclass(frozen=True, slots=True)
class PretrainRecipe:
    """Numbers of a run."""

    steps: int = 1_000
    batch: int = 6
    length: int = 256
    rate: float = 3e-4
    fooling: float = 0.01
    """Weight of the discriminator's verdict. Published is 0.1; at our sizes it then outweighs the reconstruction, which
    stays at its starting point (LOG.md)."""
    clip: float = 1.0
    evaluate_every: int = 100
    log_every: int = 20


class Pretraining:
    """A run that can stop after any step and go on as if it had not."""

    def __init__(self, size: Size, recipe: PretrainRecipe, seed: int, workers: Workers | None = None) -> None:
        torch.manual_seed(seed)
        self.recipe, self.workers = recipe, workers or Workers()
        self.device = self.workers.device
        self.seed = seed
        self.model = Reconstructor(SkipBart(size)).to(self.device)
        self.discriminator = Discriminator().to(self.device)
        self._shared = [_share(self.workers, self.model), self.workers.share(self.discriminator)]
        self.optimiser = torch.optim.AdamW([p for p in self.model.parameters() if p.requires_grad], lr=recipe.rate)
        self.judging = torch.optim.AdamW(self.discriminator.parameters(), lr=recipe.rate)
        self.step_count, self.seconds, self.hops = 0, 0.0, 0

    def step(self, songs: list[PreparedSong]) -> dict[str, float]:
        """One step of the discriminator, then one of the model."""
        length = min(self.recipe.length, self.model.network.size.positions)
        rng = self.workers.draws(self.seed, self.step_count)
        crops = draw_batch(songs, self.recipe.batch, length, rng)
        music = torch.from_numpy(crops.music).to(self.device)
        model, discriminator = self._shared
        noisy, mask, late = mask_music(music, rng)
        rebuilt = model(noisy, late)
        both = torch.cat([music, rebuilt.detach()])
        truth = torch.tensor([REAL] * len(music) + [FAKE] * len(music), device=self.device)
        verdict = functional.cross_entropy(discriminator(both), truth)
        self._turn(self.judging, self.discriminator, verdict)
        row = self._losses(rebuilt, music, mask)
        self._turn(self.optimiser, self.model, row["loss"])
        self.step_count += 1
        self.hops = music.shape[0] * music.shape[1]
        return {"discriminator": float(verdict.detach()), **{name: float(x.detach()) for name, x in row.items()}}

    def _turn(self, optimiser: torch.optim.Optimizer, module: nn.Module, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), self.recipe.clip)
        optimiser.step()

    def _losses(self, rebuilt: Tensor, music: Tensor, mask: Tensor) -> dict[str, Tensor]:
        error = (rebuilt - music).square().mean(dim=-1)
        masked, everywhere = error[mask].mean(), error.mean()
        truth = torch.full((len(music),), REAL, device=music.device)
        fooling = functional.cross_entropy(self.discriminator(rebuilt), truth)
        loss = MASKED * masked + ALL * everywhere + self.recipe.fooling * fooling
        return {"loss": loss, "masked": masked, "all": everywhere, "fooling": fooling}

    @torch.no_grad()
    def validate(self, songs: list[PreparedSong]) -> dict[str, float]:
        """Losses on validation songs, the same masks each time; `mean` is the error of answering with the mean."""
        self.model.eval()
        rng, rows = np.random.default_rng(0), []
        length = min(self.recipe.length, self.model.network.size.positions)
        for song in songs:
            music = torch.from_numpy(song.music[:1, :length].astype(np.float32)).to(self.device)
            noisy, mask, late = mask_music(music, rng)
            row = self._losses(self.model(noisy, late), music, mask)
            row["mean"] = (music - music.mean(dim=1, keepdim=True)).square().mean()
            rows.append([float(number) for number in row.values()])
        self.model.train()
        return dict(zip(row, np.mean(rows, axis=0).tolist(), strict=True))

    def balance(self, _scores: dict[str, float]) -> None:
        """Nothing to weigh: the shares of the losses are fixed."""

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs; `network` is what fine-tuning starts from (`finetune --weights`)."""
        return {
            "network": self.model.network.state_dict(),
            "model": self.model.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimisers": [self.optimiser.state_dict(), self.judging.state_dict()],
            "seed": self.seed,
            "step": self.step_count,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.model.load_state_dict(state["model"])
        self.discriminator.load_state_dict(state["discriminator"])
        for optimiser, saved in zip((self.optimiser, self.judging), state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.seed = state.get("seed", self.seed)
        self.step_count, self.seconds = state["step"], state["seconds"]


def _share(workers: Workers, model: Reconstructor) -> nn.Module:
    """The model for training steps; what only fine-tuning uses has no gradient here, and is told so."""
    for part in (model.network.hue_embedding, model.network.value_embedding, model.network.music_decoder,
                 model.network.hue_head, model.network.value_head, model.network.bearings):  # fmt: skip
        if part is not None:
            part.requires_grad_(requires_grad=False)
    return workers.share(model)
