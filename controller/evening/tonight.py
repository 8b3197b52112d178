"""Where in its set list the night is: what a person says, what is heard, what was recognised. Pure.

A person's word comes first. A song is over when nobody has played for a while; the next one begins when somebody plays
again. Only what is certain moves the night by itself, and what it does is said and taken back by one tap.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from controller.evening.entry import ListEntry

PLAYING, TALKING = ("band", "solo"), ("talk",)
SONG_S, REST_S = 45.0, 5.0
"""So long somebody must have played before a rest of so many seconds ends the song."""
RESUMED_S = 10.0
"""So long somebody must play after a restart before a rest ends the song that was played before it."""
PLAYED_S = 20.0
"""So long a song must have been played to count as played, and to be proposed no more tonight."""
BEGINS_S, SOUND_CHECK_S = 1.5, 25.0
"""Playing for so long is a song; after a changeover it takes longer, because drums are tried out."""
BLIP_S = 1.2
"""What is heard as playing for less does not end a rest."""
SPEAKS_S, CHANGES_S = 2.0, 14.0
"""Talking for so long is the talk of the list; so long after a band's last song the changeover begins."""
PERSON_S = 30.0
"""For so long after a person's word nothing moves by itself."""
STANDS = ("song", "talk", "changeover")
"""Kinds of entries that the night can be at."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What comes next, and why; place -1: nobody knows."""

    place: int = -1
    why: str = ""


NOTHING = Proposal()


class Tonight:
    """Follows a night through a set list.

    Args:
        entries: of the list. now: place at which the night is, from 0; -1: before the first.

    Attributes:
        now: place at which the night is. proposal: what comes next. recognised: title of what is heard, "".
    """

    def __init__(self, entries: Sequence[ListEntry], now: int = -1) -> None:
        self.entries = tuple(entries)
        self.now = now if now < len(self.entries) else -1
        self.recognised = ""
        self._over = False
        self._played: set[int] = set()
        self._t_s = 0.0
        self._person_s = -PERSON_S
        self._playing_s = self._run_s = self._rest_s = self._talk_s = 0.0
        self.proposal = self._next("first on the list")

    def go(self, place: int, t_s: float) -> bool:
        """A person says where the night is; False: there is no such place."""
        if not 0 <= place < len(self.entries) or self.entries[place].kind not in STANDS:
            return False
        self._person_s = t_s
        self._stand(place)
        return True

    def place_of(self, said: str) -> int:
        """The place of an entry; -1: there is none.

        Args:
            said: its title, its number from 1 as people count, or `@` and its place from 0 as programs do.
        """
        said = said.strip()
        if said.startswith("@") and said[1:].isdecimal():
            return int(said[1:])
        wanted = plain_title(said)
        named = next((at for at, one in enumerate(self.entries) if wanted and plain_title(one.title) == wanted), -1)
        return int(said) - 1 if named < 0 and said.isdecimal() else named

    def step(self, way: int) -> int:
        """The place after (1) or before (-1) this one; this one where there is none."""
        places = self._stops()
        if way > 0:
            after = [self.proposal.place] if self.proposal.place >= 0 else [one for one in places if one > self.now]
            return after[0] if after else self.now
        before = [one for one in places if one < self.now]
        return before[-1] if before else self.now

    def adopt(self, place: int) -> None:
        """The show stands somewhere else than it was told: somebody took it back, or it knew from before."""
        if place != self.now:
            self._stand(place)

    def resume(self, place: int) -> None:
        """Go on where it was before a restart, or before the list was changed; nobody knows since when it is played."""
        self.adopt(place)
        self._playing_s = max(self._playing_s, SONG_S - RESUMED_S)

    def hear(self, kind: str, t_s: float, recognised: str = "") -> int | None:
        """Take what is heard; the place to which the night moves by itself, None: it stays.

        Args:
            kind: of sound, "" where nobody knows. t_s: time. recognised: title of what is heard, "" if unknown.
        """
        elapsed_s, self._t_s = min(max(0.0, t_s - self._t_s), 1.0), t_s
        self._listen(kind, elapsed_s)
        known = self._known(recognised)
        place = known if known is not None else self._moved()
        if place is None or place == self.now:
            return None
        if t_s - self._person_s < PERSON_S:
            self.proposal = Proposal(place, self.proposal.why)
            return None
        self._stand(place)
        return place

    def _listen(self, kind: str, elapsed_s: float) -> None:
        playing, talking = kind in PLAYING, kind in TALKING
        if kind == "":
            return
        self._run_s = self._run_s + elapsed_s if playing else 0.0
        self._talk_s = self._talk_s + elapsed_s if talking else 0.0
        # a drum that is hit, a clap that sounds like one: who begins to play does so for longer
        if self._run_s >= BLIP_S:
            self._rest_s = 0.0
        elif not playing:
            self._rest_s += elapsed_s
        self._playing_s += elapsed_s if playing else 0.0
        if self._playing_s >= SONG_S and self._rest_s >= REST_S and not self._over and self._kind == "song":
            self._over = True
            self.proposal = self._next("the song is over")

    def _known(self, recognised: str) -> int | None:
        """A song that was recognised, said once."""
        if recognised == self.recognised:
            return None
        self.recognised = recognised
        place = self.place_of(recognised) if recognised else -1
        if place < 0 or self.entries[place].kind != "song" or place == self.now:
            return None
        if place in self._played:  # hardly any band plays a song twice: it is another that sounds like it
            return None
        self.proposal = Proposal(place, "it was recognised")
        return place

    def _moved(self) -> int | None:
        """Where hearing alone moves the night."""
        after = self.proposal.place
        if after < 0:
            return None
        match self._kind, self.entries[after].kind:
            case "song", "talk":
                moves = self._over and self._talk_s >= SPEAKS_S
            case "song", "changeover":
                moves = self._over and self._rest_s >= CHANGES_S
            case "changeover", _:
                moves = self._run_s >= SOUND_CHECK_S
            case "song", _:
                moves = self._over and self._run_s >= BEGINS_S
            case _, "song":
                moves = self._run_s >= BEGINS_S
            case _:
                moves = False
        # a talk of the list that nobody holds: the band just plays on
        if not moves and self._over and self._run_s >= BEGINS_S and self.entries[after].kind == "talk":
            return next((one for one in self._stops() if one > after and self.entries[one].kind == "song"), None)
        return after if moves else None

    def _stand(self, place: int) -> None:
        if self._kind == "song" and self._playing_s >= PLAYED_S:  # who pages through the list plays nothing
            self._played.add(self.now)
        self.now, self._over = place, False
        self._playing_s = self._talk_s = self._rest_s = 0.0
        self.proposal = self._next("next on the list")

    @property
    def _kind(self) -> str:
        return self.entries[self.now].kind if 0 <= self.now < len(self.entries) else ""

    def _next(self, why: str) -> Proposal:
        """The next stop that has not been played yet."""
        left = [one for one in self._stops() if one > self.now and one not in self._played]
        return Proposal(left[0], why) if left else NOTHING

    def _stops(self) -> list[int]:
        return [at for at, one in enumerate(self.entries) if one.kind in STANDS]


def plain_title(title: str) -> str:
    """A title as it is compared: letters and digits of every script, without case."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
