"""BeatNet's three networks as one ONNX step: the frames of a hop and the state in, two activations of each and the
state out.

    python -m tools.train.hearing.beatnet --wheel BeatNet-1.1.3-py3-none-any.whl --out models/hearing

The weights are those of the wheel `BeatNet` 1.1.3 (Heydari, Cwitkowitz, Duan, ISMIR 2021; CC BY 4.0), trained on GTZAN,
Ballroom and Rock Corpus, one network without each. Only its weight files are read, by `torch.load` that takes nothing
but tensors; its package, which needs madmom and PyAudio, is not.
"""

import argparse
import io
import zipfile
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn

from controller.artefacts.artefact import sha256_of
from controller.listening.time.front import FRAME_S

FRAME, KERNEL, HIDDEN, LAYERS, NETWORKS = 272, 10, 150, 2, 3
POOLED = (FRAME - KERNEL + 1) // 2
TOGETHER = 5
"""Frames of 20 ms in a hop."""
MANIFEST = {"format": 1, "name": "beatnet-three", "kind": "hearing", "hop_s": FRAME_S, "window_s": 0.064}


class One(nn.Module):
    """One of the three, in its own names."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, 2, KERNEL)
        self.linear0 = nn.Linear(2 * POOLED, HIDDEN)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, LAYERS)
        self.linear = nn.Linear(HIDDEN, 3)

    def forward(self, frames: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frames (n, 272), and its state (2, 1, 150) each: probabilities (n, 3), and the new state."""
        pooled = torch.max_pool1d(torch.relu(self.conv1(frames[:, None])), 2).flatten(1)
        known, (hidden, cell) = self.lstm(self.linear0(pooled)[:, None], (hidden, cell))
        return torch.softmax(self.linear(known[:, 0]), dim=1), hidden, cell


class Three(nn.Module):
    """The mean of the three.

    Args:
        weights: three state dicts with BeatNet's names.
    """

    def __init__(self, weights: list[dict[str, Tensor]]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(One() for _ in weights)
        for network, named in zip(self.networks, weights, strict=True):
            network.load_state_dict(named)

    def forward(self, frames: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frames, one after the other.

        Args:
            frames: (n, 272). hidden, cell: (2, 3, 150), layer by network.

        Returns:
            (n, 2) probability of a beat that is no downbeat and of a downbeat, and the new state.
        """
        said = [
            network(frames, hidden[:, number : number + 1].contiguous(), cell[:, number : number + 1].contiguous())
            for number, network in enumerate(self.networks)
        ]
        beats, hiddens, cells = zip(*said, strict=True)
        return torch.stack(beats).mean(dim=0)[:, :2], torch.cat(hiddens, dim=1), torch.cat(cells, dim=1)


def weights_of(wheel: Path) -> list[dict[str, Tensor]]:
    """The three state dicts of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = [f"BeatNet/models/model_{number}_weights.pt" for number in (1, 2, 3)]
        return [torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True) for name in names]


def export(wheel: Path, out: Path) -> Path:
    """Write `beats.onnx` and its entry in the manifest, which is made where there is none; returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "beats.onnx"
    state = torch.zeros(LAYERS, NETWORKS, HIDDEN)
    torch.onnx.export(
        Three(weights_of(wheel)).eval(),
        (torch.zeros(TOGETHER, FRAME), state, state),
        str(file),
        input_names=["frames", "hidden", "cell"],
        output_names=["beats", "hidden_out", "cell_out"],
        dynamic_axes={"frames": {0: "frames"}, "beats": {0: "frames"}},
        dynamo=False,
        opset_version=17,
    )
    path, shape = out / "manifest.yaml", list(state.shape)
    manifest = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else dict(MANIFEST)
    manifest["step"] = {
        "file": file.name,
        "sha256": sha256_of(file),
        "inputs": [
            {"name": "frames", "dtype": "float32", "shape": [TOGETHER, FRAME]},
            {"name": "hidden", "dtype": "float32", "shape": shape},
            {"name": "cell", "dtype": "float32", "shape": shape},
        ],
        "outputs": [
            {"name": "beats", "dtype": "float32", "shape": [TOGETHER, 2]},
            {"name": "hidden_out", "dtype": "float32", "shape": shape},
            {"name": "cell_out", "dtype": "float32", "shape": shape},
        ],
    }
    path.write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
    return file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(export(options.wheel, options.out))
