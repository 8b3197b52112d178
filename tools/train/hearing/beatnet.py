"""BeatNet's three networks as one ONNX step: a frame and the state in, two activations and the state out.

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
from torch import Tensor, nn

FRAME, KERNEL, HIDDEN, LAYERS, NETWORKS = 272, 10, 150, 2, 3
POOLED = (FRAME - KERNEL + 1) // 2


class Three(nn.Module):
    """The mean of the three, step by step.

    Args:
        weights: three state dicts with BeatNet's names.
    """

    def __init__(self, weights: list[dict[str, Tensor]]) -> None:
        super().__init__()
        stack = {name: torch.stack([one[name] for one in weights]).float() for name in weights[0]}
        self.convolution = nn.Conv1d(1, 2 * NETWORKS, KERNEL)
        self.convolution.weight.data = stack["conv1.weight"].reshape(2 * NETWORKS, 1, KERNEL)
        self.convolution.bias.data = stack["conv1.bias"].reshape(-1)
        for name, tensor in stack.items():
            if not name.startswith("conv1"):
                self.register_buffer(name.replace(".", "_"), tensor)

    def forward(self, frame: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One frame.

        Args:
            frame: (1, 272). hidden, cell: (2, 3, 150), layer by network.

        Returns:
            (2,) probability of a beat that is no downbeat and of a downbeat, and the new state.
        """
        pooled = torch.max_pool1d(torch.relu(self.convolution(frame[None])), 2).reshape(NETWORKS, 1, 2 * POOLED)
        x = torch.bmm(pooled, self.linear0_weight.transpose(1, 2)) + self.linear0_bias[:, None]
        hiddens, cells = [], []
        for layer in range(LAYERS):
            gates = (
                torch.bmm(x, getattr(self, f"lstm_weight_ih_l{layer}").transpose(1, 2))
                + getattr(self, f"lstm_bias_ih_l{layer}")[:, None]
                + torch.bmm(hidden[layer][:, None], getattr(self, f"lstm_weight_hh_l{layer}").transpose(1, 2))
                + getattr(self, f"lstm_bias_hh_l{layer}")[:, None]
            )
            write, forget, new, read = gates.split(HIDDEN, dim=2)
            state = torch.sigmoid(forget) * cell[layer][:, None] + torch.sigmoid(write) * torch.tanh(new)
            x = torch.sigmoid(read) * torch.tanh(state)
            hiddens.append(x[:, 0])
            cells.append(state[:, 0])
        heads = torch.bmm(x, self.linear_weight.transpose(1, 2)) + self.linear_bias[:, None]
        beats = torch.softmax(heads[:, 0], dim=1).mean(dim=0)[:2]
        return beats, torch.stack(hiddens), torch.stack(cells)


def weights_of(wheel: Path) -> list[dict[str, Tensor]]:
    """The three state dicts of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = [f"BeatNet/models/model_{number}_weights.pt" for number in (1, 2, 3)]
        return [torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True) for name in names]


def export(wheel: Path, out: Path) -> Path:
    """Write `beats.onnx`; returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "beats.onnx"
    state = torch.zeros(LAYERS, NETWORKS, HIDDEN)
    torch.onnx.export(
        Three(weights_of(wheel)).eval(),
        (torch.zeros(1, FRAME), state, state),
        str(file),
        input_names=["frame", "hidden", "cell"],
        output_names=["beats", "hidden_out", "cell_out"],
        dynamo=False,
        opset_version=17,
    )
    return file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(export(options.wheel, options.out))
