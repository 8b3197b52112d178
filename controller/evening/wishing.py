"""What an entry of the set list wishes, in numbers. Pure."""

from controller.evening.colours import flat
from controller.evening.entry import ListEntry
from controller.messages import SongWish


def song_wish(entry: ListEntry, number: int) -> SongWish:
    """The wish of an entry at a place of its list, from 0.

    What a sheet does not speak of is allowed. What it speaks of is a limit, not an order: nobody fires a blinder
    because a sheet allows it.
    """
    return SongWish(
        number=number,
        kind=entry.kind,
        title=entry.title,
        asked=flat(entry.asked),
        forbidden=flat(entry.forbidden),
        energy=entry.energy or "",
        strobe=entry.strobe is not False,
        blinder=entry.blinder is not False,
        haze=entry.haze is not False,
        dark_on_break=entry.dark_on_break,
        key=flat((entry.key,) if entry.key else ()),
        tempo_bpm=entry.tempo_bpm or 0.0,
        look=entry.look or "",
    )
