"""A film of a rig that plays `followspot measure`, and the truth beside it. Edge: writes files.

Hidden in it: lamps at each other's address, a dead one, colours in another order, curves, lowest levels, lateness; a
camera in the hall with a rolling shutter, an exposure and a white balance that drift, noise, a clock of its own, lost
frames; haze that thickens and thins; lamps whose light overlaps.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from controller.arrays import ByteArray
from controller.rig.patch.lanes import EMITTERS
from controller.rig.patch.patch import Patch
from controller.survey.playing import ProgrammePlayer
from controller.survey.programme import Programme
from tools.train.venue.camera import HEIGHT, WIDTH, Camera
from tools.train.venue.film import tell_colours
from tools.train.venue.measured_rig import Filmed, Lamp, light_of, maps_of
from tools.train.venue.stage import View

CYCLE_S = 0.025
SIZE = (640, 360)
ASPECT = WIDTH / HEIGHT
IN_VIEW_X, IN_VIEW_Y = (7.5 / 384, 368 / 384), (4.0 / 216, 207 / 216)
"""Which part of a drawn view a camera's picture is: first, and length."""
FOCAL = 1.25
"""Of the lens, in widths of the picture: the stage fills it."""
BRIGHTEST, ALL_LIT = 95, 0.8
"""The exposure is locked while all lamps are lit: so bright is so much of the picture."""
SHAPES = ("linear", "square", "s", "bent")


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a rig: heads (names) at each other's address, dead, with colours in another order."""

    swapped: tuple[tuple[str, str], ...] = ()
    dead: tuple[str, ...] = ()
    other_order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conditions:
    """How hard a film is, each 0 (none) to 1 (as phones are), and more."""

    rolling: float = 1.0
    drift: float = 1.0
    noise: float = 1.0
    thickens: float = 1.0
    haze: float = 1.0
    fps: int = 30
    begin_s: float = 4.3


def rig_of(patch: Patch, programme: Programme, faults: Faults, rng: np.random.Generator) -> list[Lamp]:
    """What hangs there: one lamp for each source, seen by a camera in the hall."""
    eye = np.array([rng.uniform(-1.0, 1.0), rng.uniform(-9.0, -7.0), rng.uniform(1.4, 1.9)])
    lamps, own = [], {}
    for source in programme.sources:
        head = source.heads[0]
        fixture = int(patch.fixture_of[head])
        at = tuple(float(x) for x in patch.positions_m[head])
        lens = at[1] >= 0.0  # what hangs in front of the edge shines away from the hall
        if fixture not in own:  # all heads of a fixture are made alike
            lowest = float(rng.choice([0.0, 0.0, rng.uniform(0.03, 0.12)]))
            own[fixture] = SHAPES[int(rng.integers(len(SHAPES)))], lowest, float(rng.uniform(0.0, 0.08))
        shape, minimum, late_s = own[fixture]
        mine = [lane for lane in patch.lanes if head in lane.heads]
        emitters = tuple((lane.control, lane.slots[0]) for lane in mine if lane.control in EMITTERS)
        dimmer = next((lane.slots[0] for lane in mine if lane.control == "intensity"), -1)
        lamps.append(
            Lamp(source.name, at, _seen(at, eye, lens=lens), lens, dimmer, emitters, shape, minimum,
                 late_s, 0.0 if emitters else float(rng.uniform(0.05, 0.09)),
                 source.name in faults.dead or patch.fixtures[fixture].config.id in faults.dead)
        )  # fmt: skip
    return _with(lamps, faults)


def _seen(at: tuple[float, ...], eye: np.ndarray, *, lens: bool) -> tuple[float, float]:
    """Where a lamp is in the picture: a camera that looks straight ahead, a little up."""
    x, y, z = np.array(at) - eye
    if not lens:
        y, z = 2.0 - eye[1], 0.7 - eye[2]  # its pool on the stage
    up = 0.05
    depth = y * np.cos(up) + z * np.sin(up)
    high = z * np.cos(up) - y * np.sin(up)
    return float(0.5 + FOCAL * x / depth), float(0.5 - FOCAL * high / depth * ASPECT)


