"""Does the last ten minutes of a long night cost what the first ten cost? Time of a decoder step, and memory."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.clock import MonotonicClock
from controller.config import Config, read_config
from controller.listening.audio.source import open_recorded
from controller.listening.audio.windows import Windows
from controller.listening.decider import model_folders
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart
from controller.listening.embed.embedder import Embedder
from controller.messages import AudioBlock, Embedding
from controller.sound_format import HOP_SAMPLES
from tools.bench.run.processes import PAGE_BYTES
from tools.bench.run.result import CONFIG, Figures, Options, percentiles
from tools.bench.run.staging import bundled_song
from tools.bench.run.waiting import progress

SLICE_HOPS = 6_000
FULL_SLICES = 18
QUICK_PARTS = 5
EMBEDDED_HOPS = 600
AIMS = {"step_drift_percent": "about 0", "rss_drift_mib": "about 0"}


def measure(options: Options) -> Figures:
    """Steps at full speed, in slices of ten minutes of music; quick: ten minutes in slices of two.

    Slopes are those of straight lines through all slices but the first, which pays for what is allocated once; drift
    is what the line gains from the second slice to the last. In a quick run only the drift says something.
    """
    slices, hops = (QUICK_PARTS, SLICE_HOPS // QUICK_PARTS) if options.quick else (FULL_SLICES, SLICE_HOPS)
    config = read_config(CONFIG)
    embeddings = _embeddings(config)
    embedder, decoder = model_folders(config)
    threads, provider = config.model.threads, config.model.provider
    name = Embedder(embedder, threads=threads, provider=provider).name
    skipbart = SkipBart(DecoderNetwork(decoder, name, threads=threads, provider=provider))
    steps_s = np.zeros((slices, hops))
    rss_mib = np.zeros(slices)
    with progress() as bar:
        task = bar.add_task("endless", total=slices * hops)
        for one in range(slices):
            for hop in range(hops):
                steps_s[one, hop] = _step_s(skipbart, embeddings[(one * hops + hop) % len(embeddings)])
                bar.update(task, advance=1)
            rss_mib[one] = rss_bytes() / 2**20
    return _figures(steps_s, rss_mib, hops / 36_000)


def _embeddings(config: Config) -> list[Embedding]:
    """The first minute of the bundled song, embedded."""
    embedder = Embedder(model_folders(config)[0], threads=config.model.threads, provider=config.model.provider)
    song, windows = open_recorded(bundled_song(), config), Windows()
    try:
        blocks = [AudioBlock(hop / 10.0, hop, song.read(HOP_SAMPLES)[:, :1]) for hop in range(EMBEDDED_HOPS)]
    finally:
        song.close()
    return [embedder.embed(window) for block in blocks for window in windows.feed(block)]


def _step_s(skipbart: SkipBart, embedding: Embedding) -> float:
    """Seconds of one hop; a light that changes is enough, the sampling costs the same whatever it draws."""
    clock = MonotonicClock()
    started_s = clock.now_s()
    skipbart.step(embedding, embedding.seq % 180, embedding.seq % 256)
    return clock.now_s() - started_s


def _figures(steps_s: npt.NDArray[np.float64], rss_mib: npt.NDArray[np.float64], slice_hours: float) -> Figures:
    medians_ms = np.median(steps_s, axis=1) * 1e3
    step_slope = slope(medians_ms) / float(medians_ms.mean())
    slices = len(rss_mib)
    return {
        "simulated_minutes": round(slices * slice_hours * 60.0),
        "slice_minutes": round(slice_hours * 60.0),
        "step_ms": percentiles(steps_s.ravel(), 50, 95, 99, 100),
        "step_p50_ms_by_slice": [round(float(one), 3) for one in medians_ms],
        "step_drift_percent": round(100.0 * step_slope * (slices - 2), 2),
        "step_slope_percent_per_hour": round(100.0 * step_slope / slice_hours, 2),
        "rss_mib_by_slice": [round(float(one), 1) for one in rss_mib],
        "rss_drift_mib": round(slope(rss_mib) * (slices - 2), 2),
        "rss_slope_mib_per_hour": round(slope(rss_mib) / slice_hours, 2),
    }


def slope(series: npt.NDArray[np.float64]) -> float:
    """Change per slice of the straight line through all but the first; 0 if there are not two left."""
    rest = series[1:]
    return float(np.polyfit(np.arange(len(rest)), rest, 1)[0]) if len(rest) > 1 else 0.0


def rss_bytes() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
