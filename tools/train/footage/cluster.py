"""Films over several machines, with Dask as the engine. Edge: network.

One film is one task. Every worker needs this checkout and the films under the same paths (a shared folder); results are
written where `--out` points, by the worker, as always: complete or not at all. A worker that dies loses its film to
another one; a film that ends three workers is named, and the rest goes on. Two workers may be at one film, where the
first was given up and is only slow: each works in a folder of its own, and what they write is the same.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from tools.train.footage.folder import Job, Outcome, extract_one
from tools.train.footage.source import FootageError

CONNECT_S = 5
LOCAL = "local:"


def across(jobs: list[Job], address: str) -> Iterator[Outcome]:
    """Outcomes as they come.

    Args:
        address: of a scheduler (`tcp://host:8786`), or `local:N` for N workers on this machine.

    Raises:
        FootageError: the extra is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client, LocalCluster, as_completed  # noqa: PLC0415 - an extra of its own
    except ImportError as error:
        raise FootageError("--cluster needs the extra: pip install -e '.[cluster]'") from error
    with ExitStack() as stack:
        scheduler: object = address
        if address.startswith(LOCAL):
            workers = _count(address)
            scheduler = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
            )
        try:
            client = stack.enter_context(Client(scheduler, timeout=CONNECT_S))
        except (OSError, ValueError) as error:
            raise FootageError(f"no Dask scheduler answers at {address}; start one or use local:N") from error
        films = {client.submit(extract_one, job, pure=False, retries=1): job for job in jobs}
        for future in as_completed(films):
            job = films[future]
            if future.status == "finished":
                yield future.result()
            else:
                line = f"{job.video.name}: its worker ended ({type(future.exception()).__name__}); run again"
                yield Outcome(job.name, str(job.video), "failed", line)


def _count(address: str) -> int:
    text = address.removeprefix(LOCAL)
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise FootageError(f"--cluster {address}: write local:2 for two workers here")
    return int(text)
