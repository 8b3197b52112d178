"""A recording as the ear hears it, one hop after the other: all that a decision needs to know of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from controller.arrays import Float32Array
from controller.clock import Clock
from controller.listening.audio.ear import Ear
from controller.listening.audio.ring import Ring
from controller.listening.audio.source import Recorded
from controller.listening.form.director import Band
from controller.listening.networks import band_of
from controller.listening.time.leading import tempo_of
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Pulse, Window
from controller.sound_format import HOP_S, HOP_SAMPLES, WINDOW_SAMPLES


@dataclass(frozen=True, slots=True)
class HeardHop:
    """One hop.

    Attributes:
        window: that ends with it. pulses: in it, one for each 5 ms. tempo, band: what is known at its end.
        ones_s: ones of bars that it made known. took_s: seconds that hearing it took.
        packed: its pulses on their way to another process; b"": they are not packed.
    """

    window: Window
    pulses: list[Pulse]
    tempo: Tempo
    band: Band | None
    ones_s: list[float]
    took_s: float
    packed: bytes = b""

    @property
    def end_s(self) -> float:
        """Where it ends."""
        return (self.window.seq + 1) * HOP_S

    @property
    def samples(self) -> Float32Array:
        """The mix in it, (4800,) float32."""
        return self.window.samples[-HOP_SAMPLES:]


def listened(source: Recorded, ear: Ear, clock: Clock) -> Iterator[HeardHop]:
    """Every whole hop of a recording; what is left at its end is shorter than anybody sees.

    Args:
        clock: measures durations.
    """
    hop = 0
    while len(samples := source.read(HOP_SAMPLES)) == HOP_SAMPLES:
        started_s = clock.now_s()
        pulses, window = ear.hop(AudioBlock((hop + 1) * HOP_S, hop, samples))
        ear.tempo = tempo_of(ear.hearing)
        ones_s = [] if ear.hearing is None else [beat.t_s for beat in ear.hearing.told if beat.number == 1]
        yield HeardHop(window, pulses, ear.tempo, band_of(ear), ones_s, clock.now_s() - started_s)
        hop += 1


PACK = msgspec.msgpack.Encoder().encode
UNPACK = msgspec.msgpack.Decoder(list[Pulse]).decode
"""Pulses as bytes, a fifth of what pickling them costs, and the same ones again."""


def apart(hops: Iterator[HeardHop]) -> Iterator[HeardHop]:
    """Hops that hold their own tenth of a second alone: a window each would be ten times as much to hand on."""
    for hop in hops:
        window = hop.window
        stems = window.stems[:, -HOP_SAMPLES:].copy()
        mine = replace(window, samples=hop.samples.copy(), stems=stems)
        yield replace(hop, window=mine, pulses=[], packed=PACK(hop.pulses))


def joined(hops: Iterator[HeardHop]) -> Iterator[HeardHop]:
    """Their windows again, the very samples, and their pulses."""
    second: Ring | None = None
    for hop in hops:
        columns = np.concatenate([hop.window.samples[None], hop.window.stems])
        second = second or Ring(WINDOW_SAMPLES, len(columns))
        second.write(columns.T)
        latest = second.latest(WINDOW_SAMPLES).copy()
        whole = replace(hop.window, samples=latest[0], stems=latest[1:])
        yield replace(hop, window=whole, pulses=UNPACK(hop.packed))
