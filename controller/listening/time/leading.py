"""What the ear knows of the beat, where it is sure; people and clocks come before it."""

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
    if config.model.hearing is None:
        return None
    folder = config.path(config.model.hearing)
    return BeatHearing(folder, read_manifest(folder, "hearing", FRAME_S))


def tempo_of(beats: BeatHearing | None) -> Tempo:
    """What is heard of the beat; none where it is not sure."""
    newest = None if beats is None else beats.newest
    if newest is None or newest.confidence < SURE:
        return Tempo()
    number = newest.number if newest.bar_confidence >= BAR_SURE else 0
    return Tempo(newest.beat_s, newest.t_s, number, newest.metre, heard=True)
