"""Whose beat counts: one that is kept, people and clocks, the ear. Edge: looks for a folder."""

from dataclasses import replace
from pathlib import Path

from controller.artefacts.artefact import read_manifest
from controller.bus.news import BandHeard
from controller.config import Config
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import Hearing
from controller.listening.time.tempo import TEMPO_LASTS_S, Tempo
from controller.messages import Operator

SURE, BAR_SURE = 0.4, 0.6
"""Confidence from which colours wait for heard beats, and for ones."""


def open_hearing(config: Config, drum_column: int = 0) -> Hearing | None:
    """What hears beats, drums and kinds of sound, as configured.

    Args:
        drum_column: of the blocks, that holds the drums alone; 0: there is none.

    Raises:
        ModelError: the artefact cannot be used.
    """
    folder = hearing_folder(config)
    if folder is None:
        return None
    return Hearing(folder, read_manifest(folder, "hearing", FRAME_S), drum_column)


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


def tempo_of(hearing: Hearing | None) -> Tempo:
    """What is heard of the beat; none where it is not sure."""
    newest = None if hearing is None else hearing.newest
    if newest is None or newest.confidence < SURE:
        return Tempo()
    number = newest.number if newest.bar_confidence >= BAR_SURE else 0
    return Tempo(newest.beat_s, newest.t_s, number, newest.metre, heard=True)


def band_heard(hearing: Hearing | None, tempo: Tempo, led_by: str) -> BandHeard:
    """What people are shown of the band.

    Args:
        tempo: the one that counts. led_by: whose it is.
    """
    heard = BandHeard("", False, led_by, tempo.beat_s, tempo.beat_t_s, tempo.number, tempo.metre)
    if hearing is None:
        return heard
    sure = 0.0 if hearing.newest is None else hearing.newest.confidence
    energy = hearing.energy
    level, build = (0.0, 0.0) if energy is None else (energy.level, energy.build)
    return replace(heard, kind=hearing.kind, voice=hearing.voice, confidence=sure, level=level, build=build)


class TempoLead:
    """Settles it anew whenever it is asked.

    Args:
        hearing: the ear's, or None.

    Attributes:
        by: who leads, in a word that the page shows: kept, tapped, heard, or "" for nobody.
    """

    def __init__(self, hearing: Hearing | None) -> None:
        self._hearing = hearing
        self._kept = Tempo()
        self.by = ""

    def tempo(self, people: Operator, now_s: float) -> Tempo:
        """The tempo that counts at this moment.

        Args:
            people: what they said of it. now_s: time of the newest sound.
        """
        if self._hearing is not None:
            self._hearing.obey(people)
        kept = dict(people.more).get("lock_tempo", 0.0) > 0.5
        if kept and self._kept.beat_s > 0.0:
            self.by = "kept"
            return self._keep(now_s)
        tapped = people.beat_s > 0.0 and now_s - people.beat_t_s <= TEMPO_LASTS_S
        found = Tempo(people.beat_s, people.beat_t_s) if tapped else tempo_of(self._hearing)
        self.by = "tapped" if tapped else "heard" if found.beat_s > 0.0 else ""
        self._kept = replace(found, beat_t_s=found.beat_t_s + people.nudge_s)
        return self._kept

    def _keep(self, now_s: float) -> Tempo:
        """The kept tempo goes on by itself, counted from a beat that is not long ago."""
        kept = self._kept
        beats = max(0, round((now_s - kept.beat_t_s) / kept.beat_s))
        at_s, number = kept.beat_t_s + beats * kept.beat_s, kept.number_after(beats)
        self._kept = replace(kept, beat_t_s=at_s, number=number, heard=True)
        return self._kept
