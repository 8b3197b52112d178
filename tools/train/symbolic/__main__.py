"""Symbolic music models: `python -m tools.train.symbolic VERB`, from MIDI files to networks and back to MIDI files.

Models: pianobart, adversarial-midibert, midibert, musicbert. Tasks: composer, emotion, melody, velocity, continuation.
Edge: the command line; prints what it found, and one line for what it cannot use.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from controller.errors import ControllerError
from tools.train.symbolic.allocation import keep_memory
from tools.train.symbolic.objectives import MODELS, SIZES, Size
from tools.train.symbolic.sampling import NUCLEI, PUBLISHED, TEMPERATURES, Settings
from tools.train.symbolic.tasks import TASKS
from tools.train.symbolic.weights import Weights, new_network, read_weights
from tools.train.workers import join

BUNDLED = Path(__file__).parents[3] / "models" / "symbolic"


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.symbolic", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_tokenize(verbs.add_parser("tokenize", help="a data folder's MIDI files to a shelf of octuples"))
    _add_pretrain(verbs.add_parser("pretrain", help="train a model on music alone"))
    _add_finetune(verbs.add_parser("finetune", help="teach a model a task"))
    _add_evaluate(verbs.add_parser("evaluate", help="scores of a finetuned model on held-out music"))
    _add_generate(verbs.add_parser("generate", help="go on with a MIDI file"))
    exporting = verbs.add_parser("export", help="a finetuned pianobart's ONNX graphs, for generate")
    exporting.add_argument("--model", type=Path, required=True, help="run folder or checkpoint")
    exporting.add_argument("--out", type=Path, required=True, help="folder for encoder.onnx and step.onnx")
    bundling = verbs.add_parser(
        "bundle", help="a finetuned model as an artefact: half-precision weights, manifest, card"
    )
    bundling.add_argument("--model", type=Path, required=True, help="finetuned run folder or checkpoint")
    bundling.add_argument("--pretrained", type=Path, help="run folder or checkpoint that it began with")
    bundling.add_argument("--data", type=Path, required=True, help="the shelf that it learnt from, to be judged by")
    bundling.add_argument(
        "--out", type=Path, required=True, help="folder for weights.safetensors, manifest.json, card.md"
    )
    _add_sampling(bundling)
    _add_table(verbs.add_parser("table", help="the reproduction table: models, tasks and seeds, as a queue"))
    importing = verbs.add_parser("import", help="the authors' checkpoint to one that finetune and generate read")
    importing.add_argument("--file", type=Path, required=True, help=".pth, .ckpt or .safetensors")
    importing.add_argument("--model", choices=MODELS, required=True)
    importing.add_argument("--out", type=Path, required=True, help="folder for weights.pt")
    importing.add_argument("--size", default="official", help="as for pretrain")
    importing.add_argument("--task", choices=TASKS[:-1], help="what the output layers in it answer")
    moving = verbs.add_parser("into-skipbart", help="a pianobart's backbone as what a light model begins with")
    moving.add_argument("--model", type=Path, required=True, help="run folder or checkpoint of a pianobart")
    moving.add_argument("--out", type=Path, required=True, help="checkpoint for `skipbart finetune --weights`")
    moving.add_argument("--size", default="{}", help="JSON of the light model's dimensions beside small's")
    moving.add_argument("--seed", type=int, default=1, help="of what stays fresh")
    labelling = verbs.add_parser("label", help="whom a song is like, its mood, its melody notes")
    labelling.add_argument("song", type=Path, help="MIDI file")
    labelling.add_argument("--models", type=Path, default=BUNDLED,
                           help="folder with composer, emotion and melody, each a run or an artefact")  # fmt: skip
    labelling.add_argument("--json", action="store_true", help="print one line of JSON")
    drawing = verbs.add_parser("picture", help="attention and likelihood over the piano roll, as a page")
    drawing.add_argument("song", type=Path, help="MIDI file")
    drawing.add_argument("--model", type=Path, required=True, help="pretrained run folder or checkpoint")
    drawing.add_argument("--out", type=Path, required=True, help="HTML file")
    drawing.add_argument("--first-bar", type=int, default=1)
    drawing.add_argument("--notes", type=int, default=256, help="at most")
    timing = verbs.add_parser("speed", help="cached against recomputed writing; tokens a second beside transformers")
    timing.add_argument("--notes", type=int, default=512)
    timing.add_argument("--batch", type=int, default=16)
    timing.add_argument("--length", type=int, default=256)
    timing.add_argument("--out", type=Path, help="also write the numbers as JSON here")
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
    parser.add_argument("--corpora", nargs="+", type=str, help="only these of the shelf")
    parser.add_argument("--share", type=float, help="0..1: only so much of their training pieces")
    _add_trainer(parser)


def _add_finetune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a shelf, or a data folder")
    parser.add_argument("--weights", required=True, help="a pretrained run's folder or checkpoint, or `none`")
    parser.add_argument("--model", choices=MODELS, help="with --weights none: what to begin from scratch")
    parser.add_argument("--size", default="small", help="with --weights none: as for pretrain")
    parser.add_argument("--mask", action=argparse.BooleanOptionalAction, help="hide a few notes in training")
    parser.add_argument("--fold", type=int, default=0, help="emotion: which fifth is tested, where nothing official is")
    _add_tuning(parser)
    _add_trainer(parser)


def _add_tuning(parser: argparse.ArgumentParser) -> None:
    """Numbers of a fine-tuning; what is not given is the task's recipe's."""
    parser.add_argument("--transpose", action=argparse.BooleanOptionalAction, help="move training music; by task")
    parser.add_argument("--patience", type=int, help="looks at the validation side without a better one")
    parser.add_argument("--judged", type=int, help="validation windows of a look, where notes are judged")
    parser.add_argument("--head-rate", type=float, help="of the fresh output layers, times --rate")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a shelf, or a data folder, of files never seen too")
    parser.add_argument("--model", type=Path, required=True, help="finetuned run folder or checkpoint")
    parser.add_argument("--split", default="test", choices=["train", "valid", "test"])
    parser.add_argument("--seed", type=int, default=1, help="of continuations")
    parser.add_argument("--most", type=int, default=100, help="continuations that are written")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    _add_sampling(parser)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", type=Path, required=True, help="MIDI file")
    parser.add_argument("--bars", type=int, default=16, help="how many more")
    parser.add_argument("--out", type=Path, required=True, help="MIDI file of what follows")
    parser.add_argument("--model", type=Path, default=BUNDLED / "continuation",
                        help="finetuned pianobart, or a folder of its graphs; default: the bundled one")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--with-prompt", action="store_true", help="write the prompt before what follows")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    _add_sampling(parser)


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="a shelf")
    parser.add_argument("--pretrained", type=Path, required=True, help="folder with pre-MODEL and pre-MODEL-plain")
    parser.add_argument("--out", type=Path, required=True, help="folder for jobs, results.json and table.md")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, help="only these")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these, as the table calls them")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: 1 2 3")
    parser.add_argument("--max-minutes", type=float, dest="minutes", help="begin no job after that")
    parser.add_argument("--job-minutes", type=float, help="of one fine-tuning, at most")
    parser.add_argument("--continuations", type=int, help="that are written for a score")
    parser.add_argument("--size", choices=["tiny", "small", "official"], help="of networks without pre-training")
    parser.add_argument("--length", type=int, help="notes of a sequence")
    parser.add_argument("--steps", type=int, help="of one fine-tuning, at most")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--evaluate-every", type=int, metavar="STEPS")
    parser.set_defaults(device="cpu", float32=False)
    _add_tuning(parser)
    _add_sampling(parser)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    for name, default in (("temperatures", TEMPERATURES), ("nuclei", NUCLEI)):
        told = f"of each attribute, in token order; default: {default[0]:g} of each"
        parser.add_argument(f"--{name}", type=float, nargs=8, metavar="X", default=default, help=told)
    parser.add_argument("--published", action="store_true", help="temperatures and nuclei of the PianoBART paper")


def settings_from(options: argparse.Namespace) -> Settings:
    """How notes are drawn.

    Raises:
        ControllerError: temperatures or nuclei that mean nothing.
    """
    if options.published:
        return PUBLISHED
    if min(options.temperatures) <= 0.0 or not all(0.0 < share <= 1.0 for share in options.nuclei):
        raise ControllerError("--temperatures are above 0, --nuclei above 0 and at most 1")
    return Settings(tuple(options.temperatures), tuple(options.nuclei))


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


def asked_of(options: argparse.Namespace, recipe: Any) -> dict[str, Any]:  # noqa: ANN401 - any trainer's
    """What was asked for of a recipe's numbers."""
    found = {field.name: getattr(options, field.name, None) for field in fields(recipe)}
    return {name: tuple(x) if isinstance(x, list) else x for name, x in found.items() if x is not None}


