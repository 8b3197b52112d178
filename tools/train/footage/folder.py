"""Many films: one after the other or by several workers, resumed, and never stopped by a bad one. Edge: writes files.

Per film `NAME.npz`, `NAME.json` and `NAME.strip.jpg`; for all `footage.json`. A file that is there is complete: each is
written beside its place and renamed, the `.json` last. A film whose `.json` tells of the same source and options is
skipped.
"""

import contextlib
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import av
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from controller.artefacts.artefact import sha256_of
from controller.errors import ControllerError
from controller.sound_format import HOP_S
from controller.state_folder import visible
from tools.train.footage import brightness, film, judging, light
from tools.train.footage.chapters import write_list
from tools.train.footage.evening import evening_of_film
from tools.train.footage.hearing import Network
from tools.train.footage.source import FootageError, Trouble, camera_of, filmed, read_facts, small_size
from tools.train.footage.spool import Spool

FORMAT = 3
"""1: films that are not ordinary video (HDR, wide colours, HD that tells nothing) were read in wrong colours. 2: HLG
was read as a screen shows it, paler than the same stage in ordinary video."""
BUNDLED = Path(__file__).parents[3] / "models" / "embedder-small"
SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".wmv", ".flv",
            ".3gp", ".ogv", ".mxf"}  # fmt: skip
