"""A room's own light: a folder of footage, as stretches that can be trusted, nights apart.

Footage is one `NAME.npz` for each video (`tools.train.footage`) or show log (`takeovers`): `t_s` (T,) ten a second,
`hue` (T,) 0..179, `value` (T,) 0..255, `trust` (T,) 0..1, `embedding` (T, 512); and, if they are known, `hue_trust` and
`value_trust` (T,), `hits`, `loudness` (T,), `bearings` (T, N) with their `bearings_version`, `beats`, `section_starts`
(hops), and `chroma`, `onsets`, `rms` at 30 frames a second. `NAME.json` beside it may say the `night`, the
`embedder_sha256`, and which segments were `dropped`.

`value` counts on the scale that a file shares with others (`footage.brightness`); what was scaled alone is told to the
decoder, and no loss falls on it. Light that is not trusted or was dropped is PAD: no loss falls there, and the decoder
is told that it is unknown. While a camera cuts the music plays on, so short dropped segments are bridged like that;
stretches end at longer ones and where time jumps, and no crop reaches over their ends. Edge: reads files.
"""

import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IntArray
from controller.listening.decode.vocabulary import BEARINGS_VERSION, HUE_PAD, HUES, VALUE_PAD, VALUES
from controller.sound_format import HOP_S
from tools.train.footage.brightness import Scale, scales
from tools.train.footage.errors import FootageError
from tools.train.footage.evening import evening_in
from tools.train.skipbart.dataset import (
    UNLIT,
    Crops,
    Generator,
    PreparedSong,
    asked,
    bearings_of,
    blind,
    corrupt,
    freeze,
)

TRUSTED = 0.5
"""Hops of less trust are not learnt from."""
BRIDGED_HOPS = 50
"""A dropped segment of less than this does not end a stretch."""
DARK = 8
"""A value below this shows no colour: its hue is not learnt, whatever the camera took it for."""
SHORTEST_HOPS = 50
TRUTH = ".truth.npz"
"""What an invented venue's film really showed, beside it: no footage."""
KNOWN_SHARE = 0.25
"""Of a crop, at the least; otherwise another one is drawn."""
TRIES = 8
MASTER_STEP, MASTER_STEPS = 8, 3
"""Levels that a crop's light is moved by: as many steps as this, to either side."""
HELD_SHARE = 0.2
JUDGE_HOPS = 300
"""A night of less trusted footage than this judges only where no other does."""
GAP_HOPS = 100
"""Between what is learnt and what is held back of the same night: an embedding hears a second, a look lasts longer."""
NEEDED = {"t_s": 1, "hue": 1, "value": 1, "trust": 1, "embedding": 2}
PER_HOP = ("hits", "loudness", "bearings")
AT_30 = ("chroma", "onsets", "rms")
MARKS = ("beats", "section_starts")
MUSIC_RATE_HZ = 30


