"""The reproduction table: every row of the papers at a size that fits, on every task, with several seeds.

A queue of jobs, one for each row, task and seed, each with a folder of its own. What has a result is skipped, what was
begun goes on, so the table can be stopped and started at will. All networks are finetuned by one recipe for each task,
masked unless the row says otherwise; one pre-training a model, in `PRETRAINED/pre-NAME`. Emotion, which has few clips,
takes another fold for each seed. Rows without a network need no weights.

Edge: reads a shelf and runs, writes `jobs/*/result.json`, `results.json` and `table.md`, reads the clock.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.evaluation import again, finetuned, judge_continuations, judge_model
from tools.train.symbolic.finetuning import RECIPES, Answer, Continuing, Finetuning, answer, learn, resume, spread
from tools.train.symbolic.ngram import NGram, tokens
from tools.train.symbolic.ngram import go_on as ngram_goes_on
from tools.train.symbolic.objectives import SIZES
from tools.train.symbolic.plain_rows import PLAIN, score
from tools.train.symbolic.pretraining import BEST, LAST
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.scores import interval_95
from tools.train.symbolic.tasks import FOLDS, TASKS, Task, read_task
from tools.train.symbolic.weights import Weights, new_network, read_weights

Scores = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a model, the pre-training it begins with (None: none), and whether it is masked in fine-tuning."""

    model: str
    pretrained: str | None
    mask: bool = True


