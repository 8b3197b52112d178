"""What looks know of a rig: where its heads are, what they are for and how far they turn. No addresses, no profiles."""

from dataclasses import dataclass

from controller.arrays import Float32Array


@dataclass(frozen=True, slots=True)
class Rig:
    """N heads in patch order; a bar has one head for each cell.

    Attributes:
        roles: role of each head.
        positions_m: (N, 3) float32: x to the audience's right, y upstage, z up.
        pan_deg, tilt_deg: (N,) float32 range of movement; 360 and 180 stand in for heads that do not move.
    """

    roles: tuple[str, ...]
    positions_m: Float32Array
    pan_deg: Float32Array
    tilt_deg: Float32Array

    @property
    def heads(self) -> int:
        """N."""
        return len(self.roles)
