"""What the ear knows of the beat, where it is sure; people and clocks come before it. Edge: looks for a folder."""

from pathlib import Path

from controller.artefacts.artefact import read_manifest
from controller.config import Config
from controller.listening.decode.cueing import Tempo
from controller.listening.time.beats import BeatHearing
from controller.listening.time.front import FRAME_S

SURE, BAR_SURE = 0.4, 0.6
"""Confidence from which colours wait for heard beats, and for ones."""


def open_beats(config: Config) -> BeatHearing | None:
    """What hears beats, as configured.

    Raises:
        ModelError: the artefact cannot be used.
    """
    folder = hearing_folder(config)
    if folder is None:
        return None
    return BeatHearing(folder, read_manifest(folder, "hearing", FRAME_S))


def hearing_folder(config: Config) -> Path | None:
    """Of the artefact that hears beats; None where none is wanted, or none lies beside the embedder."""
    match config.model.hearing:
        case "none":
            return None
        case "auto":
            beside = config.path(config.model.embedder).parent / "hearing"
            return beside if (beside / "manifest.yaml").is_file() else None
        case named:
            return config.path(named)


def tempo_of(beats: BeatHearing | None) -> Tempo:
    """What is heard of the beat; none where it is not sure."""
    newest = None if beats is None else beats.newest
    if newest is None or newest.confidence < SURE:
        return Tempo()
    number = newest.number if newest.bar_confidence >= BAR_SURE else 0
    return Tempo(newest.beat_s, newest.t_s, number, newest.metre, heard=True)
