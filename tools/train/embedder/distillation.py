"""A small network learns to answer like OpenL3: same second of sound, cheaper spectrogram, a thousandth of the work.

The teacher is asked once for each of a fixed choice of windows and its answers are kept on disk: at 0.2 s a window that
is most of the cost. Loss: squared error of standardised dimensions plus one minus cosine. Songs are split by artist.
Source of the idea: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015. Edge: reads and writes files.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from controller.arrays import Float32Array
from controller.artefacts.artefact import read_manifest
from controller.errors import ModelError
from controller.listening.embed.embedder import Embedder as Teacher
from controller.listening.embed.mel import SMALL_FRAMES, small_frames
from controller.messages import Window
from controller.sound_format import WINDOW_SAMPLES
from tools.train.artefact import write_manifest
from tools.train.checkpoint import append_log, load_checkpoint, randomness, restore_randomness, save_checkpoint
from tools.train.embedder.network import Embedder
from tools.train.songs import list_songs, read_audio

ANSWERS = "answers.npz"
STUDENT = "openl3-student"


@dataclass(frozen=True, slots=True)
class DistilRecipe:
    """Numbers of a run."""

    steps: int = 20_000
    windows: int = 40_000
    batch: int = 64
    rate: float = 2e-3
    log_every: int = 50
    evaluate_every: int = 500


@dataclass(frozen=True, slots=True)
class Lessons:
    """Windows as the student sees them and as the teacher answers: patches (n, 96, 64), answers (n, 512)."""

    patches: Float32Array
    answers: Float32Array


def ask(teacher: Path, data: Path, out: Path, count: int, seed: int) -> dict[str, Lessons]:
    """Lessons of both splits, asked once and kept in `out`.

    Raises:
        ModelError: the teacher's artefact is not usable, or other lessons lie in `out`.
    """
    path, sha256 = out / ANSWERS, read_manifest(teacher, "embedder", 0.1).step.sha256
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, teacher=sha256, **_ask_all(Teacher(teacher), data, count, seed))
        partial.replace(path)
    with np.load(path) as arrays:
        if str(arrays["teacher"]) != sha256:
            raise ModelError(f"{path}: answers of another teacher; give another --out or delete the file")
        return {
            split: Lessons(arrays[f"{split}_patches"].astype(np.float32), arrays[f"{split}_answers"])
            for split in ("train", "validation")
        }


def _ask_all(teacher: Teacher, data: Path, count: int, seed: int) -> dict[str, Float32Array]:
    rng = np.random.default_rng(seed)
    songs = list_songs(data)
    kept: dict[str, list[Float32Array]] = {
        f"{split}_{what}": [] for split in ("train", "validation") for what in ("patches", "answers")
    }
    chosen = [song for song in songs if song.split != "test"]
    if not {"train", "validation"} <= {song.split for song in chosen}:
        raise ModelError(f"{data}: needs songs of training and of validation artists (tools/train/songs.py)")
    for song in track(chosen, "ask the teacher"):
        samples = read_audio(song.path)
        for _ in range(max(count // len(chosen), 1)):
            start = int(rng.integers(0, max(len(samples) - WINDOW_SAMPLES, 1)))
            window = np.zeros(WINDOW_SAMPLES, np.float32)
            part = samples[start : start + WINDOW_SAMPLES]
            window[: len(part)] = part
            window *= np.float32(10.0 ** (rng.uniform(-12.0, 6.0) / 20.0))  # the teacher hardly hears level
            kept[f"{song.split}_patches"].append(small_frames(window).astype(np.float16))
            asked = Window(0.0, 0, window, np.zeros((0, WINDOW_SAMPLES), np.float32))
            kept[f"{song.split}_answers"].append(teacher.embed(asked).vector)
    return {name: np.stack(rows) for name, rows in kept.items()}


def loss_of(student: nn.Module, lessons: Lessons, rows: npt.NDArray[np.int64], scale: tuple[Tensor, Tensor]) -> Tensor:
    """Error on some windows; the student answers in standardised dimensions."""
    wanted = torch.from_numpy(lessons.answers[rows]).to(scale[0].device)
    answer = student(torch.from_numpy(lessons.patches[rows]).to(scale[0].device))
    mean, deviation = scale
    likeness = functional.cosine_similarity(answer * deviation + mean, wanted).mean()
    return functional.mse_loss(answer, (wanted - mean) / deviation) + 1.0 - likeness


def distil(
    teacher: Path,
    data: Path,
    out: Path,
    recipe: DistilRecipe,
    seed: int,
    *,
    resume: bool = False,
    device: str = "cpu",
    max_minutes: float = 240.0,
) -> Embedder:
    """Train a student; it answers in the teacher's own scale. Checkpoints and `log.jsonl` go to `out`."""
    lessons = ask(teacher, data, out, recipe.windows, seed)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    student = Embedder().to(device)
    answers = torch.from_numpy(lessons["train"].answers).to(device)
    scale = answers.mean(dim=0), answers.std(dim=0) + 1e-3
    optimiser = torch.optim.AdamW(student.parameters(), lr=recipe.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=recipe.steps + 1)
    parts: dict[str, Any] = {"student": student, "optimiser": optimiser, "schedule": schedule}
    step, last = 0, out / "last.pt"
    if resume and last.is_file():
        state = load_checkpoint(last, device)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        restore_randomness(state["randomness"], rng)
        step = state["step"]

    def save() -> None:
        saved = {name: part.state_dict() for name, part in parts.items()}
        save_checkpoint(last, {**saved, "step": step, "randomness": randomness(rng)})

    begun = time.monotonic()
    for _ in track(range(step, recipe.steps), "distil"):
        if time.monotonic() - begun > 60.0 * max_minutes:
            break
        loss = loss_of(student, lessons["train"], rng.integers(0, len(answers), recipe.batch), scale)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        step += 1
        if step % recipe.log_every == 0:
            append_log(out / "log.jsonl", step=step, loss=float(loss.detach()))
        if step % recipe.evaluate_every == 0 or step == recipe.steps:
            append_log(out / "log.jsonl", step=step, cosine=cosine(student, lessons["validation"], scale))
            save()
    save()
    student.eval()
    mean, deviation = scale
    with torch.no_grad():  # out of standardised dimensions, into the teacher's
        student.project.weight.mul_(deviation[:, None])
        student.project.bias.mul_(deviation).add_(mean)
    return student.cpu()


