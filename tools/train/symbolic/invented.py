"""Music that nobody wrote, in the layout of every corpus: what `make train-demo` and the tests learn from.

Random walks: each artist has intervals of its own, each track of a song a register of its own, so that tasks can be
learnt, and nothing here says how well real music is understood. Edge: writes files.
"""

import csv
import json
from pathlib import Path

import numpy as np
import symusic

TICKS = 480
STEPS = {"Bethel": (0, 4, 7), "Hancock": (0, 3, 10), "Yiruma": (0, 5, 9)}
LENGTHS = (120, 240, 480)
CP_PAD = (2, 16, 86, 64)


def write_tune(
    path: Path,
    rng: np.random.Generator,
    *,
    tracks: tuple[str, ...] = ("",),
    steps: tuple[int, ...] = (0, 2, 4, 5),
    notes: int = 80,
    drum: bool = False,
) -> None:
    """A MIDI file of a random walk over a few intervals, each track an octave and a third below the one before."""
    score = symusic.Score(TICKS)
    score.tempos.append(symusic.Tempo(0, 120.0))
    score.time_signatures.append(symusic.TimeSignature(0, 4, 4))
    for lane, name in enumerate(tracks):
        track = symusic.Track(name=name, program=0, is_drum=drum)
        low, high = 60 - 16 * lane, 84 - 16 * lane
        at, pitch = 0, (low + high) // 2
        for _ in range(notes):
            pitch = int(np.clip(pitch + rng.choice((-1, 1)) * rng.choice(steps), low, high))
            length = int(rng.choice(LENGTHS))
            track.notes.append(symusic.Note(at, length, pitch, int(rng.integers(20, 120))))
            at += length
        score.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(score.dumps_midi())


def make_data(folder: Path, seed: int = 1) -> Path:
    """Every corpus with a few files; returns the folder."""
    rng = np.random.default_rng(seed)
    _pop909(folder / "pop909", rng)
    _maestro(folder / "maestro", rng)
    _asap(folder / "asap", rng)
    _pianist8(folder / "pianist8", rng)
    write_tune(folder / "pop1k7" / "midi_analyzed" / "src_001" / "1.mid", rng)
    write_tune(folder / "freedoom" / "d_bunny.mid", rng, tracks=("drums",), drum=True)
    _emopia(folder / "emopia_cp", rng)
    return folder


def _pop909(folder: Path, rng: np.random.Generator) -> None:
    for number in range(1, 13):
        path = folder / f"{number:03d}" / f"{number:03d}.mid"
        write_tune(path, rng, tracks=("MELODY", "BRIDGE", "PIANO"), notes=40)
        beats = "\n".join(f"{0.5 * beat} {float(beat % 2 == 0)} {float(beat % 4 == 0)}" for beat in range(30))
        path.with_name("beat_midi.txt").write_text(beats + "\n")
    names = [f"{number:03d}.mid" for number in range(1, 13)]
    lists = {"train_data": names[:8], "valid_data": names[8:10], "test_data": ["900.mid"]}
    (folder / "midibert_split.json").write_text(json.dumps(lists))


def _maestro(folder: Path, rng: np.random.Generator) -> None:
    rows = []
    for number in range(9):
        name = f"2004/piece{number}.midi"
        write_tune(folder / name, rng, notes=200)
        split = "validation" if number > 6 else "train"
        title = {"canonical_composer": "A. Composer", "canonical_title": f"Sonata {number}"}
        rows.append({**title, "split": split, "midi_filename": name})
    with (folder / "maestro-v3.0.0.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _asap(folder: Path, rng: np.random.Generator) -> None:
    """A performance that is also maestro's piece 8, annotated in 3/4 with one beat before the first bar; its score."""
    piece = folder / "Composer" / "Sonata_8"
    write_tune(piece / "Player01.mid", rng, notes=60)
    write_tune(piece / "midi_score.mid", rng, notes=60)
    kinds = ["db,3/4,0" if beat == 1 else "db" if beat % 3 == 1 else "b" for beat in range(40)]
    marks = [f"{0.6 * beat}\t{0.6 * beat}\t{kind}" for beat, kind in enumerate(kinds)]
    (piece / "Player01_annotations.txt").write_text("\n".join(marks) + "\n")
    (folder / "metadata.csv").write_text(
        "midi_performance,maestro_midi_performance\n"
        "Composer/Sonata_8/Player01.mid,{maestro}/2004/piece8.midi\n"
    )  # fmt: skip


def _pianist8(folder: Path, rng: np.random.Generator) -> None:
    split: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for artist, steps in STEPS.items():
        for number in range(10):
            name = f"{artist}/{artist}_{number}.mid"
            write_tune(folder / "midi" / name, rng, steps=steps, notes=120)
            split["valid" if number == 9 else "train"].append(name)
    (folder / "midibert_split.json").write_text(json.dumps(split))


def _emopia(folder: Path, rng: np.random.Generator) -> None:
    """Twenty rows of tokens, of which row 3 goes on in row 4."""
    tokens = np.zeros((20, 512, 4), np.uint8)
    tokens[..., 0] = np.arange(512) % 4 > 0
    tokens[..., 1] = np.arange(512) % 4 * 4
    tokens[..., 2] = rng.integers(10, 60, (20, 512))
    tokens[..., 3] = 7
    tokens[:, 100:] = CP_PAD
    tokens[3, 100:] = tokens[3, :1]
    labels = np.arange(20, dtype=np.uint8) % 4
    labels[4] = labels[3]
    folder.mkdir(parents=True)
    np.savez(folder / "emopia_cp.npz", valid_x=tokens, valid_y=labels, train_y=labels)
