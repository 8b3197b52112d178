"""A finetuned model on its way into shows: examined, kept as a generation, chosen; and the way back. Edge: files."""

from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import read_manifest
from controller.artefacts.generations import Generation, Generations
from controller.clock import Clock
from controller.commands.trial import bounded
from controller.config import Config
from controller.errors import ModelError
from controller.listening.decode.succession import SLOWEST_S
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from controller.listening.networks import open_decoder
from controller.messages import Embedding
from controller.sound_format import HOP_S

PARITY_FILE = "parity.npz"
PARITY = 1e-2
"""Largest difference of a logit from what training says: float32 on another machine."""
TRIED_HOPS = 24


def stage(config: Config, artefact: Path, clock: Clock) -> Generation:
    """Verify an artefact, keep it, and let it decide: in a running show from the end of its phrase on.

    Raises:
        ModelError: it does not fit, does not say what it said when it was exported, or is too slow here.
    """
    if not (artefact / "manifest.yaml").is_file():
        raise ModelError(
            f"{artefact}: holds no manifest.yaml; name the folder that training wrote, usually .../artefact"
        )
    manifest = read_manifest(artefact, "decoder", HOP_S)
    with bounded(str(artefact)):
        _try(config, artefact, clock)
    one = Generations.of(config).stage(artefact, manifest.name)
    read_manifest(one.folder, "decoder", HOP_S)
    return one


def roll_back(config: Config, number: int | None) -> int:
    """Choose an earlier generation, the one before by default; returns its number, 0 for the configured model.

    Raises:
        ModelError: there is no such generation, or nothing to go back to.
    """
    generations = Generations.of(config)
    if number is None:
        if generations.current() == 0:
            raise ModelError(f"{generations.folder}: the configured model decides; there is nothing to go back to")
        number = generations.before()
    generations.choose(number)
    return number


def _try(config: Config, artefact: Path, clock: Clock) -> None:
    """Run it as a show would, on what training left beside it or on silence."""
    embedder = read_manifest(config.path(config.model.embedder), "embedder", HOP_S)
    decoder = open_decoder(config, artefact, embedder).decoder(patient=True)
    parity = _parity(artefact)
    music = np.zeros((TRIED_HOPS, 512), np.float32) if parity is None else parity["music"]
    told = np.tile((HUE_PAD, VALUE_PAD), (len(music), 1)) if parity is None else parity["light_in"]
    steps_s, worst = [], {"hue": 0.0, "value": 0.0}
    for hop, vector in enumerate(music):
        started_s = clock.now_s()
        hue, value = decoder.step(Embedding(hop * HOP_S, hop, vector), *(int(one) for one in told[hop]))
        steps_s.append(clock.now_s() - started_s)
        if not (np.isfinite(hue).all() and np.isfinite(value).all()):
            raise ModelError(f"{artefact}: hop {hop}: not finite; export the model again")
        if parity is not None and hop < TRIED_HOPS * 4:
            for head, said in (("hue", hue), ("value", value)):
                worst[head] = max(worst[head], float(np.abs(said - parity[f"{head}_logits"][hop]).max()))
    for head, apart in worst.items():
        if apart > PARITY:
            raise ModelError(
                f"{artefact / PARITY_FILE}: {head} logits differ by {apart:.3g} from those of the training; "
                "export the model again"
            )
    typical_s = float(np.median(steps_s))
    if typical_s > SLOWEST_S:
        raise ModelError(
            f"{artefact}: a step takes {1e3 * typical_s:.0f} ms here, at most {1e3 * SLOWEST_S:.0f} will do"
        )


def _parity(artefact: Path) -> dict[str, Float32Array] | None:
    """What the training left to compare with; None where there is nothing (bidirectional models)."""
    path = artefact / PARITY_FILE
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            wanted = {name: arrays[name] for name in ("music", "light_in", "hue_logits", "value_logits")}
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not readable: {error}; export the model again") from error
    hops = len(wanted["music"])
    if hops == 0 or wanted["music"].shape != (hops, 512) or wanted["light_in"].shape != (hops, 2):
        raise ModelError(f"{path}: wrong shapes; export the model again")
    return wanted
