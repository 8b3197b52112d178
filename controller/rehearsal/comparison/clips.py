"""A part of a rehearsal as a film of its stage, from the slots that were sent. Edge: files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from controller.arrays import ByteArray, Float32Array
from controller.config import Config
from controller.errors import EvaluationError
from controller.listening.audio.source import open_recorded
from controller.records import rendered
from controller.records.rendered import read_rendered
from controller.rehearsal.camera import Camera, stage_row
from controller.rehearsal.comparison.kit import Clip
from controller.rehearsal.room.film import RATE_HZ, encode
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import SLOTS, Patch
from controller.sound_format import SAMPLE_RATE_HZ

FADE_S = 0.1
"""Sound begins and ends softly: a click would tell nothing of the light and frighten people."""


def write_clip(config: Config, folder: Path, song: Path, clip: Clip, file: Path) -> None:
    """Film a part of a rehearsal with its sound.

    Args:
        config: of the rig that it was rehearsed on. folder: as `rehearse` writes it. clip: which part. file: to write.

    Raises:
        EvaluationError: not a rehearsal, of another rig, or it does not last so long.
        PlanError: the film cannot be written.
    """
    patch = patch_of(config)
    names = [patch.head_name(head) for head in range(patch.heads) if patch.roles[head] not in ("hazer", "house")]
    if read_rendered(folder / rendered.NAME).id.tolist() != names:
        raise EvaluationError(f"{folder}: was rehearsed on another rig; give its configuration with --config")
    rows = stage_rows(folder / "dmx.show", patch, clip.from_s, clip.seconds)
    if len(rows) < round(clip.seconds * RATE_HZ):
        raise EvaluationError(f"{folder}: has no {clip.seconds:g} s from {clip.from_s:g} s on; choose another --from")
    camera = Camera(patch.positions_m, patch.has("pan"))
    encode(file, (camera.picture(row) for row in rows), [cut(config, song, clip.from_s, clip.seconds)])


def stage_rows(show: Path, patch: Patch, from_s: float, seconds: float) -> ByteArray:
    """What the rig showed twenty times a second, (F, N, 5) as in `Studio.rows`.

    Raises:
        EvaluationError: not such a file.
    """
    observer, rows = Observer(patch), list[ByteArray]()
    try:
        for at_s, frames in moments(show):
            if at_s < from_s - 1e-6 + len(rows) / RATE_HZ:
                continue
            if at_s >= from_s + seconds - 1e-6:
                break
            stage = observer.observe(frames)
            rows.append(stage_row(stage.light, stage.pan_deg, stage.tilt_deg))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{show}: cannot be read ({error}); `followspot rehearse` writes it anew") from error
    return np.stack(rows) if rows else np.zeros((0, patch.heads, 5), np.uint8)


def moments(show: Path) -> Iterator[tuple[float, dict[int, ByteArray]]]:
    """Time and slots by universe of every moment of an OLA show file."""
    with show.open(encoding="ascii") as file:
        if file.readline().strip() != "OLA Show":
            raise ValueError("line 1 must be OLA Show")
        frames: dict[int, ByteArray] = {}
        now_ms = 0
        for line in file:
            if " " in line:
                universe, levels = line.split()
                known = np.array(levels.split(","), np.uint8)
                frames[int(universe)] = np.concatenate([known, np.zeros(SLOTS - len(known), np.uint8)])
            elif (wait_ms := int(line)) > 0:
                yield now_ms / 1e3, frames
                frames, now_ms = {}, now_ms + wait_ms


def cut(config: Config, song: Path, from_s: float, seconds: float) -> Float32Array:
    """A part of a song's mix, (n,) at 48 kHz, faded in and out."""
    source, parts, skip = open_recorded(song, config), list[Float32Array](), round(from_s * SAMPLE_RATE_HZ)
    wanted = round(seconds * SAMPLE_RATE_HZ)
    while skip > 0 and len(samples := source.read(min(skip, SAMPLE_RATE_HZ))):
        skip -= len(samples)
    while wanted > 0 and len(samples := source.read(min(wanted, SAMPLE_RATE_HZ))):
        parts.append(samples[:, 0])
        wanted -= len(samples)
    source.close()
    found = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    count = min(round(FADE_S * SAMPLE_RATE_HZ), len(found) // 2)
    ramp = np.ones(len(found), np.float32)
    if count:
        ramp[:count], ramp[-count:] = np.linspace(0, 1, count), np.linspace(1, 0, count)
    return np.asarray(found * ramp, np.float32)
