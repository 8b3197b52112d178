"""What heads wear: the gels of a cue, given to the heads that a look lights. Pure."""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.colour import encoded_from_hue, to_linear
from controller.lighting.look.duties import Duties
from controller.looks.gels import OPEN_WHITE, SOFT_WHITE, WARM_WHITE, Gel, is_warm, on_face
from controller.looks.look import LIT_ROLES, LitRole, Look


@dataclass(frozen=True, slots=True)
class Dress:
    """N heads in patch order.

    Attributes:
        strength: (N,) 0..1, how strongly a head is lit in its look, faces apart.
        does: (N, R) the same for each role that it is lit as, in the order of `LIT_ROLES`.
        colour: (N, 3) linear RGB. key_colour: (3,) linear RGB of the light on faces.
    """

    strength: Float32Array
    does: Float32Array
    colour: Float32Array
    key_colour: Float32Array

    def lit_as(self, roles: tuple[LitRole, ...]) -> BoolArray:
        """(N,) heads that are lit as one of these roles."""
        return np.asarray((self.does[:, [LIT_ROLES.index(role) for role in roles]] > 0.0).any(axis=1))


def dressed(look: Look, palette: tuple[float, ...], duties: Duties) -> Dress:
    """The heads of a rig in a look.

    Args:
        palette: hue in degrees and saturation of one to three gels, flat. duties: of the rig.
    """
    gels = [Gel("", hue, saturation) for hue, saturation in zip(palette[::2], palette[1::2], strict=False)]
    gels = gels or [OPEN_WHITE]
    lit = np.array([0.0 if role == "key" else look.lit.get(role, 0.0) for role in LIT_ROLES], np.float32)
    does = duties.share * lit
    role = does.argmax(axis=1)
    worn = np.array([look.gel_of(one, len(gels)) for one in LIT_ROLES])
    colours = np.array([colour_of(one) for one in gels], np.float32)
    colour = colours[worn[role]]
    fair = next((one for one in gels if on_face(one)), OPEN_WHITE)
    for number, gel in enumerate(gels):
        if not on_face(gel):
            colour[duties.facing & (worn[role] == number)] = colour_of(fair)
    key = _key_gel(look, gels[0])
    colour[duties.key & ~duties.shared] = colour_of(key)
    colour[duties.blinder | duties.strobe] = colour_of(SOFT_WHITE)
    return Dress(does.max(axis=1), does, colour, colour_of(key))


def _key_gel(look: Look, main: Gel) -> Gel:
    """Faces are warm where the song is warm or pale, and neutral beside cold or deep colours."""
    return WARM_WHITE if look.harmony == "pastel" or is_warm(main.hue_deg) else SOFT_WHITE


def colour_of(gel: Gel) -> Float32Array:
    """(3,) linear RGB, largest component 1."""
    pure = encoded_from_hue(np.array([gel.hue_deg], np.float32))[0]
    return to_linear(np.asarray(1.0 - gel.saturation * (1.0 - pure), np.float32))
