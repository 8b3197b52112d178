"""What `torchrun` does, by the same agent, whose workers are copies of one process that has loaded PyTorch already.

    python forked_torchrun.py FOLDER RESTARTS MODULE WORDS...

Each worker of `torchrun` itself loads it anew, and so do those that begin again: five times for a run of two workers of
which one dies, which takes longer than all they learn. FOLDER: each worker leaves its process id there, by its rank.
"""

import multiprocessing
import os
import runpy
import sys
from pathlib import Path
from uuid import uuid4

WORKERS = 2


def work(folder: str, module: str, words: list[str]) -> None:
    """Be `python -m MODULE WORDS`."""
    Path(folder, os.environ["RANK"]).write_text(str(os.getpid()))
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"{module} ended with {end.code}") from end


def main(folder: str, restarts: str, module: str, *words: str) -> None:
    """Run it to its end."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    multiprocessing.get_context("forkserver").set_forkserver_preload(["torch.nn.parallel", f"{module}.__main__"])
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=WORKERS, run_id=str(uuid4()), rdzv_backend="c10d",
        rdzv_endpoint="localhost:0", max_restarts=int(restarts), start_method="forkserver", monitor_interval=0.1,
    )  # fmt: skip
    elastic_launch(config, work)(folder, module, list(words))


if __name__ == "__main__":
    main(*sys.argv[1:])
