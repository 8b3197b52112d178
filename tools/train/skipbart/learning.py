"""From a folder of footage to a model that lights like its engineer: `python -m tools.train.skipbart finetune`.

Reads the footage, plans after its amount, learns (`finetuning`), exports an artefact, proves it equal to the network,
and shows what changed (`changes`). Edge: reads and writes files, prints what it found.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ModelError
from controller.listening.decode.parity import FILE as PARITY
from tools.train.artefact import save_manifest, write_manifest
from tools.train.checkpoint import forget_after, load_checkpoint
from tools.train.skipbart import live
from tools.train.skipbart.changes import Comparison, compare, nearer, plain
from tools.train.skipbart.changes_page import page
from tools.train.skipbart.finetuning import (
    BEST,
    LAST,
    LOG,
    Finetuning,
    Plan,
    judge,
    learn,
    plan_for,
    read_log,
    seconds_needed,
)
from tools.train.skipbart.network import SkipBart
from tools.train.skipbart.parity import parity_difference, stand_in, write_parity
from tools.train.skipbart.step import export_step
from tools.train.skipbart.stretches import Room, read_room
from tools.train.skipbart.verdict import objections, table
from tools.train.skipbart.weights import keep_weights, read_network, told_version
from tools.train.workers import Workers

BUNDLED = Path(__file__).parents[3] / "models" / "skipbart-small"
ALLOWED = 1e-3
SAME_NIGHT = "the end of each long film and some whole clips"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody may ask for; None: what fits the footage.

    Attributes:
        weights: an artefact folder or a checkpoint to begin with. held_out: night to judge by. venue: for the name.
    """

    weights: Path = BUNDLED
    held_out: str | None = None
    venue: str | None = None
    seed: int = 1
    rank: int | None = None
    steps: int | None = None
    rate: float | None = None
    batch: int | None = None
    patience: int | None = None
    max_minutes: float = 120.0
    resume: bool = False
    bfloat16: bool = False

    def plan(self, minutes: float) -> Plan:
        """The plan for an amount of footage, changed as asked for."""
        asked = {name: getattr(self, name) for name in ("rank", "steps", "rate", "batch", "patience")}
        return replace(plan_for(minutes), **{name: wish for name, wish in asked.items() if wish is not None})


def finetune(data: Path, out: Path, wishes: Wishes, workers: Workers | None = None) -> Path | None:
    """Learn a room; returns the artefact's folder, on the first worker.

    Raises:
        FootageError: the footage cannot be learnt from. ModelError: nor the model be trained.
    """
    workers = workers or Workers()
    base = describe_base(wishes.weights)
    room = read_room(data, wishes.held_out, base.embedder_sha256)
    plan = wishes.plan(room.minutes)
    network = read_network(wishes.weights).to(workers.device)
    losses = {"before": judge(network, room.held_out, workers.device) if workers.first else {}}
    run = Finetuning(network, plan, wishes.seed, base=base.step.sha256, workers=workers, bfloat16=wishes.bfloat16,
                     hold=any(not one.levels for one in room.learnt))  # fmt: skip
    if wishes.resume and (out / LAST).is_file():
        _restore(run, out / LAST)
    needed_s = seconds_needed(run, room)
    if workers.first:
        print(announcement(room, plan, needed_s, wishes), flush=True)
        out.mkdir(parents=True, exist_ok=True)
    ended = learn(run, room, out, wishes.max_minutes)
    workers.wait()
    workers.leave()
    if not workers.first:
        return None
    learnt = run.finished(out / BEST)
    losses["after"] = judge(learnt, room.held_out)
    name = name_for(base.name, wishes.venue or data.resolve().name)
    folder = export(learnt, out / "artefact", base, room, name)
    others = _bundled_beside(base)
    losses |= {side: judge(read_network(other), room.held_out) for side, other in others.items()}
    played = {"before": _playable(wishes.weights, out, base), "after": folder, **others}
    compared = compare(played, room.held_out, wishes.seed)
    found = objections(losses, nearer(compared))
    _warn(folder, found)
    report(out, compared, losses, room, ended=f"{name}: {ended}")
    (out / "card.md").write_text((folder / "card.md").read_text("utf-8"), encoding="utf-8")
    print(closing(compared, losses, found, ended, out))
    return folder


