"""Train, export and import light decoders: `python -m tools.train.skipbart VERB`.

Recipe: Zhao et al., "Skip-BART", ICLR 2026 (AdamW, accuracy-balanced losses, right-shifted light), from scratch and
streaming; departures are named in `network`, `dataset` and `loss`. The light it learns is the designer's, not human.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress
from torch import nn

from controller.errors import ControllerError, ModelError
from tools.train.artefact import write_manifest
from tools.train.checkpoint import append_log, forget_after, load_checkpoint, save_checkpoint
from tools.train.skipbart import live
from tools.train.skipbart.dataset import Crops, PreparedSong, crop, draw_batch, load_songs
from tools.train.skipbart.generate import Settings
from tools.train.skipbart.imported import import_official as run_import
from tools.train.skipbart.listening import Listening, ListenRecipe, Student, told_loss
from tools.train.skipbart.loss import Weights, light_loss
from tools.train.skipbart.network import OFFICIAL, SMALL, Size, SkipBart
from tools.train.skipbart.parity import stand_in, write_parity
from tools.train.skipbart.prepare import EMBEDDER_NOTE, SPEEDS, TOLD, prepare
from tools.train.skipbart.pretraining import Pretraining, PretrainRecipe
from tools.train.skipbart.step import export_step
from tools.train.skipbart.weights import read_network, told_version
from tools.train.workers import Workers, join


@dataclass(frozen=True, slots=True)
class Recipe:
    """Numbers of a training run."""

    steps: int = 4_500
    batch: int = 6
    lengths: tuple[float, ...] = (0.25, 0.5, 1.0)  # of the full context, drawn for each batch of equally many hops
    rate: float = 1.5e-3
    warmup: int = 100
    clip: float = 1.0
    told: float = 0.5  # weight of what the encoder is asked besides
    asked: int = len(TOLD)
    evaluate_every: int = 200
    log_every: int = 20


def to_tensors(crops: Crops, device: str) -> tuple[torch.Tensor, ...]:
    """Music, light_in, light, told and bearings of a batch on a device."""
    return tuple(torch.from_numpy(getattr(crops, name)).to(device) for name in Crops.__slots__)


@torch.no_grad()
def validate(network: SkipBart, songs: list[PreparedSong], device: str, shows: int = 2) -> dict[str, float]:
    """Teacher-forced losses and accuracies over whole songs, cut into crops of the full context."""
    network.eval()
    rows, lengths = [], []
    for song in songs:
        for show in range(min(shows, len(song.light))):
            for start in range(0, song.hops - 1, network.size.positions):
                crops = crop(song, start, network.size.positions, view=0, show=show, rng=None)
                music, light_in, light, _, bearings = to_tensors(crops, device)
                row = light_loss(network(music, light_in, None, bearings), light, Weights())
                rows.append([float(number) for number in row.values()])
                lengths.append(light.shape[1])
    network.train()
    return dict(zip(row, np.average(rows, axis=0, weights=lengths).tolist(), strict=True))


def rate_at(step: int, recipe: Recipe) -> float:
    """Learning rate: linear warm-up, then half a cosine down to a twentieth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(recipe.steps - recipe.warmup, 1)
    return recipe.rate * (0.05 + 0.95 * 0.5 * (1.0 + float(np.cos(np.pi * min(done, 1.0)))))


