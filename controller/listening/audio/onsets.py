"""The fast path: level and onsets, five milliseconds at a time, without waiting for the model.

Works on its own grid of 240-sample steps, whatever the block size, so the cutting of the audio changes nothing.

An onset is a jump of energy in several frequency bands at once: spectral flux of log band energies, compared with an
adaptive threshold over the last seconds (Böck, Krebs, Schedl, "Evaluating the Online Capabilities of Onset Detection
Methods", ISMIR 2012). Our departures: steps of 5 ms for latency, and each band looks back to its quietest moment of the
last 30 ms, so that an attack spread over several steps counts whole.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from controller.arrays import Float32Array, IntArray
from controller.messages import AudioBlock, Pulse
from controller.sound_format import SAMPLE_RATE_HZ

STEP_SAMPLES = 240
STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ
SPECTRUM_SAMPLES = 512
EDGES_HZ = (40.0, 150.0, 400.0, 1_000.0, 2_500.0, 6_000.0, 15_000.0)
LOOK_BACK_STEPS = 6
HISTORY_STEPS = 400
"""Two seconds of novelty set the threshold."""
GAP_STEPS = 14
"""70 ms: no drummer's hits closer than this are told apart."""
GROWTH_STEPS = 4
LEAST_NOVELTY = 5.0
"""dB, mean over the bands: below this nothing is an onset, however quiet the last seconds were."""
LEVEL_STEPS = 10
FLOOR = 1e-12
OFFSET_S = 0.1
"""An offset is followed this fast: what is slower than some two waves a second is not heard."""


