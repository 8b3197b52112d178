"""Training on several devices under `torchrun`: who this process is, and gradients averaged by PyTorch.

Without `torchrun` there is one worker and nothing here does anything. Edge: opens the process group.
"""

import gc
import os
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True, slots=True)
class Workers:
    """This process among the others.

    Attributes:
        rank, count: 0..count-1 of count. device: what this one trains on.
    """

    rank: int = 0
    count: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """Whether this is the one that logs, validates and writes."""
        return self.rank == 0

    def seed(self, seed: int) -> list[int]:
        """A seed of this worker's own: each draws other crops."""
        return [seed, self.rank]

    def share(self, module: nn.Module) -> nn.Module:
        """The module to call in a training step: gradients are averaged over all workers."""
        if self.count == 1:
            return module
        return DistributedDataParallel(
            module, device_ids=[torch.device(self.device)] if "cuda" in self.device else None
        )

    def wait(self) -> None:
        """Until everybody is here."""
        if self.count > 1:
            distributed.barrier()

    def told(self, numbers: list[float]) -> list[float]:
        """The first worker's numbers, on every worker."""
        if self.count == 1:
            return numbers
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        distributed.broadcast(tensor, src=0)
        return tensor.tolist()

    def leave(self) -> None:
        """Close the process group, all together and with nothing of it in use: a thread of it could end a process."""
        if self.count > 1:
            gc.collect()
            distributed.barrier()
            distributed.destroy_process_group()


def join(device: str) -> Workers:
    """This process's place, from what `torchrun` put into the environment."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Workers(device=device)
    if device.startswith("cuda"):
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return Workers(distributed.get_rank(), count, device)
