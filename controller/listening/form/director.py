"""Which look hangs in the room now, and from when on: sections, the look book and the tokens' colour to cues. Pure.

A section brings its look on its one. A long section is varied on a bar line after eight bars. What is spent seldom (a
blinder, a strobe) is spent on lifts, and never twice within half a minute.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from controller.listening.form.form import SongNow, SongSection
from controller.listening.form.look_book import Entry, LookBook
from controller.listening.time.outputs import DRUMS
from controller.listening.time.tempo import Tempo
from controller.looks.gels import Gel
from controller.looks.look import Look, Part
from controller.looks.pack import Pack
from controller.looks.wardrobe import Wardrobe, wardrobe
from controller.messages import NO_WISH, Cue, SongWish, Steering
from controller.sound_format import HOP_S

VARY_BARS = 8
VARY_S, PHRASE_S = 13.0, 7.0
"""A variation is due after so many bars or so long, whichever is more music; with a new phrase sooner."""
LIFT, DROP_BUILD = 0.2, 0.5
"""Rise of rank that a blinder is spent on, and the build before it that a strobe is spent on as well."""
SPEND_GAP_S, NOT_BEFORE_S = 40.0, 15.0
INTRO_S = 25.0
CHORUS, INTRO_RANK = 0.7, 0.6
CHORUS_PARTS, CHORUS_SHARE, OPENS_RANK = 3, 0.5, 0.5
BUILDS = 0.45
SIDES = 8
"""Of so many variations in a row the last two are in the other colour: a part that goes on for minutes needs one."""
NEARLY, CLEARLY, MISFIT_BARS = 0.1, 0.25, 2
"""A look may be for parts that are so much bigger or smaller, in its first bar and later on; it goes after so many
bars in which it is for others."""
MOST_CHORUS, LEAST_SONG_S = 0.4, 40.0
"""The chorus is so much of the song at most: what is always there is nothing special."""
OF_NOW = 0.4
"""How much of a look's size is the level of the moment; the rest is what the part is to its song."""
OPENS, SURE_S = 0.35, 1.5
"""So sure it must be that something begins, before another colour comes; else the first bar line after so long, if it
was not taken back."""
SPENT_LATE_S = 1.5
"""A blinder is for the beginning of a part, and for nothing later than this."""
JUST_S = 0.05
"""A beat that is over by no more is met by whatever comes at once."""
CORRECTED_S = 0.3
"""A start that moves by less is the same one."""


Wish = Callable[[Gel], float]
"""How much the decoder would like a gel; 0: people do not want it."""


@dataclass(frozen=True, slots=True)
class Band:
    """What the ear knows in one hop.

    Attributes:
        song: where it is. tempo: of the beat. kind: of sound. drummed: whether somebody drums.
        build, level: 0..1, see `Energy`. voice: whether somebody sings.
        hits_s: when each drum of `DRUMS` was hit last; -inf: not yet.
    """

    song: SongNow
    tempo: Tempo
    kind: str
    drummed: bool
    build: float
    level: float
    voice: bool = False
    hits_s: tuple[float, ...] = (-math.inf,) * len(DRUMS)


@dataclass(frozen=True, slots=True)
class Instant:
    """One hop: its end, what the ear knows, and what the decoder wishes."""

    t_s: float
    band: Band
    wish: Wish


