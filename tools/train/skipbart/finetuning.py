"""Learning a room's light by low-rank adapters on a model that can light already, and stopping before it forgets.

Source: Hu et al., "LoRA", ICLR 2022, and the published recipe of Skip-BART (adapters on queries and values, output
heads trained). Departures: rank, length, rate and how much besides the adapters is trained follow the amount of
footage; a night that nothing was learnt from decides which step is kept and when to stop. Where footage does not say
what a level should be, because its films were scaled alone, levels are held to what the model said before.

Every step draws from a generator of its own, made from seed, worker and step: a run that was interrupted goes on with
the same crops and the same losses, on every worker.
"""

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from torch import Tensor, nn
from torch.nn import functional

from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.checkpoint import append_log, load_checkpoint, save_checkpoint
from tools.train.skipbart.dataset import PreparedSong, crop
from tools.train.skipbart.lora import adapt, merge
from tools.train.skipbart.loss import Weights, light_loss
from tools.train.skipbart.network import SkipBart
from tools.train.skipbart.stretches import Room, Stretch, draw
from tools.train.skipbart.verdict import standing
from tools.train.workers import Workers

Trained = Literal["last", "heads", "ends"]
"""Besides the adapters: the last layer of both output heads; the whole heads; also what reads light and music."""
PARTS: dict[Trained, tuple[str, ...]] = {
    "last": ("hue_head.2.", "value_head.2."),
    "heads": ("hue_head.", "value_head."),
    "ends": (
        "hue_head.",
        "value_head.",
        "hue_embedding.",
        "value_embedding.",
        "music_encoder.",
        "music_decoder.",
        "bearings.",
    ),
}
JUDGED_HOPS = 9_000
"""Of the held-out light: a quarter of an hour says as much as three hours, every time."""
LAST, BEST, LOG = "last.pt", "best.pt", "log.jsonl"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a room is learnt.

    Attributes:
        rank: of the adapters. trained: what besides them. steps: at most. batch: crops of the full context a step.
        every: steps between two looks at the held-out night. patience: looks without a better one before it stops.
    """

    rank: int
    trained: Trained
    steps: int
    rate: float
    dropout: float
    batch: int = 4
    every: int = 20
    patience: int = 6
    warmup: int = 20
    lengths: tuple[float, ...] = (0.25, 0.5, 1.0)
    decay: float = 0.01
    clip: float = 1.0


PLANS: tuple[tuple[float, Plan], ...] = (
    (5.0, Plan(rank=4, trained="last", steps=100, rate=5e-4, dropout=0.2)),
    (15.0, Plan(rank=8, trained="heads", steps=400, rate=7e-4, dropout=0.15)),
    (60.0, Plan(rank=8, trained="heads", steps=600, rate=7e-4, dropout=0.1)),
    (180.0, Plan(rank=16, trained="ends", steps=1_800, rate=1e-3, dropout=0.1, every=50)),
    (float("inf"), Plan(rank=32, trained="ends", steps=3_600, rate=1e-3, dropout=0.1, every=100)),
)
"""Below so many minutes of trusted footage, the plan: the less there is, the sooner it is known by heart."""


def plan_for(minutes: float) -> Plan:
    """The plan for an amount of trusted footage."""
    return next(plan for below, plan in PLANS if minutes < below)


def rate_at(step: int, plan: Plan) -> float:
    """Learning rate: linear warm-up, then half a cosine down to a tenth."""
    if step < plan.warmup:
        return plan.rate * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(plan.steps - plan.warmup, 1)
    return plan.rate * (0.1 + 0.9 * 0.5 * (1.0 + float(np.cos(np.pi * min(done, 1.0)))))


class Finetuning:
    """A run that can stop after any step and go on as if it had not.

    Args:
        network: the model to begin with; it is adapted in place. base: a name of its weights, such as their checksum.
        hold: levels that nobody tells are held to those of that model.
    """

    def __init__(
        self,
        network: SkipBart,
        plan: Plan,
        seed: int,
        *,
        base: str = "",
        workers: Workers | None = None,
        bfloat16: bool = False,
        hold: bool = False,
    ) -> None:
        self.plan, self.base, self.seed = plan, base, seed
        self.workers = workers or Workers()
        self.device = self.workers.device
        self.autocast = torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=bfloat16)
        self._held_to = (
            copy.deepcopy(network).to(self.device).eval().requires_grad_(requires_grad=False) if hold else None
        )
        torch.manual_seed(seed)  # the same first adapters on every worker
        self.network = adapt(network.to(self.device), plan.rank, 2.0 * plan.rank, plan.dropout).train()
        for name, parameter in self.network.named_parameters():
            if ".lora_" not in name:
                parameter.requires_grad_(name.startswith(PARTS[plan.trained]))
        self._shared = self.workers.share(self.network)
        self.optimiser = torch.optim.AdamW(self.trained().values(), lr=plan.rate, weight_decay=plan.decay)
        self.step_count, self.seconds, self.best, self.stale = 0, 0.0, float("inf"), 0
        self.before: dict[str, float] = {}

    def trained(self) -> dict[str, nn.Parameter]:
        """What is trained, by name."""
        return {name: one for name, one in self.network.named_parameters() if one.requires_grad}

    def loss(self, songs: list[PreparedSong]) -> dict[str, torch.Tensor]:
        """Losses of the batch that belongs to this step."""
        rng = self.workers.draws(self.seed, self.step_count)
        share = float(rng.choice(self.plan.lengths))
        length = max(int(share * self.network.size.positions), 2)
        crops = draw(songs, max(int(self.plan.batch / share), 1), length, rng)
        music, light_in, light, there = (
            torch.from_numpy(one).to(self.device) for one in (crops.music, crops.light_in, crops.light, crops.bearings)
        )
        with self.autocast:
            hue, value = self._shared(music, light_in, None, there)
            row = light_loss((hue.float(), value.float()), light, Weights())
            if self._held_to is not None:
                row["held_loss"] = held_loss(
                    value.float(), self._held_to(music, light_in, None, there)[1].float(), light
                )
                row["loss"] = row["loss"] + row["held_loss"]
        return row

    def step(self, songs: list[PreparedSong]) -> dict[str, float]:
        """One optimiser step on a random batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step_count, self.plan)
        row = self.loss(songs)
        self.optimiser.zero_grad(set_to_none=True)
        row["loss"].backward()
        nn.utils.clip_grad_norm_(self.trained().values(), self.plan.clip)
        self.optimiser.step()
        self.step_count += 1
        return {name: float(number.detach()) for name, number in row.items()}

    def judge(self, stretches: list[Stretch]) -> dict[str, float]:
        """Teacher-forced losses and accuracies on held-out light."""
        with self.autocast:
            return judge(self.network, stretches, self.device)

    def keep_best(self, scores: dict[str, float]) -> bool:
        """Whether these scores are the best so far, by `verdict.standing`; counts how long there was none.

        The first scores are those of before anything was learnt.
        """
        self.before = self.before or dict(scores)
        found = standing(scores, self.before)
        better = found < self.best
        self.best, self.stale = (found, 0) if better else (self.best, self.stale + 1)
        return better

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs."""
        return {
            "base": self.base,
            "trained": {name: one.detach() for name, one in self.trained().items()},
            "optimiser": self.optimiser.state_dict(),
            "step": self.step_count,
            "seconds": self.seconds,
            "best": self.best,
            "stale": self.stale,
            "before": self.before,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            ValueError: it belongs to another model or plan.
        """
        mine = {name: one.shape for name, one in self.trained().items()}
        if state["base"] != self.base or {name: one.shape for name, one in state["trained"].items()} != mine:
            raise ValueError("it was begun from another model, or with another rank; leave out --resume")
        self.network.load_state_dict(state["trained"], strict=False)
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count, self.seconds = state["step"], state["seconds"]
        self.best, self.stale, self.before = state["best"], state["stale"], state["before"]

    def finished(self, best: Path) -> SkipBart:
        """The network at its best step, adapters folded in, in eval mode, on the processor."""
        self.network.load_state_dict(load_checkpoint(best, self.device)["trained"], strict=False)
        return merge(self.network).cpu().eval()