@dataclass(frozen=True, slots=True)
class Stretch:
    """Footage without a cut.

    Attributes:
        name: of its file. night: which evening it is from. first: hop of the file it begins at.
        music: (T, 512) float16. light: (T, 2) int64, PAD where it is not trusted.
        heard: what else is known of the music, as described above, from the stretch's own beginning.
        levels: whether its values mean anything beside those of other films.
    """

    name: str
    night: str
    first: int
    music: npt.NDArray[np.float16]
    light: IntArray
    heard: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    levels: bool = True

    @property
    def hops(self) -> int:
        """Length in hops."""
        return len(self.light)

    @property
    def trusted(self) -> int:
        """Hops that say something about the light."""
        return int((self.light != UNLIT).any(axis=1).sum())

    def song(self) -> PreparedSong:
        """As the trainer takes it: one view, one show."""
        light = self.light[None].astype(np.int16)
        bearings = self.heard.get("bearings")
        return PreparedSong(
            f"{self.name}@{self.first}",
            self.music[None],
            light,
            levels=self.levels,
            bearings=None if bearings is None else bearings[None],
        )

    def cut(self, first: int, last: int) -> "Stretch":
        """Hops first..last-1 of it."""
        heard = {name: self.heard[name][first:last] for name in PER_HOP if name in self.heard}
        frames = slice(round(first * HOP_S * MUSIC_RATE_HZ), round(last * HOP_S * MUSIC_RATE_HZ))
        heard |= {name: self.heard[name][frames] for name in AT_30 if name in self.heard}
        for name in MARKS:
            if name in self.heard:
                marks = self.heard[name]
                heard[name] = marks[(marks >= first) & (marks < last)] - first
        part = {"first": self.first + first, "music": self.music[first:last], "light": self.light[first:last]}
        return replace(self, heard=heard, **part)


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to learn and to judge by.

    Attributes:
        learnt, held_out: stretches. nights: of what is learnt. night: the one that is held out; "" if it is the last
            part of every file.
    """

    learnt: list[Stretch]
    held_out: list[Stretch]
    nights: tuple[str, ...]
    night: str

    @property
    def minutes(self) -> float:
        """Trusted footage to learn from."""
        return sum(one.trusted for one in self.learnt) * HOP_S / 60.0

    @property
    def level_minutes(self) -> float:
        """Of these, those whose levels are learnt."""
        return sum(one.trusted for one in self.learnt if one.levels) * HOP_S / 60.0

    def describe(self) -> str:
        """In half a sentence."""
        nights = f"{len(self.nights)} night{'s' if len(self.nights) > 1 else ''}"
        levels = "" if self.level_minutes == self.minutes else f", levels from {minutes_of(self.level_minutes)} of them"
        return f"{minutes_of(self.minutes)} minutes of trusted footage from {nights}{levels}"

    def lone(self) -> str:
        """A sentence about films whose levels are not learnt; "" where there are none."""
        files = {one.name for one in (*self.learnt, *self.held_out) if not one.levels}
        if not files:
            return ""
        count = "one film" if len(files) == 1 else f"{len(files)} films"
        return f"{count} scaled alone: colours are learnt, levels stay the model's (docs/finetuning.md, Levels)"


def minutes_of(minutes: float) -> str:
    """Such as `21` or `8.3`."""
    return f"{minutes:.{0 if minutes >= 10 or minutes == 0 else 1}f}"


def read_room(folder: Path, held_out: str | None = None, embedder_sha256: str | None = None) -> Room:
    """All footage of a folder and its subfolders, divided into what is learnt and what is held out.

    Args:
        held_out: a night; None: the last one of half a minute or more, or with a single night the last fifth of every
            file.
        embedder_sha256: of the embedder that the model listens with; footage that names another one is refused.

    Raises:
        FootageError: none, or of another form, or nothing trusted in it.
    """
    paths = sorted(path for path in folder.rglob("*.npz") if not path.name.endswith(TRUTH))
    if not paths:
        raise FootageError(f"{folder}: no footage (.npz); run `python -m tools.train.footage extract` first")
    told = {path: read_told(path) for path in paths}
    known = scales(told)
    stretches = [one for path in paths for one in read_footage(path, folder, embedder_sha256, known[path])]
    if not any(one.trusted for one in stretches):
        raise FootageError(f"{folder}: no stretch of {SHORTEST_HOPS * HOP_S:.0f} s with light to trust in it")
    return divide(stretches, held_out)


def read_told(path: Path) -> dict[str, Any]:
    """What is noted beside footage; nothing where nothing is.

    Raises:
        FootageError: the notes are damaged.
    """
    notes = path.with_suffix(".json")
    try:
        said = json.loads(notes.read_text("utf-8")) if notes.is_file() else {}
    except (OSError, ValueError) as error:
        raise FootageError(f"{path}: not readable as footage: {error}; extract it again") from error
    return said if isinstance(said, dict) else {}


def read_footage(
    path: Path, root: Path, embedder_sha256: str | None = None, scale: Scale | None = None
) -> list[Stretch]:
    """The stretches of one file.

    Args:
        scale: that its values are on; None: they are what they say.

    Raises:
        FootageError: a missing array, a wrong shape or range, or another embedder than the model's.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            there = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FootageError(f"{path}: not readable as footage: {error}; extract it again") from error
    said, scale = read_told(path), scale or Scale()
    _check(path, there)
    there["value"] = there["value"] * scale.factor
    theirs = said.get("embedder_sha256")
    if embedder_sha256 and theirs and theirs != embedder_sha256:
        raise FootageError(
            f"{path}: heard with another embedder (sha256 {str(theirs)[:12]}…) than the model was trained on "
            f"({embedder_sha256[:12]}…); extract it again with that one"
        )
    if there.get("bearings_version") != BEARINGS_VERSION:  # of another program: nobody knows them here
        there.pop("bearings", None)
    heard = {name: there[name] for name in (*PER_HOP, *AT_30, *MARKS) if name in there}
    music = there["embedding"].astype(np.float16)
    gone = dropped_hops(there["t_s"], dropped(said))
    light = np.where(gone[:, None], UNLIT, light_of(there))
    whole = Stretch(path.stem, night_of(path, root, said), 0, music, light, heard, levels=scale.known)
    parts = [whole.cut(first, last) for first, last in unbroken(there["t_s"], gone)]
    return [one for one in parts if one.hops >= SHORTEST_HOPS]


