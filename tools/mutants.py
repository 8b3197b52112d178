"""Deliberate faults by lot: `python -m tools.mutants` makes some of mutmut's in each module and asks its tests.

mutmut itself runs every test once for every fault: days, over all of these. The lot is drawn by a seed, so that it is
the same one until the module changes; what no test notices is printed as a difference, with the number by which
`--only` asks again. Each fault has a fresh process that has loaded what is not ours already. Edge: clocks, processes,
files.
"""

import argparse
import difflib
import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

ROOT = Path(__file__).parents[1]
GROUPS = {
    "limiter": (
        ("controller/lighting/limiter.py", "controller/lighting/flashes/*.py"),
        ("tests/limiter/test_limiter.py", "tests/limiter"),
    ),
    "mixing": (
        ("controller/rig/mixing.py",),
        ("tests/test_mixing.py", "tests/limiter/test_measured_chips.py", "tests/patch"),
    ),
    "protocol": (("controller/lighting/protocol/*.py",), ("tests/protocol", "tests/output")),
    "takeover": (("controller/lighting/takeover/*.py",), ("tests/takeover",)),
    "cueing": (("controller/listening/decode/cueing.py",), ("tests/decode/test_cueing.py",)),
    "sampling": (("controller/listening/decode/sampling.py",), ("tests/decode/test_sampling.py",)),
}
"""Name: the files, and the tests that belong to them, those first that notice most."""
NOT_OURS = (
    "_hypothesis_pytestplugin", "anyio.pytest_plugin", "asyncio", "hypothesis", "numpy", "pydantic", "pytest",
    "pytest_timeout", "scipy.optimize", "xdist.plugin", "yaml",
)  # fmt: skip
LONGEST = 5.0
"""A fault that makes its tests take so many times longer is noticed."""
LEAST_S = 20.0
SAID = "tmp/said.txt"

Verdict = Literal["noticed", "hung", "not seen"]


@dataclass(frozen=True)
class Fault:
    """A file with one thing in it changed."""

    file: Path
    before: str
    after: str

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), str(self.file), n=0, lineterm=""
        )
        changed = [line for line in lines if not line.startswith(("---", "+++ "))]
        return "\n".join([str(self.file), *changed])


def faults(file: Path) -> Iterator[Callable[[], Fault]]:
    """All that mutmut would make in a file's functions, each written down only where it is drawn: that takes longer."""
    from mutmut.mutation.file_mutation import create_mutations, deep_replace  # noqa: PLC0415 - the extra `mutate`

    code = (ROOT / file).read_text(encoding="utf-8")
    module, found, _, _ = create_mutations(str(file), code)

    for one in found:
        if one.contained_by_top_level_function is not None:
            yield partial(_made, file, code, partial(deep_replace, module, one.original_node, one.mutated_node))


def _made(file: Path, code: str, changed: Callable[[], Any]) -> Fault:
    return Fault(file, code, changed().code)


def beside(folder: Path) -> None:
    """A copy of the program in which faults are made; all else is this checkout's own."""
    shutil.copytree(ROOT / "controller", folder / "controller")
    (folder / "tmp").mkdir()
    for one in ROOT.iterdir():
        if one.name != "controller" and not one.name.startswith("."):
            (folder / one.name).symlink_to(one)


def ask(folder: Path, tests: tuple[str, ...]) -> None:
    """In a process of its own: the tests, with the program that lies in `folder`; it ends with pytest's code."""
    os.chdir(folder)
    os.dup2(os.open(folder / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    os.environ.update(PYTHONPATH=str(folder), TMPDIR=str(folder / "tmp"))
    sys.path[:] = [str(folder), *(one for one in sys.path if one not in ("", str(ROOT)))]
    sys.dont_write_bytecode = True
    hypothesis, pytest = importlib.import_module("hypothesis"), importlib.import_module("pytest")
    # as in tests/conftest.py; nobody reads the example, so that it may be as long as it was found
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow],
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )  # fmt: skip
    quiet = ("-x", "-q", "--tb=no", "--assert=plain", "-p", "no:randomly", "-p", "no:cacheprovider")
    raise SystemExit(int(pytest.main([*quiet, "--hypothesis-profile=mutants", *tests])))


def judged(fault: Fault, folder: Path, tests: tuple[str, ...], longest_s: float | None) -> Verdict:
    """What its tests say of a fault."""
    place = folder / fault.file
    place.write_text(fault.after, encoding="utf-8")
    process = multiprocessing.get_context("forkserver").Process(target=ask, args=(folder, tests))
    process.start()
    try:
        process.join(longest_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            return "hung"
    finally:
        place.write_text(fault.before, encoding="utf-8")
    return "noticed" if process.exitcode else "not seen"


def longest_s(fault: Fault, tests: tuple[str, ...], folder: Path) -> float:
    """For how long a fault is waited for; without any, the tests must pass."""
    beside(folder)
    begun_s = time.monotonic()
    if judged(replace(fault, after=fault.before), folder, tests, None) != "not seen":
        raise SystemExit(f"the tests fail without any fault:\n{(folder / SAID).read_text()}")
    return max(LONGEST * (time.monotonic() - begun_s), LEAST_S)


def judge(name: str, lot: int, seed: int, workers: int, only: list[int]) -> None:
    """Draw, try and print one group."""
    patterns, tests = GROUPS[name]
    files = sorted(one.relative_to(ROOT) for pattern in patterns for one in ROOT.glob(pattern))
    every = [one for file in files for one in faults(file)]
    picked = only or np.random.default_rng(seed).permutation(len(every))[:lot].tolist()

    def share(at: int) -> list[Verdict]:
        folder = Path(place) / str(at)
        beside(folder)
        found: list[Verdict] = []
        for number in picked[at::workers]:
            fault = every[number]()
            found.append(judged(fault, folder, tests, limit_s))
            if found[-1] != "noticed":
                print(f"{name} {number}, {found[-1]}: {fault}\n", flush=True)
        return found

    with tempfile.TemporaryDirectory(prefix="mutants-") as place, ThreadPoolExecutor(workers) as pool:
        limit_s = longest_s(every[picked[0]](), tests, Path(place) / "whole")
        found = [one for part in pool.map(share, range(workers)) for one in part]
    counts = ", ".join(f"{found.count(one)} {one}" for one in ("noticed", "hung", "not seen"))
    print(f"{name}: {len(picked)} of {len(every)} faults drawn, {counts}", flush=True)


def main(argv: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("group", nargs="*", choices=[*GROUPS, []], help="all of them by default")
    parser.add_argument("--lot", type=int, default=150, help="faults of each group")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="+", default=[], help="faults of one group by number, and no lot")
    asked = parser.parse_args(argv)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # as in tests/conftest.py, which comes too late for what is loaded before
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(NOT_OURS))
    for name in asked.group or GROUPS:
        judge(name, asked.lot, asked.seed, asked.workers, asked.only)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
