"""How far the offset between sound and picture can be believed: films of known offset, cut to many lengths.

No film is written: the pictures are drawn small, the sound is that of the songs, and what the extractor measures of
both goes into its own judgement. So many cases cost what a few films would. Compression of picture and sound is left
out; docs/footage.md has a table of films that were encoded, too. Edge: files.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import beta

from controller.arrays import Float32Array, Float64Array
from controller.sound_format import HOP_S, HOP_SAMPLES
from tools.train.footage.film import FRAMES_AT_ONCE, Grid, cuts_in, offset_of
from tools.train.footage.hearing import BLOCK_SAMPLES, NOVELTY_HZ, Framed, Novelty
from tools.train.footage.light import LINEAR
from tools.train.footage.spool import Spool
from tools.train.venue.camera import HEIGHT, WIDTH
from tools.train.venue.film import Drawing, Picture, sound_of
from tools.train.venue.programme import Programme

LENGTHS_S = (15, 20, 30, 45, 60, 90, 120, 150, 180)
RIGHT_S = 0.04
"""A film that is moved is at most so far off."""
WANTED = 0.99
SMALL = 5
"""A drawn picture is made smaller by this: 64 x 36, as the extractor sees films."""
FURTHEST_S = 0.4
SURE = 0.95


@dataclass(frozen=True, slots=True)
class Seen:
    """A whole film as the estimate sees it: `frames_s` (n,), `rgb` (n, 3) linear, `novelty` (m,) at 100 Hz of the
    sound, `cuts_s` of the picture, `offset_s` as it is known, `duration_s`."""

    frames_s: Float64Array
    rgb: Float32Array
    novelty: Float32Array
    cuts_s: tuple[float, ...]
    offset_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Case:
    """A piece of a film: which `seed` drew that, its `length_s`, its known `offset_s`, by how much it would be
    `moved_s` (0: it is left where it is), and how sure."""

    seed: int
    length_s: float
    offset_s: float
    moved_s: float
    confidence: float

    @property
    def error_s(self) -> float:
        """How far off a moved piece is."""
        return abs(self.moved_s - self.offset_s)

    @property
    def right(self) -> bool:
        """Whether it is near enough, of a moved one."""
        return self.error_s <= RIGHT_S


def seen(programme: Programme, fps: int = 25) -> Seen:
    """Draw a programme small, and listen to it."""
    drawing, times = Drawing(programme), np.arange(int(programme.duration_s * fps)) / fps
    with tempfile.TemporaryDirectory(prefix="followspot-offsets-") as folder:
        spool, rgb, waiting = Spool(Path(folder) / "spool"), [], list[Picture]()
        for t_s in times:
            waiting.append(_small(drawing.picture(float(t_s), 1 / fps)))
            if len(waiting) == FRAMES_AT_ONCE or t_s == times[-1]:
                stack = np.stack(waiting)
                spool.append("picture", stack)
                rgb.append(LINEAR[stack[:, ::2, ::2]].mean(axis=(1, 2)))
                waiting = []
        novelty = heard(sound_of(programme))
        grid = Grid(0.0, 0.0, len(novelty) // round(NOVELTY_HZ * HOP_S), times)
        cuts_s = tuple(cuts_in(grid, spool))
    return Seen(times, np.concatenate(rgb), novelty, cuts_s, programme.offset_s, float(times[-1]))


def _small(picture: Picture) -> Picture:
    parts = picture.reshape(HEIGHT // SMALL, SMALL, WIDTH // SMALL, SMALL, 3)
    return np.rint(parts.mean(axis=(1, 3))).astype(np.uint8)


def heard(samples: Float32Array) -> Float32Array:
    """Beginnings of sound at 100 Hz, of samples (n,) at 48 kHz."""
    framed, novelty, parts = Framed(), Novelty(), []
    whole = samples[: len(samples) // HOP_SAMPLES * HOP_SAMPLES]
    for first in range(0, len(whole), BLOCK_SAMPLES):
        block = whole[first : first + BLOCK_SAMPLES]
        parts.append(novelty.of(framed.add(block)[1], len(block) // HOP_SAMPLES))
    return np.concatenate(parts)


def cases(film: Seen, rng: np.random.Generator, seed: int, lengths_s: Sequence[int] = LENGTHS_S) -> Iterator[Case]:
    """Pieces of every length that fits, one after the other, each with an offset of its own within 0.4 s."""
    for length_s in lengths_s:
        free_s = film.duration_s - 2 * FURTHEST_S
        count = int(free_s // length_s)
        begins_s = FURTHEST_S + float(rng.uniform(0.0, free_s - count * length_s)) if count else 0.0
        for piece in range(count):
            offset_s = float(rng.uniform(-FURTHEST_S, FURTHEST_S))
            yield Case(seed, length_s, *judged(film, begins_s + piece * length_s, length_s, offset_s))


def judged(film: Seen, begins_s: float, length_s: float, offset_s: float) -> tuple[float, float, float]:
    """What the extractor would do with a piece of the picture whose sound is cut so that the offset is this one.

    Args:
        begins_s: of the piece, on the picture's clock. offset_s: wanted.

    Returns:
        The offset to a hundredth of a second, which is what sound is cut to; by how much the piece would be moved; how
        sure.
    """
    first = max(round((begins_s + film.offset_s - offset_s) * NOVELTY_HZ), 0)
    known_s = begins_s + film.offset_s - first / NOVELTY_HZ
    novelty = film.novelty[first : first + round(length_s * NOVELTY_HZ)]
    inside = (film.frames_s >= begins_s) & (film.frames_s < begins_s + length_s)
    cuts_s = [cut_s - begins_s for cut_s in film.cuts_s]
    found = offset_of(film.frames_s[inside] - begins_s, film.rgb[inside], novelty, cuts_s, 0.0)
    return known_s, found.correction_s, found.confidence


def least_share(right: int, moved: int) -> float:
    """The share that is right of all moved films, as far as these tell: lower end of a one-sided interval of 95 %
    (Clopper and Pearson, Biometrika 1934); 0 where none was moved."""
    return float(beta.ppf(1.0 - SURE, right, moved - right + 1)) if right else 0.0


def table(found: list[Case]) -> str:
    """A row for each length, and one for all, in Markdown."""
    rows = ["| cut to | pieces | moved | of these within 40 ms | worst of these | at least, 95 % sure |",
            "|---|---|---|---|---|---|"]  # fmt: skip
    rows += [_row(f"{length:g} s", [one for one in found if one.length_s == length])
             for length in sorted({one.length_s for one in found})]  # fmt: skip
    return "\n".join([*rows, _row("all", found)])


def _row(name: str, found: list[Case]) -> str:
    moved = [one for one in found if one.moved_s != 0.0]
    right = sum(one.right for one in moved)
    if not moved:
        return f"| {name} | {len(found)} | 0 | | | |"
    worst = max(one.error_s for one in moved)
    least = f"{least_share(right, len(moved)):.1%}"
    return f"| {name} | {len(found)} | {len(moved)} | {right} | {1000 * worst:.0f} ms | {least} |"


def read_cases(path: Path | None) -> list[Case]:
    """Cases of a run before; none where there was none."""
    if path is None or not path.is_file():
        return []
    return [Case(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def write_cases(path: Path | None, found: list[Case]) -> None:
    """Keep all cases, where a file is named for them."""
    if path is not None:
        path.write_text(json.dumps([asdict(one) for one in found]) + "\n", encoding="utf-8")