class Onsets:
    """Hears blocks, tells pulses.

    Many attributes: the running state of a filter, a detector and a level meter, a number or an array each.

    Args:
        silence_db: sound below this level counts as silence.
        stems: how many stem columns the blocks carry.
        accent_column: column that onsets are taken from (0 is the mix; a drum stem is better where there is one).
    """

    def __init__(self, silence_db: float, stems: int = 0, accent_column: int = 0) -> None:
        self._silence_db = silence_db
        self._accent_column = accent_column
        self._pending = np.zeros((0, 1 + stems), np.float32)
        self._tail = np.zeros(SPECTRUM_SAMPLES, np.float32)
        self._window = np.hanning(SPECTRUM_SAMPLES).astype(np.float32)
        self._bands = _band_matrix()
        self._energies = np.full((LOOK_BACK_STEPS, len(EDGES_HZ) - 1), -80.0)
        self._novelty = np.zeros(HISTORY_STEPS)
        self._powers = np.zeros((LEVEL_STEPS - 1, 1 + stems))
        self._offsets = [0.0] * (1 + stems)
        self._steps = 0
        self._step_of_onset = -GAP_STEPS
        self._loud_db = -50.0
        self._quiet_db = -60.0
        self._silent_steps = 0
        self._onsets = 0
        self._threshold = 0.0
        self._onset_t_s = float("-inf")
        self._onset_strength = 0.0

    def feed(self, block: AudioBlock) -> Iterator[Pulse]:
        """Take one block; yield a pulse for each 5 ms step it completes."""
        samples = np.concatenate([self._pending, block.samples])
        count = len(samples) // STEP_SAMPLES
        rest = len(samples) - count * STEP_SAMPLES
        self._pending = samples[len(samples) - rest :]
        if count == 0:
            return
        novelties = self._novelties(self._band_energies(samples[: count * STEP_SAMPLES, self._accent_column], count))
        steps = samples[: count * STEP_SAMPLES].reshape(count, STEP_SAMPLES, -1)
        # sums, not np.mean: the same numbers without its checks, two hundred times a second
        powers = np.add.reduce(np.square(steps, dtype=np.float64), axis=1) / STEP_SAMPLES
        means = np.add.reduce(steps, axis=1, dtype=np.float64) / STEP_SAMPLES
        levels_db = self._levels_db(self._without_offset(powers.tolist(), means.tolist()))
        for index, (novelty, levels) in enumerate(zip(novelties, levels_db, strict=True)):
            t_s = block.t_s - (rest + (count - 1 - index) * STEP_SAMPLES) / SAMPLE_RATE_HZ
            yield self._step(t_s, novelty, levels)

    def _band_energies(self, samples: Float32Array, count: int) -> Float32Array:
        """(count, bands) dB of the 512 samples that end at each step."""
        joined = np.concatenate([self._tail, samples])
        self._tail = joined[-SPECTRUM_SAMPLES:]
        blocks = sliding_window_view(joined, SPECTRUM_SAMPLES)[STEP_SAMPLES::STEP_SAMPLES] if count > 1 else self._tail
        spectrum = np.fft.rfft(blocks.reshape(count, SPECTRUM_SAMPLES) * self._window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2) / SPECTRUM_SAMPLES**2
        # einsum, not BLAS: a row's result must not depend on how many rows came with it
        banded = np.einsum("nf,fb->nb", power, self._bands)
        return np.asarray(10.0 * np.log10(banded + 1e-9))

    def _novelties(self, energies: Float32Array) -> list[float]:
        """How much each step has grown, mean over the bands, since the quietest moment before it."""
        count = len(energies)
        joined = np.concatenate([self._energies, energies])
        if count == 1:  # as in a show, two hundred times a second
            quietest = np.minimum.reduce(self._energies)
        else:
            quietest = joined[:count]
            for back in range(1, LOOK_BACK_STEPS):
                quietest = np.minimum(quietest, joined[back : back + count])
        self._energies = joined[count:]
        grown = np.maximum(energies - quietest, 0.0)
        novelties: list[float] = (np.add.reduce(grown, axis=1) / grown.shape[1]).tolist()
        return novelties

    def _without_offset(self, powers: list[list[float]], means: list[list[float]]) -> list[list[float]]:
        """Power of each step without what nobody hears: an offset of the converter, or a slow swaying of it."""
        heard, offsets, share = [], self._offsets, STEP_S / OFFSET_S
        for step in zip(powers, means, strict=True):  # of numbers: each needs the one before, and arrays cost more
            offsets = [offset + share * (mean - offset) for offset, mean in zip(offsets, step[1], strict=True)]
            columns = zip(*step, offsets, strict=True)
            heard.append([max(power - 2.0 * offset * mean + offset * offset, 0.0) for power, mean, offset in columns])
        self._offsets = offsets
        return heard

    def _levels_db(self, powers: list[list[float]]) -> list[list[float]]:
        """Level of each step and column, over the last steps."""
        count = len(powers)
        joined = np.concatenate([self._powers, powers])
        sums = np.add.reduce(joined[_turned(count, self._steps % LEVEL_STEPS)], axis=1)
        self._powers = joined[count:]
        levels: list[list[float]] = (10.0 * np.log10(sums / LEVEL_STEPS + FLOOR)).tolist()
        return levels

    def _step(self, t_s: float, novelty: float, levels_db: list[float]) -> Pulse:
        level_db = levels_db[0]
        self._notice_onset(t_s, novelty, level_db)
        self._novelty[self._steps % HISTORY_STEPS] = novelty
        self._steps += 1
        return Pulse(
            t_s=t_s,
            seq=self._steps - 1,
            level_db=level_db,
            loudness=self._loudness(level_db),
            silent_s=self._silence(level_db),
            onsets=self._onsets,
            onset_t_s=self._onset_t_s,
            onset_strength=self._onset_strength,
            stem_levels_db=tuple(levels_db[1:]),
        )

    def _notice_onset(self, t_s: float, novelty: float, level_db: float) -> None:
        since = self._steps - self._step_of_onset
        if since <= GROWTH_STEPS:
            # the first step may hold only the beginning of the attack: its full strength shows a little later
            self._onset_strength = max(self._onset_strength, _strength(novelty, self._threshold))
            return
        if since < GAP_STEPS or level_db < self._silence_db or novelty < LEAST_NOVELTY:
            return
        self._threshold = max(LEAST_NOVELTY, float(self._novelty.mean()) + 1.8 * float(self._novelty.std()))
        if novelty < self._threshold:
            return
        self._step_of_onset = self._steps
        self._onsets += 1
        self._onset_t_s = t_s
        self._onset_strength = _strength(novelty, self._threshold)

    def _loudness(self, level_db: float) -> float:
        """Level within a range that adapts over half a minute: 0 the quiet passages, 1 the loud ones."""
        if level_db >= self._silence_db:
            slow = STEP_S / 30.0
            self._loud_db = max(level_db, self._loud_db + slow * (level_db - self._loud_db))
            self._quiet_db = min(level_db, self._quiet_db + slow * (level_db - self._quiet_db))
        span_db = max(12.0, self._loud_db - self._quiet_db)
        return min(max(1.0 + (level_db - self._loud_db) / span_db, 0.0), 1.0)

    def _silence(self, level_db: float) -> float:
        self._silent_steps = 0 if level_db >= self._silence_db else self._silent_steps + 1
        return self._silent_steps * STEP_S


def _strength(novelty: float, threshold: float) -> float:
    return min(1.0, 0.3 + 0.7 * max(0.0, novelty - threshold) / 8.0)


@cache
def _turned(count: int, first: int) -> IntArray:
    """(count, 10): rows that are added up for each step, in an order that only the step's number decides.

    Sums of floating-point numbers differ by their order: so the cutting of the audio changes nothing.

    Args:
        first: number of the first step, modulo 10.
    """
    step, place = np.arange(count)[:, None], np.arange(LEVEL_STEPS)[None, :]
    return np.asarray(step + (place - (first + step - LEVEL_STEPS + 1)) % LEVEL_STEPS)


def _band_matrix() -> Float32Array:
    """(257, bands) float32: which spectrum bin belongs to which band."""
    bins_hz = np.fft.rfftfreq(SPECTRUM_SAMPLES, 1.0 / SAMPLE_RATE_HZ)
    edges = np.array(EDGES_HZ)
    inside = (bins_hz[:, None] >= edges[None, :-1]) & (bins_hz[:, None] < edges[None, 1:])
    return inside.astype(np.float32)