AGAIN = "the prompt again"
ROWS: dict[str, Row | None] = {
    **dict.fromkeys(PLAIN),
    AGAIN: None,
    "MidiBERT": Row("midibert", "midibert"),
    "MusicBERT": Row("musicbert", "musicbert"),
    "Adversarial-MidiBERT": Row("adversarial-midibert", "adversarial-midibert"),
    "Adversarial-MidiBERT, fine-tuned w/o mask": Row("adversarial-midibert", "adversarial-midibert", mask=False),
    "Adversarial-MidiBERT, pre-trained w/o adversary": Row("adversarial-midibert", "adversarial-midibert-plain"),
    "Adversarial-MidiBERT, w/o pre-training": Row("adversarial-midibert", None),
    "PianoBART": Row("pianobart", "pianobart"),
    "PianoBART-simple": Row("pianobart", "pianobart-plain"),
    "PianoBART, w/o pre-training": Row("pianobart", None),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        pretrained: folder with `pre-NAME` of each pre-training. minutes: for all jobs of this call together.
        continuations: that are written for a score. settings: how they are drawn. changes: of `RECIPES`.
    """

    data: Path
    pretrained: Path
    out: Path
    tasks: tuple[str, ...] = TASKS
    rows: tuple[str, ...] = tuple(ROWS)
    seeds: tuple[int, ...] = (1, 2, 3)
    size: str = "small"
    length: int = 128
    minutes: float = 600.0
    job_minutes: float = 20.0
    continuations: int = 100
    changes: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    bfloat16: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One result of the table."""

    row: str
    task: str
    seed: int

    def folder(self, out: Path) -> Path:
        """Where it is run."""
        slug = "".join(letter if letter.isalnum() else "-" for letter in self.row.lower())
        return out / "jobs" / f"{slug}_{self.task}_{self.seed}"


def jobs(plan: Plan) -> Iterator[Job]:
    """All jobs, seed by seed, so that a table that is stopped has every row."""
    unknown = [name for name in plan.rows if name not in ROWS]
    if unknown:
        raise SymbolicError(f"no row {unknown[0]!r}; one of {'; '.join(ROWS)}")
    for seed in plan.seeds:
        for task in plan.tasks:
            for name in plan.rows:
                row = ROWS[name]
                goes_on = name in ("n-gram", AGAIN) if row is None else row.model == "pianobart"
                if (task == "continuation" and not goes_on) or (task != "continuation" and name == AGAIN):
                    continue
                if row is None and seed != plan.seeds[0] and task != "emotion" and "boosting" not in name:
                    continue  # follows from the data alone
                yield Job(name, task, seed)


def run(plan: Plan) -> str:
    """Run what has no result yet, as long as there is time; returns where the table is and what is left."""
    begun, left, missing = time.monotonic(), 0, set()
    tasks: dict[tuple[str, int], Task] = {}
    for job in jobs(plan):
        result = job.folder(plan.out) / "result.json"
        if result.is_file():
            continue
        row = ROWS[job.row]
        if row is not None and row.pretrained is not None and not (plan.pretrained / f"pre-{row.pretrained}").is_dir():
            missing.add(f"pre-{row.pretrained}")
            continue
        if time.monotonic() - begun > 60.0 * plan.minutes:
            left += 1
            continue
        fold = (job.seed - 1) % FOLDS if job.task == "emotion" else 0
        entered = time.monotonic()
        try:
            if (job.task, fold) not in tasks:
                tasks = {(job.task, fold): read_task(job.task, plan.data, plan.length, fold)}
            task = tasks[job.task, fold]
            found = of_network(plan, job, row, task, fold) if row else of_plain(plan, job, task)
        except SymbolicError as error:
            print(f"{job.row}, {job.task}, seed {job.seed}: left out: {error}", flush=True)
            continue
        found["minutes"] = found.get("minutes", (time.monotonic() - entered) / 60.0)
        write_json(result, found)
        summary = ", ".join(f"{name} {found[name]:.3f}" for name in SUMMARY if name in found)
        print(f"{job.row}, {job.task}, seed {job.seed}: {summary}, {found['minutes']:.1f} minutes", flush=True)
        write_table(plan)
    write_table(plan)
    notes = [f"{left} jobs are left: run it again"] if left else []
    notes += [f"no {', '.join(sorted(missing))} in {plan.pretrained}: their rows are left out"] if missing else []
    return "; ".join([f"{plan.out / 'table.md'}", *notes])


SUMMARY = ("accuracy", "macro_f1", "pche_distance", "gs_distance", "valid")


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever is JSON
    """Write so that the file is at any moment either the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def of_plain(plan: Plan, job: Job, task: Task) -> Scores:
    """Scores of a row without a network."""
    if job.row == AGAIN:
        return judge_continuations(again, spread(task.splits["test"], plan.continuations), job.seed)
    if task.level == "continuation":
        model = NGram()
        for window in task.splits["train"].notes:
            model.learn(tokens(window))
        judged = spread(task.splits["test"], plan.continuations)
        return judge_continuations(lambda prompt, bars, rng: ngram_goes_on(model, prompt, bars, rng), judged, job.seed)
    found = PLAIN[job.row](task, job.seed)
    return {**score(task, found), "outcomes": outcomes(task, found)}


def of_network(plan: Plan, job: Job, row: Row, task: Task, fold: int) -> Scores:
    """Scores of a row with a network: finetune it where that was left, judge its best step."""
    folder = job.folder(plan.out)
    recipe = replace(RECIPES[job.task], **{**plan.changes, "mask": row.mask})
    run_ = Finetuning(
        begin(plan, row, job.seed, recipe.dropout), task, recipe, job.seed, fold=fold, bfloat16=plan.bfloat16
    )
    if (folder / LAST).is_file():
        resume(run_, folder)
    ended = learn(run_, folder, plan.job_minutes)
    weights = read_weights(folder / BEST)
    module = finetuned(weights, task)
    kept = {"minutes": run_.seconds / 60.0, "ended": ended, "best_step": weights.content["step"]}
    if isinstance(module, Continuing):
        scores: Scores = judge_model(module, spread(task.splits["test"], plan.continuations), job.seed, plan.settings)
    else:
        found = answer(module, task, task.splits["test"])
        scores = {**score(task, found), "outcomes": outcomes(task, found)}
    (folder / LAST).unlink(missing_ok=True)  # three times as large as the weights, and of no use any more
    return {**scores, **kept}


def begin(plan: Plan, row: Row, seed: int, dropout: float) -> Weights:
    """The weights that a row's fine-tuning begins with."""
    if row.pretrained is not None:
        return read_weights(plan.pretrained / f"pre-{row.pretrained}", dropout=dropout)
    torch.manual_seed(seed)
    size = replace(SIZES[row.model][plan.size], dropout=dropout)
    return Weights(row.model, new_network(row.model, size), None, {}, Path("none"))


def outcomes(task: Task, found: Answer) -> list[list[int]]:
    """How many answers about each test piece were right, and how many there were: (pieces, 2)."""
    chances, truth, owners = found
    pieces, inverse = np.unique(owners, return_inverse=True)
    if task.level == "sequence":
        summed = np.zeros((len(pieces), chances.shape[1]))
        np.add.at(summed, inverse, chances)
        label = np.zeros(len(pieces), np.int64)
        label[inverse] = truth
        return [[int(right), 1] for right in summed.argmax(axis=1) == label]
    right = np.bincount(inverse, chances.argmax(axis=1) == truth, len(pieces)).astype(np.int64)
    return [[int(one), int(asked)] for one, asked in zip(right, np.bincount(inverse), strict=True)]


def collected(plan: Plan) -> dict[str, dict[str, dict[str, Scores]]]:
    """All results that there are: by row, task and seed."""
    found: dict[str, dict[str, dict[str, Scores]]] = {}
    for job in jobs(replace(plan, rows=tuple(ROWS), tasks=TASKS)):
        path = job.folder(plan.out) / "result.json"
        if path.is_file():
            by_task = found.setdefault(job.row, {}).setdefault(job.task, {})
            by_task[str(job.seed)] = json.loads(path.read_text(encoding="utf-8"))
    return found


def summarised(by_seed: dict[str, Scores], task: str) -> Scores:
    """One cell: means over seeds, half of their range, and the 95 % interval of the accuracy over pieces."""
    rows = list(by_seed.values())
    cell: Scores = {"seeds": len(rows), "n": rows[0]["n"], "minutes": float(np.mean([row["minutes"] for row in rows]))}
    for name in SUMMARY:
        values = [row[name] for row in rows if name in row]
        if values:
            cell |= {name: float(np.mean(values)), f"{name}_spread": float(np.ptp(values)) / 2}
    if "outcomes" in rows[0]:
        of_seeds = [np.array(row["outcomes"], np.float64) for row in rows]
        # emotion's seeds have other pieces; elsewhere a piece's answers are one matter, whatever the seed
        whole = np.concatenate(of_seeds) if task == "emotion" else np.sum(of_seeds, axis=0)
        cell["accuracy_95"] = ratio_interval(whole)
    elif task == "continuation":
        for name in ("pche_distance", "gs_distance"):
            cell[f"{name}_95"] = [float(np.mean([row[f"{name}_{end}"] for row in rows])) for end in ("low", "high")]
    return cell


def ratio_interval(outcomes_: npt.NDArray[np.float64], draws: int = 1_000) -> list[float]:
    """Bootstrap 95 % interval over pieces of right answers by answers, of (pieces, 2)."""
    rng = np.random.default_rng(0)
    if (outcomes_[:, 1] == outcomes_[0, 1]).all():
        return list(interval_95(outcomes_[:, 0] / outcomes_[:, 1], rng))
    drawn = outcomes_[rng.integers(len(outcomes_), size=(draws, len(outcomes_)))].sum(axis=1)
    return [float(end) for end in np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])]


