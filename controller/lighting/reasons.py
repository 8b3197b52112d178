"""Why a slot has its level: from the byte on the wire back through limiter, hands, look and rule to the model's word.

Pure: everything is passed in. `followspot patch explain` tells what stands still, the page adds what is so right now.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.arrays import ByteArray, Float32Array
from controller.colour import apart_deg, to_encoded
from controller.lighting.takeover.attributes import kind_of
from controller.looks.gels import GELS, WHITE
from controller.looks.look import BeamOf, LitRole, Look
from controller.messages import Cue, LightToken, Operator, Steering
from controller.people.operator import HUES
from controller.people.wishes import in_force
from controller.rig.patch.lanes import BEAM, EMITTERS, FLAGS, HELD, Lane
from controller.rig.patch.patch import SLOTS, Fixture, Patch
from controller.rig.profiles.profile import Hold, written_heads

DRIVERS = {
    "intensity": "the brightness of its heads",
    "pan": "where its heads point",
    "tilt": "where its heads point",
    "wheel": "the colour of its heads: the nearest slot, at most every 1.5 s",
    "hue": "the colour of its heads, as an angle",
    "saturation": "the colour of its heads: how far from white",
    "cct": "the colour of its heads: warm or cold",
    "gate": "whether light is wanted at all",
    "haze": "people at their buttons, and look.haze where that is written",
    **dict.fromkeys(FLAGS, "the colour of its heads, as a filter"),
    **dict.fromkeys(("zoom", "iris", "focus", "frost"), "the beam of the look, gliding"),
    **dict.fromkeys(
        ("gobo", "prism", "animation"), "the beam of the look: it changes in the dark, or as a look begins"
    ),
    **dict.fromkeys(
        ("gobo_turn", "prism_turn", "animation_turn"),
        "the beam of the look: it begins to turn in the dark, or as a look begins, and slowly",
    ),
}
BYTES = ("coarse byte", "fine byte", "finest byte")
RULES = {
    "key": "lights faces: warm white, steady",
    "wash": "takes the token itself, spread over the fixtures as a figure",
    "back": "takes the token of a moment ago, turned 28 degrees along the wheel; accents light every other one",
    "pixel": "shows the last tokens, travelling outwards",
    "beam": "takes the opposite colour, and only when the music is up",
    "mover": "takes the opposite colour, and only when the music is up; a new aim with each change of colour",
    "blinder": "warm white, seldom: strong accents at full energy, or a held button",
    "strobe": "warm white, seldom: strong accents at full energy, or a held button",
    "hazer": "people's, and by the clock where look.haze is written",
    "house": "for the audience: up at doors, in changeovers and at the end, off while somebody plays or talks",
}
NO_BEAM = "no look hangs: beams are as they rest"
LIT_AS: dict[str, LitRole] = {
    "key": "key", "wash": "wash", "back": "back", "pixel": "pixel", "beam": "mover", "mover": "mover",
}  # fmt: skip
STATES = {
    "live": "the model, or what was rehearsed, decides",
    "fallback": "the model is late: brightness follows the level of the sound, colours stay",
    "talk": "somebody talks, or hands clap: a steady warm front",
    "quiet": "nobody plays: the last colour, low",
    "house": "nothing is heard of the model or of the sound: a steady warm stage",
}
NAMES = ("red", "orange", "yellow", "lime", "green", "mint", "cyan", "azure", "blue", "violet", "magenta", "rose")


@dataclass(frozen=True, slots=True)
class Now:
    """The show at this moment.

    Attributes:
        sent, asked: (S,) flat slots as they left, and as the look alone would have them.
        rows: (N, 6) look: intensity, red, green, blue (linear), pan, tilt.
        band: what is heard of the band, in words; "" where nobody knows. drawn: the look that the token's cue names.
        held: fixture and attribute of everything that a desk on the network holds.
    """

    sent: ByteArray
    asked: ByteArray
    rows: Float32Array
    health: str
    operator: Operator
    token: LightToken | None
    age_s: float
    decoder: str
    band: str = ""
    held: Sequence[tuple[str, str]] = ()
    drawn: Look | None = None


def at(patch: Patch, flat: int) -> tuple[Fixture | None, Lane | None]:
    """The fixture and the lane of a flat slot, as far as there are any."""
    universe, slot = patch.universes[flat // SLOTS], flat % SLOTS + 1
    fixture = next((one for one in patch.fixtures if holds(one, universe, slot)), None)
    return fixture, next((one for one in patch.lanes if flat in one.slots), None)


def why(patch: Patch, flat: int, now: Now) -> list[tuple[str, str]]:
    """Pairs of a stage and what it did, from the wire back to the model."""
    fixture, lane = at(patch, flat)
    universe, slot = patch.universes[flat // SLOTS], flat % SLOTS + 1
    level = int(now.sent[flat])
    said = [("wire", f"{universe}.{slot} is at {level} ({level / 2.55:.0f} %)")]
    if fixture is None:
        return [*said, ("patch", "nothing is patched here; it is sent as 0")]
    if lane is None:
        return [*said, ("patch", f"{fixture.config.id}: its mode does not use this slot; it is sent as 0")]
    said.append(("patch", f"{fixture.config.id}, channel {lane.name} ({lane.channel.does})"))
    said += _taken(fixture, lane, flat, now)
    if lane.control == HELD:
        return [*said, ("profile", f"held at {lane.at}: {lane.why}")]
    if lane.control == "haze":
        return [*said, ("rule", DRIVERS["haze"])]
    head = max(lane.heads, key=lambda one: float(now.rows[one, 0]))
    said.append(("look", _look(now.rows[head], lane, int(now.asked[lane.slots[0]]))))
    said += _people(patch, head, now.operator)
    cue = now.token.cue if now.token is not None else None
    if cue is None or now.drawn is None or now.health not in ("live", "fallback"):
        rule = f"{fixture.config.role}: {RULES[fixture.config.role]}"
        return [*said, ("rule", NO_BEAM if lane.control in BEAM else rule), *_model(now)]
    return [*said, ("rule", _cued(fixture.config.role, cue, now.drawn)), ("cue", _cue(cue, now.drawn)), *_model(now)]


def _cued(role: str, cue: Cue, look: Look) -> str:
    """What a look asks of a role."""
    if role == "key":
        return "key: lights faces, white and steady, never below its floor while a band plays"
    if role not in LIT_AS:
        return f"{role}: {'spent on the beginning of a look' if role in ('blinder', 'strobe') else RULES[role]}"
    part = LIT_AS[role]
    lit = look.lit.get(part, 0.0)
    if not lit:
        return f"{role}: dark in this look, unless it stands in for fixtures that the rig has none of, or lights faces"
    gels = gel_names(cue.palette)
    worn = gels[look.gel_of(part, len(gels))] if gels else "open white"
    figure = look.figure
    dances = figure.name != "still" and part in figure.roles
    return (
        f"{role}: lit at {lit:.0%} in {worn}"
        + (f"; figure {figure.name}, a step every {figure.beats:g} beats" if dances else "")
        + (f"; movement {look.movement.name} around {look.movement.aim}" if part == "mover" else "")
        + (f"; beam {_beam(look.beam)}" if part == "mover" else "")
        + ("; answers accents" if part in look.accents else "")
    )


def _beam(beam: BeamOf) -> str:
    """A beam by its name, and what is in it."""
    gobo = {None: "", 0: "", "each": "a gobo of its own for each section"}.get(beam.gobo, f"gobo {beam.gobo}")
    slides = [f"{part} {value:.0%}" for part in ("zoom", "iris", "focus", "frost")
              if (value := getattr(beam, part)) is not None]  # fmt: skip
    prism = f"prism{_turning(beam.prism_turn)}" if beam.prism else ""
    animation = f"animation wheel{_turning(beam.animation)}" if beam.animation else ""
    split = "two gels in one beam where the colour wheel can" if beam.split else ""
    parts = [one for one in (f"{gobo}{_turning(beam.gobo_turn)}", prism, animation, split, *slides) if one]
    return beam.name + (f" with {', '.join(parts)}" if parts else "")


def _turning(speed: float) -> str:
    """How fast something turns, of what looks may."""
    return f" turning at {abs(speed):.0%}" + (" the other way" if speed < 0.0 else "") if speed else ""


def _cue(cue: Cue, look: Look) -> str:
    """Which look hangs or comes, and why."""
    again = f", time {cue.times}" if cue.times > 1 else ""
    of = f"section {cue.label}{again}, " if cue.label else ""
    spent = f"; spends {cue.spend}" if cue.spend else ""
    return f"look '{look.name}': {of}{cue.level:.0%} of the song's range{spent}; {cue.why or 'no reason was given'}"


def gel_names(palette: Sequence[float]) -> list[str]:
    """Trade names of the gels nearest to a palette: hue in degrees and saturation, flat."""
    return [
        min(GELS, key=lambda gel: apart_deg(gel.hue_deg, hue_deg) / 60.0 + abs(gel.saturation - saturation)).name
        for hue_deg, saturation in zip(palette[::2], palette[1::2], strict=False)
    ]


def _taken(fixture: Fixture, lane: Lane, flat: int, now: Now) -> list[tuple[str, str]]:
    """Who changed it between the look and the wire."""
    sent, asked = int(now.sent[flat]), int(now.asked[flat])
    if (fixture.config.id, kind_of(lane.channel)) in now.held:
        return [
            ("desk", f"a person's desk holds {kind_of(lane.channel)} of {fixture.config.id}; we would send {asked}")
        ]
    return [("limiter", f"the flash limiter does not let it go to {asked} now")] if sent != asked else []


def _look(row: Float32Array, lane: Lane, level: int) -> str:
    if lane.control in BEAM:
        return _shaped(lane, level)
    split = next((one for one in getattr(lane.channel, "splits", ()) if one.holds(level)), None)
    if split is not None:
        return f"brightness {row[0]:.0%}, {' and '.join(split.colours)} half and half"
    if lane.control in ("pan", "tilt"):
        return f"pan {row[4]:.0%}, tilt {row[5]:.0%} of its range"
    red, green, blue = (np.rint(to_encoded(row[1:4][None])[0] * 255)).astype(int)
    return f"brightness {row[0]:.0%}, colour #{red:02x}{green:02x}{blue:02x}"


def _shaped(lane: Lane, level: int) -> str:
    """What a level does to the beam."""
    shapes = lane.channel.shapes if isinstance(lane.channel, Hold) else None
    if shapes is None or level == lane.at:
        return f"{lane.control}: at rest, {lane.why}"
    way = next((one for one in shapes.turns if min(one) <= level <= max(one)), None)
    if way is not None:
        return f"{lane.control.removesuffix('_turn')} turns at {(level - way[0]) / (way[1] - way[0] or 1):.0%}"
    if shapes.range is None:
        number = next((number for number, one in enumerate(shapes.slots, start=1) if one.holds(level)), 0)
        return f"{lane.control} {number} of {len(shapes.slots)} is in the beam"
    low, high = shapes.range
    return f"{lane.control} at {(level - low) / (high - low or 1):.0%} of its range"


def _people(patch: Patch, head: int, operator: Operator) -> list[tuple[str, str]]:
    """What people have set that bears on a head, the strongest first."""
    config = patch.fixtures[patch.fixture_of[head]].config
    mine = {"all", config.id, config.role, *config.groups}
    said = []
    if operator.blackout:
        said.append("blackout")
    if operator.hold:
        said.append("hold: the look stays as it was")
    if operator.grand_master < 1.0:
        said.append(f"grand master at {operator.grand_master:.0%}")
    said += [f"{one.target} is in somebody's hand" for one in operator.hands if one.target in mine]
    if operator.scene is not None:
        said.append(f"the scene '{operator.scene.name}'")
    if operator.quiet:
        said.append("quiet")
    said += [f"{name} is held" for name in ("blinder", "strobe") if getattr(operator, name)]
    return [("people", "; ".join(said))] if said else []


def _model(now: Now) -> list[tuple[str, str]]:
    said = [("state", f"{now.health}: {STATES.get(now.health, '')}")]
    said += [("ear", now.band)] if now.band else []
    token = now.token
    if token is None:
        return said
    hue_deg = token.hue * 360 // HUES
    said.append(
        (
            "token",
            f"{colour_name(hue_deg)} ({hue_deg} degrees, drawn with {token.hue_p:.0%}), value {token.value} "
            f"(drawn with {token.value_p:.0%}), {now.age_s:.1f} s ago",
        )
    )
    leaning = _leaning(now.operator.steering)
    listed = _listed(now.operator)
    said += [("set list", listed)] if listed else []
    return [*said, *([("steering", leaning)] if leaning else []), ("model", now.decoder)]


def _listed(operator: Operator) -> str:
    """What the set list wishes for what is played; "" without one."""
    wish = in_force(operator)
    if wish.number < 0:
        return ""
    if wish != operator.wish:
        return f"{operator.wish.title}: its wishes are ignored, because a person wants it so"
    wished = [
        f"only {colours_named(wish.asked)}" if wish.asked else "",
        f"never {colours_named(wish.forbidden)}" if wish.forbidden else "",
        wish.energy,
        *(f"no {name}" for name in ("strobe", "blinder", "haze") if not getattr(wish, name)),
        "dark when the band stops" if wish.dark_on_break else "",
        f"faces in {colours_named(wish.key)}" if wish.key else "",
    ]
    return f"{operator.wish.title}: {', '.join(one for one in wished if one) or 'nothing is wished'}"


def colours_named(colours: tuple[float, ...]) -> str:
    """Hues and saturations, flat, as names of colours."""
    pairs = zip(colours[::2], colours[1::2], strict=False)
    return ", ".join("white" if saturation < WHITE else colour_name(hue_deg) for hue_deg, saturation in pairs)


def _leaning(steering: Steering) -> str:
    neutral = Steering()
    words = [
        f"{name} {getattr(steering, name):.0%}"
        for name in ("intensity", "energy", "pace", "spread")
        if getattr(steering, name) != getattr(neutral, name)
    ]
    words += [f"only {', '.join(colour_name(2 * one) for one in steering.hues)}"] if steering.hues else []
    words += [f"never {', '.join(colour_name(2 * one) for one in steering.forbidden)}"] if steering.forbidden else []
    return "; ".join(words)


def colour_name(hue_deg: float) -> str:
    """The nearest of twelve names."""
    return NAMES[round(hue_deg / 30.0) % 12]


def holds(fixture: Fixture, universe: int, slot: int) -> bool:
    """Whether a fixture's footprint covers a slot."""
    first = fixture.config.address
    return fixture.config.universe == universe and first <= slot < first + fixture.footprint


