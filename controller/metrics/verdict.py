"""All figures of one song's rendered rig in one table, beside what two dull lights get for the same song. Pure.

Likeness is met by one colour that follows the loudness, so it is never said alone: that light, and the same light on
shifted music, stand in the same table, judged by the same code.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, FloatingArray
from controller.colour import encoded_from_hue, to_linear
from controller.metrics import stagecraft
from controller.metrics.correspondence import RATE_HZ as MUSIC_HZ
from controller.metrics.correspondence import AgainstMusic, Appearance, MusicFeatures, shifts
from controller.metrics.held_looks import held_figures, held_looks
from controller.metrics.professionals import likeness
from controller.metrics.seen_rig import seen
from controller.metrics.song_form import boundary_figures, form_figures, main_hues, recall_figures
from controller.metrics.stops import stop_figures
from controller.records.rendered import RATE_HZ, RenderedRig
from controller.records.told_form import ToldForm

LOUD_RANGE_DB = 30.0
PLAYED = 0.1
"""Of the song's loudness: less is a rest."""
ONE_HUE_DEG = 15.0
LIFTED = ("structure", "novelty", "loudness_brightness", "onset_change", "beat_peak", "beat_valley", "colour_structure")


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Figures by name; NaN where a song has nothing to measure it by.

    Attributes:
        show: the rendered rig. one_colour: the same fixtures in one colour, as bright as the song is loud.
        shuffled: the same light on the same music shifted, mean of eight shifts; what only light decides is left out.
        blinders_s: seconds at which blinders came on.
    """

    show: dict[str, float]
    one_colour: dict[str, float]
    shuffled: dict[str, float]
    blinders_s: tuple[float, ...]


def judge(rig: RenderedRig, music: MusicFeatures, told: ToldForm) -> Verdict:
    """Judge a rendered rig against its song, as much of it as is lit."""
    music = music.until(len(rig.time_s) / RATE_HZ)
    judged, looks = Judged(rig), Judged(one_colour(rig, music))
    against = AgainstMusic(music, len(rig.time_s), 0.0)
    show, shuffled = judged.with_lift(music, against)
    show |= told_figures(told, music, judged.end_s)
    dull, _ = looks.with_lift(music, against)
    hits_s = tuple(round(one, 2) for one in stagecraft.blinder_hits_s(judged.rig.ticks).tolist())
    return Verdict(show, dull, shuffled, hits_s)


def told_figures(told: ToldForm, music: MusicFeatures, end_s: float) -> dict[str, float]:
    """How well the show knew the form."""
    starts_s = music.marks_s["section_starts"]
    return {
        **boundary_figures(told, starts_s),
        **recall_figures(told, starts_s, music.section_kinds, end_s),
        "looks_told_a_minute": len(told.looks) * 60.0 / max(end_s, 1e-9),
    }


class Judged:
    """One rendered rig, looked at once and judged against music as often as it is shifted.

    Args:
        rendered: the rig.
    """

    def __init__(self, rendered: RenderedRig) -> None:
        self.rig = seen(rendered)
        self.end_s = len(rendered.time_s) / RATE_HZ
        self._looks_s = held_looks(self.rig.ticks)
        self._appearance = Appearance.of_rig(self.rig)

    def with_lift(self, music: MusicFeatures, against: AgainstMusic) -> tuple[dict[str, float], dict[str, float]]:
        """All figures, with `_lift` of what has one; and those of the same light on shifted music."""
        here = self.corresponding(music, against, 0)
        wrong = [self.corresponding(music, against, int(by)) for by in shifts(len(self.rig.intensity), RATE_HZ)]
        shuffled = {name: _mean([one[name] for one in wrong]) for name in here}
        lifts = {f"{name}_lift": here[name] - shuffled[name] for name in LIFTED}
        shown = {"likeness": likeness(here)["mean"], **here, **lifts, **self.crafted(music)}
        return shown, {"likeness": likeness(shuffled)["mean"] if wrong else math.nan, **shuffled}

    def corresponding(self, music: MusicFeatures, against: AgainstMusic, by: int) -> dict[str, float]:
        """What depends on which music it is: correspondence, form and held looks, the light so many moments later."""
        starts_s = music.marks_s["section_starts"]
        turned = self.rig.later(by)
        looks_s = np.sort((self._looks_s + by / RATE_HZ) % max(self.end_s, 0.1))
        return {
            **against.scores(self._appearance.shifted(by)),
            **form_figures(main_hues(turned, starts_s, self.end_s), music.section_kinds),
            **held_figures(looks_s, music.marks_s, self.end_s),
        }

    def crafted(self, music: MusicFeatures) -> dict[str, float]:
        """Contrast, colours, faces, blinders, stops."""
        rig, loud = self.rig, loudness(music, len(self.rig.intensity))
        entries_s = [one.entry_s for one in music.stops if not math.isnan(one.entry_s)]
        asked_s = np.sort(np.concatenate([music.marks_s["section_starts"], np.array(entries_s, np.float64)]))
        hits_s = stagecraft.blinder_hits_s(rig.ticks)
        return {
            **stagecraft.contrast(rig),
            **stagecraft.colours(rig),
            "key_at_floor_share": stagecraft.key_share(rig, loud > PLAYED),
            **stagecraft.blinders(hits_s, asked_s, loud),
            **stop_figures(rig.ticks, list(music.stops)),
        }


def loudness(music: MusicFeatures, moments: int) -> Float64Array:
    """(moments,) ten a second: 1 where the song is loud, 0 where it is 30 dB or more below."""
    level_db = 20.0 * np.log10(np.maximum(np.asarray(music.rms, np.float64), 1e-6))
    scaled = np.clip((level_db - np.percentile(level_db, 95)) / LOUD_RANGE_DB + 1.0, 0.0, 1.0)
    return np.asarray(scaled[np.minimum(np.arange(moments) * MUSIC_HZ // RATE_HZ, len(scaled) - 1)])


def one_colour(rig: RenderedRig, music: MusicFeatures) -> RenderedRig:
    """A rig in one colour, but for blinders and strobes, as bright as the song is loud at that moment."""
    rms = np.asarray(music.rms, np.float64)
    level = np.clip(rms / max(float(np.percentile(rms, 99)), 1e-9), 0.0, 1.0)
    frame = np.minimum((rig.time_s * MUSIC_HZ).astype(np.int64), len(level) - 1)
    ticks = np.minimum((rig.tick_s * MUSIC_HZ).astype(np.int64), len(level) - 1)
    heads, groups = (~np.isin(one, ("blinder", "strobe")) for one in (rig.role, rig.group))
    return replace(
        rig,
        light=_lit(level[frame], heads),
        pan_tilt_deg=np.zeros_like(rig.pan_tilt_deg),
        group_light=_lit(level[ticks], groups),
    )


def _lit(level: FloatingArray, which: BoolArray) -> Float32Array:
    encoded = encoded_from_hue(np.array([ONE_HUE_DEG], np.float32))[0]
    shown = level[:, None, None] * encoded[None, None, :] * which[None, :, None]
    return to_linear(shown.astype(np.float32))


def _mean(values: list[float]) -> float:
    known = [one for one in values if not math.isnan(one)]
    return float(np.mean(known)) if known else math.nan
