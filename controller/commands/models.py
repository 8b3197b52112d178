"""`followspot models list|verify|stage|rollback|pull`: which models there are, and which one decides."""

import argparse
from pathlib import Path

from controller.artefacts.pulling import HUB, print_pulled
from controller.clock import MonotonicClock
from controller.commands.arguments import configured, verb, verbs
from controller.commands.inventory import print_models
from controller.commands.staging import roll_back, stage

TAKEN_UP = "decides from now on; a running show takes it up at the end of a phrase"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    verb(words, "list", "artefacts with their sizes")
    verb(words, "verify", "manifests and checksums")
    staged = verb(words, "stage", "verify a trained model and let it decide, in a running show, too")
    staged.add_argument("artefact", type=Path, metavar="DIR", help="folder with manifest.yaml, as training exports it")
    staged.add_argument("--anyway", action="store_true", help="also a model of which training says that it got worse")
    back = verb(words, "rollback", "let the generation before decide again")
    back.add_argument("--to", type=int, metavar="N", help="this generation instead; 0 is the configured model")
    pulled = verb(words, "pull", "fetch the authors' published weights, where there is a network", configured=False)
    pulled.add_argument("name", help="skip-bart, pianobart or adversarial-midibert")
    pulled.add_argument("--out", type=Path, metavar="DIR", help="where to; default models/published/NAME")
    pulled.add_argument("--hub", metavar="URL", help="a mirror of the hub")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match options.what:
        case "pull":
            out = options.out or Path("models") / "published" / options.name
            print_pulled(options.name, out, options.hub or HUB)
        case "stage":
            one = stage(configured(options), options.artefact, MonotonicClock(), anyway=options.anyway)
            print(f"generation {one.number} ({one.name}) {TAKEN_UP}")
            print("back again: followspot models rollback")
        case "rollback":
            number = roll_back(configured(options), options.to)
            print(f"{f'generation {number}' if number else 'the configured model'} {TAKEN_UP}")
        case _:
            print_models(configured(options), verify=options.what == "verify")
    return 0