def describe_base(weights: Path) -> Manifest:
    """The manifest of the model to begin with; a bare checkpoint is taken for one that hears with the bundled embedder.

    Raises:
        ModelError: no such model.
    """
    if weights.is_dir():
        return read_manifest(weights, "decoder", 0.1)
    if not weights.is_file():
        raise ModelError(f"{weights}: no such model; --weights takes an artefact folder or a checkpoint (.pt)")
    return read_manifest(BUNDLED, "decoder", 0.1).model_copy(update={"name": weights.parent.name})


def announcement(room: Room, plan: Plan, needed_s: float, wishes: Wishes) -> str:
    """What is about to happen, in three lines; a fourth where films do not say how bright it was."""
    minutes = min(needed_s / 60.0, wishes.max_minutes)
    long = f"about {minutes:.0f} minutes" if minutes >= 1.5 else f"about {max(needed_s, 1.0):.0f} seconds"
    by = f"the night {room.night}" if room.night else SAME_NIGHT
    held = sum(one.trusted for one in room.held_out) / 600.0
    return (
        f"{room.describe()}: rank {plan.rank}, up to {plan.steps} steps, {long} here\n"
        f"judged by {by}, {held:.1f} trusted minutes that nothing is learnt from; stops after "
        f"{plan.patience * plan.every} steps without getting better\n"
        f"begins with {wishes.weights}; also trained: {TRAINED_WORDS[plan.trained]}"
        + (f"\n{room.lone()}" if room.lone() else "")
    )


TRAINED_WORDS = {
    "last": "the last layer of both output heads",
    "heads": "both output heads",
    "ends": "both output heads and what reads light and music",
}


def name_for(base: str, venue: str) -> str:
    """Such as `skipbart-small-the-cellar-20261124`; learnt again in the same room, only the date is another."""
    slug = re.sub(r"[^a-z0-9]+", "-", venue.lower()).strip("-")[:40].strip("-") or "room"
    first = re.sub(rf"-{slug}-20\d{{6}}$", "", base)
    return f"{first}-{slug}-{datetime.now(UTC):%Y%m%d}"


def export(network: SkipBart, folder: Path, base: Manifest, room: Room, name: str) -> Path:
    """Write the artefact and prove that its graph is the network.

    Raises:
        ModelError: it is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bound = {"name": name, "embedder": base.embedder or "", "embedder_sha256": base.embedder_sha256}
    if network.size.chunk == 0:
        hops, every = base.context_hops or live.HOPS, base.refresh_hops or live.REFRESH_HOPS
        manifest = live.export_live(network, folder, hops=hops, refresh_hops=every, **bound)
        manifest = keep_weights(network, folder, manifest)
        difference = live.measure(network, folder, stand_in(manifest), np.random.default_rng(1)).difference
    else:
        export_step(network, folder / "step.onnx")
        write_parity(network, max(room.held_out, key=lambda one: one.hops).song(), folder / PARITY)
        manifest = write_manifest(
            folder,
            folder / "step.onnx",
            kind="decoder",
            hop_s=0.1,
            window_s=1.0,
            look_ahead_s=base.look_ahead_s,
            context_hops=network.size.positions,
            bearings=told_version(network),
            **bound,
        )
        difference = parity_difference(folder, stand_in(manifest))
    if not difference <= ALLOWED:
        raise ModelError(f"{folder}: the graph differs from the network by {difference:.1e}; report this")
    origin = {"derived_from": base.name, "derived_from_sha256": base.step.sha256, "learnt_from": room.describe()}
    manifest = save_manifest(folder, Manifest.model_validate({**manifest.model_dump(), **origin}))
    (folder / "card.md").write_text(card(manifest, room, difference), encoding="utf-8")
    return folder


def card(manifest: Manifest, room: Room, difference: float) -> str:
    """The model card, in Markdown."""
    files = ", ".join(sorted({f"`{one.name}`" for one in room.learnt}))[:1_500]
    judged = f"the night {room.night}" if room.night else SAME_NIGHT
    base, origin = manifest.derived_from, f"{str(manifest.derived_from_sha256)[:16]}…"
    return f"""# {manifest.name}

