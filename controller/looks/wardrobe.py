"""Which gels may be worn now: a pack's own, or those that are wished for, and none that are forbidden. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.colour import apart_deg
from controller.looks.gels import COLD_WHITE, GELS, OPEN_WHITE, SOFT_WHITE, WARM_WHITE, WHITE, Gel
from controller.messages import NO_WISH, SongWish, Steering

WITHIN_DEG = 16.0
"""As near as a gel must be to a colour that is asked for."""
CLEAR_DEG = 25.0
"""And as far from one that is forbidden."""
WHITES = (OPEN_WHITE, SOFT_WHITE, WARM_WHITE, COLD_WHITE)


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """Gels to choose among, at least one; `whites`: looks in white may be worn beside them."""

    gels: tuple[Gel, ...] = GELS
    whites: bool = True

    def nearest(self, hue_deg: float, saturation: float) -> Gel:
        """The gel that is nearest to a colour; a white where one may be worn."""
        if saturation < WHITE and self.whites:
            return _gel_of(hue_deg, saturation, WHITES)
        return min(self.gels, key=lambda one: _far(one, hue_deg, saturation))


def wardrobe(gels: Sequence[Gel], steering: Steering, wish: SongWish = NO_WISH) -> Wardrobe:
    """What may be worn.

    Args:
        gels: of the pack. steering: colours that a person chose and forbade, which come before the wish's.
        wish: of the set list.
    """
    chosen = tuple((2.0 * hue, 1.0) for hue in steering.hues)
    asked = chosen or _pairs(wish.asked)
    never = (*((2.0 * hue, 1.0) for hue in steering.forbidden), *_pairs(wish.forbidden))
    whites = all(saturation >= WHITE for _, saturation in never)
    if asked:
        whites &= any(saturation < WHITE for _, saturation in asked) or bool(chosen)
        gels = tuple(_gel_of(hue_deg, saturation, gels) for hue_deg, saturation in asked)
    left = tuple(one for one in gels if _may(one, never, whites))
    return Wardrobe(left or tuple(gels), whites)


def _pairs(colours: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(colours[::2], colours[1::2], strict=False))


def _gel_of(hue_deg: float, saturation: float, gels: Sequence[Gel]) -> Gel:
    """A gel under its trade name in exactly this colour; for a white, the white that is nearest to it."""
    if saturation < WHITE:
        return min(WHITES, key=lambda one: abs(one.saturation - saturation) + apart_deg(one.hue_deg, hue_deg) / 360.0)
    near = min(gels, key=lambda one: _far(one, hue_deg, saturation))
    return (
        near
        if near.saturation >= WHITE and apart_deg(near.hue_deg, hue_deg) <= WITHIN_DEG / 2.0
        else Gel(f"{hue_deg:.0f} degrees", hue_deg, saturation)
    )


def _far(gel: Gel, hue_deg: float, saturation: float) -> float:
    """How unlike a colour a gel is, in degrees of hue."""
    return apart_deg(gel.hue_deg, hue_deg) + 90.0 * abs(gel.saturation - saturation)


def _may(gel: Gel, never: Sequence[tuple[float, float]], whites: bool) -> bool:
    if gel.saturation < WHITE:
        return whites
    return all(saturation < WHITE or apart_deg(gel.hue_deg, hue_deg) >= CLEAR_DEG for hue_deg, saturation in never)