def held_loss(value: Tensor, before: Tensor, light: Tensor) -> Tensor:
    """How far levels moved where nobody says what they should be: mean Kullback-Leibler divergence.

    Args:
        value, before: logits (B, L, 257), of now and of the model that was begun with. light: (B, L, 2) int64.
    """
    untold = light[..., 1] == VALUE_PAD
    now, then = functional.log_softmax(value, dim=-1), functional.log_softmax(before, dim=-1)
    apart = functional.kl_div(now, then, reduction="none", log_target=True).sum(dim=-1)
    return (apart * untold).sum() / untold.sum().clamp(min=1)


@torch.no_grad()
def judge(network: SkipBart, stretches: list[Stretch], device: str = "cpu") -> dict[str, float]:
    """Teacher-forced losses and accuracies, averaged over the hops whose light is known.

    A head that nothing is known of is left out.
    """
    was_training = network.training
    network.eval()
    sums: dict[str, list[float]] = {}
    for song, start in windows(stretches, network.size.positions):
        one = crop(song, start, network.size.positions, view=0, show=0, rng=None)
        given = (one.music, one.light_in, one.light, one.bearings)
        music, light_in, light, there = (torch.from_numpy(x).to(device) for x in given)
        logits = network(music, light_in, None, there)
        row = light_loss((logits[0].float(), logits[1].float()), light, Weights())
        known = (one.light < (HUE_PAD, VALUE_PAD)).sum(axis=(0, 1))
        for name, number in row.items():
            sums.setdefault(name, [0.0, 0.0])
            weight = float(known[0] if name.startswith("hue") else known[1])
            sums[name][0] += weight * float(number)
            sums[name][1] += weight
    network.train(was_training)
    means = {name: total / count for name, (total, count) in sums.items() if count and name != "loss"}
    return {**means, "loss": sum(number for name, number in means.items() if name.endswith("_loss"))}


