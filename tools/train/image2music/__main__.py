"""`python -m tools.train.image2music VERB`: compose, index, bench, measure, captions, train, build."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that wait for each other cost more than they bring

from controller.errors import ControllerError
from tools.train.image2music.form import PLANS

LONGEST_S = 3_600.0
STOPPED = 130


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = int(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"not a number from {least}")
        return found

    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.0 < number <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"not a number over 0 and up to {LONGEST_S:g}")
    return number


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.train.image2music", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    compose = verbs.add_parser("compose", help="a picture to an opening: tune, palette, seed of a show, page")
    compose.add_argument("image", type=Path, metavar="IMAGE")
    compose.add_argument("--out", type=Path, required=True, metavar="DIR")
    compose.add_argument("--mood", default="", metavar="TEXT", help="what the picture is meant to say, in a few words")
    compose.add_argument("--title", default="", help="default: the picture's name")
    compose.add_argument("--bars", type=int, default=32, choices=sorted(PLANS), help="default: 32")
    compose.add_argument("--no-rag", action="store_true", help="look no tune up")
    compose.add_argument("--no-refine", action="store_true", help="keep the first best tune")
    compose.add_argument("--seed", type=_from(0), default=0)
    _backend(compose)
    _studio(compose)
    compose.add_argument("--synth", choices=["auto", "fluidsynth", "sines"], default="auto")
    compose.add_argument("--clip", type=Path, metavar="DIR", help="CLIP as ONNX: see docs/image-to-music.md")
    index = verbs.add_parser("index", help="build the index of tunes and the classifier now")
    index.add_argument("--again", action="store_true", help="also if they are there")
    _studio(index)
    bench = verbs.add_parser("bench", help="systems against each other on pictures, judged blind")
    bench.add_argument("images", type=Path, nargs="+", metavar="IMAGE_OR_FOLDER")
    bench.add_argument("--out", type=Path, required=True, metavar="DIR")
    bench.add_argument("--judge", choices=["form", "endpoint"], default="form",
                       help="a form to print and listen by (default), or the endpoint of --endpoint")  # fmt: skip
    bench.add_argument("--bars", type=int, default=16, choices=sorted(PLANS))
    bench.add_argument("--seed", type=_from(0), default=0)
    _backend(bench)
    _studio(bench)
    measure = verbs.add_parser("measure", help="what must hold, measured")
    measure.add_argument("--images", type=Path, required=True, metavar="DIR")
    measure.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    measure.add_argument("--tunes", type=_from(1), default=200)
    measure.add_argument(
        "--timed", type=_from(1), default=40, metavar="N", help="of these, with all files; default: 40"
    )
    measure.add_argument("--no-critic", action="store_true", help="leave out the critic's figures, which take minutes")
    _studio(measure)
    captions = verbs.add_parser("captions", help="look captions of MidiCaps up by words")
    captions.add_argument("file", type=Path, metavar="FILE.jsonl")
    captions.add_argument("--query", required=True, metavar="TEXT")
    captions.add_argument("--count", type=_from(1), default=3)
    captions.add_argument("--cache", type=Path, metavar="DIR")
    train = verbs.add_parser("train", help="train the composer and the critic on the corpus")
    train.add_argument("--out", type=Path, required=True, metavar="DIR")
    train.add_argument("--what", nargs="+", choices=["critic", "order", "composer"],
                       default=["critic", "order", "composer"])  # fmt: skip
    train.add_argument("--max-minutes", type=float, help="of processor time for each; default: 9, 8, 12")
    train.add_argument("--resume", action="store_true")
    train.add_argument("--seed", type=_from(0), default=1)
    train.add_argument("--corpus", type=Path, metavar="DIR")
    build = verbs.add_parser("build", help="a training run to an artefact")
    build.add_argument("run", type=Path, metavar="RUN_DIR")
    build.add_argument("--out", type=Path, required=True, metavar="DIR")
    build.add_argument("--corpus", type=Path, metavar="DIR")
    return parser.parse_args(argv)


def _backend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend", choices=["embedded", "vlm", "hf-local"], default="embedded", help="what reads the picture"
    )
    parser.add_argument("--endpoint", metavar="URL", help="vlm: such as http://127.0.0.1:8080/v1")
    parser.add_argument("--model", metavar="NAME", help="vlm: the model's name there; hf-local: a folder or a hub name")
    parser.add_argument("--key-from", default="FOLLOWSPOT_VLM_KEY", metavar="VARIABLE",
                        help="vlm: the environment variable that holds the key, if one is needed")  # fmt: skip
    parser.add_argument("--timeout", type=_seconds, default=60.0, metavar="S", help="vlm: for one answer")


def _studio(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the collections instead of music21's")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="default: followspot/openings in your cache folder")
    parser.add_argument("--composer", choices=["bart", "ngram"], default="bart", help="networks, or counts alone")


def compose(options: argparse.Namespace) -> int:
    """The verb `compose`."""
    from tools.train.image2music.commission import commission  # noqa: PLC0415 - each verb imports what it needs

    seed = commission(options)
    print(f"{options.out}: {seed['title']}, {seed['bars']} bars in {seed['key']}, {seed['metre']}, "
          f"{seed['bpm']} beats a minute, "
          f"{seed['seconds']:.0f} s; read by {seed['provenance']['read_by']}")  # fmt: skip
    print(f"open {options.out / 'report.html'}; light it with: followspot show --opening {options.out}")
    return 0


def index(options: argparse.Namespace) -> int:
    """The verb `index`."""
    from tools.train.image2music.cache import cache_folder  # noqa: PLC0415
    from tools.train.image2music.objects import Classifier  # noqa: PLC0415
    from tools.train.image2music.sentences import Sentences  # noqa: PLC0415
    from tools.train.image2music.shelf import open_index  # noqa: PLC0415

    cache = cache_folder(options.cache)
    found = open_index(cache, Sentences(), options.corpus, again=options.again)
    Classifier(cache)
    print(f"{cache}: {len(found.tunes)} tunes, {len({one.identity for one in found.tunes})} of them different")
    return 0


def bench(options: argparse.Namespace) -> int:
    """The verb `bench`."""
    from tools.train.image2music.contest import contest  # noqa: PLC0415

    print(contest(options))
    return 0


def measure(options: argparse.Namespace) -> int:
    """The verb `measure`: 0 if all holds."""
    from tools.train.image2music.measuring import measured  # noqa: PLC0415

    return 0 if measured(options) else 1


def captions(options: argparse.Namespace) -> int:
    """The verb `captions`."""
    from tools.train.image2music.cache import cache_folder  # noqa: PLC0415
    from tools.train.image2music.captions import nearest, read_captions, vectors_of  # noqa: PLC0415
    from tools.train.image2music.sentences import Sentences  # noqa: PLC0415

    known, sentences = read_captions(options.file), Sentences()
    vectors = vectors_of(options.file, known, sentences, cache_folder(options.cache))
    for near, one in nearest(options.query, known, vectors, sentences, options.count):
        print(f"{near:.3f}  {one.location}  {one.caption}")
    return 0


def train(options: argparse.Namespace) -> int:
    """The verb `train`."""
    from tools.train.image2music.corpus import corpus_folder, read_corpus  # noqa: PLC0415
    from tools.train.image2music.training import MINUTES, train_all  # noqa: PLC0415

    minutes = {what: options.max_minutes or MINUTES[what] for what in options.what}
    train_all(read_corpus(corpus_folder(options.corpus)), options.out, minutes, options.seed, resume=options.resume)
    print(
        f"{options.out}: trained; python -m tools.train.image2music build {options.out} --out models/opening-composer"
    )
    return 0


def build(options: argparse.Namespace) -> int:
    """The verb `build`."""
    from tools.train.image2music import building  # noqa: PLC0415
    from tools.train.image2music.corpus import corpus_folder, read_corpus  # noqa: PLC0415

    tunes = read_corpus(corpus_folder(options.corpus))
    print(building.table(building.build(options.run, tunes, options.out)))
    return 0


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "compose": compose, "index": index, "bench": bench, "measure": measure, "captions": captions,
    "train": train, "build": build,
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status: 0 good, 1 refused with one message, 130 stopped with Ctrl-C."""
    options = parse(argv)
    try:
        return VERBS[options.verb](options)
    except ControllerError as error:
        print(f"image2music {options.verb}: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"image2music {options.verb}: stopped", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    raise SystemExit(main())
