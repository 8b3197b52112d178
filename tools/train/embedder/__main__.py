"""Train and export the small embedder: `python -m tools.train.embedder train|export`.

Objective: tell which two of many windows come from the same song a few seconds apart (COLA, Saeed et al., ICASSP
2021), and tell what is heard in the window (`descriptors`). Departures from COLA: our own smaller network, the
regression head, and augmentations in the log-mel domain.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from controller.arrays import Float32Array
from tools.train.artefact import write_manifest
from tools.train.checkpoint import append_log, load_checkpoint, randomness, restore_randomness, save_checkpoint
from tools.train.embedder.augmentation import recolour, roughen
from tools.train.embedder.descriptors import describe
from tools.train.embedder.network import Embedder, Objective
from tools.train.songs import SMALL_FRAMES, cached_frames, list_songs, patches

PAIRS = 48
NEIGHBOUR_HOPS = (10, 80)  # the other window of a pair lies 1 to 8 s away
TEMPERATURE = 0.2  # similarities of 128 values in -1..1 would otherwise start far too sure
DESCRIPTOR_WEIGHT = 2.0
LOG_EVERY = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch: two rough views (B, 96, 64) of B songs and what is heard in each (B, D)."""

    anchors: Float32Array
    others: Float32Array
    anchor_descriptors: Float32Array
    other_descriptors: Float32Array


