"""Songs and their shows for the stage: real music with composed light, or made-up music. Edge: reads files."""

from pathlib import Path

import numpy as np

from controller.sound_format import SAMPLE_RATE_HZ
from tools.train.venue.programme import Number


def designed(paths: list[Path], minutes: float, seed: int) -> list[Number]:
    """Real songs, each with one show by `tools.train.designer.designer`, until they fill `minutes`; drawn by seed."""
    from tools.train.designer.analysis import analyse  # noqa: PLC0415 - librosa takes seconds to import
    from tools.train.designer.designer import design  # noqa: PLC0415
    from tools.train.songs import read_audio  # noqa: PLC0415

    rng = np.random.default_rng([seed, 70])
    numbers, filled_s = [], 0.0
    for index in rng.permutation(len(paths)):
        left_s = 60.0 * minutes - filled_s
        if left_s < 20.0:
            break
        samples = read_audio(paths[index])[: int(left_s * SAMPLE_RATE_HZ)]
        if len(samples) < 20 * SAMPLE_RATE_HZ:
            continue
        numbers.append(Number(paths[index].stem, samples, design(analyse(samples), rng).light))
        filled_s += len(samples) / SAMPLE_RATE_HZ + 6.0
    if not numbers:
        raise FileNotFoundError("no song of 20 s or more; --songs must name audio files or a folder of them")
    return numbers


def made_up(length_s: float, seed: int) -> Number:
    """Drum hits and a chord at an uneven pace, and light that answers them: for tests, needs no file."""
    rng = np.random.default_rng([seed, 74])
    hops = int(length_s * 10)
    samples = np.zeros(hops * 4800, np.float32)
    t = np.arange(len(samples)) / SAMPLE_RATE_HZ
    samples += (0.05 * np.sin(2 * np.pi * 220 * t) + 0.04 * np.sin(2 * np.pi * 277 * t)).astype(np.float32)
    hit_s = np.cumsum(rng.uniform(0.35, 0.75, hops // 3))
    hit_s = hit_s[hit_s < length_s - 0.5]
    burst = (rng.standard_normal(7200) * np.exp(-np.arange(7200) / 1500.0)).astype(np.float32)
    level = np.zeros(hops)
    for at in hit_s:
        first = int(at * SAMPLE_RATE_HZ)
        samples[first : first + len(burst)] += 0.3 * burst[: len(samples) - first]
        level[int((at + 0.03) * 10)] = 1.0
    for k in range(1, hops):
        level[k] = max(level[k], 0.75 * level[k - 1])
    held = np.repeat(rng.uniform(50, 150, hops // 60 + 1), 60)[:hops]
    hue = np.repeat(rng.integers(0, 180, hops // 45 + 1), 45)[:hops]
    code = np.clip(held * (0.5 + 0.9 * level), 0, 255)
    return Number(f"made_up_{seed}", samples, np.stack([hue, code.astype(np.int64)], axis=1))


def tokens_from(path: Path) -> np.ndarray:
    """Light (T, 2) of a `tokens.csv` (header t_s,hue,value) or an `.npy`."""
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False).astype(np.int64)
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2), ndmin=2).astype(np.int64)