def _check(path: Path, there: dict[str, npt.NDArray[Any]]) -> None:
    missing = [name for name in NEEDED if name not in there]
    if missing:
        raise FootageError(
            f"{path}: no array {', '.join(missing)}; this is no footage of `tools.train.footage extract`"
        )
    hops = len(there["t_s"])
    for name, dimensions in NEEDED.items():
        array = there[name]
        if array.ndim != dimensions or len(array) != hops:
            raise FootageError(f"{path}: '{name}' has shape {list(array.shape)}, t_s has {hops} hops; extract it again")
        if not np.isfinite(array).all():
            raise FootageError(f"{path}: '{name}' holds NaN or infinity; extract it again")
    if there["embedding"].shape[1] != 512:
        raise FootageError(f"{path}: embeddings of {there['embedding'].shape[1]} numbers, not 512; extract it again")
    for name, end in (("hue", HUES), ("value", VALUES)):
        if hops and not (there[name].min() >= 0 and there[name].max() < end):
            raise FootageError(f"{path}: '{name}' outside 0..{end - 1}; extract it again")


def light_of(there: dict[str, npt.NDArray[Any]]) -> IntArray:
    """(T, 2) of footage arrays: PAD where the light, or its colour, cannot be trusted."""
    light = np.stack([np.rint(there["hue"]) % HUES, np.minimum(np.rint(there["value"]), VALUES - 1)], axis=1)
    light = light.astype(np.int64)
    sure = [there["trust"] >= TRUSTED] * 2
    for column, name in enumerate(("hue_trust", "value_trust")):
        if name in there:
            sure[column] = sure[column] & (there[name] >= TRUSTED)
    light[~sure[0] | (light[:, 1] < DARK), 0] = HUE_PAD
    light[~sure[1], 1] = VALUE_PAD
    return light


def dropped(said: dict[str, Any]) -> list[tuple[float, float]]:
    """Seconds from..to of the segments that a `NAME.json` says were dropped; entries of other forms are passed over."""
    found = []
    for one in said.get("dropped", ()):
        ends = [one.get("start_s"), one.get("end_s")] if isinstance(one, dict) else list(one)[:2]
        if len(ends) == 2 and all(isinstance(end, int | float) for end in ends):
            found.append((float(ends[0]), float(ends[1])))
    return found