def windows(stretches: list[Stretch], length: int) -> list[tuple[PreparedSong, int]]:
    """Songs and first hops of windows of up to `length`, spread evenly over at most `JUDGED_HOPS`."""
    found = [(one.song(), start) for one in stretches for start in range(0, one.hops - 1, length)]
    most = max(JUDGED_HOPS // length, 1)
    return found if len(found) <= most else [found[i] for i in np.linspace(0, len(found) - 1, most).astype(int)]


def learn(run: Finetuning, room: Room, out: Path, max_minutes: float) -> str:
    """Train until the held-out night gets no better, the plan ends or time is up; says which.

    Every worker trains; the first one does all the rest and tells the others what follows from it.
    """
    songs, plan, workers = [one.song() for one in room.learnt], run.plan, run.workers
    begun = time.monotonic() - run.seconds
    if not run.before:
        _look(run, room, out)  # how good it is without having learnt anything
        begun = time.monotonic()
    row: dict[str, float] = {}
    with _progress(workers) as bar:
        task = bar.add_task("learn", total=plan.steps, completed=run.step_count, found="")
        while run.step_count < plan.steps and run.stale < plan.patience:
            (late,) = workers.told([float(time.monotonic() - begun > 60.0 * max_minutes)])
            if late:
                break
            row = run.step(songs)
            run.seconds = time.monotonic() - begun
            if run.step_count % plan.every == 0 or run.step_count == plan.steps:
                _look(run, room, out, row)
            bar.update(task, completed=run.step_count, found=f"held out {run.best:.0%} of before, at best")
    if workers.first:
        save_checkpoint(out / LAST, run.state())
    if run.stale >= plan.patience:
        return f"stopped at step {run.step_count}: no better for {plan.patience * plan.every} steps"
    if run.step_count >= plan.steps:
        return f"all {plan.steps} steps"
    return f"stopped at step {run.step_count}: {max_minutes:g} minutes were up; --resume goes on"


def _progress(workers: Workers) -> Progress:
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn("{task.fields[found]}"))
    return Progress(*columns, disable=not workers.first)


def _look(run: Finetuning, room: Room, out: Path, row: dict[str, float] | None = None) -> None:
    """Judge on the first worker, save there, and tell everybody how long it has not got better."""
    if run.workers.first:
        scores = run.judge(room.held_out)
        judged = {f"held_out_{name}": number for name, number in scores.items()}
        append_log(out / LOG, step=run.step_count, seconds=round(run.seconds), **(row or {}), **judged)
        if run.keep_best(scores):
            save_checkpoint(out / BEST, run.state())
    run.best, stale = run.workers.told([run.best, float(run.stale)])
    run.stale = int(stale)
    if run.workers.first:
        save_checkpoint(out / LAST, run.state())
    else:
        run.before = run.before or {"loss": 0.0}  # looked at, by the first worker


def seconds_needed(run: Finetuning, room: Room) -> float:
    """How long all steps would take here: one step and one look, timed. Changes nothing."""
    songs = [one.song() for one in room.learnt]
    step_s = 0.0
    for _ in range(2):  # the first one also plans its memory and its kernels
        begun = time.monotonic()
        run.loss(songs)["loss"].backward()
        run.optimiser.zero_grad(set_to_none=True)
        step_s = time.monotonic() - begun
    begun = time.monotonic()
    shortest = min(room.held_out, key=lambda one: one.hops)
    run.judge([shortest])
    looked = sum(min(one.hops, JUDGED_HOPS) for one in room.held_out)
    look_s = (time.monotonic() - begun) * min(looked, JUDGED_HOPS) / shortest.hops
    left = run.plan.steps - run.step_count
    return left * step_s + left / run.plan.every * look_s


def read_log(out: Path) -> Iterator[dict[str, Any]]:
    """The lines of a run's log."""
    path = out / LOG
    if path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
