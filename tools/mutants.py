"""Deliberate faults by lot: `python -m tools.mutants` makes some of mutmut's in each module and asks its tests.

mutmut itself runs every test once for every fault: days, over all of these. The lot is drawn by a seed, so that it is
the same one until the module changes; what no test notices is printed as a difference. Edge: processes, files.
"""

import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
GROUPS = {
    "limiter": (("controller/lighting/limiter.py", "controller/lighting/flashes/*.py"), ("tests/limiter",)),
    "mixing": (("controller/rig/mixing.py",), ("tests/test_mixing.py", "tests/patch")),
    "protocol": (("controller/lighting/protocol/*.py",), ("tests/protocol", "tests/output")),
    "takeover": (("controller/lighting/takeover/*.py",), ("tests/takeover",)),
    "cueing": (("controller/listening/decode/cueing.py",), ("tests/decode/test_cueing.py",)),
    "sampling": (("controller/listening/decode/sampling.py",), ("tests/decode/test_sampling.py",)),
}
"""Name: the files, and the tests that belong to them."""
LONGEST_S = 240.0
"""A fault that makes its tests take longer is noticed."""


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
        return "\n".join(line for line in lines if not line.startswith(("---", "+++ ")))


def faults(file: Path) -> Iterator[Fault]:
    """All that mutmut would make in a file's functions."""
    from mutmut.mutation.file_mutation import create_mutations, deep_replace  # noqa: PLC0415 - the extra `mutate`

    code = (ROOT / file).read_text(encoding="utf-8")
    module, found, _, _ = create_mutations(str(file), code)
    for one in found:
        if one.contained_by_top_level_function is not None:
            changed = deep_replace(module, one.original_node, one.mutated_node)
            yield Fault(file, code, changed.code)


def beside(folder: Path) -> None:
    """A copy of the program in which faults are made; all else is this checkout's own."""
    shutil.copytree(ROOT / "controller", folder / "controller", ignore=shutil.ignore_patterns("__pycache__"))
    for one in ROOT.iterdir():
        if one.name != "controller" and not one.name.startswith("."):
            (folder / one.name).symlink_to(one)


def noticed(fault: Fault, folder: Path, tests: tuple[str, ...]) -> bool:
    """Whether a test fails with it."""
    place = folder / fault.file
    place.write_text(fault.after, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(fault.before, encoding="utf-8")
    return ran.returncode != 0


def judge(name: str, lot: int, seed: int, workers: int) -> None:
    """Draw, try and print one group."""
    patterns, tests = GROUPS[name]
    files = sorted(one.relative_to(ROOT) for pattern in patterns for one in ROOT.glob(pattern))
    every = [one for file in files for one in faults(file)]
    picked = np.random.default_rng(seed).permutation(len(every))[:lot]
    drawn = [every[at] for at in picked]

    def share(at: int, folder: Path) -> list[bool]:
        beside(folder)
        found: list[bool] = []
        if at == 0 and noticed(replace(drawn[0], after=drawn[0].before), folder, tests):
            raise SystemExit(f"{name}: its tests fail without any fault")
        for fault in drawn[at::workers]:
            found.append(noticed(fault, folder, tests))
            if not found[-1]:
                print(f"no test sees\n{fault}\n", flush=True)
        return found

    with tempfile.TemporaryDirectory(prefix="mutants-") as place, ThreadPoolExecutor(workers) as pool:
        found = [one for part in pool.map(share, range(workers), map(Path, [f"{place}/{at}" for at in range(workers)]))
                 for one in part]  # fmt: skip
    print(f"{name}: {len(drawn)} of {len(every)} faults drawn, {sum(found)} noticed", flush=True)


def main(argv: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("group", nargs="*", choices=[*GROUPS, []], help="all of them by default")
    parser.add_argument("--lot", type=int, default=150, help="faults of each group")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(argv)
    for name in asked.group or GROUPS:
        judge(name, asked.lot, asked.seed, asked.workers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
