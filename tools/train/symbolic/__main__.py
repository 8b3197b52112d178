"""Symbolic music models: `python -m tools.train.symbolic VERB`, from MIDI files to networks and back to MIDI files.

Models: pianobart, adversarial-midibert, midibert, musicbert. Tasks: composer, emotion, melody, velocity, continuation.
Edge: the command line; prints what it found, and one line for what it cannot use.
"""

import argparse
import json
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch

from controller.errors import ControllerError
from tools.train.symbolic.allocation import keep_memory
from tools.train.symbolic.objectives import MODELS, SIZES, Size
from tools.train.workers import join


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.symbolic", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_tokenize(verbs.add_parser("tokenize", help="a data folder's MIDI files to a shelf of octuples"))
    _add_pretrain(verbs.add_parser("pretrain", help="train a model on music alone"))
    return parser.parse_args(argv)


def _add_tokenize(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with pop909, maestro, asap, pianist8...")
    parser.add_argument("--out", type=Path, required=True, help="folder for the shelf")
    parser.add_argument("--workers", type=int, default=2, help="files at a time")
    parser.add_argument("--corpora", nargs="+", help="only these")


def _add_trainer(parser: argparse.ArgumentParser) -> None:
    """Arguments of every trainer; numbers that are not given are the recipe's."""
    parser.add_argument("--out", type=Path, required=True, help="run folder: checkpoints, log.jsonl, card.md")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/last.pt if there is one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; one for each worker under torchrun")
    parser.add_argument("--max-minutes", type=float, default=120.0)
    parser.add_argument("--steps", type=int, help="length of the run; default: what fits into --max-minutes")
    parser.add_argument("--batch", type=int, help="sequences a step")
    parser.add_argument("--length", type=int, help="notes of a sequence")
    parser.add_argument("--rate", type=float, help="largest learning rate")
    parser.add_argument("--dropout", type=float)
    parser.add_argument("--evaluate-every", type=int, metavar="STEPS", help="between two looks at validation music")
    parser.add_argument("--float32", action="store_true", help="not bfloat16, which is used on processors that have it")


def _add_pretrain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a shelf")
    parser.add_argument("--size", default="small", help="tiny, small, official, or JSON of dimensions beside small's")
    parser.add_argument("--plain", action="store_true", help="adversarial-midibert without its adversary, pianobart "
                        "without the levels of its noise")  # fmt: skip
    parser.add_argument("--freeze-every", type=int, metavar="EPOCHS", help="adversarial-midibert; published is 5")
    parser.add_argument("--judged", type=int, help="windows of validation music that are looked at")
    _add_trainer(parser)


def size_from(text: str, model: str) -> Size:
    """Dimensions by name or from JSON; what JSON does not give is small's.

    Raises:
        ControllerError: neither.
    """
    if text in SIZES[model]:
        return SIZES[model][text]
    try:
        return replace(SIZES[model]["small"], **json.loads(text))
    except (TypeError, ValueError) as error:
        raise ControllerError(f"--size {text}: neither {', '.join(SIZES[model])} nor JSON of dimensions") from error


def recipe_from(options: argparse.Namespace, recipe: type) -> Any:  # noqa: ANN401 - of the class that is given
    """A recipe with what was asked for."""
    asked = {field.name: getattr(options, field.name, None) for field in fields(recipe)}
    return recipe(**{name: wish for name, wish in asked.items() if wish is not None})


def has_bfloat16(options: argparse.Namespace) -> bool:
    """Whether to train in bfloat16: where the processor multiplies it, and on any GPU."""
    quick = "cuda" in options.device or torch.cpu.get_capabilities().get("avx512_bf16", False)
    return bool(quick) and not options.float32


def tokenize(options: argparse.Namespace) -> None:
    """The verb `tokenize`."""
    from tools.train.symbolic.shelf import tokenize as to_shelf  # noqa: PLC0415 - only this verb needs it

    counts = to_shelf(options.data, options.out, options.workers, options.corpora)
    print(", ".join(f"{name}: {count:,}" for name, count in counts.items()))


def pretrain(options: argparse.Namespace) -> None:
    """The verb `pretrain`, on one worker or under `torchrun`."""
    from tools.train.symbolic import pretraining  # noqa: PLC0415 - only this verb needs it
    from tools.train.symbolic.shelf import read_shelf  # noqa: PLC0415

    workers, shelf = join(options.device), read_shelf(options.data)
    training = pretraining.Pretraining(
        options.model,
        size_from(options.size, options.model),
        recipe_from(options, pretraining.Recipe),
        shelf,
        options.seed,
        workers=workers,
        bfloat16=has_bfloat16(options),
    )
    if options.resume and (options.out / pretraining.LAST).is_file():
        pretraining.resume(training, options.out)
    ended = pretraining.run(training, options.out, options.max_minutes)
    workers.wait()
    workers.leave()
    if workers.first:
        print(ended)


VERBS = {"tokenize": tokenize, "pretrain": pretrain}


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    torch.set_num_threads(1)
    keep_memory()
    try:
        return VERBS[options.verb](options) or 0
    except (ControllerError, OSError) as error:
        print(f"symbolic {options.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"symbolic {options.verb}: interrupted; the same command with --resume goes on", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
