"""From checkpoints to `models/opening-composer`: graphs, forms, the critic's weights and figures, manifest, card.

Edge: reads checkpoints, writes the artefact's folder.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tools.train.checkpoint import load_checkpoint
from tools.train.image2music.artefact import open_artefact, write_manifest
from tools.train.image2music.composer import BartComposer
from tools.train.image2music.composer import Composer as Composing
from tools.train.image2music.corpus import CorpusTune, corpus_version, part_of
from tools.train.image2music.critic import BertCritic, TrigramCritic, heights_table, open_ears
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.fitting import compare, fit
from tools.train.image2music.form import count_forms, write_forms
from tools.train.image2music.graphs import export_composer, export_critic
from tools.train.image2music.melody import Melody
from tools.train.image2music.mixing import heard, surprises
from tools.train.image2music.network import Composer, Critic
from tools.train.image2music.ngram import NgramComposer
from tools.train.image2music.training import pieces_of

NAME = "opening-composer"
EMPTY = {"targets": {}, "weights": {}, "counted": 0.0}


def build(run: Path, tunes: list[CorpusTune], out: Path) -> dict[str, dict[str, float]]:
    """Write an artefact from a training run; returns the critic's and the trigram's figures on the test tunes.

    Args:
        run: folder with `composer.best.pt` and `order.last.pt`.

    Raises:
        OpeningError: the run is not finished.
    """
    for name in ("composer.best.pt", "order.last.pt", "critic.last.pt"):
        if not (run / name).is_file():
            raise OpeningError(f"{run / name}: missing; train all three first")
    out.mkdir(parents=True, exist_ok=True)
    parts = {part: [one.melody for one in tunes if part_of(one) == part] for part in ("train", "validation", "test")}
    composer, critic = Composer(), Critic()
    trained = load_checkpoint(run / "composer.best.pt")
    composer.load_state_dict(trained["network"])
    critic.load_state_dict(load_checkpoint(run / "order.last.pt")["network"])
    export_composer(composer, out)
    export_critic(critic, out)
    write_forms(count_forms(parts["train"]), out / "forms.json")
    heights = heights_table(parts["train"]).astype(np.float16)
    np.savez_compressed(out / "heights.npz", heights=heights)
    nats = surprises(composer, heights.astype(np.float32), pieces_of(tunes, "validation"))
    (out / "weights.json").write_text(json.dumps(EMPTY), encoding="utf-8")
    facts = {"corpus": f"music21 {corpus_version()}", "tunes": {name: len(those) for name, those in parts.items()}}
    write_manifest(out, NAME, **facts)
    weights = fit(open_ears(open_artefact(out)), parts["validation"], np.random.default_rng(11))
    weights |= {"counted": min(nats, key=lambda weight: nats[weight]), "nats_by_counted": nats}
    (out / "weights.json").write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    write_manifest(out, NAME, **facts)
    figures = critic_figures(out, tunes)
    said = heard_of(out, parts)
    write_manifest(out, NAME, **facts, critic_auc=figures, composed=said)
    (out / "card.md").write_text(_card(run, parts, figures, weights, said), encoding="utf-8")
    return figures


def heard_of(folder: Path, parts: dict[str, list[Melody]]) -> dict[str, dict[str, float]]:
    """What the critic says of themes by the network, by counts and by both, and of validation tunes."""
    opened = open_artefact(folder)
    composers: dict[str, Composing] = {"the network alone": BartComposer(opened, counted=0.0),
                                       "counts alone (`--composer ngram`)": NgramComposer(parts["train"]),
                                       "both, as they are used": BartComposer(opened)}  # fmt: skip
    return heard(composers, BertCritic(opened), parts["validation"])


def _card(
    run: Path,
    parts: dict[str, list[Melody]],
    figures: dict[str, dict[str, float]],
    weights: dict[str, Any],
    said: dict[str, dict[str, float]],
) -> str:
    lasts = {name: load_checkpoint(run / f"{name}.last.pt") for name in ("critic", "order", "composer")}
    rows = [json.loads(line) for line in (run / "composer.jsonl").read_text(encoding="utf-8").splitlines()]
    best = min(rows, key=lambda row: row["held_duration"] + row["held_pitch"])
    told = {
        "CORPUS": f"the package music21 {corpus_version()}",
        "TUNES": ", ".join(str(len(parts[name])) for name in ("train", "validation", "test")),
        "MINUTES": " + ".join(f"{one['seconds'] / 60:.0f}" for one in lasts.values()),
        "DURATION": f"{best['held_duration']:.2f}",
        "PITCH": f"{best['held_pitch']:.2f}",
        "SCORES": table(figures),
        "PARTS": ", ".join(f"{name} {one:+.2f}" for name, one in weights["weights"].items() if name != "bias"),
        "VALIDATION": f"{weights['validation_auc']:.3f}",
        "COUNTED": f"{weights['counted']:g}",
        "NATS": ", ".join(
            f"{weights['nats_by_counted'][one]:.3f} at {one:g}" for one in (0.0, weights["counted"], 1.0)
        ),
        "COMPOSED": _composed(said),
    }
    text = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")
    for name, one in told.items():
        text = text.replace(f"@{name}@", one)
    return text


def _composed(said: dict[str, dict[str, float]]) -> str:
    lines = ["| mean of | critic's score | steps up to a whole tone | leaps over a fifth | end on the tonic |",
             "|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {name} | {one['score']:.1f} | {one['stepwise']:.2f} | {one['leaps']:.2f} | {one['closes']:.2f} |"
              for name, one in said.items()]  # fmt: skip
    return "\n".join(lines)


def critic_figures(folder: Path, tunes: list[CorpusTune], seed: int = 5) -> dict[str, dict[str, float]]:
    """AUC of the critic and of the trigram on the same held-out tunes and the same false ones."""
    train, test = ([one.melody for one in tunes if part_of(one) == part] for part in ("train", "test"))
    judges = {"critic": BertCritic(open_artefact(folder)), "trigram": TrigramCritic(train)}
    return compare(judges, test, np.random.default_rng(seed))


def table(figures: dict[str, dict[str, float]]) -> str:
    """Figures as a Markdown table."""
    kinds = list(next(iter(figures.values())))
    lines = ["| AUC, held-out tunes against | " + " | ".join(figures) + " |", "|---|" + "---|" * len(figures)]
    lines += [f"| {kind} | " + " | ".join(f"{one[kind]:.3f}" for one in figures.values()) + " |" for kind in kinds]
    return "\n".join(lines)
