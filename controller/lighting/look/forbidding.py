"""What a set list forbids does not leave, whoever asks for it: a look, a button, a hand. Pure."""

from dataclasses import replace

import numpy as np

from controller.lighting.look.formation import form
from controller.messages import Picture, SongWish
from controller.rig.heads import Rig


class Forbidding:
    """Takes forbidden fixtures out of a picture.

    Args:
        rig: heads and roles.
    """

    def __init__(self, rig: Rig) -> None:
        of = form(rig).of
        self._blinder, self._strobe = of["blinder"], of["strobe"]

    def apply(self, look: Picture, wish: SongWish) -> Picture:
        """The picture as the wish lets it through."""
        if wish.blinder and wish.strobe:
            return look
        forbidden = np.zeros_like(self._blinder)
        if not wish.blinder:
            forbidden |= self._blinder
        if not wish.strobe:
            forbidden |= self._strobe
        return replace(look, intensity=np.where(forbidden, np.float32(0.0), look.intensity))
