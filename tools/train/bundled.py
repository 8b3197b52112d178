"""Rebuild both bundled models from an audio folder: `python -m tools.train.bundled --data AUDIO_DIR --out RUN_DIR`.

Every stage is skipped when its result is there and goes on where it stopped when it is half done, so the same command
after an interruption finishes the job. On two processor cores under two hours with `--bfloat16`, about three without.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from tools.train.embedder import __main__ as embedder
from tools.train.skipbart import __main__ as skipbart

Stage = tuple[str, Callable[[list[str]], int], list[str]]


def stages(data: str, out: Path, models: Path, *, bfloat16: bool) -> list[Stage]:
    """The commands in order, as somebody would type them."""
    songs, heard, run = str(out / "songs"), str(out / "listening"), str(out / "skipbart")
    table = ["--out", str(out / "table.json")]
    small, light = str(models / "embedder-small"), str(models / "skipbart-small")
    fast = ["--bfloat16"] if bfloat16 else []
    return [
        ("train the embedder", embedder.main, ["train", "--data", data, "--out", str(out), "--resume"]),
        (
            "export it",
            embedder.main,
            ["export", "--data", data, "--checkpoint", str(out / "embedder.pt"), "--out", small],
        ),
        (
            "prepare",
            skipbart.main,
            ["prepare", "--data", data, "--embedder", small, "--out", songs, "--workers", "2"],
        ),
        ("teach it to listen", skipbart.main, ["listen", "--data", songs, "--out", heard, "--resume", *fast]),
        (
            "train the decoder",
            skipbart.main,
            [
                "finetune",
                "--data",
                songs,
                "--out",
                run,
                "--weights",
                f"{heard}/last.pt",
                "--resume",
                "--max-minutes",
                "240",
                *fast,
            ],
        ),
        ("export it", skipbart.main, ["export", "--data", songs, "--checkpoint", f"{run}/last.pt", "--out", light]),
        (
            "score it",
            skipbart.main,
            ["evaluate", "--data", songs, "--row", f"Skip-BART, streaming={light}", "--embedder", small, *table],
        ),
    ]


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.bundled", description=__doc__)
    parser.add_argument("--data", required=True, help="audio folder with tracks.csv")
    parser.add_argument("--out", type=Path, required=True, help="run folder, outside the repository")
    parser.add_argument("--models", type=Path, default=Path("models"), help="where the two artefact folders go")
    parser.add_argument("--bfloat16", action="store_true", help="faster on processors that multiply bfloat16")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, command, arguments in stages(options.data, options.out, options.models, bfloat16=options.bfloat16):
        print(f"== {name}")
        if command(arguments) != 0:
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
