"""The network that hears drums, ones, and what kind of sound it is: trained on `scenes.py`, one frame after the other.

    python -m tools.train.hearing.ears --scenes work/scenes --out models/hearing

Two recurrent layers over the 272 numbers of `controller/listening/time/front.py`; eleven outputs, each `DELAY` frames
behind the sound, so that an attack is seen whole. What nobody knows of a frame does not count. Edge: files.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch
import yaml
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

from controller.artefacts.artefact import sha256_of
from controller.listening.time.outputs import DELAY, OUTPUTS

FRAME, WIDE, HIDDEN, LAYERS = 272, 96, 112, 2
SPAN, BATCH = 750, 32
RARE = (6.0, 12.0, 6.0, 8.0, 12.0, 16.0, 1.0)
"""How much more an event counts than its absence, of each output that is not a kind."""
KINDS_FROM = 7


class Ears(nn.Module):
    """Frames and a state in, eleven logits for each frame and the state out."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.Linear(FRAME, WIDE), nn.ReLU())
        self.memory = nn.GRU(WIDE, HIDDEN, LAYERS, batch_first=True)
        self.after = nn.Linear(HIDDEN + WIDE, len(OUTPUTS))

    def forward(self, frames: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One stretch.

        Args:
            frames: (batch, time, 272). state: (layers, batch, hidden).
        """
        seen = self.before(frames)
        known, state = self.memory(seen, state)
        return self.after(torch.cat([known, seen], dim=2)), state


class Step(nn.Module):
    """What a show runs: one frame, probabilities out."""

    def __init__(self, ears: Ears) -> None:
        super().__init__()
        self.ears = ears

    def forward(self, frame: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 272) and (layers, 1, hidden) to (11,) 0..1 and the state."""
        logits, state = self.ears(frame[None], state)
        one = logits[0, 0]
        return torch.cat([torch.sigmoid(one[:KINDS_FROM]), torch.softmax(one[KINDS_FROM:], dim=0)]), state


def loss_of(logits: Tensor, wanted: Tensor) -> Tensor:
    """Of logits (..., 11) against targets with NaN where nothing is known."""
    events, kinds = wanted[..., :KINDS_FROM], wanted[..., KINDS_FROM:]
    known = ~torch.isnan(events)
    weight = torch.where(events > 0, torch.tensor(RARE), torch.ones(KINDS_FROM))
    each = functional.binary_cross_entropy_with_logits(
        logits[..., :KINDS_FROM], torch.nan_to_num(events), weight, reduction="none"
    )
    total = (each * known).sum() / known.sum().clamp(min=1)
    sure = ~torch.isnan(kinds).any(dim=-1)
    # several kinds may be right: what counts is the probability of any of them
    allowed = (torch.nan_to_num(kinds) > 0).float()
    chance = torch.logsumexp(torch.log_softmax(logits[..., KINDS_FROM:], dim=-1) + torch.log(allowed + 1e-9), dim=-1)
    return total + 0.15 * -(chance * sure).sum() / sure.sum().clamp(min=1)


def widened(targets: np.ndarray) -> np.ndarray:
    """Events count half one frame before and after; then everything is `DELAY` frames later."""
    events = targets[:, : KINDS_FROM - 1]
    near = np.maximum(np.roll(events, 1, axis=0), np.roll(events, -1, axis=0))
    targets[:, : KINDS_FROM - 1] = np.where(events == 0, 0.5 * np.nan_to_num(near), events)
    late = np.full_like(targets, np.nan)
    late[DELAY:] = targets[:-DELAY]
    return late


def load(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames and targets of every scene."""
    frames, targets = [], []
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as scene:
            frames.append(scene["frames"])
            targets.append(widened(scene["targets"].astype(np.float32)).astype(np.float16))
    return frames, targets


def louder(frames: np.ndarray, gain: float) -> np.ndarray:
    """The same sound at another level."""
    half = FRAME // 2
    now = np.log10(1.0 + gain * (10.0 ** frames[:, :half].astype(np.float32) - 1.0))
    grown = np.maximum(np.diff(now, axis=0, prepend=now[:1]), 0.0)
    return np.concatenate([now, grown], axis=1)


def batches(
    rng: np.random.Generator, frames: list[np.ndarray], targets: list[np.ndarray]
) -> "itertools.chain[tuple[Tensor, Tensor]]":
    """One epoch: every scene's stretches, in any order; quiet and loud, and now and then with bands missing."""
    places = [
        (scene, begin)
        for scene in range(len(frames))
        for begin in range(int(rng.integers(SPAN)) % 200, len(frames[scene]) - SPAN, SPAN)
    ]
    order = rng.permutation(len(places))
    for at in range(0, len(order) - BATCH + 1, BATCH):
        chosen = [places[one] for one in order[at : at + BATCH]]
        x = np.stack([louder(frames[s][b : b + SPAN], 10.0 ** rng.uniform(-1.0, 0.5)) for s, b in chosen])
        y = np.stack([targets[s][b : b + SPAN] for s, b in chosen]).astype(np.float32)
        yield torch.from_numpy(x), torch.from_numpy(y)


def train(scenes: Path, work: Path, epochs: int, seed: int) -> Ears:
    """Train, one checkpoint an epoch; goes on from the last one if there is one."""
    console = Console()
    frames, targets = load(scenes)
    kept = max(1, len(frames) // 12)
    ears, rng = Ears(), np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(ears.parameters(), lr=2e-3, weight_decay=1e-4)
    begun, checkpoint = 0, work / "ears.pt"
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        ears.load_state_dict(saved["ears"])
        optimiser.load_state_dict(saved["optimiser"])
        begun = saved["epoch"]
    for epoch in range(begun, epochs):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * 0.5 * (1.0 + float(np.cos(np.pi * epoch / epochs))) + 2e-5
        ears.train()
        losses = []
        for x, y in batches(rng, frames[kept:], targets[kept:]):
            optimiser.zero_grad()
            loss = loss_of(ears(x, torch.zeros(LAYERS, len(x), HIDDEN))[0], y)
            loss.backward()
            nn.utils.clip_grad_norm_(ears.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
        ears.eval()
        with torch.no_grad():
            x = torch.from_numpy(np.stack([one[:2900] for one in frames[:kept]]).astype(np.float32))
            y = torch.from_numpy(np.stack([one[:2900] for one in targets[:kept]]).astype(np.float32))
            kept_loss = loss_of(ears(x, torch.zeros(LAYERS, len(x), HIDDEN))[0], y).item()
        console.print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}, kept apart {kept_loss:.4f}")
        work.mkdir(parents=True, exist_ok=True)
        torch.save({"ears": ears.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch + 1}, checkpoint)
    return ears


def export(ears: Ears, out: Path) -> Path:
    """Write the network beside that of the beats, and its entry in the manifest; returns the folder."""
    file = out / "ears.onnx"
    torch.onnx.export(
        Step(ears).eval(),
        (torch.zeros(1, FRAME), torch.zeros(LAYERS, 1, HIDDEN)),
        str(file),
        input_names=["frame", "state"],
        output_names=["heard", "state_out"],
        dynamo=False,
        opset_version=17,
    )
    state = [LAYERS, 1, HIDDEN]
    manifest = yaml.safe_load((out / "manifest.yaml").read_text(encoding="utf-8"))
    manifest["sound"] = {
        "file": file.name,
        "sha256": sha256_of(file),
        "inputs": [
            {"name": "frame", "dtype": "float32", "shape": [1, FRAME]},
            {"name": "state", "dtype": "float32", "shape": state},
        ],
        "outputs": [
            {"name": "heard", "dtype": "float32", "shape": [len(OUTPUTS)]},
            {"name": "state_out", "dtype": "float32", "shape": state},
        ],
    }
    (out / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
    return out


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("work/ears"))
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    print(export(train(options.scenes, options.work, options.epochs, options.seed), options.out))


if __name__ == "__main__":
    main()
