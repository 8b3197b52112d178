"""One film to features: what was seen, brought onto the clock of what was heard. Edge through `source` and `spool`.

In order: the sound; every frame as a small picture on disk; camera cuts; the offset between sound and picture; then, on
the sound's grid of hops, what each camera always sees, and with that the light. A light at hop k is that of the frame
30 ms before the hop's end, sound up to sample 4800 (k + 1): what a decoder that hears the hop could have answered, by
the rule that also places composed light (`tools.train.designer.analysis.hop_of`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IntArray
from controller.listening.decode.vocabulary import BEARINGS_VERSION
from controller.sound_format import HOP_S
from tools.train import bearings
from tools.train.footage import exposure as exposing
from tools.train.footage import judging, light, shots
from tools.train.footage.area import Box, picture_area
from tools.train.footage.hearing import BLOCK_SAMPLES, NOVELTY_HZ, NOVELTY_LEAD_S, Listener, Network, loudness
from tools.train.footage.offset import Offset, find_offset, light_changes
from tools.train.footage.source import Facts, FootageError, Trouble, pictures, probe, sound
from tools.train.footage.spool import Spool

Pictures = npt.NDArray[np.uint8]
Progress = Callable[[str, float], None]

AUDIBLE_AFTER_S = 0.03
NEAR_S = 0.15
BLOCK_HOPS = 300
FRAMES_AT_ONCE = 64
SHORTEST_HOPS = 20
FULL_SCALE_PERCENTILE, FULL_SCALE, LEAST_FULL = 99.0, 245.0, 1e-3
SURE_CHROMA = 0.006
SURE_SHARE = 0.35
STRIP_PICTURES = 48


@dataclass(slots=True)
class Measured:
    """What was found in a film; arrays over hops, see docs/footage.md.

    `arrays` are small and held; histograms and embeddings are in the spool under their own names. `full`: the level,
    as a share of what the picture can show, whose `value` is `FULL_SCALE`; 0 where nothing was kept. `taken_back`: how
    much of a step of light the camera takes back, nan: nothing tells.
    """

    arrays: dict[str, npt.NDArray[np.generic]]
    spooled: list[str]
    offset: Offset
    dropped: list[dict[str, object]]
    cuts_s: list[float]
    area: Box
    strip: Pictures
    cameras: int
    hops: int
    full: float
    taken_back: float


def measure(
    path: Path, facts: Facts, networks: dict[str, Network], *, spool: Spool, trouble: Trouble, progress: Progress
) -> Measured:
    """Extract a film.

    Raises:
        FootageError: nothing can be extracted from it.
    """
    heard = _hear(path, facts, networks, spool=spool, trouble=trouble, progress=progress)
    seen = _see(path, facts, spool, trouble, progress)
    nominal = Grid(facts.sound_start_s, 0.0, len(heard.level_db), seen.t_s)
    cuts_s = cuts_in(nominal, spool)
    offset = offset_of(seen.t_s, seen.rgb, heard.novelty, cuts_s, facts.sound_start_s)
    grid = Grid(facts.sound_start_s, offset.correction_s, nominal.hops, seen.t_s)
    return _light(grid, spool, heard, cuts_s, offset=offset, seen=seen)


@dataclass(slots=True)
class Sounds:
    """Over the whole film: what the ear heard in each hop, `level_db` (hops,), `novelty` at 100 Hz."""

    hops: list[bearings.Heard]
    level_db: Float32Array
    novelty: Float32Array


def _hear(
    path: Path, facts: Facts, networks: dict[str, Network], *, spool: Spool, trouble: Trouble, progress: Progress
) -> Sounds:
    listener, hops, blocks, done_s = Listener(networks), list[bearings.Heard](), [], 0.0
    for block in sound(path, trouble, BLOCK_SAMPLES, track=facts.sound_track):
        heard = listener.hear(block)
        if heard is None:
            break
        for name, rows in heard.embeddings.items():
            spool.append(name, rows)
        hops += heard.hops
        blocks.append((heard.level_db, heard.novelty))
        done_s += len(block) / 48_000
        progress("hear", min(done_s / max(facts.duration_s, 1.0), 1.0))
    if len(hops) < SHORTEST_HOPS:
        raise FootageError("holds less than two seconds of sound; is the file cut short?")
    return Sounds(hops, *(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


@dataclass(slots=True)
class Sightings:
    """Every frame: `t_s` (n,), `rgb` (n, 3) mean linear colour of the picture area; pictures are in the spool."""

    t_s: npt.NDArray[np.float64]
    rgb: Float32Array
    area: Box
    size: tuple[int, int]


def _see(path: Path, facts: Facts, spool: Spool, trouble: Trouble, progress: Progress) -> Sightings:
    probes = probe(path, facts)
    if not probes:
        first = next(pictures(path, facts, trouble), None)
        if first is None:
            raise FootageError("no picture can be decoded (encrypted, damaged or cut short); copy it again")
        probes = [first[1]]
    top, bottom, left, right = area = picture_area(probes)
    times, colours, waiting = [], [], []
    for t_s, picture in pictures(path, facts, trouble):
        part = picture[top:bottom, left:right]
        waiting.append(part)
        times.append(t_s)
        if len(waiting) == FRAMES_AT_ONCE:
            colours.append(_keep(spool, waiting))
            waiting = []
            progress("see", min((t_s - facts.start_s) / max(facts.duration_s, 1.0), 1.0))
    if waiting:
        colours.append(_keep(spool, waiting))
    if len(times) < 3 or times[-1] - times[0] < SHORTEST_HOPS * HOP_S - 0.5:
        raise FootageError("holds less than two seconds of picture; is the file cut short?")
    return Sightings(np.array(times), np.concatenate(colours), area, (bottom - top, right - left))


def _keep(spool: Spool, waiting: list[Pictures]) -> Float32Array:
    stack = np.stack(waiting)
    spool.append("picture", stack)
    return light.LINEAR[stack[:, ::2, ::2]].mean(axis=(1, 2))


SAME_MOMENT_S = 1e-3


class Grid:
    """Which frame belongs to which hop.

    Args:
        start_s: time of the first sample on the container's clock. correction_s: sound minus picture.
        frames_s: times of the frames.
    """

    def __init__(self, start_s: float, correction_s: float, hops: int, frames_s: npt.NDArray[np.float64]) -> None:
        self.hops, self.start_s, self.correction_s = hops, start_s, correction_s
        self.wanted_s = start_s + HOP_S * np.arange(1, hops + 1) - AUDIBLE_AFTER_S - correction_s
        # a picture is seen until the next one comes, however near that is
        on = np.searchsorted(frames_s, self.wanted_s + SAME_MOMENT_S, side="right") - 1
        self.frames = np.clip(on, 0, len(frames_s) - 1).astype(np.int64)
        self.there = np.abs(frames_s[self.frames] - self.wanted_s) <= NEAR_S

    def hop_of(self, video_s: float) -> int:
        """First hop whose light is seen at or after a time of the picture."""
        return int(np.searchsorted(self.wanted_s, video_s - 1e-6))

    def blocks(self, spool: Spool, around: int = 0) -> Iterator[tuple[int, int, int, Pictures]]:
        """first, last, how many extra are in front, and the pictures of hops first - extra .. last + around - 1."""
        for first in range(0, self.hops, BLOCK_HOPS):
            last = min(first + BLOCK_HOPS, self.hops)
            start, end = max(first - around, 0), min(last + around, self.hops)
            yield first, last, first - start, spool.take("picture", self.frames[start:end])


def cuts_in(grid: Grid, spool: Spool) -> list[float]:
    """Times of the picture at which the camera changes."""
    scores = np.ones(grid.hops, np.float32)
    for first, last, extra, block in grid.blocks(spool, 2 * shots.SIDE):
        scores[first:last] = shots.cut_scores(block)[extra : extra + last - first]
    return [float(grid.wanted_s[hop]) for hop in shots.find_cuts(scores)]


def offset_of(
    frames_s: npt.NDArray[np.float64],
    rgb: Float32Array,
    novelty: Float32Array,
    cuts_s: Sequence[float],
    start_s: float,
) -> Offset:
    """The offset of sound and picture; what is near a camera cut is not looked at.

    Args:
        frames_s: (n,) times of the frames. rgb: (n, 3) mean linear colours. novelty: (m,) at 100 Hz.
        start_s: of the sound, on the picture's clock.
    """
    first_s = start_s + NOVELTY_LEAD_S
    changes = light_changes(frames_s, rgb.astype(np.float64), len(novelty), first_s)
    good = np.ones(len(changes), bool)
    for cut_s in cuts_s:
        at = round((cut_s - first_s) * NOVELTY_HZ)
        good[max(at - 30, 0) : max(at + 30, 0)] = False
    return find_offset(changes, novelty.astype(np.float64), good)


def _light(
    grid: Grid, spool: Spool, heard: Sounds, cuts_s: list[float], *, offset: Offset, seen: Sightings
) -> Measured:
    cuts = np.unique([hop for hop in map(grid.hop_of, cuts_s) if 0 < hop < grid.hops]).astype(np.int64)
    cameras, pieces, sights = _look(grid, spool, cuts)
    found = _levels(grid, spool, cameras, pieces)
    evidence = judging.Evidence(sights, found.share, found.chroma, grid.there, heard.level_db, cuts)
    trust, left = judging.judge(evidence)
    usable = np.min([curve for name, curve in left.items() if name != "cut"], axis=0) >= judging.KEEP
    gains = exposing.match(found.level, usable, pieces, len(cameras.known))
    level = found.level * gains[found.camera]
    sure = (found.chroma > SURE_CHROMA) & (found.share > SURE_SHARE)
    kept = level[trust >= judging.KEEP]
    full = max(float(np.percentile(kept, FULL_SCALE_PERCENTILE)), LEAST_FULL) if len(kept) else 0.0
    scale = FULL_SCALE / (full or 1.0)
    arrays = {
        "hue": _codes(light.held(found.hue, sure), light.HUES),
        "value": np.clip(np.rint(level * scale), 0, 255).astype(np.int16),
        "trust": trust,
        "hue_trust": np.where(sure, trust, 0.0).astype(np.float32),
        "hits": bearings.hits_of(heard.hops),
        "loudness": loudness(heard.level_db),
        "level_db": heard.level_db,
        "saturation": sights.saturation,
        "motion": sights.motion,
        "hue_share": found.share,
        "exposure": found.exposure,
        "camera": found.camera.astype(np.int16),
        "zone_hue": _codes(found.zone_hue, light.HUES),
        "zone_value": np.clip(np.rint(found.zone_level * gains[found.camera][:, None] * scale), 0, 255).astype(
            np.int16
        ),
        "zone_saturation": found.zone_saturation,
        "zone_motion": found.zone_motion,
    }
    arrays["bearings_version"] = np.array(BEARINGS_VERSION)
    arrays["bearings"] = bearings.followed(heard.hops, np.stack([arrays["hue"], arrays["value"]], axis=1))
    return Measured(
        arrays, sorted(light.counts(np.zeros((1, *seen.size, 3), np.uint8))), offset, judging.dropped(left),
        [round(cut_s - grid.start_s + grid.correction_s, 2) for cut_s in cuts_s], seen.area,
        _strip(grid, spool), len(cameras.known), grid.hops, full,
        exposing.taken_back(level, trust >= judging.KEEP),
    )  # fmt: skip


def _codes(hue: Float32Array, size: int) -> npt.NDArray[np.int16]:
    return (np.rint(hue).astype(np.int64) % size).astype(np.int16)


def _look(grid: Grid, spool: Spool, cuts: IntArray) -> tuple[shots.Cameras, list[shots.Piece], judging.Sights]:
    """First look on the final grid: plain measures, histograms into the spool, and what each camera sees."""
    parts, before = [], None
    for _, _, _, block in grid.blocks(spool):
        parts.append(judging.see(block, before))
        before = block[-1:]
        for name, rows in light.counts(block).items():
            spool.append(name, rows)
    sights = judging.joined(parts)
    usable = (sights.pale < 0.3) & (sights.bright > judging.BLACK)
    cameras, pieces = shots.Cameras(), []
    for first, last in shots.pieces_of(cuts, grid.hops):
        inner = np.arange(first + 1, last - 1) if last - first > 6 else np.arange(first, last)
        good = inner[usable[inner]] if usable[inner].sum() >= 5 else inner
        pieces.append(shots.Piece(first, last, cameras.look_at(spool.take("picture", grid.frames[good]))))
    return cameras, pieces, sights


@dataclass(slots=True)
class Levels:
    """Light of each hop before its scale is known; (n,), (n, 3) by zone."""

    hue: Float32Array
    share: Float32Array
    chroma: Float32Array
    level: Float32Array
    exposure: Float32Array
    camera: IntArray
    zone_hue: Float32Array
    zone_level: Float32Array
    zone_saturation: Float32Array
    zone_motion: Float32Array


def _levels(grid: Grid, spool: Spool, cameras: shots.Cameras, pieces: list[shots.Piece]) -> Levels:
    n = grid.hops
    one, three = (lambda: np.zeros(n, np.float32)), (lambda: np.zeros((n, 3), np.float32))
    found = Levels(one(), one(), one(), one(), one(), np.zeros(n, np.int64), three(), three(), three(), three())
    for piece in pieces:
        hops = slice(piece.first, piece.last)
        block = spool.take("picture", grid.frames[hops])
        camera = cameras.known[piece.camera]
        found.camera[hops] = piece.camera
        found.exposure[hops] = exposing.drift(block, camera)
        _measure(block, camera, found, hops)
    return found


def _measure(block: Pictures, camera: shots.Camera, found: Levels, hops: slice) -> None:
    always = camera.always if exposing.dark_was_seen(camera) else np.zeros_like(camera.always)
    remaining = light.remaining(block, always, found.exposure[hops])
    votes = light.votes(block, remaining)
    total = votes.histogram.sum(axis=1)
    found.hue[hops], found.share[hops], chroma = light.winner(total)
    found.chroma[hops] = chroma / votes.pixels.sum()
    exposure = found.exposure[hops] ** np.float32(1.0 / light.GAMMA)
    code = block.max(axis=-1) / (np.float32(255.0) * exposure[:, None, None])
    lit = exposing.lit_places(camera)
    found.level[hops] = code[:, lit].mean(axis=1)
    zones = light.zone_of_columns(block.shape[2])
    moved = np.abs(np.diff(block.astype(np.int16), axis=0, prepend=block[:1])).mean(axis=-1)
    _, colour, high = light.hue_of(block.astype(np.float32))
    for zone in range(len(light.ZONES)):
        inside = (zones == zone)[None, :] & lit
        hue, _, mass = light.winner(votes.histogram[:, zone])
        found.zone_hue[hops, zone] = light.held(hue, mass / votes.pixels[zone] > SURE_CHROMA)
        found.zone_level[hops, zone] = code[:, inside].mean(axis=1) if inside.any() else found.level[hops]
        columns = zones == zone
        saturation = colour[:, :, columns].sum(axis=(1, 2)) / np.maximum(high[:, :, columns].sum(axis=(1, 2)), 1.0)
        found.zone_saturation[hops, zone] = 255 * saturation
        found.zone_motion[hops, zone] = moved[:, :, columns].mean(axis=(1, 2))


def _strip(grid: Grid, spool: Spool) -> Pictures:
    """Pictures from all over the film side by side, (h, pictures * w, 3)."""
    where = np.linspace(0, grid.hops - 1, min(STRIP_PICTURES, grid.hops)).astype(int)
    return np.concatenate([spool.take("picture", grid.frames[hop : hop + 1])[0] for hop in where], axis=1)