class Windows:
    """Draws pairs of windows from songs, each song as often as its length asks for, at most once in a batch."""

    def __init__(self, frames: list[Float32Array]) -> None:
        self.frames = frames
        self.hops = np.array([1 + (len(f) - SMALL_FRAMES) // 10 for f in frames])

    def batch(self, rng: np.random.Generator, pairs: int = PAIRS) -> Batch:
        """A random batch of pairs from as many songs (fewer if there are fewer songs)."""
        n = min(pairs, len(self.frames))
        songs = rng.choice(len(self.frames), n, replace=False, p=self.hops / self.hops.sum())
        clean = np.stack([self._pair(song, rng) for song in songs])  # (n, 2, 96, 64)
        heard = describe(clean.reshape(2 * n, *clean.shape[2:])).reshape(n, 2, -1)
        rough = np.stack([[roughen(patch, rng) for patch in pair] for pair in clean])
        return Batch(rough[:, 0], rough[:, 1], heard[:, 0], heard[:, 1])

    def _pair(self, song: int, rng: np.random.Generator) -> Float32Array:
        first = int(rng.integers(0, self.hops[song]))
        second = first + int(rng.integers(*NEIGHBOUR_HOPS)) * int(rng.choice([-1, 1]))
        hops = np.array([first, np.clip(second, 0, self.hops[song] - 1)])
        clean = patches(self.frames[song], hops).astype(np.float32)
        # Each view its own desk: the descriptors are those of the level and tone that the network is given.
        return np.stack([recolour(patch, rng) for patch in clean])


def losses(network: Embedder, objective: Objective, batch: Batch, scale: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contrastive and descriptor loss of a batch, share of pairs found and descriptor variance explained."""
    anchors, others = network(torch.from_numpy(batch.anchors)), network(torch.from_numpy(batch.others))
    similarities = objective.similarities(anchors, others) * TEMPERATURE
    labels = torch.arange(len(similarities))
    contrast = functional.cross_entropy(similarities, labels)
    heard = torch.from_numpy(np.concatenate([batch.anchor_descriptors, batch.other_descriptors]))
    wanted = (heard - scale["mean"]) / scale["deviation"]
    told = objective.describe(torch.cat([anchors, others]))
    return {
        "loss": contrast + DESCRIPTOR_WEIGHT * functional.smooth_l1_loss(told, wanted),
        "contrast": contrast.detach(),
        "found": (similarities.argmax(1) == labels).float().mean(),
        "explained": 1.0 - (told - wanted).square().mean().detach(),
    }


def descriptor_scale(windows: Windows, rng: np.random.Generator) -> dict[str, Tensor]:
    """Mean and standard deviation (D,) of the descriptors over some training batches."""
    heard = np.concatenate([windows.batch(rng).anchor_descriptors for _ in range(40)])
    return {"mean": torch.from_numpy(heard.mean(0)), "deviation": torch.from_numpy(heard.std(0) + 1e-3)}


@torch.no_grad()
def validate(network: Embedder, objective: Objective, windows: Windows, scale: dict[str, Tensor]) -> dict[str, float]:
    """Mean losses over fixed validation batches."""
    network.eval()
    rng = np.random.default_rng(1)
    rows = [losses(network, objective, windows.batch(rng), scale) for _ in range(30)]
    network.train()
    return {f"validation_{name}": float(np.mean([float(row[name]) for row in rows])) for name in rows[0]}


def load_frames(folder: Path, cache: Path, split: str) -> list[Float32Array]:
    """Frames of all songs of a split, computing what the cache lacks."""
    songs = [song for song in list_songs(folder) if song.split == split]
    return [cached_frames(song, cache) for song in track(songs, f"frames, {split}")]


def train(data: Path, out: Path, *, resume: bool, seed: int, max_minutes: float, steps: int) -> None:
    """Train until `steps` or `max_minutes` are over; checkpoint and log on the way."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    windows = Windows(load_frames(data, out / "frames", "train"))
    validation = Windows(load_frames(data, out / "frames", "validation"))
    scale = descriptor_scale(windows, rng)
    network, objective = Embedder(), Objective(len(scale["mean"]))
    parameters = [*network.parameters(), *objective.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    parts: dict[str, Any] = {"network": network, "objective": objective, "optimiser": optimiser, "schedule": schedule}
    step, seconds = 0, 0.0
    checkpoint = out / "embedder.pt"
    if resume and checkpoint.is_file():
        state = load_checkpoint(checkpoint)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        restore_randomness(state["randomness"], rng)
        scale, step, seconds = state["scale"], state["step"], state["seconds"]
    started = time.monotonic() - seconds
    while step < steps and time.monotonic() - started < 60.0 * max_minutes:
        row = losses(network, objective, windows.batch(rng), scale)
        optimiser.zero_grad(set_to_none=True)
        row["loss"].backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        step += 1
        if step % LOG_EVERY == 0 or step == steps:
            numbers = {name: float(number.detach()) for name, number in row.items()}
            seconds = time.monotonic() - started
            append_log(out / "embedder.jsonl", step=step, seconds=round(seconds), **numbers)
        if step % (5 * LOG_EVERY) == 0 or step == steps:
            append_log(out / "embedder.jsonl", step=step, **validate(network, objective, validation, scale))
            state = {name: part.state_dict() for name, part in parts.items()}
            save_checkpoint(
                checkpoint,
                {**state, "scale": scale, "step": step, "seconds": seconds, "randomness": randomness(rng)},
            )


@torch.no_grad()
def standardise(network: Embedder, windows: Windows, rng: np.random.Generator, per_song: int = 120) -> None:
    """Give every output mean 0 and deviation 1 over clean training windows."""
    network.eval()
    rows = []
    for frames, hops in zip(windows.frames, windows.hops, strict=True):
        chosen = rng.integers(0, hops, min(per_song, int(hops)))
        rows.append(network(torch.from_numpy(patches(frames, chosen).astype(np.float32))))
    outputs = torch.cat(rows)
    network.standardise(outputs.mean(0), outputs.std(0) + 1e-4)


def export(checkpoint: Path, data: Path, out: Path) -> None:
    """Write `embedder.onnx` and `manifest.yaml` of a trained network into the artefact folder `out`."""
    network = Embedder()
    network.load_state_dict(load_checkpoint(checkpoint)["network"])
    standardise(network, Windows(load_frames(data, checkpoint.parent / "frames", "train")), np.random.default_rng(0))
    out.mkdir(parents=True, exist_ok=True)
    path = out / "embedder.onnx"
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, SMALL_FRAMES, 64),),
        str(path),
        input_names=["patch"],
        output_names=["embedding"],
        opset_version=17,
        dynamo=False,
    )
    write_manifest(
        out,
        path,
        name="embedder-small",
        kind="embedder",
        hop_s=0.1,
        window_s=1.0,
        front_end="small64",
        look_ahead_s=0.0,
    )


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.embedder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    training = verbs.add_parser("train", help="train from an audio folder")
    training.add_argument("--out", type=Path, required=True, help="run folder: frame cache, checkpoint, log")
    training.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, if there is one")
    training.add_argument("--seed", type=int, default=1)
    training.add_argument("--steps", type=int, default=4_000, help="length of the learning rate schedule")
    training.add_argument("--max-minutes", type=float, default=60.0)
    exporting = verbs.add_parser("export", help="write the ONNX artefact of a checkpoint")
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--out", type=Path, default=Path("models/embedder-small"))
    for verb in (training, exporting):
        verb.add_argument("--data", type=Path, required=True, help="audio folder with tracks.csv")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    if options.verb == "train":
        train(
            options.data,
            options.out,
            resume=options.resume,
            seed=options.seed,
            max_minutes=options.max_minutes,
            steps=options.steps,
        )
    else:
        export(options.checkpoint, options.data, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
