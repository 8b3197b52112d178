"""The look book: a part of the song gets a look when it first comes, and gets it back, bigger, when it returns. Pure.

What people do (`human_looks.json` of the design notes): nine looks a song, the same part in the same one, another part
in another; a new one on 58 % of section starts, and in long sections on a bar line after four or eight bars.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from controller.colour import apart_deg
from controller.looks.gels import Gel, palette_of
from controller.looks.look import Look, Part
from controller.looks.pack import Pack
from controller.looks.wardrobe import Wardrobe

APART_DEG, LEAST_APART_DEG = 28.0, 22.0
"""Parts of one song are so far apart in hue, as long as there is room."""
FAMILY_DEG, CONTRAST_DEG = 75.0, 100.0
"""A song has a family of colours, around that of its first part; the chorus may be so far from it, and stands out."""
COLOURED = 0.5
"""Saturation from which a gel may be the main one of a part; paler ones come with a look's harmony."""
KIN = 1.0
"""A variation is no further than this from its look: the part stays what it is."""
REMEMBERED = 4
"""A new part must differ from the newest of the others; the wheel has no room for more."""
BIGGER = 0.08
"""Each time that a part returns."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of one part of the song.

    Attributes:
        label: of its sections. part: what it was when it first came. looks: its look, then those it is varied with.
        palette: of one to three gels. other_side: the same the other way round, for a part that does not end.
        times: how often it has come.
    """

    label: str
    part: Part
    looks: tuple[Look, ...]
    palette: tuple[Gel, ...]
    other_side: tuple[Gel, ...]
    times: int = 1

    def fits(self, rank: float, margin: float) -> bool:
        """Whether its look is for parts that are about so big, give or take a margin."""
        low, high = self.looks[0].rank
        return low - margin <= rank <= high + margin

    def level(self, rank: float) -> float:
        """0..1 of this time: a little bigger each time it returns."""
        return min(1.0, rank + BIGGER * (self.times - 1))