def _with(lamps: list[Lamp], faults: Faults) -> list[Lamp]:
    """The lamps with what is wrong: addresses exchanged, two colours exchanged."""
    by_name = {lamp.name: row for row, lamp in enumerate(lamps)}
    for one, other in faults.swapped:
        a, b = lamps[by_name[one]], lamps[by_name[other]]
        lamps[by_name[one]] = replace(a, dimmer=b.dimmer, emitters=b.emitters)
        lamps[by_name[other]] = replace(b, dimmer=a.dimmer, emitters=a.emitters)
    for name in faults.other_order:
        lamp = lamps[by_name[name]]
        order = {"red": "green", "green": "red"}
        lamps[by_name[name]] = replace(
            lamp, emitters=tuple((order.get(colour, colour), slot) for colour, slot in lamp.emitters)
        )
    return lamps


def sent(patch: Patch, programme: Programme) -> tuple[ByteArray, int]:
    """(cycles, universes x 512) slots that leave, and how often the flash limiter stepped in."""
    playing = ProgrammePlayer(patch, programme)
    rows = [np.concatenate([frame.slots for frame in frames]) for _, frames in playing.cycles(CYCLE_S)]
    return np.stack(rows), playing.limiter.interventions


def render(
    slots: ByteArray, programme: Programme, lamps: list[Lamp], path: Path, *, seed: int, hard: Conditions
) -> Iterator[float]:
    """Write a film, and `NAME.truth.json`; yields seconds done."""
    rng = np.random.default_rng([seed, 90])
    view, camera = View(rng, 1.0, 0.5), Camera(rng, automatic=0.15 * hard.drift, noise=0.0015 * hard.noise)
    light = np.stack([light_of(lamp, slots, CYCLE_S) for lamp in lamps], axis=1)
    inside = [replace(lamp, seen=_in_view(lamp.seen)) for lamp in lamps]
    late_s = np.array([lamp.late_s for lamp in lamps])
    filmed = Filmed(light, late_s, maps_of(inside, view, camera, rng, hard.haze), cycle_s=CYCLE_S,
                    readout_s=0.022 * hard.rolling, open_s=1 / 60)  # fmt: skip
    lit = filmed.picture(float(programme.edges_s[programme.rows("mark")[1]]) + 0.5, 1.0)
    stops = float(np.log2(ALL_LIT / np.percentile(lit, BRIGHTEST)))
    _write_truth(path, lamps)
    clock, phases = 1.0 + rng.uniform(-6e-5, 6e-5), rng.uniform(0.0, 6.3, 3)
    lost = set(rng.choice(400, 6).tolist())
    scaler = VideoReformatter()
    partial = path.with_suffix(f".partial{path.suffix}")
    with av.open(str(partial), "w") as container:
        video = container.add_stream("libx264" if "libx264" in av.codecs_available else "mpeg4", rate=hard.fps)
        video.options = {"preset": "ultrafast", "crf": "20"} if video.codec_context.name == "libx264" else {}
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.bit_rate = 8_000_000
        video.codec_context.thread_count = 1
        tell_colours(video.codec_context)
        for number in range(int((hard.begin_s + programme.duration_s + 1.5) * hard.fps)):
            t_s = number / hard.fps * clock - hard.begin_s
            if number % 400 in lost:
                continue
            drifts = np.sin(2 * np.pi * t_s / np.array([47.0, 61.0, 38.0]) + phases)
            seen = filmed.picture(t_s, float(1.0 + 0.25 * hard.thickens * drifts[2]))
            picture = camera.expose(seen, stops + 0.2 * hard.drift * drifts[0], 0.03 * hard.drift * drifts[1])
            frame = scaler.reformat(av.VideoFrame.from_ndarray(picture, format="rgb24"), *SIZE, "yuv420p",
                                    interpolation="FAST_BILINEAR", dst_colorspace="ITU709")  # fmt: skip
            frame.pts, frame.time_base = number, Fraction(1, hard.fps)
            container.mux(video.encode(frame))
            if number % hard.fps == 0:
                yield t_s
        container.mux(video.encode(None))
    partial.replace(path)


def _in_view(seen: tuple[float, float]) -> tuple[float, float]:
    return IN_VIEW_X[0] + seen[0] * IN_VIEW_X[1], IN_VIEW_Y[0] + seen[1] * IN_VIEW_Y[1]


def _write_truth(path: Path, lamps: list[Lamp]) -> None:
    """Beside the film: every lamp as it hangs there, with the slots that it really listens to."""
    told = {"lamps": [asdict(lamp) for lamp in lamps]}
    path.with_suffix(".truth.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
