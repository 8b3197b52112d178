"""What a night sounded like, for the hops of its show log: kept beside it, or from a recording laid under it.

A log has no sound (docs/decisions/0022). Two ways to get its embeddings:

* `.heard` files beside the log (`controller.records.heard_log`), which a show keeps unless it is told not to: what it
  heard, on the clock of the log's tokens. One that a restart in mid-show began counts, too.
* a recording of the night, from the desk or a camera, at any start: the log's pulses tell the level of the sound many
  times a second, and the recording's own level is slid along them until they agree best.

Edge: reads files, runs the embedder.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from scipy.signal import correlate

from controller.arrays import Float32Array, Float64Array
from controller.errors import RecordingError
from controller.listening.embed.embedder import EMBEDDING_SIZE, Embedder
from controller.messages import Pulse, Window
from controller.records.heard_log import read_heard
from controller.records.kinds import HEARD_SUFFIX
from controller.sound_format import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from tools.train.songs import read_audio

NEAR_S = 0.05
EARLY_S, NIGHT_S = 60.0, 24 * 3_600.0
"""A show's processes begin within a minute of each other, and a night is over in a day."""
STEP_S = 0.01
LEVEL_S = 0.05
"""A pulse's level is that of the last 50 ms."""
FLOOR_DB = -70.0
SURE = 0.6
"""Correlation of both levels below which a recording is not taken for this night's."""


class SoundError(ValueError):
    """A night's sound is missing, or is another night's."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A level over time: t_s (n,) on the log's clock, db (n,)."""

    t_s: Float64Array
    db: Float64Array

    @staticmethod
    def of(pulses: list[Pulse]) -> "Levels":
        """What the pulses of a log tell."""
        return Levels(np.array([one.t_s for one in pulses]), np.array([one.level_db for one in pulses]))


def heard_beside(log: Path) -> list[Path]:
    """Files of what was heard in the night of a log, by the time in their names; a restart begins another."""
    began = _began(log)
    if began is None:
        return []
    times = {path: _began(path) for path in log.parent.glob(f"*{HEARD_SUFFIX}")}
    return sorted(
        path for path, at in times.items() if at is not None and -EARLY_S <= (at - began).total_seconds() < NIGHT_S
    )


def _began(path: Path) -> datetime | None:
    """When a file of a show was begun, as its name says (`show_log.new_file`)."""
    try:
        return datetime.strptime(path.name[:21], "%Y-%m-%dT%H%M%S-%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def kept_embeddings(
    paths: list[Path], t_s: Float64Array, embedder_sha256: str
) -> tuple[Float32Array, npt.NDArray[np.bool_]]:
    """Embeddings (T, 512) of hops from what a show kept, and (T,) which hops have one within half a hop.

    Raises:
        SoundError: kept by another embedder, or damaged from the start.
    """
    found, known = np.zeros((len(t_s), EMBEDDING_SIZE), np.float32), np.zeros(len(t_s), bool)
    for path in paths:
        try:
            heard = read_heard(path)
        except RecordingError as error:
            raise SoundError(str(error)) from error
        if heard.embedder.get("sha256") != embedder_sha256:
            raise SoundError(f"{path.name} was kept by another embedder ({heard.embedder.get('embedder', '?')})")
        if len(heard.t_s) == 0:
            continue
        at = np.clip(np.searchsorted(heard.t_s, t_s - NEAR_S), 0, len(heard.t_s) - 1)
        near = np.abs(heard.t_s[at] - t_s) <= NEAR_S
        found[near] = heard.embedding[at[near]].astype(np.float32)
        known |= near
    return found, known & np.isfinite(found).all(axis=1)


