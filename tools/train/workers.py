"""Training on several devices under `torchrun`: who this process is, and gradients averaged by PyTorch.

Without `torchrun` there is one worker and nothing here does anything. Edge: opens the process group.
"""

import gc
import os
from dataclasses import dataclass

import numpy as np
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

    def draws(self, seed: int, step: int) -> np.random.Generator:
        """What a step draws from, PyTorch's generator as well: it follows from seed, worker and step alone.

        So each worker has crops of its own, also after a run was killed and goes on, on the same losses.
        """
        rng = np.random.default_rng([seed, self.rank, step])
        torch.manual_seed(int(rng.integers(2**62)))
        return rng

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
    backend, rank = "nccl" if device.startswith("cuda") else "gloo", int(os.environ["RANK"])
    distributed.init_process_group(backend, store=_meeting_place(), rank=rank, world_size=count)
    return Workers(rank, count, device)


def _meeting_place() -> distributed.Store:
    """Where the workers find each other; after a restart elsewhere: in the old place lie the addresses of the dead."""
    at = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    agents = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = distributed.TCPStore(*at, is_master=not agents and os.environ["RANK"] == "0")
    return distributed.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
