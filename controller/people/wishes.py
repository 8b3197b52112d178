"""What binds the light now: the set list's wish, unless a person lifts it, and how people lean on the model. Pure."""

from dataclasses import replace

from controller.looks.gels import WHITE
from controller.messages import NO_WISH, Operator, SongWish, Steering

CALMER = 0.3
"""How far `calm` and `wild` move the fader of energy."""


def in_force(operator: Operator) -> SongWish:
    """The wish that counts: none where a person ignores it."""
    ignored = dict(operator.more).get("wishes_off", 0.0) > 0.5
    return replace(NO_WISH, number=operator.wish.number, kind=operator.wish.kind) if ignored else operator.wish


def steered(operator: Operator) -> Steering:
    """How the model is leaned on: what a person chose at the page comes first, then what the set list asks."""
    steering, wish = operator.steering, in_force(operator)
    if not (wish.asked or wish.forbidden or wish.energy):
        return steering
    shift = {"calm": -CALMER, "wild": CALMER}.get(wish.energy, 0.0)
    return replace(
        steering,
        hues=steering.hues or hue_ids(wish.asked),
        forbidden=tuple(sorted({*steering.forbidden, *hue_ids(wish.forbidden)})),
        energy=min(1.0, max(0.0, steering.energy + shift)),
    )


def hue_ids(colours: tuple[float, ...]) -> tuple[int, ...]:
    """Hue ids 0..179 of colours, which whites have none of."""
    pairs = zip(colours[::2], colours[1::2], strict=False)
    return tuple(sorted({round(hue_deg / 2.0) % 180 for hue_deg, saturation in pairs if saturation >= WHITE}))
