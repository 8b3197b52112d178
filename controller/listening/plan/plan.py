"""A show plan: the light of a rehearsed song, how the song sounds, and what is to happen where. Edge: files.

One file, `NAME.plan`: a ZIP of NumPy arrays (no pickles) and one text of JSON. `light` (T, 2) hue and value, ten rows a
second; `fingerprints` (T, 88); marks, cues and automation lines with their times in the song.
"""

import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from controller.arrays import Float32Array
from controller.config import Unit
from controller.errors import PlanError, first_line
from controller.listening.plan.fingerprint import SIZE
from controller.listening.plan.section_look import MOST_HOPS, Seconds, SectionLook
from controller.state_folder import coming, file_word, own_word, same_title, shown, visible

log = logging.getLogger(__name__)

SUFFIX = ".plan"
MOST_BYTES = 50_000_000
MOST_TITLE = 200
Lines = Literal["grand_master", "intensity", "energy", "pace", "spread"]


class TimedCue(BaseModel):
    """Something that happens at a moment of the song: a command of `people/commands.py`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    t_s: Seconds
    name: Literal["blackout", "hold", "quiet", "scene", "hues", "forbidden", "mark"]
    amount: Unit = 1.0
    target: Annotated[str, Field(max_length=60)] = ""
    values: Annotated[tuple[float, ...], Field(max_length=16)] = ()


def _in_order(looks: tuple[SectionLook, ...]) -> tuple[SectionLook, ...]:
    return tuple(sorted(looks, key=lambda one: one.t_s))


class Notes(BaseModel):
    """What people wrote down.

    Attributes:
        title: of the song. song: its file or folder, where the title is another. marks: moments with names.
        cues: what happens where.
        lines: automation by fader, moments and amounts, straight in between.
        pins: from and to of what is good and stays. seed: of the newest roll.
        looks: which hang, in the order of time; none in plans of before there were looks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=MOST_TITLE)]
    song: Annotated[str, Field(max_length=MOST_TITLE)] = ""
    marks: Annotated[tuple[tuple[Seconds, str], ...], Field(max_length=500)] = ()
    cues: Annotated[tuple[TimedCue, ...], Field(max_length=500)] = ()
    lines: dict[Lines, Annotated[tuple[tuple[Seconds, Unit], ...], Field(max_length=1000)]] = {}
    pins: Annotated[tuple[tuple[Seconds, Seconds], ...], Field(max_length=500)] = ()
    seed: int = 0
    looks: Annotated[tuple[SectionLook, ...], Field(max_length=500), AfterValidator(_in_order)] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A song's show. `light` (T, 2) int64, `fingerprints` (T, 88) float32."""

    notes: Notes
    light: npt.NDArray[np.int64]
    fingerprints: Float32Array
    file: Path = field(default=Path())

    @property
    def hops(self) -> int:
        """T."""
        return len(self.light)


def amount_at(line: Sequence[tuple[float, float]], t_s: float) -> float:
    """Where an automation line, which has points, stands at a moment."""
    times, amounts = zip(*line, strict=True)
    return float(np.interp(t_s, np.array(times), np.array(amounts)))


def song_title(song: Path) -> str:
    """What a song is called that a person gave as a file or a folder."""
    return shown(song.name or song.resolve().name, MOST_TITLE) or "song"


def plan_file(folder: Path, title: str) -> Path:
    """Where the plan of a song is or will be: never a file that holds the work on another one.

    Args:
        folder: of plans. title: as `song_title` makes it.
    """
    name = title.rpartition(".")[0] or title
    words = (file_word(name, "song"), file_word(title, "song"), own_word(title, "song"))
    for word in words:
        file = folder / f"{word}{SUFFIX}"
        if not file.exists() or _is_of(file, title):
            return file
    return next(
        file
        for number in range(2, 10_000)
        if not (file := folder / f"{words[-1]}-{number}{SUFFIX}").exists() or _is_of(file, title)
    )


def _is_of(file: Path, title: str) -> bool:
    """Whether a plan is this song's; one that cannot be read is nobody's, and stays as it is."""
    try:
        notes = read_plan(file).notes
    except PlanError as error:
        log.warning("%s; it is left as it is", error)
        return False
    return same_title(notes.song or notes.title, title)


def write_plan(plan: Plan, file: Path) -> None:
    """Write a plan, whole or not at all.

    Raises:
        PlanError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unwritten = {name for name in ("song", "looks") if not getattr(plan.notes, name)}
        with coming(file) as written, written.open("wb") as out:
            np.savez_compressed(
                out,
                notes=np.frombuffer(plan.notes.model_dump_json(exclude=unwritten or None).encode(), np.uint8),
                light=plan.light.astype(np.int16),
                fingerprints=plan.fingerprints.astype(np.float16),
            )
    except OSError as error:
        raise PlanError(f"{file}: cannot be written: {error.strerror}; nothing changed") from error


def read_plan(file: Path) -> Plan:
    """A plan that was written.

    Raises:
        PlanError: no such file, or no plan; says what is wrong.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise PlanError(f"{file}: larger than {MOST_BYTES} bytes; this is no plan")
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise PlanError(f"{file}: unpacks to more than {MOST_BYTES} bytes; this is no plan")
        with np.load(file, allow_pickle=False) as arrays:
            notes = Notes.model_validate(json.loads(arrays["notes"].tobytes().decode()))
            light, fingerprints = arrays["light"], arrays["fingerprints"]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PlanError(f"{file}: notes.{place}: {first['msg']}; save the plan again") from error
    except FileNotFoundError as error:
        raise PlanError(f"{file}: no such plan; `followspot room SONG` makes one") from error
    except PlanError:
        raise
    except Exception as error:  # what zipfile, zlib, NumPy and json make of any bytes is on no list
        raise PlanError(f"{file}: not readable as a plan: {first_line(error)[:200]}; save it again") from error
    return _checked(file, notes, light, fingerprints)


def _checked(file: Path, notes: Notes, light: npt.NDArray[np.generic], fingerprints: npt.NDArray[np.generic]) -> Plan:
    hops = len(light) if light.ndim else 0
    if light.shape != (hops, 2) or fingerprints.shape != (hops, SIZE) or not 0 < hops <= MOST_HOPS:
        raise PlanError(f"{file}: light {light.shape} and fingerprints {fingerprints.shape} do not fit each other")
    if light.dtype.kind not in "iu" or fingerprints.dtype.kind != "f":
        raise PlanError(f"{file}: light and fingerprints are not numbers of the right kind; save the plan again")
    whole = light.astype(np.int64)
    sound = fingerprints.astype(np.float32)
    if whole.min() < 0 or whole[:, 0].max() >= 180 or whole[:, 1].max() >= 256 or not np.isfinite(sound).all():
        raise PlanError(f"{file}: hues are 0 to 179, values 0 to 255, fingerprints finite; save the plan again")
    return Plan(notes, whole, sound, file)


def read_plans(path: Path) -> list[Plan]:
    """A plan, or all of a folder in the order of their names.

    Raises:
        PlanError: there is none that can be read; of several, the damaged ones are named and left out.
    """
    if not path.is_dir():
        return [read_plan(path)]
    files = visible(path.glob(f"*{SUFFIX}"))
    if not files:
        raise PlanError(f"{path}: no {SUFFIX} files; `followspot room SONG` makes them")
    plans, damaged = [], []
    for one in files:
        try:
            plans.append(read_plan(one))
        except PlanError as error:
            damaged.append(str(error))
    if not plans:
        raise PlanError("; ".join(damaged[:3]))
    for said in damaged:
        log.warning("%s; the other plans are followed", said)
    return plans
