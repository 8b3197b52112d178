"""Every path of the symbolic models on a handful of tunes, in minutes: `python -m tools.train.symbolic.demo --out DIR`.

The tunes are invented (`invented`) unless `--data` names a folder of real corpora. What comes out is a proof that the
paths work, not a model.
"""

import argparse
import tempfile
from pathlib import Path

from tools.train.symbolic.__main__ import main as symbolic
from tools.train.symbolic.invented import make_data
from tools.train.symbolic.objectives import MODELS
from tools.train.symbolic.tasks import TASKS

LENGTH = "64"


def run(out: Path, steps: int, data: Path | None = None) -> None:
    """All verbs in the order in which somebody would use them."""
    data = data or make_data(out / "midi")
    shelf, count = str(out / "shelf"), str(steps)
    song = next(iter(sorted(data.rglob("*.mid"))))
    small = ["--size", "tiny", "--length", LENGTH, "--steps", count, "--evaluate-every", count, "--freeze-every", "1"]
    do("tokenize", "--data", data, "--out", shelf, "--workers", "1")
    for model in MODELS:
        do("pretrain", "--model", model, "--data", shelf, "--out", out / f"pre-{model}", *small)
    do("pretrain", "--model", "midibert", "--data", shelf, "--out", out / "pre-midibert", *small, "--resume")
    for task in TASKS:
        model = "pianobart" if task == "continuation" else "adversarial-midibert"
        learnt = out / "models" / task
        tuning = ["--length", LENGTH, "--steps", count, "--evaluate-every", count]
        do("finetune", "--task", task, "--data", shelf, "--weights", out / f"pre-{model}", "--out", learnt, *tuning)
        do("evaluate", "--task", task, "--data", data, "--model", learnt, "--most", "2", "--json")
    do("bundle", "--model", out / "models" / "melody", "--data", shelf, "--out", out / "bundled" / "melody")
    going = out / "models" / "continuation"
    do("generate", "--prompt", song, "--bars", "4", "--out", out / "continued.mid", "--model", going)
    do("export", "--model", going, "--out", out / "graphs")
    do("generate", "--prompt", song, "--bars", "4", "--out", out / "continued-onnx.mid", "--model", out / "graphs")
    do("label", song, "--models", out / "models", "--json")
    do("picture", song, "--model", out / "pre-midibert", "--out", out / "picture.html")
    rows = ["--rows", "majority", "MidiBERT", "--tasks", "composer", "--seeds", "1"]
    table = ["--data", shelf, "--pretrained", out, "--out", out / "table", "--length", LENGTH, "--size", "tiny"]
    do("table", *table, *rows, "--steps", count, "--evaluate-every", count)


def do(*words: object) -> None:
    """One command line, said before it runs."""
    line = [str(word) for word in words]
    print("== python -m tools.train.symbolic", *line, flush=True)
    if symbolic(line):
        raise SystemExit(f"{line[0]} failed")


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.symbolic.demo", description=__doc__)
    parser.add_argument("--out", type=Path, help="keep everything here; otherwise a temporary folder")
    parser.add_argument("--data", type=Path, help="a folder of corpora instead of invented tunes")
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args(argv)
    if options.out:
        run(options.out, options.steps, options.data)
        return 0
    with tempfile.TemporaryDirectory(prefix="symbolic-demo-") as folder:
        run(Path(folder), options.steps, options.data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