FINGERPRINT_BYTES = 1 << 20
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """One film to extract: `video`, and the `chapters` that it goes on in, in order.

    `embedders` are artefact folders, the first one's embedding is `embedding`.

    `track`: sound track that is heard, from 0; None: the first one that sounds. `locked`: one camera, whose exposure
    stood still, filmed this and the other films of the night. `profile`: how the camera was set (`scene.PROFILES`).
    """

    video: Path
    name: str
    out: Path
    embedders: tuple[Path, ...]
    again: bool = False
    track: int | None = None
    locked: bool = False
    profile: str = ""
    chapters: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row of `footage.json`: `state` is extracted, skipped or failed; `line` says what happened in one line."""

    name: str
    video: str
    state: str
    line: str
    hops: int = 0
    kept: float = 0.0


def find_videos(given: list[Path]) -> list[Path]:
    """Files as they are given, and all videos below folders, in order.

    Raises:
        FootageError: a path does not exist, or there is no video at all.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = visible(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            found += [p for p in inside if ".partial" not in p.suffixes]
        elif path.exists():
            found.append(path)
        else:
            raise FootageError(f"{path}: no such file or folder")
    if not found:
        raise FootageError(f"no video in {', '.join(map(str, given))}; looked for {', '.join(sorted(SUFFIXES))}")
    return list(dict.fromkeys(found))


def named(videos: list[Path]) -> list[str]:
    """A name for each video that no other has: its stem, with a number where two are alike."""
    names: list[str] = []
    for video in videos:
        name, n = video.stem, 2
        while name in names:
            name, n = f"{video.stem}-{n}", n + 1
        names.append(name)
    return names


def fingerprint(video: Path, embedders: tuple[Path, ...]) -> dict[str, object]:
    """What tells whether a film was extracted before: its size, time, both ends, and the options."""
    facts = video.stat()
    digest = hashlib.sha256()
    with video.open("rb") as stream:
        digest.update(stream.read(FINGERPRINT_BYTES))
        stream.seek(max(facts.st_size - FINGERPRINT_BYTES, 0))
        digest.update(stream.read(FINGERPRINT_BYTES))
    networks = {folder.name: sha256_of(folder / "embedder.onnx") for folder in embedders}
    return {
        "format": FORMAT,
        "bytes": facts.st_size,
        "mtime_ns": facts.st_mtime_ns,
        "sha256_of_ends": digest.hexdigest(),
        "embedders": networks,
    }


def earlier(job: Job, print_: dict[str, object]) -> Outcome | None:
    """The outcome of a run before, if it was of the same source with the same options."""
    facts = job.out / f"{job.name}.json"
    try:
        told = json.loads(facts.read_text(encoding="utf-8"))
        same = told["fingerprint"] == print_ and (job.out / f"{job.name}.npz").is_file()
        if not same or (job.locked and "brightness" not in told):
            return None
        if told.get("brightness", {}).get("locked", False) != job.locked:
            told = told | {"brightness": told["brightness"] | {"locked": job.locked}}
            write_json(facts, told)
        line = "was extracted before" + (f"; {brightness.BROKEN}" if brightness.broken(told) else "")
        return Outcome(job.name, str(job.video), "skipped", line, told["hops"], told["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def extract_one(job: Job, progress: film.Progress = lambda _stage, _share: None) -> Outcome:
    """Extract a film; whatever is wrong with it becomes the line of its outcome."""
    # its own: a worker that was given up may still be at the same film
    spool_folder = job.out / ".work" / f"{job.name}-{socket.gethostname()}-{os.getpid()}"
    try:
        print_ = fingerprint(job.video, job.embedders)
        if job.chapters:
            print_["chapters"] = [fingerprint(one, ())["sha256_of_ends"] for one in job.chapters]
        if job.profile:
            print_["profile"] = job.profile
        before = None if job.again else earlier(job, print_)
        if before is not None:
            return before
        return _extract(job, print_, Spool(spool_folder), progress)
    except (FootageError, ControllerError) as error:
        return Outcome(job.name, str(job.video), "failed", f"{job.video.name}: {error}")
    except Exception as error:  # noqa: BLE001 - a file nobody foresaw must not stop the hundred after it; it is named
        line = f"{job.video.name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        return Outcome(job.name, str(job.video), "failed", line)
    finally:
        shutil.rmtree(spool_folder, ignore_errors=True)


def _extract(job: Job, print_: dict[str, object], spool: Spool, progress: film.Progress) -> Outcome:
    trouble = Trouble()
    whole = job.video
    if job.chapters:
        whole = write_list((job.video, *job.chapters), spool.folder)
        trouble.tell(f"{1 + len(job.chapters)} chapters of one recording are read as one film")
    facts = read_facts(whole, trouble, track=job.track, profile=job.profile)
    networks = _networks(job.embedders)
    found = film.measure(whole, facts, networks, spool=spool, trouble=trouble, progress=progress)
    trust = found.arrays["trust"]
    kept = float((trust >= judging.KEEP).mean())
    small = {
        "t_s": np.round(HOP_S * np.arange(1, found.hops + 1), 3),
        **found.arrays,
        "offset_s": np.float64(found.offset.offset_s),
        "offset_confidence": np.float64(found.offset.confidence),
        "correction_s": np.float64(found.offset.correction_s),
        "thresholds": np.array(light.THRESHOLDS, np.int16),
        "zones": np.array(light.ZONES),
    }
    spool.write_npz(job.out / f"{job.name}.npz", [*networks, *found.spooled], **small)
    _save_strip(found.strip, job.out / f"{job.name}.strip.jpg", spool)
    told = _told(job, print_, facts, trouble, found=found, kept=kept)
    write_json(job.out / f"{job.name}.json", told)
    notes = "; ".join(told["notes"])
    line = f"{100 * kept:.0f} % kept, offset {1000 * found.offset.offset_s:+.0f} ms" + (f"; {notes}" if notes else "")
    return Outcome(job.name, str(job.video), "extracted", line, found.hops, kept)


def _networks(embedders: tuple[Path, ...]) -> dict[str, Network]:
    names = ["embedding", *(f"embedding_{folder.name}" for folder in embedders[1:])]
    return {name: Network(folder) for name, folder in zip(names, embedders, strict=True)}


def _told(
    job: Job, print_: dict[str, object], facts: object, trouble: Trouble, *, found: film.Measured, kept: float
) -> dict[str, object]:
    """`NAME.json`: everything that is not an array."""
    offset, trust = found.offset, found.arrays["trust"]
    notes = list(trouble.notes)
    if trouble.bad_packets:
        notes.append(f"{trouble.bad_packets} damaged packets were skipped")
    if offset.correction_s == 0.0:
        notes.append(f"offset not corrected: confidence {offset.confidence:.2f} is too low")
    scale = {"full": round(found.full, 5), "camera": camera_of(job.video), "locked": job.locked,
             "taken_back": None if np.isnan(found.taken_back) else round(found.taken_back, 3)}  # fmt: skip
    if brightness.broken({"brightness": scale}):
        notes.append(brightness.BROKEN)
    by_reason: dict[str, float] = {}
    for segment in found.dropped:
        lasts_s = float(segment["end_s"]) - float(segment["start_s"])
        by_reason[segment["reason"]] = round(by_reason.get(segment["reason"], 0.0) + lasts_s, 1)
    if by_reason and max(by_reason.values()) > MOST * HOP_S * found.hops:
        notes.append(f"most of it was left out: {max(by_reason, key=by_reason.__getitem__)}")
    return {
        "video": str(job.video),
        "chapters": [str(one) for one in job.chapters],
        "fingerprint": print_,
        "embedder_sha256": sha256_of(job.embedders[0] / "embedder.onnx"),
        **_night_of(job.video, filmed(job.video)),
        "brightness": scale,
        "hops": found.hops,
        "kept": round(kept, 4),
        "trust": {"mean": round(float(trust.mean()), 4), "keep_from": judging.KEEP,
                  "deciles": np.round(np.percentile(trust, range(0, 101, 10)), 3).tolist()},
        "dropped": found.dropped,
        "dropped_s": by_reason,
        "offset": {"offset_s": round(offset.offset_s, 4), "confidence": round(offset.confidence, 3),
                   "windows": offset.windows, "corrected_s": round(offset.correction_s, 4),
                   "curve": np.round(offset.curve, 3).tolist()},
        "cuts_s": found.cuts_s,
        "cameras": found.cameras,
        "picture_area": {"top": found.area[0], "bottom": found.area[1], "left": found.area[2], "right": found.area[3],
                         "of": list(small_size(facts))},
        "source": asdict(facts),
        "notes": notes,
        "strip": {"file": f"{job.name}.strip.jpg", "pictures": min(film.STRIP_PICTURES, found.hops)},
        "versions": {"format": FORMAT, "av": av.__version__, "numpy": np.__version__},
    }  # fmt: skip


def _night_of(video: Path, filmed_at: datetime | None = None) -> dict[str, str]:
    """`night`, where anything tells the evening of a film."""
    night = evening_of_film(video, filmed_at)
    return {"night": night} if night else {}


def write_json(path: Path, told: object) -> None:
    """Complete or not at all."""
    partial = path.with_suffix(f".json.{os.getpid()}.partial")
    partial.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def read_told(folder: Path) -> dict[Path, dict[str, object]]:
    """What the `NAME.json` of each film in a folder says; those that cannot be read are passed over."""
    found = {}
    for path in sorted(folder.glob("*.npz")):
        with contextlib.suppress(OSError, ValueError):
            found[path] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return {path: told for path, told in found.items() if isinstance(told, dict)}


def scaled_alone(folder: Path) -> int:
    """How many films of a folder have a brightness that nothing can be compared with."""
    return sum(not one.known for one in brightness.scales(read_told(folder)).values())


def _save_strip(strip: film.Pictures, path: Path, spool: Spool) -> None:
    high, wide = strip.shape[0] // 2 * 2, strip.shape[1] // 2 * 2
    partial = spool.folder / "strip.partial"
    with av.open(str(partial), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = wide, high, "yuvj420p"
        stream.options = {"qmin": "3", "qmax": "3"}
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(strip[:high, :wide]), format="rgb24")
        container.mux(stream.encode(frame.reformat(format="yuvj420p", dst_color_range="JPEG")))
        container.mux(stream.encode(None))
    partial.replace(path)


def extract_all(jobs: list[Job], outcomes: Callable[[list[Job]], Iterator[Outcome]]) -> list[Outcome]:
    """Run jobs, show how far they are, and write `footage.json` after each."""
    out, done = jobs[0].out, []
    out.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("extract", total=len(jobs))
        for outcome in outcomes(jobs):
            done.append(outcome)
            line = f"{outcome.state:9} {outcome.name}: {outcome.line}"
            progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
            progress.advance(task)
            write_json(out / "footage.json", {"films": [asdict(o) for o in sorted(done, key=lambda o: o.name)]})
    shutil.rmtree(out / ".work", ignore_errors=True)
    return done


def alone(jobs: list[Job]) -> Iterator[Outcome]:
    """One film after the other, in this process, with a bar for each."""
    for job in jobs:
        with Progress(TextColumn("  {task.description}"), BarColumn(), transient=True) as progress:
            task = progress.add_task(job.name, total=1.0)

            def show(stage: str, share: float, progress: Progress = progress, task: int = task, job: Job = job) -> None:
                progress.update(task, description=f"{job.name}: {stage}", completed=share)

            yield extract_one(job, show)


def together(jobs: list[Job], workers: int) -> Iterator[Outcome]:
    """Several films at once, each in a process; a process that dies takes only its film with it."""
    with ProcessPoolExecutor(workers, max_tasks_per_child=1) as pool:
        waiting = {pool.submit(extract_one, job): job for job in jobs}
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                job = waiting.pop(future)
                try:
                    yield future.result()
                except Exception as error:  # noqa: BLE001 - the pool's own errors: a worker was killed
                    line = f"{job.video.name}: its worker ended ({type(error).__name__}); run again"
                    yield Outcome(job.name, str(job.video), "failed", line)
