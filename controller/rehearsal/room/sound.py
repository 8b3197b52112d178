"""A song as the show hears it, kept for the rehearsal room: it is heard once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.clock import MonotonicClock
from controller.config import Config, with_overrides
from controller.errors import AudioError
from controller.listening.audio.source import open_recorded
from controller.listening.decider import Decider
from controller.listening.form.director import Band
from controller.listening.networks import band_of, open_ear
from controller.listening.plan.fingerprint import SPAN, Fingerprints
from controller.listening.plan.plan import song_title
from controller.listening.plan.section_look import MOST_HOPS
from controller.listening.time.leading import tempo_of
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Pulse
from controller.metrics.correspondence import KERNEL_HALF, novelty_curve
from controller.rehearsal.heard import HeardSong
from controller.sound_format import HOP_S, HOP_SAMPLES

SECTION_HOPS = 120
SECTION_NOVELTY = 0.02
Progress = Callable[[float], None]


def nobody(_share: float) -> None:
    """Who is told how far something is, where nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A song as it was heard, T hops.

    Attributes:
        embeddings: (T, 512) float32. fingerprints: (T, 88) float32. hits: (T,) 0..1. pulses: of each hop.
        levels: (columns, P) float32, root mean square of each twentieth of a second; the mix first, then stems.
        stems: names. tempi: where beats were, as far as was known, at each hop. band: beats, drums, kinds of sound.
        bands: what was known of the band and its song at each hop; empty where the ear has no networks for it.
    """

    title: str
    embeddings: Float32Array
    fingerprints: Float32Array
    hits: Float32Array
    pulses: list[list[Pulse]]
    levels: Float32Array
    stems: tuple[str, ...]
    tempi: list[Tempo] = field(default_factory=list)
    band: HeardSong = field(default_factory=HeardSong)
    bands: list[Band] = field(default_factory=list)

    @property
    def hops(self) -> int:
        """T."""
        return len(self.embeddings)


def hear(config: Config, song: Path, progress: Progress = nobody) -> Sound:
    """Listen to a song once, as a show would.

    Args:
        config: models and audio. song: file, or folder of stems. progress: told the share that is done.

    Raises:
        AudioError: not a song, shorter than a hop, or longer than an hour.
    """
    source = open_recorded(song, config)
    embedder = Decider(with_overrides(config, plan=""), MonotonicClock(), patient=True).embedder
    ear = open_ear(config, source.stems)
    prints, tempi, band = Fingerprints(), [], HeardSong()
    embeddings, fingerprints, struck, pulses, levels, bands = [], [], [], [], [], list[Band]()
    hop = 0
    while len(samples := source.read(HOP_SAMPLES)) == HOP_SAMPLES:
        if hop >= MOST_HOPS:
            raise AudioError(f"{song}: longer than an hour; cut it into songs")
        block = AudioBlock((hop + 1) * HOP_S, hop, samples)
        heard, window = ear.hop(block)
        embeddings.append(embedder.embed(window).vector)
        fingerprints.append(prints.step(window.samples[-SPAN:]))
        struck.append(window.hit)
        ear.tempo = tempo_of(ear.hearing)
        tempi.append(ear.tempo)
        if ear.hearing is not None:
            band.take(ear.hearing, block)
        if (known := band_of(ear)) is not None:
            bands.append(known)
        pulses.append(heard)
        levels.append(np.sqrt(np.square(samples.reshape(-1, HOP_SAMPLES // 2, samples.shape[1])).mean(axis=1)))
        hop += 1
        progress(hop * HOP_S / max(source.duration_s, 1e-9))
    source.close()
    if hop == 0:
        raise AudioError(f"{song}: shorter than one hop (0.1 s)")
    return Sound(
        song_title(song), np.stack(embeddings), np.stack(fingerprints), np.array(struck, np.float32), pulses,
        np.concatenate(levels).T.astype(np.float32), source.stems, tempi, band, bands,
    )  # fmt: skip


def sections(sound: Sound) -> list[int]:
    """Hops at which the music turns to something else: a guess, for marks that people move."""
    half = KERNEL_HALF
    count = sound.hops // 5
    if count < 4 * half:
        return [0]
    means = sound.embeddings[: count * 5].reshape(count, 5, -1).mean(axis=1)
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    curve = novelty_curve((unit @ unit.T).astype(np.float32))
    edge = (count - len(curve)) // 2
    found = [0]
    for at in np.argsort(-curve):
        if curve[at] < SECTION_NOVELTY:
            break
        hop = int(at + edge) * 5
        if all(abs(hop - other) >= SECTION_HOPS for other in found):
            found.append(hop)
    return sorted(found)