def has_bfloat16(options: argparse.Namespace) -> bool:
    """Whether to train in bfloat16: on any GPU, and where the processor is quicker at it; many that have it are not."""
    if options.float32 or "cuda" in options.device:
        return not options.float32
    if not torch.cpu.get_capabilities().get("avx512_bf16", False):
        return False
    return 1.3 * seconds_of_product(torch.bfloat16) < seconds_of_product(torch.float32)


def seconds_of_product(dtype: torch.dtype) -> float:
    """The shortest of several times for a layer's matrix product."""
    notes, weights = torch.ones(2048, 192, dtype=dtype), torch.ones(192, 512, dtype=dtype)
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        notes @ weights
        times.append(time.perf_counter() - begun)
    return min(times)


def remark(file: Path, remarks: Sequence[str]) -> None:
    """Print, on the error output, what was odd in a file and how it was read."""
    for one in remarks:
        print(f"{file.name}: {one}", file=sys.stderr)


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
        pretraining.Recipe(**asked_of(options, pretraining.Recipe)),
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


def finetune(options: argparse.Namespace) -> None:
    """The verb `finetune`, on one worker or under `torchrun`."""
    from tools.train.symbolic import finetuning  # noqa: PLC0415 - only this verb needs it
    from tools.train.symbolic.tasks import read_task  # noqa: PLC0415

    workers, recipe = join(options.device), finetuning.RECIPES[options.task]
    recipe = replace(recipe, **asked_of(options, recipe))
    weights = begin_with(options, recipe.dropout)
    length = options.length or weights.content.get("recipe", {}).get("length") or min(128, weights.size.positions)
    task = read_task(options.task, options.data, length, options.fold)
    run = finetuning.Finetuning(
        weights, task, recipe, options.seed, fold=options.fold, workers=workers, bfloat16=has_bfloat16(options)
    )
    if options.resume and (options.out / finetuning.LAST).is_file():
        finetuning.resume(run, options.out)
    ended = finetuning.learn(run, options.out, options.max_minutes)
    workers.wait()
    workers.leave()
    if workers.first:
        print(f"{options.task}: {ended}; best validation score {run.best:.3f}")