class Training:
    """A run that can stop after any step and go on as if it had not."""

    def __init__(
        self, size: Size, recipe: Recipe, seed: int, *, workers: Workers | None = None, bfloat16: bool = False
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.workers = recipe, workers or Workers()
        self.device = device = self.workers.device
        self.autocast = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bfloat16)
        self.seed = seed
        self.network = SkipBart(size).to(device)
        self.student = Student(self.network, recipe.asked).to(device)
        self._shared = self.workers.share(self.student)
        decayed = [p for p in self.student.parameters() if p.ndim > 1]
        kept = [p for p in self.student.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": kept, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self.weights = Weights()
        self.step_count, self.seconds, self.hops = 0, 0.0, 0

    def step(self, songs: list[PreparedSong]) -> dict[str, float]:
        """One optimiser step on a random batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step_count, self.recipe)
        rng = self.workers.draws(self.seed, self.step_count)
        share = float(rng.choice(self.recipe.lengths))
        length, batch = int(share * self.network.size.positions), int(self.recipe.batch / share)
        crops = draw_batch(songs, batch, length, rng)
        music, light_in, light, told, bearings = to_tensors(crops, self.device)
        with self.autocast:
            hue, value, heard = self._shared(music, light_in, bearings)
        row = light_loss((hue.float(), value.float()), light, self.weights, bearings)
        if told.shape[-1]:
            row["told_loss"] = told_loss(heard.float(), told)
            row["loss"] = row["loss"] + self.recipe.told * row["told_loss"]
        else:
            row["loss"] = row["loss"] + 0.0 * heard.sum()  # DDP wants a gradient for everything, if it be zero
        self.optimiser.zero_grad(set_to_none=True)
        row["loss"].backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.step_count += 1
        self.hops = music.shape[0] * music.shape[1]
        return {name: float(number.detach()) for name, number in row.items()}

    def begin_with(self, state: dict[str, Any]) -> None:
        """Start from the weights of another run: `listen`, `pretrain` or `finetune`."""
        missing, strange = self.network.load_state_dict(state["network"], strict=False)
        if strange or any(not name.startswith("bearings.") for name in missing):
            raise ModelError(
                f"these weights do not fit: {', '.join([*missing, *strange][:3])}; --size names another size"
            )
        questions = {n: x for n, x in state.get("student", {}).items() if n.startswith("questions.")}
        if questions and questions["questions.bias"].shape == self.student.questions.bias.shape:
            self.student.load_state_dict(questions, strict=False)

    def validate(self, songs: list[PreparedSong]) -> dict[str, float]:
        """Teacher-forced losses and accuracies on validation songs."""
        return validate(self.network, songs, self.device)

    def balance(self, scores: dict[str, float]) -> None:
        """Set the weights of both losses from the first worker's accuracies."""
        mine = [scores["hue_accuracy"], scores["value_accuracy"]] if scores else [0.0, 0.0]
        self.weights.balance(*self.workers.told(mine))

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs."""
        return {
            "network": self.network.state_dict(),
            "student": self.student.state_dict(),
            "size": asdict(self.network.size),
            "optimiser": self.optimiser.state_dict(),
            "weights": [self.weights.hue, self.weights.value],
            "seed": self.seed,
            "step": self.step_count,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.student.load_state_dict(state["student"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.weights = Weights(*state["weights"])
        self.seed = state.get("seed", self.seed)
        self.step_count, self.seconds = state["step"], state["seconds"]


def run(training: Training | Pretraining | Listening, data: Path, out: Path, max_minutes: float) -> None:
    """Train to the end of the recipe or of the time; log, validate, checkpoint the last and the best.

    Every worker trains; the first one does all the rest and tells the others what follows from it.
    """
    songs, validation = load_songs(data, "train"), load_songs(data, "validation")
    recipe, workers = training.recipe, training.workers
    best, hops = before(out / "log.jsonl", training), 0
    begun, first, entered = time.monotonic() - training.seconds, training.step_count, time.monotonic()
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), disable=not workers.first) as bar:
        task = bar.add_task("train", total=recipe.steps, completed=first)
        while training.step_count < recipe.steps:
            (late,) = workers.told([float(time.monotonic() - begun > 60.0 * max_minutes)])
            if late:
                break
            row = training.step(songs)
            hops += training.hops
            training.seconds = time.monotonic() - begun
            bar.update(task, completed=training.step_count)
            if workers.first and training.step_count % recipe.log_every == 0:
                append_log(out / "log.jsonl", step=training.step_count, seconds=round(training.seconds), **row)
            if training.step_count % recipe.evaluate_every == 0 or training.step_count == recipe.steps:
                best = _judge(training, validation, out, best)
    seconds = max(time.monotonic() - entered, 1e-6)
    if workers.first:
        save_checkpoint(out / "last.pt", training.state())
        print(
            f"step {training.step_count}: {workers.count * hops / seconds:.0f} hops a second on {workers.count} workers"
        )


def before(log: Path, training: Training | Pretraining | Listening) -> float:
    """The best loss that a run had before it was interrupted; its log forgets what comes again."""
    if not training.workers.first or training.step_count == 0:
        return float("inf")
    rows = forget_after(log, training.step_count)
    return min((row["validation_loss"] for row in rows if "validation_loss" in row), default=float("inf"))


def _judge(training: Training | Pretraining | Listening, songs: list[PreparedSong], out: Path, best: float) -> float:
    """Validate and save on the first worker; balance everywhere. Returns the best loss so far."""
    scores: dict[str, float] = {}
    if training.workers.first:
        scores = training.validate(songs)
        append_log(out / "log.jsonl", step=training.step_count, **{f"validation_{n}": x for n, x in scores.items()})
    training.balance(scores)
    if training.workers.first:
        save_checkpoint(out / "last.pt", training.state())
        if scores["loss"] < best:
            save_checkpoint(out / "best.pt", training.state())
    return min(best, scores.get("loss", best))


def export(checkpoint: Path, data: Path, out: Path) -> None:
    """Write the step graph, its manifest and the parity excerpt of a checkpoint."""
    state = load_checkpoint(checkpoint)
    network = SkipBart(Size(**state["size"]))
    network.load_state_dict(state["network"])
    network.eval()
    out.mkdir(parents=True, exist_ok=True)
    sha256 = (data / EMBEDDER_NOTE).read_text(encoding="ascii").strip()
    if network.size.chunk == 0:
        bound = {"embedder": "embedder-small", "embedder_sha256": sha256}
        manifest = live.export_live(network, out, name="skipbart-small-bidirectional", **bound)
        live.measure(network, out, stand_in(manifest), np.random.default_rng(1))
        return
    export_step(network, out / "step.onnx")
    write_parity(network, load_songs(data, "validation")[0], out / "parity.npz")
    write_manifest(
        out,
        out / "step.onnx",
        name="skipbart-small",
        kind="decoder",
        embedder="embedder-small",
        embedder_sha256=sha256,
        context_hops=network.size.positions,
        bearings=told_version(network),
        hop_s=0.1,
        window_s=1.0,
        look_ahead_s=0.0,
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.skipbart", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare", help="audio folder to embeddings and designed shows")
    preparing.add_argument("--data", type=Path, required=True, help="audio folder with tracks.csv")
    preparing.add_argument("--out", type=Path, required=True, help="folder for one .npz per song")
    preparing.add_argument("--embedder", type=Path, default=Path("models/embedder-small"))
    preparing.add_argument("--relight", action="store_true", help="new shows for music that is prepared already")
    preparing.add_argument("--workers", type=int, default=1, help="songs at a time")
    preparing.add_argument("--seed", type=int, default=1)
    preparing.add_argument("--speeds", type=float, nargs="+", default=SPEEDS, help="that training songs come at")
    _add_trainer(verbs.add_parser("pretrain", help="rebuild masked music: no light needed"), PretrainRecipe())
    listening = verbs.add_parser("listen", help="teach the encoder beats, bars and sections, without light")
    _add_trainer(listening, ListenRecipe())
    listening.add_argument("--bfloat16", action="store_true", help="faster on processors that multiply bfloat16")
    training = verbs.add_parser("finetune", help="learn light: from prepared songs, or a room's from its footage")
    _add_trainer(training, None)
    training.add_argument("--weights", type=Path, help="start from this checkpoint (pretrain's, too); of a room also "
                          "an artefact folder, default: the bundled model")  # fmt: skip
    training.add_argument("--held-out", metavar="NIGHT", help="footage: the night to judge by; default: the last one")
    training.add_argument("--venue", help="footage: for the model's name; default: the folder's")
    training.add_argument("--rank", type=int, help="footage: of the adapters; default: by the amount of footage")
    training.add_argument("--patience", type=int, help="footage: looks at the held-out night without a better one")
    training.add_argument("--bfloat16", action="store_true", help="faster on processors that multiply bfloat16")
    judging = verbs.add_parser("evaluate", help="the table: baselines, designer and models on held-out songs")
    judging.add_argument("--data", type=Path, required=True, help="folder written by prepare")
    judging.add_argument("--split", default="test", choices=["train", "validation", "test"])
    judging.add_argument("--row", action="append", metavar="NAME=DIR", help="an artefact; default: the bundled one")
    judging.add_argument("--embedder", type=Path, default=Path("models/embedder-small"))
    judging.add_argument("--out", type=Path, help="also write the table as JSON here")
    judging.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    exporting = verbs.add_parser("export", help="write the ONNX artefact of a checkpoint")
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--data", type=Path, required=True, help="folder written by prepare, for the parity excerpt")
    exporting.add_argument("--out", type=Path, default=Path("models/skipbart-small"))
    renewing = verbs.add_parser("renew", help="write an older artefact's graph anew, with the weights that it holds")
    renewing.add_argument("artefact", type=Path, help="its folder")
    renewing.add_argument("--out", type=Path, required=True, help="new folder")
    taking = verbs.add_parser("takeovers", help="what people changed in a night's show log, as footage to learn from")
    taking.add_argument("logs", type=Path, nargs="+", metavar="SHOWLOG")
    taking.add_argument("--out", type=Path, required=True, help="footage folder")
    taking.add_argument(
        "--audio", type=Path, action="append", default=[], help="recording of the first, second... night"
    )
    taking.add_argument("--embedder", type=Path, default=Path("models/embedder-small"))
    importing = verbs.add_parser("import", help="the authors' checkpoints to an artefact that the show can run")
    importing.add_argument(
        "--bart", type=Path, required=True, help="bart_finetune.pth, or what holds both: one file, trained.zip"
    )
    importing.add_argument("--head", type=Path, help="head_finetune.pth")
    importing.add_argument("--out", type=Path, required=True, help="artefact folder")
    importing.add_argument("--probe", type=Path, help="npz with music, light_in, hue, value: compare logits")
    importing.add_argument("--embedder", type=Path, help="folder of the imported OpenL3; default: any of its name")
    importing.add_argument("--prefix", help="what names in the file begin with, if it is none of the usual")
    importing.add_argument(
        "--size", type=partial(size_from_text, base=OFFICIAL), default=OFFICIAL, help="JSON of other dimensions"
    )
    importing.add_argument("--hops", type=int, default=live.HOPS, help="past that a refresh reads, in hops")
    importing.add_argument("--refresh", type=int, default=live.REFRESH_HOPS, help="hops between two refreshes")
    importing.add_argument("--keep-weights", action="store_true", help="also keep them to finetune from: large")
    importing.add_argument("--precision", default="fp32", choices=["fp32", "fp16", "int8"],
                           help="int8: a quarter of the memory, less exact; fp16: for a GPU")  # fmt: skip
    return parser.parse_args(argv)


def _add_trainer(parser: argparse.ArgumentParser, recipe: PretrainRecipe | ListenRecipe | None) -> None:
    """Arguments of every trainer; without a recipe its numbers depend on the data and are None."""
    kind = "folder written by prepare" if recipe else "folder written by prepare, or of footage (.npz)"
    parser.add_argument("--data", type=Path, required=True, help=kind)
    parser.add_argument("--out", type=Path, required=True, help="run folder: checkpoints and log.jsonl")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/last.pt if there is one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; one for each worker under torchrun")
    parser.add_argument(
        "--size", type=partial(size_from_text, base=SMALL), default=SMALL, help="JSON of other dimensions"
    )
    parser.add_argument("--steps", type=int, default=recipe and recipe.steps, help="length of the run")
    parser.add_argument("--rate", type=float, default=recipe and recipe.rate, help="largest learning rate")
    parser.add_argument("--batch", type=int, default=recipe and recipe.batch)
    parser.add_argument("--max-minutes", type=float, default=120.0)
    parser.add_argument("--evaluate-every", type=int, metavar="STEPS", help="between two looks at validation music, "
                        "after each of which a killed run can go on; prepared songs only")  # fmt: skip


def size_from_text(text: str, base: Size) -> Size:
    """Dimensions from JSON, `{"d": 32, "heads": 8, ...}`; what is not given is the base's."""
    try:
        return replace(base, **json.loads(text))
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"not the JSON of a size: {error}") from error


