"""RPMC-L2 clips to our files and back. Edge: reads and writes files.

A clip holds `music` [T, 512], `sample` [T] (which video frame belongs to each music frame) and `light[frame][threshold]
[channel]`: histograms of hue (180), saturation (256) and value (256) over the pixels at least that bright. Source: the
loaders that Skip-BART and SeqLight were published with; the data set's own extraction code was not. The first takes
"value" from channel 1, which is saturation in the order of OpenCV; the second from channel 2. Both can be had here.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from controller.arrays import AnyArray
from tools.train.footage.folder import write_json
from tools.train.footage.judging import KEEP, runs
from tools.train.footage.light import HUES, THRESHOLDS
from tools.train.footage.plain_pickle import read_plain
from tools.train.footage.source import FootageError

HUE_THRESHOLD, VALUE_THRESHOLD = 60, 0
CHANNELS = {"hue": 0, "saturation": 1, "value": 2}
SIZES = {"hue": 180, "saturation": 256, "value": 256}
SHORTEST_CLIP_HOPS, LONGEST_CLIP_HOPS = 200, 3_000
PLAIN = {
    "saturation": "`value` is the mean SATURATION of the picture, as in Skip-BART's own training; not its brightness",
    "value": "`value` is the mean brightness of the picture",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: `music` (T, 512), histograms of each music frame's picture: hue (T, 180), both others (T, 256)."""

    music: AnyArray
    hue: AnyArray
    saturation: AnyArray
    value: AnyArray


def hue_of(histogram: AnyArray) -> AnyArray:
    """Hue 0..179 (T,) as the published loaders read it: bin 0 also holds greys, so its neighbours stand in for it."""
    counts = np.array(histogram, np.int64)
    counts[:, 0] = (counts[:, 1] + counts[:, HUES - 1]) // 2
    return counts.argmax(axis=1)


def mean_bin(histogram: AnyArray) -> AnyArray:
    """Mean bin 0..255 (T,) without bin 0, 0 where nothing else is."""
    counts = np.array(histogram, np.float64)
    counts[:, 0] = 0.0
    total = counts.sum(axis=1)
    return np.where(total > 0, counts @ np.arange(counts.shape[1]) / np.maximum(total, 1.0), 0.0)


def read_clip(path: Path) -> Clip:
    """A clip in a `.pkl` or an `.h5`.

    Raises:
        FootageError: says what is missing or of another shape.
    """
    if not path.is_file():
        raise FootageError(f"{path}: no such file")
    return _from_hdf5(path) if path.suffix in (".h5", ".hdf5") else _from_pickle(path)


def _from_pickle(path: Path) -> Clip:
    told = read_plain(path)
    missing = [name for name in ("music", "sample", "light") if not isinstance(told, dict) or name not in told]
    if missing:
        raise FootageError(f"{path}: lacks {', '.join(missing)}; a clip of RPMC-L2 has music, sample and light")
    try:
        music = np.asarray(told["music"], np.float32)
        frames = np.asarray(told["sample"]).astype(np.int64).ravel()
        light = told["light"]
        hue = np.stack([_histogram(path, light[frame], HUE_THRESHOLD, "hue") for frame in frames])
        others = [np.stack([_histogram(path, light[frame], VALUE_THRESHOLD, name) for frame in frames])
                  for name in ("saturation", "value")]  # fmt: skip
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise FootageError(f"{path}: light[frame][threshold][channel] cannot be followed ({error})") from error
    return _checked(path, Clip(music, hue, *others))


def _histogram(path: Path, picture: object, threshold: int, name: str) -> AnyArray:
    """One histogram; thresholds are keys of a dict or places in a list."""
    at: int | str = threshold
    if isinstance(picture, dict) and threshold not in picture:
        at = str(threshold)
    elif not isinstance(picture, dict) and len(picture) <= threshold:  # type: ignore[arg-type]
        raise FootageError(f"{path}: has no histograms at brightness {threshold}")
    counts = np.asarray(picture[at][CHANNELS[name]]).ravel()  # type: ignore[index]
    if counts.shape != (SIZES[name],):
        raise FootageError(f"{path}: a histogram of {name} has {len(counts)} bins, not {SIZES[name]}")
    return counts