def dropped_hops(t_s: npt.NDArray[np.floating], segments: list[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    """(T,) the hops that begin in a dropped segment; `t_s` is when they end."""
    gone = np.zeros(len(t_s), bool)
    for start_s, end_s in segments:
        gone |= (t_s - HOP_S >= start_s - 1e-6) & (t_s - HOP_S < end_s - 1e-6)
    return gone


def unbroken(t_s: npt.NDArray[np.floating], gone: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Hops first..last of the runs between long dropped segments and jumps of time.

    Args:
        t_s, gone: (T,).
    """
    if len(t_s) == 0:
        return []
    jump = np.abs(np.diff(t_s) - HOP_S) > 0.5 * HOP_S
    there = ~gone
    for first, last in runs(gone, np.zeros_like(jump)):
        if last - first < BRIDGED_HOPS:
            there[first:last] = True
    return runs(there, jump)


def runs(mask: npt.NDArray[np.bool_], jump: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First..last of the runs of True in (T,), which also end where (T - 1,) is True between two."""
    begins = mask & np.concatenate([[True], ~mask[:-1] | jump])
    ends = mask & np.concatenate([~mask[1:] | jump, [True]])
    return list(zip(np.flatnonzero(begins).tolist(), (np.flatnonzero(ends) + 1).tolist(), strict=True))


def night_of(path: Path, root: Path, said: dict[str, Any]) -> str:
    """Which night a file is from: what its notes say, its folder, or a date in its name; "" if none of them says."""
    if said.get("night"):
        return str(said["night"])
    if path.parent != root:
        return path.parent.relative_to(root).as_posix()
    return evening_in(path.stem)


def divide(stretches: list[Stretch], night: str | None) -> Room:
    """Hold out a night.

    Raises:
        FootageError: no such night, or nothing is left to learn from or to judge by.
    """
    nights = sorted({one.night for one in stretches if one.trusted})
    if night is not None and night not in nights:
        raise FootageError(f"no night '{night}' in this footage; there are: {', '.join(nights)}")
    if len(nights) == 1:
        if night is not None:
            raise FootageError(f"'{night}' is the only night; leave out --held-out, and its last part is held out")
        learnt, held = _last_part(stretches)
        return _checked(Room(learnt, held, (nights[0],), ""))
    chosen = _judging(stretches, nights) if night is None else night
    learnt = [one for one in stretches if one.night != chosen and one.trusted]
    held = [one for one in stretches if one.night == chosen and one.trusted]
    return _checked(Room(learnt, held, tuple(n for n in nights if n != chosen), chosen))


def _judging(stretches: list[Stretch], nights: list[str]) -> str:
    """The last night that has enough to judge by; the last one where none has."""
    enough = [one for one in nights if sum(part.trusted for part in stretches if part.night == one) >= JUDGE_HOPS]
    return (enough or nights)[-1]


def _last_part(stretches: list[Stretch]) -> tuple[list[Stretch], list[Stretch]]:
    """Of every long file the first part to learn from and its end to judge by, a gap between; short ones are whole."""
    learnt, held, short = [], [], []
    for name in dict.fromkeys(one.name for one in stretches):
        parts = [one for one in stretches if one.name == name]
        last = max(one.first + one.hops for one in parts)
        border = _border(parts)
        if last - border - GAP_HOPS // 2 < SHORTEST_HOPS:
            short.append(parts)
            continue
        for one in parts:
            before, after = border - GAP_HOPS // 2 - one.first, border + GAP_HOPS // 2 - one.first
            learnt.append(one.cut(0, min(max(before, 0), one.hops)))
            held.append(one.cut(min(max(after, 0), one.hops), one.hops))
    for parts, judges in zip(short, _whole_clips(short), strict=True):
        (held if judges else learnt).extend(parts)
    long: Callable[[Stretch], bool] = lambda one: one.hops >= SHORTEST_HOPS and one.trusted > 0  # noqa: E731
    return [one for one in learnt if long(one)], [one for one in held if long(one)]


def _border(parts: list[Stretch]) -> int:
    """The hop of a file behind which the last fifth of what can be trusted lies: its end may be house lights."""
    where = np.concatenate([one.first + np.flatnonzero((one.light != UNLIT).any(axis=1)) for one in parts])
    return int(where[int((1.0 - HELD_SHARE) * len(where))]) if len(where) else 0


def _whole_clips(clips: list[list[Stretch]]) -> list[bool]:
    """Which of some short files judge: every so many, spread over the evening, until they hold their share of it.

    Shares are taken of the whole and not of each part: a fifth of a phone's clip is too little to judge by.
    """
    trusted = [sum(one.trusted for one in parts) for parts in clips]
    judges, due = [], 0.0
    for number, amount in enumerate(trusted):
        due += HELD_SHARE * amount
        judges.append(amount > 0 and due >= 0.5 * amount and number > 0)
        due -= amount if judges[-1] else 0.0
    if len(judges) > 1 and not any(judges):
        judges[-1] = True
    return judges


LEAST_S = SHORTEST_HOPS * HOP_S
"""The least that a clip must have, in one piece, to be of use."""


def _checked(room: Room) -> Room:
    if not room.learnt or not room.held_out:
        what = "learn from" if not room.learnt else "judge by"
        raise FootageError(
            f"too little footage: nothing is left to {what}; it takes two nights, a video of a minute, or three clips "
            f"of {LEAST_S:.0f} s or more that can be trusted"
        )
    return room


def draw(songs: list[PreparedSong], size: int, length: int, rng: Generator) -> Crops:
    """A batch of random crops of light that is known at least in part, from stretches as often as they are long.

    Stretches shorter than `length` sit a batch out; if all are, the longest of them gives the length.
    """
    length = min(length, max(song.hops for song in songs))
    fit = [song for song in songs if song.hops >= length]
    weights = np.array([song.hops for song in fit], np.float64)
    chosen = rng.choice(len(fit), size, p=weights / weights.sum())
    parts = [_crop(fit[i], length, rng) for i in chosen]
    music, light_in, light, there = (np.stack(one) for one in zip(*parts, strict=True))
    return Crops(music.astype(np.float32), light_in, light, np.zeros((size, length, 0), np.float32), there)


def other_master(light: IntArray, rng: Generator) -> IntArray:
    """The same light (T, 2) with its master a little higher or lower; what is dark stays dark.

    A few songs hold a few levels. Without this the network learns those by heart and loses what it could before: to
    hold a level that it never saw (LOG.md, learning a room).
    """
    out = light.copy()
    lit = (light[:, 1] >= DARK) & (light[:, 1] < VALUES)
    by = MASTER_STEP * int(rng.integers(-MASTER_STEPS, MASTER_STEPS + 1))
    out[lit, 1] = np.clip(light[lit, 1] + by, DARK, VALUES - 1)
    return out


def _crop(song: PreparedSong, length: int, rng: Generator) -> tuple[Float32Array, IntArray, IntArray, Float32Array]:
    light = other_master(song.light[0].astype(np.int64), rng)
    for _ in range(TRIES):
        start = int(rng.integers(0, song.hops - length + 1))
        here = light[start : start + length]
        if (here != UNLIT).any(axis=1).mean() >= KNOWN_SHARE:
            break
    before = UNLIT if start == 0 else tuple(light[start - 1])
    told = np.concatenate([np.array([before]), here[:-1]])
    unknown = told == UNLIT
    told = blind(corrupt(freeze(told, rng), rng), rng)
    told[unknown] = np.broadcast_to(UNLIT, told.shape)[unknown]  # what nobody trusts stays unknown
    return song.music[0, start : start + length], told, asked(here, song), bearings_of(song, 0, start, start + length)