class Director:
    """Gives cues for one show.

    Many attributes: the books of songs, the section and look that hang, counts of what was varied, spent and wrong.

    Args:
        pack: of looks.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._books: dict[int, LookBook] = {}
        self._book = LookBook(pack)
        self._song = -1
        self._began_s = 0.0
        self._section: SongSection | None = None
        self._entry: Entry | None = None
        self._variation, self._varied_s, self._varied_bars = 0, 0.0, 0
        self._settled = self._unsure = False
        self._section_s, self._bars, self._misfits, self._chorus_s = 0.0, 0, 0, 0.0
        self._spent_s = -SPEND_GAP_S
        self._built = 0.0
        self._drums = False
        self._cue: Cue | None = None
        self._wish, self._wardrobe = NO_WISH, Wardrobe(pack.gels)
        self._bound = NO_WISH, Steering()

    def bind(self, wish: SongWish, steering: Steering) -> None:
        """What the set list wishes and what people chose, from the next step on."""
        if (wish, steering) == self._bound:
            return
        self._wish, self._bound = wish, (wish, steering)
        self._wardrobe = wardrobe(self._pack.gels, steering, wish)

    def permitted(self, cue: Cue) -> Cue:
        """A cue that was made elsewhere, with what the set list and people wish for: other gels, nothing spent."""
        may = {"": True, "blinder": self._wish.blinder, "strobe": self._wish.strobe}
        cue = cue if may[cue.spend] else replace(cue, spend="")
        if self._wardrobe == Wardrobe(self._pack.gels):
            return cue
        worn = [self._wardrobe.nearest(*one) for one in zip(cue.palette[::2], cue.palette[1::2], strict=True)]
        return replace(cue, palette=tuple(part for gel in worn for part in (gel.hue_deg, gel.saturation)))

    def recall(self, label: str, colours: Sequence[tuple[float, float]]) -> None:
        """A part of this song hangs in these colours already, hue in degrees and saturation, and goes on to."""
        self._book.recall(label, tuple(Gel("", *colour) for colour in colours))

    def step(self, band: Band, t_s: float, wish: Wish) -> Cue | None:
        """The cue of the hop that ends at `t_s`; None before anything is known."""
        song, now = band.song, Instant(t_s, band, wish)
        if song.song != self._song:
            self._start(song, now)
        self._wear(now)
        self._drums |= now.band.drummed
        if self._entry is not None and self._entry.part == "chorus":
            self._chorus_s += HOP_S
        self._built = max(self._built * 0.98, now.band.build)
        section = song.section
        if section is None:
            return None
        before, self._section = self._section, section
        if before is None or section.start_s > before.start_s + CORRECTED_S:
            self._begin(section, song, now)
        elif section.start_s < before.start_s - CORRECTED_S:
            self._take_back(before, section, now)
        elif section.label != before.label:
            self._rename(before, section, song, now)
        else:
            self._go_on(section, song, now)
        return self._said(song, now)

    def _start(self, song: SongNow, now: Instant) -> None:
        self._song, self._began_s = song.song, now.t_s
        self._book = self._books.setdefault(song.song, LookBook(self._pack))
        self._section = self._entry = None
        self._drums, self._chorus_s = False, 0.0

    def _wear(self, now: Instant) -> None:
        """What is wished for: in other gels at once, whatever part of the song it is."""
        book = self._book
        book.energy, book.opening = self._wish.energy, self._wish.look
        if book.wardrobe == self._wardrobe:
            return
        book.wear(self._wardrobe, now.wish)
        if self._entry is not None and (worn := book.get(self._entry.label)) is not None:
            self._entry = worn
            if self._cue is not None:  # the look stays, and so it does not fade in once more
                palette = self._palette(worn)
                self._cue = replace(self._cue, palette=palette, why="other colours are wished for", spend="")

    def _part(self, section: SongSection, song: SongNow, now: Instant) -> Part:
        if now.band.kind == "solo":  # one instrument hides before the band comes in; who sings alone does not
            return "solo" if self._drums or now.band.voice else "intro"
        early = section.start_s - self._began_s < INTRO_S and not section.again
        if early and not now.band.drummed and song.rank < INTRO_RANK:
            return "intro"
        if self._drums and not now.band.drummed:
            return "break"
        if now.band.build > BUILDS and not song.biggest:
            return "build"
        # the first loud part after an intro is not yet the chorus, and what is played most of the time is none
        special = (section.again or song.parts >= CHORUS_PARTS) and song.share <= CHORUS_SHARE
        chorus = song.biggest and song.rank >= CHORUS and special and not self._often(now)
        return "chorus" if chorus else "verse"

    def _often(self, now: Instant) -> bool:
        """Whether the chorus has had its share of the song."""
        return self._chorus_s > MOST_CHORUS * max(LEAST_SONG_S, now.t_s - self._began_s)

    def _begin(self, section: SongSection, song: SongNow, now: Instant) -> None:
        """A section begins. Where that is not sure, and it is none of before, the look stays until it is."""
        self._settled = section.again
        self._unsure = not section.again and section.opens < OPENS and self._entry is not None
        if not self._unsure:
            self._varied_s, self._varied_bars = section.start_s, 0
            self._open(section, song, now, _when(section.start_s, now))

    def _open(self, section: SongSection, song: SongNow, now: Instant, start_s: float) -> None:
        self._section_s = section.start_s
        part = self._part(section, song, now)
        self._entry = self._book.comes(section.label, part, song.rank, now.wish)
        self._variation, self._unsure = 0, False
        lifted = song.risen >= LIFT or (section.again and song.biggest)
        in_time = start_s - section.start_s <= SPENT_LATE_S
        spend = self._spend(section.start_s) if lifted and in_time else ""
        said = f"{part} {section.label}" + (f", for the {_nth(self._entry.times)} time" if section.again else ", new")
        self._hang(start_s, spend, f"{said}, known {_known(section)}")

    def _take_back(self, wrong: SongSection, section: SongSection, now: Instant) -> None:
        """What was taken for a new part is still the one before."""
        known = self._book.get(section.label)
        if not wrong.again and not self._unsure:
            self._book.forget(wrong.label)
        self._settled, self._section_s = True, section.start_s
        if self._unsure:
            self._unsure = False
            return
        if known is None:  # it had been given up itself
            self._open(section, now.band.song, now, _when(now.band.song.line_s, now))
            return
        self._entry = known
        self._variation += 1
        self._hang(_when(now.band.song.line_s, now), "", f"still {section.label}")

    def _rename(self, before: SongSection, section: SongSection, song: SongNow, now: Instant) -> None:
        """The section is another one than it was taken for: its own look comes with the next line."""
        if not before.again and not self._unsure:
            self._book.forget(before.label)
        self._settled = section.again
        self._open(section, song, now, _when(song.line_s, now))

    def _go_on(self, section: SongSection, song: SongNow, now: Instant) -> None:
        """Within a section: at a bar line it may prove to be of another kind, or be due for a variation."""
        on_line = _ahead(song.line_s, now) or now.band.tempo.beat_s <= 0.0
        if self._entry is None or song.bars == self._varied_bars or not on_line:
            return
        start_s = _when(song.line_s, now)
        if self._unsure:
            if start_s - section.start_s >= SURE_S:
                self._open(section, song, now, start_s)
                self._varied_s, self._varied_bars, self._settled = start_s, song.bars, True
            return
        if song.bars != self._bars:
            self._bars = song.bars
            self._look_again(song, now, start_s)
        gone_s, gone_bars = start_s - self._varied_s, song.bars - self._varied_bars
        phrase = abs(song.phrase_s - start_s) < CORRECTED_S
        due = gone_s >= PHRASE_S if phrase else gone_bars >= VARY_BARS and gone_s >= VARY_S
        if due or gone_s >= 2.0 * VARY_S:
            self._vary(self._entry, song, now, start_s)

    def _vary(self, entry: Entry, song: SongNow, now: Instant, start_s: float) -> None:
        """A part goes on, between its look and one that is near to it; where it is most of the song, and no quiet one,
        between its look and an open one. A chorus that has had its share is a verse from then on, and so is a build
        that leads nowhere.
        """
        self._varied_s, self._varied_bars = start_s, song.bars
        self._variation, how = self._variation + 1, "varied"
        if entry.part == "build" or (entry.part == "chorus" and self._often(now)):
            self._entry, self._variation = self._book.settle(entry, "verse", song.rank), 0
            how = f"it has been the {entry.part} for long enough"
        elif entry.part == "verse" and song.share > CHORUS_SHARE and song.rank >= OPENS_RANK:
            self._entry = self._book.opens(entry, song.rank)
            how = "it opens every other time"
        self._hang(start_s, "", f"{entry.part} {entry.label} goes on after {song.bars} bars: {how}")

    def _look_again(self, song: SongNow, now: Instant, start_s: float) -> None:
        """Once in a bar: is the look still for what is played? It is changed when it was wrong for two bars."""
        entry = self._entry
        if entry is None or song.section is None:
            return
        part = self._part(song.section, song, now)
        fresh = not self._settled
        self._settled = True
        # an intro is over once the drums are in, a solo or a break with what made it one
        passing = entry.part == "intro" or bool({part, entry.part} & {"break", "solo"})
        another = part != entry.part and (fresh or passing)
        misfit = another or not entry.fits(song.rank, NEARLY if fresh else CLEARLY)
        self._misfits = self._misfits + 1 if misfit else 0
        if not misfit or (not fresh and self._misfits < MISFIT_BARS):
            return
        self._misfits = 0
        self._entry = self._book.settle(entry, part, song.rank)
        self._varied_s, self._varied_bars, self._variation = start_s, song.bars, 0
        self._hang(start_s, "", f"{part} {song.section.label}, as it turns out")

    def _hang(self, start_s: float, spend: str, why: str) -> None:
        entry = self._entry
        if entry is None:
            return
        look = entry.looks[self._variation % min(2, len(entry.looks))]
        palette = self._palette(entry)
        why += ", in the colours of the set list" if self._wish.asked else ""
        self._cue = Cue(look.name, start_s, entry.label, times=entry.times, palette=palette, why=why, part=entry.part)
        self._cue = replace(self._cue, spend=self._affordable(look, spend))

    def _palette(self, entry: Entry) -> tuple[float, ...]:
        """Hue in degrees and saturation of the gels that an entry wears now."""
        gels = entry.other_side if self._variation % SIDES >= SIDES - 2 else entry.palette
        return tuple(number for gel in gels for number in (gel.hue_deg, gel.saturation))

    def _affordable(self, look: Look, spend: str) -> str:
        """What may be spent on a look of that which is due: what it has, and the set list does not forbid."""
        if spend == "strobe" and not self._wish.strobe:
            spend = "blinder"
        has = look.blinder if spend == "blinder" else spend == "strobe" and look.strobe
        return spend if has and (spend != "blinder" or self._wish.blinder) else ""

    def _spend(self, start_s: float) -> str:
        if start_s - self._spent_s < SPEND_GAP_S or start_s - self._began_s < NOT_BEFORE_S:
            return ""
        self._spent_s = start_s
        built, self._built = self._built, 0.0
        return "strobe" if built > DROP_BUILD else "blinder"

    def _said(self, song: SongNow, now: Instant) -> Cue | None:
        """The cue with what changes from hop to hop: level, build, beat."""
        cue, entry, section, tempo = self._cue, self._entry, song.section, now.band.tempo
        if cue is None or entry is None or section is None:
            return None
        return replace(
            cue,
            section_s=self._section_s,
            confidence=section.confidence,
            level=entry.level((1.0 - OF_NOW) * song.rank + OF_NOW * now.band.level),
            biggest=song.biggest,
            build=now.band.build if entry.part != "chorus" else 0.0,
            beat_s=tempo.beat_s,
            beat_t_s=tempo.beat_t_s,
            number=tempo.number,
            metre=tempo.metre,
        )


def _ahead(line_s: float, now: Instant) -> bool:
    return line_s > now.t_s - JUST_S


def _when(line_s: float, now: Instant) -> float:
    """On the line where it lies ahead, else on the next beat; at once where nobody knows of beats."""
    if _ahead(line_s, now):
        return line_s
    tempo = now.band.tempo
    if tempo.beat_s <= 0.0:
        return now.t_s
    return tempo.beat_t_s + math.ceil((now.t_s - JUST_S - tempo.beat_t_s) / tempo.beat_s) * tempo.beat_s


def _known(section: SongSection) -> str:
    late_s = section.known_s - section.start_s
    return f"{-late_s:.1f} s ahead" if late_s < 0 else f"{late_s:.1f} s after its one"


def _nth(times: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(times, f"{times}th")
