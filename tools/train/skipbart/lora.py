"""Low-rank adapters on the query and value projections: what of a frozen backbone is trained.

Source: Hu et al., "LoRA", ICLR 2022. Rank, scale, dropout and the adapted projections are those of the published
Skip-BART checkpoints: r 4, alpha 16, dropout 0.1, `q_proj` and `v_proj` of every attention.
"""

import torch
from torch import Tensor, nn

from tools.train.skipbart.network import Attention, SkipBart, Stack

RANK, ALPHA, DROPOUT = 4, 16.0, 0.1
ADAPTED = ("q_proj", "v_proj")


class LoraLinear(nn.Module):
    """A frozen linear layer plus `scale * B A`; B starts at zero, so nothing changes before training."""

    def __init__(self, base: nn.Linear, rank: int = RANK, alpha: float = ALPHA, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.base_layer = base
        self.lora_A = nn.Linear(base.in_features, rank, bias=False, device=base.weight.device)
        self.lora_B = nn.Linear(rank, base.out_features, bias=False, device=base.weight.device)
        self.dropout = nn.Dropout(dropout)
        self.scale = alpha / rank
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return self.base_layer(x) + self.scale * self.lora_B(self.lora_A(self.dropout(x)))

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear layer that computes the same (without dropout): W + scale * B A."""
        self.base_layer.weight += self.scale * (self.lora_B.weight @ self.lora_A.weight)
        return self.base_layer


def attentions(stack: Stack) -> list[Attention]:
    """Every attention of one side, in order."""
    return [module for module in stack.modules() if isinstance(module, Attention)]


def adapt(network: SkipBart, rank: int = RANK, alpha: float = ALPHA, dropout: float = DROPOUT) -> SkipBart:
    """Freeze both stacks and add adapters, in place; embeddings, MLPs and output heads stay trainable."""
    for stack in (network.encoder, network.decoder):
        for parameter in stack.parameters():
            parameter.requires_grad_(requires_grad=False)
        for attention in attentions(stack):
            for name in ADAPTED:
                setattr(attention, name, LoraLinear(getattr(attention, name), rank, alpha, dropout))
    return network


def merge(network: SkipBart) -> SkipBart:
    """Fold every adapter into its layer, in place; a network without adapters stays as it is."""
    for stack in (network.encoder, network.decoder):
        for attention in attentions(stack):
            for name in ADAPTED:
                layer = getattr(attention, name)
                if isinstance(layer, LoraLinear):
                    setattr(attention, name, layer.merged())
    return network
