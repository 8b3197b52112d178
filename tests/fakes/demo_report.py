"""A report of a song that never was: four minutes with all the rows a report can have."""

import math

import numpy as np

from controller.rehearsal.report_page import Intervention, Onset, ReportData, Section, StageTiming

GROUPS = ("front", "back", "spots", "bar left", "bar right", "blinders")
LABELS = ("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro")


def build_report(duration_s: float = 240.0, audio: str | None = None) -> ReportData:
    """The same for the same arguments."""
    part_s = duration_s / len(LABELS)
    hops = int(duration_s * 10)
    time_s = np.arange(hops) / 10
    swell = 0.55 + 0.4 * np.sin(time_s / part_s * math.pi)
    hue = (20 + 150 * np.floor(time_s / part_s * 2) / 7 + 6 * np.sin(time_s)) % 180
    return ReportData(
        song="Nobody's Song",
        venue="Basement Club",
        duration_s=duration_s,
        audio=audio,
        levels_db=-30 + 22 * swell - 4 * (time_s * 2 % 1),
        levels_hz=10.0,
        tokens=np.stack((hue, 255 * swell * (1 - 0.3 * (time_s * 2 % 1))), axis=1).astype(np.int64),
        rig=_rig(hue, swell),
        groups=GROUPS,
        onsets=tuple(Onset(beat * 0.5, 1.0 if beat % 4 == 0 else 0.4) for beat in range(int(duration_s * 2))),
        seed=7,
        metrics={"onset_match_f1": 0.71834, "hue_entropy_bits": 3.2, "dark_share": 0.012, "tokens": hops},
        identity={"decoder": "ab" * 32, "embedder": "cd" * 32, "config": "ef" * 32},
        timings={"embed": StageTiming(7.1, 8.8, 11.2), "decode": StageTiming(9.0, 10.1, 14.7)},
        sections=tuple(Section(part * part_s, (part + 1) * part_s, label) for part, label in enumerate(LABELS)),
        interventions=(Intervention(part_s * 2.2, "4 flashes in a second"), Intervention(part_s * 4.7, "red flash")),
    )


def _rig(hue: np.ndarray, swell: np.ndarray) -> np.ndarray:
    rig = np.zeros((hue.size, len(GROUPS), 3))
    phase = np.array([0.0, 0.33, 0.67]) * 2 * math.pi
    for group in range(len(GROUPS)):
        turned = hue[:, None] / 90 * math.pi + 0.6 * group - phase
        rig[:, group] = (0.5 + 0.5 * np.cos(turned)) ** 2 * np.roll(swell, 3 * group)[:, None]
    rig[:, -1] = (np.arange(hue.size) % 80 < 4)[:, None] * np.array([1.0, 0.85, 0.6])
    return np.round(255 * np.clip(rig, 0, 1)).astype(np.uint8)