@torch.no_grad()
def cosine(student: nn.Module, lessons: Lessons, scale: tuple[Tensor, Tensor]) -> float:
    """Mean cosine similarity to the teacher, both less the teacher's mean: 0 for one that always says the mean."""
    student.eval()
    mean, deviation = scale
    answer = student(torch.from_numpy(lessons.patches).to(mean.device)) * deviation
    away = torch.from_numpy(lessons.answers).to(mean.device) - mean
    student.train()
    return float(functional.cosine_similarity(answer, away).mean())


def export_student(student: Embedder, teacher: Path, out: Path) -> None:
    """Write the student's artefact into `out/artefact`: decoders trained on the teacher accept it."""
    folder = out / "artefact"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "embedder.onnx"
    torch.onnx.export(
        student.eval(),
        (torch.zeros(1, SMALL_FRAMES, 64),),
        str(path),
        input_names=["patch"],
        output_names=["embedding"],
        opset_version=17,
        dynamo=False,
    )
    taught = read_manifest(teacher, "embedder", 0.1)
    manifest = write_manifest(
        folder,
        path,
        name=STUDENT,
        kind="embedder",
        front_end="small64",
        hop_s=0.1,
        window_s=1.0,
        look_ahead_s=0.0,
        centre_s=taught.centre_s,
        derived_from=taught.name,
        derived_from_sha256=taught.step.sha256,
    )
    lessons = ask(teacher, Path(), out, 0, 0)["validation"]
    mean = torch.from_numpy(lessons.answers).mean(dim=0)
    likeness = cosine(student, lessons, (torch.zeros(512), torch.ones(512)))
    centred = functional.cosine_similarity(
        student.eval()(torch.from_numpy(lessons.patches)).detach() - mean, torch.from_numpy(lessons.answers) - mean
    ).mean()
    text = f"""# {manifest.name}

A student of `{taught.name}`: the same second of sound, the bundled embedder's spectrogram, 844 thousand parameters.

On {len(lessons.answers)} windows of songs by artists it never trained on: mean cosine to the teacher {likeness:.3f},
{float(centred):.3f} with the teacher's mean taken off both. Not for comparing sounds by itself; it is a front end for a
decoder that knows its teacher.
"""
    (folder / "card.md").write_text(text, encoding="utf-8")
    print(f"{folder}: cosine to the teacher {likeness:.3f}, {float(centred):.3f} with the mean taken off")