def begin_with(options: argparse.Namespace, dropout: float) -> Weights:
    """The weights that fine-tuning begins with, or fresh ones.

    Raises:
        ControllerError: fresh ones of which model?
    """
    if options.weights != "none":
        return read_weights(Path(options.weights), dropout=dropout)
    if options.model is None:
        raise ControllerError("--weights none needs --model, what to begin from scratch")
    torch.manual_seed(options.seed)
    size = replace(size_from(options.size, options.model), dropout=dropout)
    return Weights(options.model, new_network(options.model, size), None, {}, Path("none"))


def evaluate(options: argparse.Namespace) -> None:
    """The verb `evaluate`."""
    from tools.train.symbolic import evaluation  # noqa: PLC0415 - only this verb needs it
    from tools.train.symbolic.tasks import read_task, whole  # noqa: PLC0415

    weights = read_weights(options.model)
    length, fold = weights.content.get("length"), weights.content.get("fold", 0)
    if length is None:
        raise ControllerError(f"{weights.path}: not finetuned on {options.task}; run `finetune` first")
    task, split = read_task(options.task, options.data, length, fold), options.split
    if split == "test" and not len(task.splits["test"].notes):
        task, split = whole(task), "all"
    scores = evaluation.evaluate(weights, task, options.split, seed=options.seed, most=options.most,
                                 settings=settings_from(options))  # fmt: skip
    found = {"task": options.task, "split": split, "model": weights.model, **scores}
    if options.json:
        print(json.dumps({name: round(x, 6) if isinstance(x, float) else x for name, x in found.items()}))
    else:
        print("\n".join(f"{name}: {x:.4f}" if isinstance(x, float) else f"{name}: {x}" for name, x in found.items()))


