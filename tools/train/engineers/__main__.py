"""`python -m tools.train.engineers prove --songs SONGS --out DIR`: is a room's hand learnt?."""

import argparse
import sys
from pathlib import Path

import torch

from controller.errors import ControllerError
from tools.train.engineers import proof
from tools.train.engineers.engineers import ENGINEERS
from tools.train.skipbart.learning import BUNDLED, Wishes


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status: 1 if the proof fails."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.engineers", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    proving = verbs.add_parser("prove", help="film, finetune, light, classify")
    proving.add_argument("--songs", type=Path, required=True, help="folder written by `skipbart prepare`")
    proving.add_argument("--out", type=Path, required=True)
    proving.add_argument("--minutes", type=float, default=20.0, help="of footage of each engineer")
    proving.add_argument("--seeds", type=int, default=3, help="shows for each song")
    proving.add_argument("--judged", type=int, default=23, help="at most so many songs that nobody has heard")
    proving.add_argument("--steps", type=int, help="at most; default: by the amount of footage")
    proving.add_argument("--seed", type=int, default=1)
    proving.add_argument("--weights", type=Path, default=BUNDLED)
    proving.add_argument("--max-minutes", type=float, default=60.0, help="of training, for each engineer")
    proving.add_argument("--bfloat16", action="store_true", help="faster on processors that multiply bfloat16")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    wishes = Wishes(
        weights=options.weights,
        seed=options.seed,
        steps=options.steps,
        max_minutes=options.max_minutes,
        bfloat16=options.bfloat16,
        resume=True,
    )
    seeds = range(1, options.seeds + 1)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        found = proof.prove(
            options.songs, options.out, wishes, minutes=options.minutes, seeds=seeds, judged=options.judged
        )
    except (ControllerError, OSError) as error:
        print(f"engineers prove: {error}", file=sys.stderr)
        return 1
    print("\n".join(proof.line(name, found[name]) for name in ENGINEERS))
    print(f"the proof {'holds' if proof.holds(found) else 'FAILS'}: {options.out / 'proof.json'}")
    return 0 if proof.holds(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
