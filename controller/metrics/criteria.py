"""What a rendered rig is measured by, in the order in which people read it: words, unit, people's own, and the aim.

People: quartiles of professionally lit songs where a publication has them (`professionals`), else medians of 69 cue
tracks (`human_looks.json`). Aims are those of the design notes. Pure.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from controller.metrics.held_looks import PEOPLE_HELD, PEOPLE_HELD_ON, PEOPLE_NEW_ON_SECTIONS
from controller.metrics.professionals import PROFESSIONALS
from controller.metrics.song_form import PEOPLE_SHARE


class Criterion(NamedTuple):
    """One row of a table.

    Attributes:
        name: as `verdict` has it. words: for people. form: how it is written. group: what it is about.
        people, aim: text, empty where there is none.
    """

    name: str
    words: str
    form: str = ".2f"
    group: str = ""
    people: str = ""
    aim: str = ""


def _quartiles(name: str) -> str:
    return " / ".join(f"{one:.2f}" for one in PROFESSIONALS[name])


CRITERIA = (
    Criterion("likeness", "likeness (six)", ".2f", "as the publications have it", aim="≤ .22, never alone"),
    Criterion("structure", "structure", people=_quartiles("structure")),
    Criterion("structure_lift", "  lift", "+.2f", aim="≥ .18"),
    Criterion("novelty", "novelty", people=_quartiles("novelty")),
    Criterion("novelty_lift", "  lift", "+.2f", aim="≥ .30"),
    Criterion("loudness_brightness", "loudness and brightness", people=_quartiles("loudness_brightness")),
    Criterion("loudness_brightness_lift", "  lift", "+.2f", aim="≥ .50"),
    Criterion("onset_change", "onsets and change", people=_quartiles("onset_change")),
    Criterion("onset_change_lift", "  lift", "+.2f"),
    Criterion("colour_structure", "colour structure"),
    Criterion("colour_structure_lift", "  lift", "+.2f", aim="≥ .15"),
    Criterion("beat_peak_lift", "peaks on beats, lift", "+.2f"),
    Criterion("intensity_variation", "intensity variation", people=_quartiles("intensity_variation")),
    Criterion("colour_variation", "colour variation", people=_quartiles("colour_variation")),
    Criterion("form_same", "one kind of section, one main hue", ".0%", "form", f"{PEOPLE_SHARE['same']:.0%}", "≥ 70 %"),
    Criterion(
        "form_different", "two kinds, one main hue", ".0%", people=f"{PEOPLE_SHARE['different']:.0%}", aim="≤ 25 %"
    ),
    Criterion("boundaries_f_3_s", "boundaries, F within 3 s", aim="≥ .60"),
    Criterion("boundaries_f_0.5_s", "  within 0.5 s", aim="≥ .45"),
    Criterion("boundaries_known_s_after", "  known after, s", "+.1f", aim="≤ a bar"),
    Criterion("repeats_recalled", "repeats recalled", ".0%", aim="≥ 60 %"),
    Criterion("wrongly_recalled", "sections wrongly recalled", ".0%", aim="≤ 15 %"),
    Criterion(
        "held_looks_a_minute", "held looks a minute", ".1f", "held looks",
        " / ".join(f"{one:g}" for one in PEOPLE_HELD["a_minute"]),
    ),
    Criterion("held_on_beats", "  on beats", ".0%", people=f"{PEOPLE_HELD_ON['beats']:.0%}", aim="≥ 90 %"),
    Criterion("held_on_beats_by_chance", "    by chance", ".0%"),
    Criterion("held_on_downbeats", "  on downbeats", ".0%", people=f"{PEOPLE_HELD_ON['downbeats']:.0%}", aim="≥ 60 %"),
    Criterion("held_on_downbeats_by_chance", "    by chance", ".0%"),
    Criterion(
        "held_on_section_starts", "  on section starts", ".0%", people=f"{PEOPLE_HELD_ON['section_starts']:.0%}",
        aim="≥ 35 %",
    ),
    Criterion("held_on_section_starts_by_chance", "    by chance", ".0%"),
    Criterion(
        "sections_with_new_look", "section starts with a new look", ".0%", people=f"{PEOPLE_NEW_ON_SECTIONS:.0%}",
        aim="≥ 55 %",
    ),
    Criterion("brightness_mean", "rig brightness, mean", group="contrast and colour"),
    Criterion("brightness_sd", "  standard deviation", people="0.22", aim="≥ .18"),
    Criterion("dim_share", "  time below 10 %", ".0%", aim="2-20 %"),
    Criterion("washes_lit_share", "washes lit (> .25)", ".0%", aim="40-75 %"),
    Criterion("hues_median", "hues at once, median", ".1f", aim="≤ 2"),
    Criterion("hues_p90", "  90 %", ".1f", aim="≤ 3"),
    Criterion("key_at_floor_share", "light on faces at its floor", ".0%", "craft", aim="100 %"),
    Criterion("forbidden_on_key_share", "mustard or lime on faces", ".1%", aim="0"),
    Criterion("blinders_a_minute", "blinder hits a minute", ".2f", aim="≤ 1"),
    Criterion("blinders_asked_for", "  on section starts, lifts, entries", ".0%", aim="≥ 80 %"),
    Criterion("blinders_in_quiet", "  in quiet", ".1f", aim="0"),
    Criterion("stops", "dead stops", ".1f"),
    Criterion("stop_answered_ms", "  answered after, ms (2000: not)", ".0f", aim="≤ 100"),
    Criterion("stop_within_100_ms", "  within 100 ms", ".0%", aim="100 %"),
    Criterion("entry_answered_ms", "  entries answered after, ms", ".0f", aim="≤ 100"),
    Criterion("entry_within_100_ms", "  within 100 ms", ".0%", aim="100 %"),
)  # fmt: skip


def grouped() -> Iterator[tuple[str, list[Criterion]]]:
    """The figures, a heading for each run of them."""
    heading, rows = "", list[Criterion]()
    for one in CRITERIA:
        if one.group and rows:
            yield heading, rows
            rows = []
        heading = one.group or heading
        rows.append(one)
    yield heading, rows


def written(criterion: Criterion, amount: float | None) -> str:
    """An amount as the tables have it; a dash where there is none."""
    if amount is None or math.isnan(amount):
        return "–"
    return format(amount, criterion.form)
