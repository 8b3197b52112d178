"""`python -m tools.rigs QXF_DIR [--ofl DIR] [--gdtf DIR] [--json] [--list]`: what whole libraries are sent.

Every mode that can be used is rendered at full white, dark, blackout and in the house look; the bytes are read back by
the judge's own reading of the file, and what is wrong is counted in modes. Aim: no hazard of any kind.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from controller.config import FixtureConfig
from controller.errors import ControllerError
from controller.lighting.look.master import Master
from controller.messages import Operator, Picture
from controller.rig.patch.patch import build_patch
from controller.rig.patch.render import Renderer
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.reading import read_profile
from tools.rigs.raw import Slot, modes_of
from tools.rigs.words import LASER, TURNS, WHITE

KINDS = ("laser on", "reset held", "program held", "strobing", "dark at white", "lit in blackout", "overridden colour",
         "gobo in")  # fmt: skip
LOOKS = {"white": (1.0, (1, 1, 1), False), "dark": (0.0, (1, 1, 1), False), "blackout": (1.0, (1, 1, 1), True),
         "house": (0.59, (1, 0.43, 0.13), False)}  # fmt: skip
Levels = dict[str, np.ndarray]


def sent(profile: Profile, mode: str) -> Levels:
    """Levels (512,) of each look, each shown for eight seconds, so that wheels have turned."""
    fixture = FixtureConfig(id="lamp", profile="p", mode=mode, universe=1, address=1, role="wash", position_m=(0, 1, 3),
                            allow_laser=True)  # fmt: skip
    patch = build_patch([fixture], [1], {"p": profile}, str)
    renderer, master, found, t_s = Renderer(patch), Master(), {}, 0.0
    half = np.full(patch.heads, 0.5, np.float32)
    for name, (intensity, colour, blackout) in LOOKS.items():
        light = np.tile(np.array(colour, np.float32), (patch.heads, 1))
        for _ in range(4):
            t_s += 2.0
            look = Picture(t_s, 0, np.full(patch.heads, intensity, np.float32), light, half, half)
            found[name] = renderer.render(master.apply(look, Operator(blackout=blackout)))[0].slots.copy()
    return found


def wrong(slots: list[Slot], levels: Levels, *, laser: bool) -> Iterator[tuple[str, str]]:
    """Kind and place of what is wrong in one mode; of a laser fixture, dark by design, only its hazards."""
    emitters = sum(slot.kind == "emitter" for slot in slots) >= 3
    dimmed = any(slot.kind == "dimmer" for slot in slots)
    for slot in slots:
        at = {name: int(found[slot.index]) for name, found in levels.items()}
        tags = {name: (one.tags if (one := slot.at(level)) else frozenset()) for name, level in at.items()}
        every = frozenset().union(*tags.values())
        others = frozenset().union(*(one.tags for one in slot.ranges)) if slot.ranges else frozenset()
        where = f"{slot.name} at {at['white']}"
        if LASER.search(slot.name) and not TURNS.search(slot.name):
            if any(not one & {"off", "dark"} and (slot.at(at[name]) or at[name]) for name, one in tags.items()):
                yield "laser on", where
        elif "laser" in every and slot.kind != "gobo":
            yield "laser on", where
        if len(slot.ranges) > 1 and "reset" in every and not every & {"off", "open"}:
            yield "reset held", where
        if "program" in every and others & {"off", "open"} and not every & {"off", "open"}:
            yield "program held", where
        if len(slot.ranges) > 1 and "strobe" in tags["white"] and not tags["white"] & {"open", "off"}:
            yield "strobing", where
        if laser:
            continue
        if "dark" in tags["white"] and "open" in others and "open" not in tags["white"]:
            yield "dark at white", where
        if slot.kind == "colour" and "colour" in tags["blackout"] and "dark" in others and not (dimmed or emitters):
            yield "lit in blackout", where
        glass = (one := slot.at(at["white"])) is not None and WHITE.fullmatch(one.said) and one.first == 0
        shown = not glass and tags["white"] & {"colour", "stop"} and not tags["white"] & {"off", "open"}
        if slot.kind == "colour" and emitters and shown and others & {"off", "open"} and at["white"] == at["house"]:
            yield "overridden colour", where
        if (
            slot.kind == "gobo"
            and others & {"open"}
            and tags["white"] & {"gobo", "stop"}
            and "open" not in tags["white"]
        ):
            yield "gobo in", where


def judge(files: list[Path]) -> tuple[Counter[str], dict[str, list[str]]]:
    """Counts of modes by kind, and what was found where."""
    counts: Counter[str] = Counter()
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        try:
            raw = dict(modes_of(file))
        except (ValueError, KeyError, TypeError, SyntaxError, OSError):
            continue
        if not raw:
            continue  # a register, or a file that only points to another
        try:
            profile = read_profile(file, file.stem)
        except ControllerError as error:
            counts["modes"] += max(1, len(raw))
            counts["refused"] += max(1, len(raw))
            found["refused"].append(f"{file.stem}: {error}")
            continue
        counts["modes"] += len(profile.modes) + len(profile.refused)
        counts["refused"] += len(profile.refused)
        found["refused"] += [f"{file.stem}, {mode}: {why}" for mode, why in profile.refused.items()]
        for mode in profile.modes:
            slots = raw.get(mode)
            if slots is None:
                counts["not judged"] += 1
                continue
            kinds = list(wrong(slots, sent(profile, mode), laser=profile.kind == "laser"))
            counts.update({kind for kind, _ in kinds})
            for kind, where in kinds:
                found[kind].append(f"{file.stem}, {mode}: {where}")
    return counts, found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.rigs", description=__doc__)
    parser.add_argument("qxf", type=Path, nargs="?", default=Path("/usr/share/qlcplus/fixtures"))
    parser.add_argument("--ofl", type=Path)
    parser.add_argument("--gdtf", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true", help="also what was found where")
    arguments = parser.parse_args()
    folders = {"qxf": arguments.qxf, "json": arguments.ofl, "gdtf": arguments.gdtf}
    table = {ending: judge(sorted(folder.rglob(f"*.{ending}"))) for ending, folder in folders.items() if folder}
    if arguments.json:
        print(json.dumps({ending: dict(counts) for ending, (counts, _) in table.items()}))
        return
    for ending, (counts, found) in table.items():
        print(f"{ending}: {counts['modes']} modes")
        for kind in (*KINDS, "refused", "not judged"):
            print(f"  {kind:18} {counts[kind]:5}")
            for one in found[kind] if arguments.list else ():
                print(f"      {one[:200]}")


if __name__ == "__main__":
    main()