def write_table(plan: Plan) -> None:
    """Write `results.json` and `table.md` of all results that there are."""
    results = collected(plan)
    cells = {row: {task: summarised(by, task) for task, by in tasks.items()} for row, tasks in results.items()}
    write_json(plan.out / "results.json", {"cells": cells, "pretrained": pretrainings(plan)})
    (plan.out / "table.md").write_text(markdown(cells, pretrainings(plan)), encoding="utf-8")


def pretrainings(plan: Plan) -> dict[str, Scores]:
    """What each pre-training took and reached."""
    found = {}
    for folder in sorted(plan.pretrained.glob("pre-*")):
        log = folder / "log.jsonl"
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.is_file() else []
        looks = [line for line in lines if "validation_accuracy" in line]
        steps = [line for line in lines if "seconds" in line]
        if looks and steps:
            found[folder.name.removeprefix("pre-")] = {
                "steps": looks[-1]["step"],
                "minutes": steps[-1]["seconds"] / 60.0,
                "accuracy": max(look["validation_accuracy"] for look in looks),
            }
    return found


def markdown(cells: dict[str, dict[str, Scores]], pretrained: dict[str, Scores]) -> str:
    """The table for people."""
    understood = [task for task in TASKS if task != "continuation"]
    lines = ["| row | " + " | ".join(f"{task}, accuracy | macro-F1" for task in understood) + " | minutes |"]
    lines.append("|" + "---|" * (2 * len(understood) + 2))
    for name in ROWS:
        if any(task in cells.get(name, {}) for task in understood):
            of = cells[name]
            minutes = np.mean([of[task]["minutes"] for task in understood if task in of])
            lines.append(
                f"| {name} | " + " | ".join(_cell(of.get(task)) for task in understood) + f" | {minutes:.1f} |"
            )
    lines += ["", "| row | PCHE distance | GS distance | valid | told right |", "|---|---|---|---|---|"]
    for name in ROWS:
        cell = cells.get(name, {}).get("continuation")
        if cell:
            apart = " | ".join(
                f"{cell[n]:.3f} ± {cell[f'{n}_spread']:.3f} ({cell[f'{n}_95'][0]:.3f}..{cell[f'{n}_95'][1]:.3f})"
                for n in ("pche_distance", "gs_distance")
            )
            told = f"{cell['accuracy']:.3f}" if "accuracy" in cell else ""
            lines.append(f"| {name} | {apart} | {cell['valid']:.0%} | {told} |")
    lines += ["", "| pre-training | steps | minutes | accuracy of what is hidden |", "|---|---|---|---|"]
    lines += [f"| {n} | {x['steps']} | {x['minutes']:.0f} | {x['accuracy']:.3f} |" for n, x in pretrained.items()]
    lines += [
        "",
        "Means over seeds ± half of their range; in brackets 95 % intervals over pieces, or over prompts.",
    ]
    return "\n".join(lines) + "\n"


def _cell(cell: Scores | None) -> str:
    if cell is None:
        return " | "
    low, high = cell["accuracy_95"]
    spread_ = f" ± {cell['accuracy_spread']:.3f}" if cell["seeds"] > 1 else ""
    return f"{cell['accuracy']:.3f}{spread_} ({low:.3f}..{high:.3f}) | {cell['macro_f1']:.3f}"
