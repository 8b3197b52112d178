"""Pictures of the stage, one for each part of a song, for its report. Pure."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib.image import imsave

from controller.arrays import BoolArray
from controller.records.rendered import RenderedRig
from controller.rehearsal.camera import Camera, stage_row
from controller.rehearsal.report_page import Section, StagePicture

MOST = 8
HANGS_S = 1.5
"""A look is there so long after its part began, whatever its fade."""
QUALITY = 85


def stage_pictures(rig: RenderedRig, sections: Sequence[Section], moves: BoolArray) -> tuple[StagePicture, ...]:
    """The stage in each part of the song, in order; where there are many parts, each kind once before any comes again.

    Args:
        rig: of the song. sections: of the same. moves: (h,) which heads turn.
    """
    if not len(rig.time_s) or not len(rig.id):
        return ()
    camera = Camera(rig.position_m, moves)
    shown = _chosen(sections) or [Section(0.0, float(rig.time_s[-1]), "")]
    return tuple(_picture(rig, camera, one) for one in shown)


def _chosen(sections: Sequence[Section]) -> list[Section]:
    first = {one.label: one for one in reversed(sections)}
    again = [one for one in sections if first[one.label] is not one]
    kept = [*sorted(first.values(), key=lambda one: one.start_s), *again][:MOST]
    return sorted(kept, key=lambda one: one.start_s)


def _picture(rig: RenderedRig, camera: Camera, section: Section) -> StagePicture:
    t_s = min(section.start_s + HANGS_S, 0.5 * (section.start_s + section.end_s))
    at = min(int(np.searchsorted(rig.time_s, t_s)), len(rig.time_s) - 1)
    rows = stage_row(rig.light[at], *rig.pan_tilt_deg[at].T)
    file = BytesIO()
    imsave(file, camera.picture(rows), format="jpg", pil_kwargs={"quality": QUALITY})
    return StagePicture(t_s, section.label, file.getvalue())