def generate(options: argparse.Namespace) -> None:
    """The verb `generate`."""
    from tools.train.symbolic import midi  # noqa: PLC0415 - only this verb needs it

    written = midi.generate(options.prompt, options.bars, options.out, options.model, options.seed,
                            settings=settings_from(options), with_prompt=options.with_prompt)  # fmt: skip
    remark(options.prompt, written.remarks)
    print(json.dumps(asdict(written)) if options.json else written.describe())


def export(options: argparse.Namespace) -> None:
    """The verb `export`."""
    from tools.train.symbolic.midi import export as to_graphs  # noqa: PLC0415 - only this verb needs it

    print(to_graphs(options.model, options.out))


def import_file(options: argparse.Namespace) -> None:
    """The verb `import`."""
    from tools.train.symbolic.official import import_official  # noqa: PLC0415 - only this verb needs it

    size = size_from(options.size, options.model)
    print(import_official(options.file, options.model, options.out, size, options.task))


def move(options: argparse.Namespace) -> None:
    """The verb `into-skipbart`."""
    from tools.train.skipbart.network import SMALL  # noqa: PLC0415 - only this verb needs it
    from tools.train.symbolic.into_skipbart import into_skipbart  # noqa: PLC0415

    try:
        size = replace(SMALL, **json.loads(options.size))
    except (TypeError, ValueError) as error:
        raise ControllerError(f"--size {options.size}: not JSON of a light model's dimensions") from error
    print(into_skipbart(options.model, options.out, size, options.seed))


def bundle(options: argparse.Namespace) -> None:
    """The verb `bundle`."""
    from tools.train.symbolic.bundling import bundle as to_artefact  # noqa: PLC0415 - only this verb needs it

    print(to_artefact(options.model, options.pretrained, options.data, options.out, settings_from(options)))


def label(options: argparse.Namespace) -> None:
    """The verb `label`."""
    from tools.train.symbolic.labelling import label as ask  # noqa: PLC0415 - only this verb needs it

    labels = ask(options.song, options.models)
    remark(options.song, labels.remarks)
    print(json.dumps(labels.plain()) if options.json else labels.describe())


def picture(options: argparse.Namespace) -> None:
    """The verb `picture`."""
    from tools.train.symbolic.picture import draw  # noqa: PLC0415 - only this verb needs it

    said, remarks = draw(options.song, options.model, options.out, options.first_bar, options.notes)
    remark(options.song, remarks)
    print(said)


def speed(options: argparse.Namespace) -> None:
    """The verb `speed`."""
    from tools.train.symbolic.speed import measure  # noqa: PLC0415 - only this verb needs it

    measure(options.notes, options.batch, options.length, options.out)


def table(options: argparse.Namespace) -> None:
    """The verb `table`."""
    from tools.train.symbolic import finetuning  # noqa: PLC0415 - only this verb needs it
    from tools.train.symbolic.table import Plan, run  # noqa: PLC0415

    asked = {name: getattr(options, name, None) for name in Plan.__slots__}
    kept = {name: tuple(x) if isinstance(x, list) else x for name, x in asked.items() if x is not None}
    changes = asked_of(options, finetuning.Recipe)
    print(run(Plan(**kept, changes=changes, settings=settings_from(options), bfloat16=has_bfloat16(options))))


VERBS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "tokenize": tokenize,
    "pretrain": pretrain,
    "finetune": finetune,
    "evaluate": evaluate,
    "generate": generate,
    "export": export,
    "bundle": bundle,
    "import": import_file,
    "into-skipbart": move,
    "label": label,
    "picture": picture,
    "speed": speed,
    "table": table,
}


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