def about(lane: Lane, flat: int, patch: Patch, fixture: Fixture) -> list[str]:
    """Lines about what drives a lane, whatever plays."""
    heads = tuple(head - fixture.first_head for head in lane.heads)
    of = f", head {written_heads(heads)}" if len(heads) < fixture.heads else ""
    width = f"{8 * len(lane.slots)} bits, {BYTES[lane.slots.index(flat)]}" if len(lane.slots) > 1 else "8 bits"
    lines = [f"  channel: {lane.name}{of} ({lane.channel.does}, {width})"]
    if lane.control == HELD:
        lines.append(f"  held at {lane.at}: {lane.why}")
    else:
        by = f"the colour of its heads: their {lane.control}" if lane.control in EMITTERS else DRIVERS[lane.control]
        low, high = getattr(lane.channel, "range", (0, 255))
        ranged = (
            f", between {low} and {high}" if lane.control in ("intensity", "pan", "tilt", *EMITTERS, *FLAGS) else ""
        )
        ranged += f", and otherwise at {lane.at}: {lane.why}" if lane.control in BEAM else ""
        lines.append(f"  driven by {by}{ranged}" + (f", stage {lane.stage + 1} of its dimmers" if lane.stage else ""))
    config = fixture.config
    if lane.control == "intensity" or (lane.control in EMITTERS and not patch.has("intensity")[list(lane.heads)].any()):
        curve = config.curve if isinstance(config.curve, str) else "by a table"
        lines.append(f"  response {curve}, lowest level {config.minimum:g}, limit {config.max_intensity:.0%}")
    if lane.name in config.override:
        lines.append("  overridden in config.yaml")
    never = ", ".join(f"{low}-{high}" if high > low else f"{low}" for low, high in sorted(lane.channel.never()))
    return [*lines, f"  never sent: {never}"] if never else lines