def _from_hdf5(path: Path) -> Clip:
    try:
        with h5py.File(path, "r") as clip:
            frames = clip["sample"][:].astype(np.int64)
            hue = clip[f"light/{HUE_THRESHOLD}/hue"][:][frames]
            others = [clip[f"light/{VALUE_THRESHOLD}/{name}"][:][frames] for name in ("saturation", "value")]
            return _checked(path, Clip(clip["music"][:].astype(np.float32), hue, *others))
    except (OSError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise FootageError(f"{path}: not a clip with music, sample and light/60/hue ({error})") from error


def _checked(path: Path, clip: Clip) -> Clip:
    n = len(clip.hue)
    if clip.music.ndim != 2 or clip.music.shape != (n, 512) or not np.isfinite(clip.music).all():
        raise FootageError(f"{path}: music has shape {list(clip.music.shape)}, not [{n}, 512], or is not finite")
    for name in ("hue", "saturation", "value"):
        if getattr(clip, name).shape != (n, SIZES[name]):
            raise FootageError(f"{path}: histograms of {name} are not [{n}, {SIZES[name]}]")
    return clip


def bring(paths: list[Path], out: Path, channel: str) -> int:
    """The verb `import-rpmc`: one `.npz` and `.json` per clip; 1 if none could be read."""
    found = [f for path in paths for f in (_clips_in(path) if path.is_dir() else [path])]
    out.mkdir(parents=True, exist_ok=True)
    print(PLAIN[channel])
    good = 0
    for path in found:
        try:
            clip = read_clip(path)
        except FootageError as error:
            print(f"failed    {error}")
            continue
        _write(clip, path, out, channel)
        good += 1
    print(f"{good} of {len(found)} clips imported to {out}")
    return 0 if good else 1


def _clips_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".pkl", ".pickle", ".h5", ".hdf5"))


def _write(clip: Clip, path: Path, out: Path, channel: str) -> None:
    n = len(clip.hue)
    level = mean_bin(clip.saturation if channel == "saturation" else clip.value)
    partial = out / f"{path.stem}.partial.npz"
    np.savez(
        partial,
        t_s=np.round(0.1 * np.arange(1, n + 1), 3),
        hue=hue_of(clip.hue).astype(np.int16),
        value=np.rint(level).astype(np.int16),
        trust=np.ones(n, np.float32),
        embedding=clip.music.astype(np.float16),
        offset_s=np.float64(0.0),
        offset_confidence=np.float64(0.0),
    )
    partial.replace(out / f"{path.stem}.npz")
    write_json(out / f"{path.stem}.json", {
        "video": str(path), "hops": n, "kept": 1.0, "dropped": [], "rpmc": {"value_channel": channel},
        "notes": [PLAIN[channel], "embeddings look half a second ahead, as OpenL3 centres its windows"],
    })  # fmt: skip


def send(folder: Path, out: Path, form: str) -> int:
    """The verb `export-rpmc`: kept stretches of 20 s to 5 min, one clip each; 1 if there is none."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in sorted(folder.glob("*.npz")):
        for number, clip in enumerate(_stretches(path)):
            target = out / f"{path.stem}-{number:03d}.{'pkl' if form == 'pkl' else 'h5'}"
            partial = target.with_suffix(".partial")
            (_to_pickle if form == "pkl" else _to_hdf5)(partial, clip)
            partial.replace(target)
            count += 1
    print(f"{count} clips in {out}; their music is what the embedder of the extraction made of it (RPMC-L2 has OpenL3)")
    if not count:
        raise FootageError(f"{folder}: no stretch of 20 s or more is kept in any film with histograms")
    return 0


def _stretches(path: Path) -> Iterator[dict[str, AnyArray]]:
    with np.load(path, allow_pickle=False) as film:
        if "hue_histogram" not in film:
            return
        arrays = {
            name: film[name] for name in ("embedding", "hue_histogram", "saturation_histogram", "value_histogram")
        }
        kept = film["trust"] >= KEEP
    for start, end in runs(kept):
        for first in range(start, end, LONGEST_CLIP_HOPS):
            last = min(first + LONGEST_CLIP_HOPS, end)
            if last - first >= SHORTEST_CLIP_HOPS:
                yield {name: array[first:last] for name, array in arrays.items()}


def _channels(clip: dict[str, AnyArray], index: int, threshold: int) -> dict[str, AnyArray]:
    """Histograms at a threshold. Saturation is only counted over all pixels; above a brightness it is left empty."""
    value = np.array(clip["value_histogram"])
    value[:, :threshold] = 0
    saturation = np.array(clip["saturation_histogram"])
    if threshold:
        saturation[:] = 0
    return {"hue": clip["hue_histogram"][:, index], "saturation": saturation, "value": value}


def _to_pickle(path: Path, clip: dict[str, AnyArray]) -> None:
    n = len(clip["embedding"])
    parts = {threshold: _channels(clip, index, threshold) for index, threshold in enumerate(THRESHOLDS)}
    light = [
        {threshold: [channels[name][k].astype(np.int64) for name in CHANNELS] for threshold, channels in parts.items()}
        for k in range(n)
    ]
    told = {"music": clip["embedding"].astype(np.float32), "sample": np.arange(n), "light": light}
    path.write_bytes(pickle.dumps(told, protocol=4))


def _to_hdf5(path: Path, clip: dict[str, AnyArray]) -> None:
    with h5py.File(path, "w") as target:
        target["music"] = clip["embedding"].astype(np.float32)
        target["sample"] = np.arange(len(clip["embedding"]))
        for index, threshold in enumerate(THRESHOLDS):
            for name, counts in _channels(clip, index, threshold).items():
                target.create_dataset(f"light/{threshold}/{name}", data=counts, compression="gzip")
