"""What an exported decoder said when it was trained, and whether it says so here: every answer, on several probes.

`parity.npz` beside the graphs holds, for each probe, `music` (T, 512) and `light_in` (T, 2), `bearings` (T, N) where
the decoder is told them, and the answers: `hue_logits` (T, 181), `value_logits` (T, 257), and `state` (caches,), what
the caches hold after `TRIED_HOPS` hops. The first probe is music, the others are silence and noise. Of a bidirectional
decoder the first `read` hops are read at once. Edge: reads files.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array, IntArray
from controller.errors import ModelError
from controller.listening.decode.refreshed import PastHop, RefreshedContext, RefreshedNetwork
from controller.listening.decode.skipbart import Context, DecoderNetwork

FILE = "parity.npz"
PROBES = ("", "silence.", "noise.")
"""How the names of a probe's arrays begin."""
HEADS = ("hue_logits", "value_logits")
TRIED_HOPS = 96
ALLOWED = 1e-2
"""Largest difference of any number from what training says: float32 on another machine."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What is told and what is to be said; `read`: hops that a refresh reads at once, `allowed`: largest difference."""

    music: Float32Array
    light_in: IntArray
    said: dict[str, Float32Array]
    read: int
    allowed: float
    bearings: Float32Array | None = None

    @property
    def hops(self) -> int:
        """How many of its hops are tried."""
        return len(self.music) if self.read else min(len(self.music), TRIED_HOPS)


def read_probes(folder: Path) -> list[Probe]:
    """Every probe beside an artefact.

    Raises:
        ModelError: there is no such file, it is damaged, or lacks a probe or an answer.
    """
    path = folder / FILE
    if not path.is_file():
        raise ModelError(f"{path}: not there, so nothing tells what the model should say; export the model again")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            read = int(arrays["read"]) if "read" in arrays else 0
            allowed = float(arrays["allowed"]) if "allowed" in arrays else ALLOWED
            found = [_probe(arrays, name, read, allowed) for name in PROBES]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not readable: {error}; export the model again") from error
    for probe in found:
        hops = len(probe.music)
        shapes = [(hops - read, 181), (hops - read, 257)]
        fits = probe.music.shape == (hops, 512) and probe.light_in.shape == (hops, 2) and hops > read
        if not fits or [probe.said[head].shape for head in HEADS] != shapes or probe.said["state"].ndim != 1:
            raise ModelError(f"{path}: wrong shapes; export the model again")
    return found


def _probe(arrays: "np.lib.npyio.NpzFile", name: str, read: int, allowed: float) -> Probe:
    said = {answer: arrays[f"{name}{answer}"] for answer in (*HEADS, "state")}
    bearings = arrays.get(f"{name}bearings", None)
    return Probe(arrays[f"{name}music"], arrays[f"{name}light_in"], said, read, allowed, bearings)


def answers(network: DecoderNetwork | RefreshedNetwork, probe: Probe) -> dict[str, Float32Array]:
    """What a network says of a probe: logits of each hop that is tried, and its state after them."""
    past = [PastHop(vector, int(hue), int(value)) for vector, (hue, value) in
            zip(probe.music[: probe.hops], probe.light_in, strict=False)]  # fmt: skip
    if isinstance(network, RefreshedNetwork):
        refreshed = RefreshedContext(network, past[: probe.read])
        rows = [refreshed.step(hop) for hop in past[probe.read :]]
        state = refreshed.state()
    else:
        context = Context(network)
        places = [None] * len(past) if probe.bearings is None else list(probe.bearings[: len(past)])
        rows = [context.step(hop.music, hop.hue, hop.value, place) for hop, place in zip(past, places, strict=True)]
        state = context.state()
    logits = (np.stack(head) for head in zip(*rows, strict=True))
    return {**dict(zip(HEADS, logits, strict=True)), "state": state}


def differences(network: DecoderNetwork | RefreshedNetwork, probe: Probe) -> dict[str, float]:
    """Largest difference of each answer from what was said in training; infinite where numbers are not finite."""
    found = {}
    for answer, here in answers(network, probe).items():
        said = probe.said[answer][: len(here)]
        same = said.shape == here.shape and np.isfinite(here).all()
        found[answer] = float(np.abs(here - said).max()) if same else float("inf")
    return found
