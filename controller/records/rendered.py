"""What the rig of a rehearsal showed, head by head, as arrays and as the file `heads.npz`. Edge: a file.

The light is that of the emitted slots, after the flash limiter and read back: never an intention. Hazers give none and
are left out.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, Float64Array
from controller.errors import EvaluationError

RATE_HZ = 10
NAME = "heads.npz"


@dataclass(frozen=True, slots=True, eq=False)
class RenderedRig:
    """Light of every head: n moments, ten a second, of h heads; and of every role at every output cycle, m of them.

    Attributes:
        time_s: (n,) seconds of the song. id, role: (h,) texts. position_m: (h, 3) x, y, z.
        light: (n, h, 3) linear sRGB, 0..1 of that head's own full. pan_tilt_deg: (n, h, 2), 0 for heads that stand.
        tick_s: (m,) seconds. group: (g,) the roles. group_light: (m, g, 3) mean light of the heads of each.
    """

    time_s: Float64Array
    id: npt.NDArray[np.str_]
    role: npt.NDArray[np.str_]
    position_m: Float32Array
    light: Float32Array
    pan_tilt_deg: Float32Array
    tick_s: Float64Array
    group: npt.NDArray[np.str_]
    group_light: Float32Array

    def write(self, path: Path) -> None:
        """Write the file; the same arrays give the same bytes.

        Raises:
            OSError: it cannot be written.
        """
        with path.open("wb") as file:
            np.savez_compressed(file, **{one.name: getattr(self, one.name) for one in fields(self)})


def read_rendered(path: Path) -> RenderedRig:
    """Read what `write` wrote.

    Raises:
        EvaluationError: missing, damaged, or of other shapes.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            rig = RenderedRig(**{one.name: file[one.name] for one in fields(RenderedRig)})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise EvaluationError(f"{path}: cannot be read ({error}); `followspot rehearse` writes it anew") from error
    n, h, m, g = len(rig.time_s), len(rig.id), len(rig.tick_s), len(rig.group)
    shapes = {
        "role": (h,), "position_m": (h, 3), "light": (n, h, 3), "pan_tilt_deg": (n, h, 2), "group_light": (m, g, 3),
    }  # fmt: skip
    for name, shape in shapes.items():
        found = np.shape(getattr(rig, name))
        if found != shape:
            raise EvaluationError(f"{path}: {name} is {found}, not {shape}; `followspot rehearse` writes it anew")
    if n == 0 or h == 0:
        raise EvaluationError(f"{path}: holds no light; rehearse a longer song, or a rig with fixtures")
    return rig