def import_official(options: argparse.Namespace) -> int:
    """The verb `import`; returns the exit status."""
    try:
        return run_import(
            options.bart,
            options.head,
            options.out,
            size=options.size,
            probe=options.probe,
            embedder=options.embedder,
            prefix=options.prefix,
            hops=options.hops,
            refresh_hops=options.refresh,
            precision=options.precision,
            keep=options.keep_weights,
        )
    except ControllerError as error:
        print(f"skipbart import: {error}", file=sys.stderr)
        return 1


def renew_graph(options: argparse.Namespace) -> int:
    """The verb `renew`; returns the exit status."""
    from tools.train.skipbart.renewal import renew  # noqa: PLC0415 - only this verb needs it

    try:
        difference = renew(options.artefact, options.out)
    except (ControllerError, OSError) as error:
        print(f"skipbart renew: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: says what {options.artefact} says; largest difference of a number {difference:.1e}")
    return 0


def judge(options: argparse.Namespace) -> int:
    """The verb `evaluate`; returns the exit status."""
    from tools.train.skipbart import table  # noqa: PLC0415 - only this verb needs it

    rows = dict(row.split("=", 1) for row in options.row or ["Skip-BART, streaming=models/skipbart-small"])
    folders = {name: Path(folder) for name, folder in rows.items()}
    try:
        scores = table.evaluate(options.data, options.split, folders, options.embedder, Settings())
    except (ControllerError, FileNotFoundError) as error:
        print(f"skipbart evaluate: {error}", file=sys.stderr)
        return 1
    if options.out is not None:
        table.save(scores, options.out)
    print(json.dumps(scores) if options.json else table.markdown(scores))
    return 0