class LookBook:
    """Keeps one song's looks.

    Args:
        pack: of looks to choose from.

    Attributes:
        wardrobe: gels that may be worn; set it with `wear`. energy: calm, wild, or "": what the set list wishes.
        opening: look that the song begins with, "": any that fits.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._entries: dict[str, Entry] = {}
        self.wardrobe, self.energy, self.opening = Wardrobe(pack.gels), "", ""

    def get(self, label: str) -> Entry | None:
        """What this part of the song has."""
        return self._entries.get(label)

    def comes(self, label: str, part: Part, rank: float, wish: Callable[[Gel], float]) -> Entry:
        """A section begins: its entry, new or from before.

        Args:
            part, rank: of the section, as far as it is known.
            wish: how much the decoder would like a gel; 0: people do not want it.
        """
        before = self._entries.get(label)
        if before is not None and wish(before.palette[0]) > 0.0:
            entry = replace(before, times=before.times + 1)
            if part == "chorus" != before.part:  # it comes back bigger, in its colour
                entry = replace(self._new(label, part, rank, before.palette[0]), times=entry.times)
        else:
            entry = self._new(label, part, rank, self._main(wish, part))
        self._entries[label] = entry
        return entry

    def settle(self, before: Entry, part: Part, rank: float) -> Entry:
        """A part that just came for the first time turns out to be another kind: its look changes, its colour stays."""
        entry = replace(self._new(before.label, part, rank, before.palette[0]), times=before.times)
        self._entries[entry.label] = entry
        return entry

    def opens(self, before: Entry, rank: float) -> Entry:
        """A part that is most of its song, and no quiet one: every other time it hangs in a chorus look."""
        entry = replace(before, looks=(before.looks[0], self._fitting("chorus", rank)[0]))
        self._entries[entry.label] = entry
        return entry

    def recall(self, label: str, palette: tuple[Gel, ...]) -> None:
        """A part that is known already is in these gels, whatever it was given here."""
        before = self._entries.get(label)
        if before is not None:
            self._entries[label] = replace(before, palette=palette, other_side=palette[::-1])

    def wear(self, wardrobe: Wardrobe, wish: Callable[[Gel], float]) -> None:
        """Other gels may be worn from now on: parts whose colour is not among them get another."""
        if wardrobe == self.wardrobe:
            return
        self.wardrobe = wardrobe
        for label, one in list(self._entries.items()):
            del self._entries[label]  # its own colour is none that the others are kept apart from
            main = one.palette[0] if one.palette[0] in wardrobe.gels else self._main(wish, one.part)
            self._entries[label] = self._coloured(one, one.looks[0], main)

    def forget(self, label: str) -> None:
        """A part that was taken for a new one is none."""
        self._entries.pop(label, None)

    def _new(self, label: str, part: Part, rank: float, main: Gel) -> Entry:
        taken = {one.looks[0].name for one in self._entries.values() if one.label != label}
        fitting = self._fitting(part, rank)
        look = next((one for one in fitting if one.name not in taken), fitting[0])
        kin = sorted((one for one in fitting if one is not look), key=lambda one: _unlike(look, one))
        looks = (look, *kin[:1], *(one for one in kin[1:] if _unlike(look, one) <= KIN))
        return self._coloured(Entry(label, part, looks, (), ()), look, main)

    def _fitting(self, part: Part, rank: float) -> tuple[Look, ...]:
        """Looks for a part, best first; where the set list wishes it, the calm ones or the wild ones before them."""
        fitting = self._pack.fitting(part, rank)
        if self.opening in self._pack.looks and not self._entries:
            return (self._pack.looks[self.opening], *(one for one in fitting if one.name != self.opening))
        order = {"calm": 1, "wild": -1}.get(self.energy, 0)
        return tuple(sorted(fitting, key=lambda look: order * _restless(look)))

    def _coloured(self, entry: Entry, look: Look, main: Gel) -> Entry:
        gels, whites = self.wardrobe.gels, self.wardrobe.whites
        other = palette_of("complement", main, gels, whites=whites)[::-1]
        return replace(entry, palette=palette_of(look.harmony, main, gels, whites=whites), other_side=other)

    def _main(self, wish: Callable[[Gel], float], part: Part) -> Gel:
        """The gel that is wished for most of the song's family, among those that no other part has or is near to.

        The chorus is in contrast to the family where that is still free.
        """
        gels = self.wardrobe.gels
        wanted = [gel for gel in gels if gel.saturation > COLOURED and wish(gel) > 0.0] or list(gels)
        hues = [one.palette[0].hue_deg for one in self._entries.values()]
        home, others = hues[:1], hues[-REMEMBERED:]
        family = [gel for gel in wanted if not home or _far(gel, home) <= FAMILY_DEG]
        contrast = [gel for gel in wanted if part == "chorus" and _far(gel, home) >= CONTRAST_DEG]
        for some, least in ((contrast, APART_DEG), (family, APART_DEG), (family, LEAST_APART_DEG), (wanted, APART_DEG)):
            free = [gel for gel in some if _far(gel, others) >= least]
            if free:
                return max(free, key=wish)
        return max(wanted, key=lambda gel: _far(gel, others))


def _restless(look: Look) -> int:
    """How much goes on in a look: its figure, its movement, what is spent on it."""
    steps = look.figure.name not in ("still", "wave", "pulse") and look.figure.depth > 0.0
    return steps + (look.movement.name in ("bounce", "ballyhoo")) + look.blinder + look.strobe


def _unlike(look: Look, other: Look) -> float:
    """How far a variation would be from its look: what is lit, how strongly, in which harmony."""
    roles = {*look.lit, *other.lit}
    lit = sum(abs(look.lit.get(role, 0.0) - other.lit.get(role, 0.0)) for role in roles)
    return (
        lit
        + sum(abs(a - b) for a, b in zip(look.level, other.level, strict=True))
        + 0.5 * (look.harmony != other.harmony)
    )


def _far(gel: Gel, others_deg: Iterable[float]) -> float:
    return min((apart_deg(gel.hue_deg, one) for one in others_deg), default=180.0)