`{base}` (sha256 {origin}), finetuned with adapters on this room's light.

| | |
|---|---|
| in, out | as `{base}`: embeddings of `{manifest.embedder}` and the light before, to the light of this hop |
| learnt from | {room.describe()}: {files} |
| judged by | {judged}; `report.html` in the run's folder shows it before and after |
| parity | the exported graph equals the network to {difference:.1e} in every logit |
| nights | {", ".join(night or "not dated" for night in room.nights)} |

It lights as one room's engineer does, as far as footage shows it. Colours that the footage never held will be rare. It
belongs to those whose light it learnt from: ask them before you hand it on.
"""


def report(out: Path, compared: Comparison, losses: dict[str, dict[str, float]], room: Room, *, ended: str) -> None:
    """Write `changes.json` and `report.html`."""
    minutes = sum(one.hops for one in compared.stretches) / 600.0
    by = f"the night {room.night}" if room.night else f"{SAME_NIGHT}, which nothing was learnt from"
    lone = f"{room.lone()}. " if room.lone() else ""
    lead = (
        f"Learnt from {room.describe()} ({ended}). {lone}Below: {minutes:.1f} minutes of {by}, lit freely by the model "
        "before and after, and by the engineer. Height and brightness are the level, colour is the hue; grey is light "
        "that could not be trusted."
    )
    (out / "changes.json").write_text(json.dumps(plain(compared, losses), indent=1) + "\n", encoding="utf-8")
    text = page(compared, losses, list(read_log(out)), title=f"What changed: {out.resolve().name}", lead=lead)
    (out / "report.html").write_text(text, encoding="utf-8")


def closing(compared: Comparison, losses: dict[str, dict[str, float]], found: list[str], ended: str, out: Path) -> str:
    """What came out of it, and what to do next.

    Args:
        found: what speaks against it, as `verdict.objections` says it.
    """
    rows = table(losses, nearer(compared))
    wide = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:{wide}}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows]
    verdict = "".join(f"\ndo not stage it: {one}" for one in found)
    anyway = " --anyway" if found else ""
    return "\n".join((ended, *lines)) + (
        f"{verdict}\nlook at it: {out / 'report.html'}\nstage it:   followspot models stage {out / 'artefact'}{anyway}"
    )


def _warn(folder: Path, found: list[str]) -> None:
    """Note in an artefact's manifest what speaks against it: it is not staged by the way."""
    if found:
        manifest = read_manifest(folder, "decoder", 0.1)
        save_manifest(folder, Manifest.model_validate({**manifest.model_dump(), "worse": "; ".join(found)}))


def _bundled_beside(base: Manifest) -> dict[str, Path]:
    """The bundled model, to be compared with as well, where it is not the one begun with and hears as that does."""
    if not (BUNDLED / "manifest.yaml").is_file():
        return {}
    bundled = read_manifest(BUNDLED, "decoder", 0.1)
    same = bundled.step.sha256 == base.step.sha256 or bundled.embedder_sha256 != base.embedder_sha256
    return {} if same else {"bundled": BUNDLED}


def _restore(run: Finetuning, last: Path) -> None:
    try:
        run.restore(load_checkpoint(last, run.device))
    except (ValueError, KeyError) as error:
        raise ModelError(f"{last}: cannot be resumed: {error}") from error
    if run.workers.first:
        forget_after(last.with_name(LOG), run.step_count)


def _playable(weights: Path, out: Path, base: Manifest) -> Path:
    """A folder that plays the model as it was before; a bare checkpoint is exported for that."""
    if weights.is_dir():
        return weights
    network, folder = read_network(weights), out / "before"
    folder.mkdir(parents=True, exist_ok=True)
    bound = {"name": base.name, "embedder": base.embedder or "", "embedder_sha256": base.embedder_sha256}
    if network.size.chunk == 0:
        live.export_live(network, folder, **bound)
        return folder
    export_step(network, folder / "step.onnx")
    write_manifest(folder, folder / "step.onnx", kind="decoder", hop_s=0.1, window_s=1.0,
                   context_hops=network.size.positions, bearings=told_version(network), **bound)  # fmt: skip
    return folder
