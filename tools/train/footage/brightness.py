"""Whose brightness can be compared: the scale that a film's `value` is on, and who else is on it. Pure.

Every film is scaled so that its bright moments come out near 245; nothing in it says how bright the fixtures could have
been. That means something only where it spans a quiet song and a finale: in a long recording (its chapters together),
or in films of one evening by one camera whose exposure stood still, which is what `--exposure-locked` promises; a film
in which the camera is seen to follow the light breaks the promise. A film that was scaled alone keeps its shape and
loses its height: its colours are learnt, its levels are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.sound_format import HOP_S
from tools.train.footage.chapters import recording_of

LONG_S = 600.0
"""A recording of so much that can be trusted is taken to hold quiet and bright songs."""
COMPARED = 2
"""So many films on one scale say something of each other, however short they are."""
ALONE = "its brightness has a scale of its own: its colours are learnt, its levels are not"
FOLLOWS = 0.25
"""A camera that takes back so much of every step of light follows it (`exposure.taken_back`)."""
BROKEN = ("its exposure was to stand still and follows the light (--exposure-locked): its levels are not learnt; lock "
          "exposure and gain, or leave the option out")  # fmt: skip

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """What brings a film's `value` to the scale that it shares; `known`: whether that scale means anything."""

    factor: float = 1.0
    known: bool = True


def scales(films: Mapping[Path, Told]) -> dict[Path, Scale]:
    """The scale of each film.

    Args:
        films: what the `NAME.json` of each says. What is no film of ours (takeovers, imports, invented rooms) says its
            levels itself. Films of before `brightness` was told are scaled alone, and known if they are long.
    """
    groups: dict[tuple[str, ...], list[Path]] = {}
    for path, told in films.items():
        if "fingerprint" in told:
            groups.setdefault(_group(path, told), []).append(path)
    found = {path: Scale() for path in films}
    for (how, *_), paths in groups.items():
        brightest = max(_full(films[path]) for path in paths)
        known = sum(trusted_s(films[path]) for path in paths) >= LONG_S or (how == "locked" and len(paths) >= COMPARED)
        found |= {path: Scale(_full(films[path]) / brightest, known) for path in paths}
    return found


def _group(path: Path, told: Told) -> tuple[str, ...]:
    """What films that share a scale have in common; without `full` nothing is known that could be compared."""
    brightness, night = told.get("brightness", {}), str(told.get("night", path.parent))
    if not brightness.get("full"):
        return "alone", str(path)
    camera = str(brightness.get("camera", ""))
    if brightness.get("locked") and not broken(told):
        return "locked", night, camera
    video = Path(str(told.get("video", "")))
    recording = recording_of(video.stem)
    return ("chapters", night, camera, str(video.parent), recording[0]) if recording else ("alone", str(path))


def broken(told: Told) -> bool:
    """Whether a film's exposure follows the light though somebody said that it stood still."""
    brightness = told.get("brightness", {})
    return bool(brightness.get("locked")) and float(brightness.get("taken_back") or 0.0) >= FOLLOWS


def _full(told: Told) -> float:
    return float(told.get("brightness", {}).get("full") or 1.0)


def trusted_s(told: Told) -> float:
    """Seconds of a film that can be trusted."""
    return HOP_S * float(told.get("hops", 0)) * float(told.get("kept", 0.0))
