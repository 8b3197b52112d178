"""A finetuned model on its way into shows: examined, kept as a generation, chosen; and the way back. Edge: files."""

from pathlib import Path

import numpy as np

from controller.artefacts.artefact import Manifest, read_manifest
from controller.artefacts.generations import Generation, Generations
from controller.clock import Clock
from controller.commands.trial import bounded
from controller.config import Config
from controller.errors import ModelError
from controller.listening.decode.parity import FILE, differences, read_probes
from controller.listening.decode.refreshed import RefreshedNetwork
from controller.listening.decode.skipbart import DecoderNetwork
from controller.listening.decode.succession import SLOWEST_S, Decoder
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from controller.listening.networks import open_decoder
from controller.messages import Embedding
from controller.sound_format import HOP_S

TIMED_HOPS = 24


def stage(config: Config, artefact: Path, clock: Clock, *, anyway: bool = False) -> Generation:
    """Verify an artefact, keep it, and let it decide: in a running show from the end of its phrase on.

    Args:
        anyway: also one of which training says that it became worse.

    Raises:
        ModelError: it does not fit, does not say what it said when it was exported, is too slow here, or worse.
    """
    if not (artefact / "manifest.yaml").is_file():
        raise ModelError(
            f"{artefact}: holds no manifest.yaml; name the folder that training wrote, usually .../artefact"
        )
    manifest = read_manifest(artefact, "decoder", HOP_S)
    if not anyway:
        _refuse_worse(artefact, manifest)
    with bounded(str(artefact)):
        embedder = read_manifest(config.path(config.model.embedder), "embedder", HOP_S)
        opened = open_decoder(config, artefact, embedder)
        _compare(artefact, opened.network)
        _time(artefact, opened.decoder(patient=True), clock)
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


def _refuse_worse(artefact: Path, manifest: Manifest) -> None:
    if manifest.worse:
        raise ModelError(
            f"{artefact}: on light that nothing was learnt from, {manifest.worse}; learn from more footage, or stage "
            "it all the same with --anyway"
        )


def _compare(artefact: Path, network: DecoderNetwork | RefreshedNetwork) -> None:
    """Every answer of every probe is what it was in training."""
    for probe, name in zip(read_probes(artefact), ("music", "silence", "noise"), strict=True):
        for answer, apart in differences(network, probe).items():
            if not apart <= probe.allowed:
                words = answer.replace("_", " ")
                verb = "differs" if answer == "state" else "differ"
                raise ModelError(
                    f"{artefact / FILE}: {words} {verb} by {apart:.3g} from those of the training, on {name}; "
                    "export the model again"
                )


def _time(artefact: Path, decoder: Decoder, clock: Clock) -> None:
    """It says something finite of silence, and soon enough."""
    steps_s = []
    for hop in range(TIMED_HOPS):
        started_s = clock.now_s()
        hue, value = decoder.step(Embedding(hop * HOP_S, hop, np.zeros(512, np.float32)), HUE_PAD, VALUE_PAD)
        steps_s.append(clock.now_s() - started_s)
        if not (np.isfinite(hue).all() and np.isfinite(value).all()):
            raise ModelError(f"{artefact}: hop {hop}: not finite; export the model again")
    typical_s = float(np.median(steps_s))
    if typical_s > SLOWEST_S:
        raise ModelError(
            f"{artefact}: a step takes {1e3 * typical_s:.0f} ms here, at most {1e3 * SLOWEST_S:.0f} will do"
        )