def level_of(samples: Float32Array) -> Float64Array:
    """Level in dBFS of the last 50 ms, every 10 ms: entry i ends at sample 480 (i + 1)."""
    step, width = round(STEP_S * SAMPLE_RATE_HZ), round(LEVEL_S * SAMPLE_RATE_HZ)
    count = len(samples) // step
    power = np.square(samples[: count * step].astype(np.float64)).reshape(count, step).sum(axis=1)
    total = np.concatenate([[0.0], np.cumsum(power)])
    last = np.arange(1, count + 1)
    mean = (total[last] - total[np.maximum(last - width // step, 0)]) / width
    return np.maximum(10.0 * np.log10(mean + 1e-12), FLOOR_DB)


def begins_at(samples: Float32Array, levels: Levels) -> float:
    """When, on the log's clock, a recording's first sample sounded, in seconds, to about 10 ms.

    Raises:
        SoundError: its level does not go up and down as the log's.
    """
    theirs = level_of(samples)
    grid = np.arange(levels.t_s[0], levels.t_s[-1], STEP_S)
    ours = np.maximum(np.interp(grid, levels.t_s, levels.db), FLOOR_DB)
    if min(len(ours), len(theirs)) < 10 / STEP_S or min(float(np.std(ours)), float(np.std(theirs))) < 0.5:
        raise SoundError("too short or too even to be laid under the log")
    found = agreements(ours, theirs)
    lag = int(np.argmax(found)) - (len(theirs) - 1)  # theirs[i] belongs to ours[i + lag]
    agreement = float(found.max())
    if not agreement >= SURE:
        raise SoundError(f"its level does not follow the log's (correlation {agreement:.2f}, needed {SURE})")
    return float(grid[0] + (lag - 1) * STEP_S)


def agreements(a: Float64Array, b: Float64Array) -> Float64Array:
    """Pearson correlation of two curves (n,), (m,) where they overlap, for every lag: (n + m - 1,), lag 0 at m - 1.

    Lags with less than half of the shorter one in common count as -1.
    """

    def total(x: Float64Array, y: Float64Array) -> Float64Array:
        return np.asarray(correlate(x, y, mode="full", method="fft"))

    a, b = a - a.mean(), b - b.mean()  # for the sums' precision; the means of the overlap are taken out below
    ones_a, ones_b = np.ones(len(a)), np.ones(len(b))
    count = np.maximum(np.rint(total(ones_a, ones_b)), 1.0)
    sum_a, sum_b = total(a, ones_b), total(ones_a, b)
    spread_a = total(np.square(a), ones_b) - np.square(sum_a) / count
    spread_b = total(ones_a, np.square(b)) - np.square(sum_b) / count
    shared = total(a, b) - sum_a * sum_b / count
    found = shared / np.sqrt(np.maximum(spread_a, 1e-6) * np.maximum(spread_b, 1e-6))
    found[(count < 0.5 * min(len(a), len(b))) | (np.minimum(spread_a, spread_b) < 1e-3 * count)] = -1.0
    return found


def recorded_embeddings(
    recording: Path, levels: Levels, t_s: Float64Array, wanted: npt.NDArray[np.bool_], embedder: Path
) -> tuple[Float32Array, npt.NDArray[np.bool_]]:
    """Embeddings (T, 512) of the wanted hops from a recording of the night, and (T,) which it covers.

    Args:
        levels: of the log's pulses. t_s: (T,) when each hop's sound ends. wanted: (T,).

    Raises:
        SoundError: another night's recording.
    """
    samples = read_audio(recording)
    begin_s = begins_at(samples, levels)
    ends = np.rint((t_s - begin_s) * SAMPLE_RATE_HZ).astype(np.int64)
    covered = wanted & (ends > 0) & (ends <= len(samples))
    found = np.zeros((len(t_s), EMBEDDING_SIZE), np.float32)
    network = Embedder(embedder)
    for hop in track(np.flatnonzero(covered).tolist(), "listen", console=Console(stderr=True)):
        end = int(ends[hop])
        window = np.zeros(WINDOW_SAMPLES, np.float32)
        part = samples[max(end - WINDOW_SAMPLES, 0) : end]
        window[WINDOW_SAMPLES - len(part) :] = part
        found[hop] = network.embed(
            Window(float(t_s[hop]), hop, window, np.zeros((0, WINDOW_SAMPLES), np.float32))
        ).vector
    return found, covered
