"""Checkpoints: everything a run needs to go on as if it had never stopped, replaced atomically.

Edge: reads and writes files.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` so that `path` is at any moment either the old or the new checkpoint, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)


def load_checkpoint(path: Path, device: str = "cpu") -> dict[str, Any]:
    """Read a checkpoint: tensors, numbers, strings and containers of them, nothing that could run code."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such checkpoint")
    return torch.load(path, map_location=device, weights_only=True)


def randomness(rng: np.random.Generator) -> dict[str, Any]:
    """State of the two random generators a run draws from."""
    return {"numpy": json.dumps(rng.bit_generator.state), "torch": torch.get_rng_state()}


def restore_randomness(state: dict[str, Any], rng: np.random.Generator) -> None:
    """Put both generators back where `randomness` saw them."""
    rng.bit_generator.state = json.loads(state["numpy"])
    torch.set_rng_state(state["torch"].cpu())


def append_log(path: Path, **numbers: float) -> None:
    """Add one line to a `log.jsonl`; floats are rounded to six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rounded = {name: round(number, 6) if isinstance(number, float) else number for name, number in numbers.items()}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(rounded) + "\n")


def forget_after(log: Path, step: int) -> list[dict[str, float]]:
    """Take the lines after a step out of a log, which will be written again; returns those that stay."""
    if not log.is_file():
        return []
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    kept = [row for row in rows if row["step"] <= step]
    log.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return kept