def learn_room(options: argparse.Namespace) -> int:
    """The verb `finetune` on footage, on one worker or under `torchrun`; returns the exit status."""
    from tools.train.skipbart.learning import Wishes, finetune  # noqa: PLC0415 - only this verb needs it

    asked = {name: getattr(options, name) for name in Wishes.__slots__}
    wishes = Wishes(**{name: wish for name, wish in asked.items() if wish is not None})
    try:
        finetune(options.data, options.out, wishes, join(options.device))
    except (ControllerError, OSError) as error:
        print(f"skipbart finetune: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("skipbart finetune: interrupted; the same command with --resume goes on", file=sys.stderr)
        return 1
    return 0


def starting_point(weights: Path, device: str) -> dict[str, Any]:
    """A checkpoint, or the weights of an artefact, for `Training.begin_with`."""
    return {"network": read_network(weights).state_dict()} if weights.is_dir() else load_checkpoint(weights, device)


def train(options: argparse.Namespace) -> None:
    """The verbs `listen`, `pretrain` and `finetune`, on one worker or under `torchrun`."""
    workers = join(options.device)
    asked = {name: getattr(options, name) for name in ("steps", "batch", "rate", "evaluate_every")}
    numbers = {name: wish for name, wish in asked.items() if wish is not None}
    training: Training | Pretraining | Listening
    if options.verb == "listen":
        training = Listening(options.size, ListenRecipe(**numbers), options.seed, workers, bfloat16=options.bfloat16)
    elif options.verb == "pretrain":
        training = Pretraining(options.size, PretrainRecipe(**numbers), options.seed, workers)
    else:
        training = Training(options.size, Recipe(**numbers), options.seed, workers=workers, bfloat16=options.bfloat16)
        if options.weights is not None:
            training.begin_with(starting_point(options.weights, workers.device))
    last = options.out / "last.pt"
    if options.resume and last.is_file():
        training.restore(load_checkpoint(last, workers.device))
    run(training, options.data, options.out, options.max_minutes)
    workers.wait()
    workers.leave()


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    torch.set_num_threads(1)
    if options.verb == "import":
        return import_official(options)
    if options.verb == "evaluate":
        return judge(options)
    if options.verb == "renew":
        return renew_graph(options)
    if options.verb == "takeovers":
        from tools.train.nights import takeovers  # noqa: PLC0415 - only this verb needs it

        return takeovers.main(options.logs, options.out, options.audio, options.embedder)
    if options.verb == "prepare":
        prepare(
            options.data,
            options.embedder,
            options.out,
            options.seed,
            workers=options.workers,
            relight=options.relight,
            speeds=options.speeds,
        )
    elif options.verb == "finetune" and not (options.data / "train").is_dir():
        return learn_room(options)
    elif options.verb in ("listen", "pretrain", "finetune"):
        train(options)
    else:
        export(options.checkpoint, options.data, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
