"""Which bars of a tune are the same, and how a theme becomes an opening of a given length. Pure.

Tunes repeat: two of five bars of the corpus have been heard before. A form is a row of bar numbers, such as
0 1 2 3 0 1 4 5: bars 5 and 6 are bars 1 and 2 again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tools.train.image2music.errors import OpeningError
from tools.train.image2music.melody import Melody, Sound

THEME = 16
SECTION = 8
PLANS = {8: "A", 16: "AB", 24: "AAB", 32: "AABB", 48: "AABBAB", 64: "AABBAABB"}
"""How long an opening may be, in bars, and the sections it then has."""
Form = tuple[int, ...]
PERIOD: Form = (0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 8, 9, 6, 7, 4, 5)


def form_of(melody: Melody) -> Form | None:
    """The form of the first sixteen full bars; None if it has fewer."""
    full = [bar for bar in melody.in_bars() if sum(one.length for one in bar) == melody.bar_ticks][:THEME]
    if len(full) < THEME:
        return None
    seen: dict[tuple, int] = {}
    return tuple(
        seen.setdefault(tuple((one.position, one.length, one.height) for one in bar), len(seen)) for bar in full
    )


def count_forms(melodies: Iterable[Melody]) -> Counter[Form]:
    """How often each form is found; only those that repeat something and end each section differently from its
    middle."""
    found = Counter(form for melody in melodies if (form := form_of(melody)) is not None)
    return Counter({form: count for form, count in found.items() if 8 <= len(set(form)) <= 14})


def write_forms(forms: Counter[Form], file: Path, most: int = 60) -> None:
    """The commonest forms with their counts, as JSON."""
    file.write_text(
        json.dumps([[list(form), count] for form, count in forms.most_common(most)]) + "\n", encoding="utf-8"
    )


def read_forms(file: Path) -> Counter[Form]:
    """What `write_forms` wrote.

    Raises:
        OpeningError: it is missing or damaged.
    """
    try:
        return Counter(
            {tuple(int(one) for one in form): int(count) for form, count in json.loads(file.read_text("utf-8"))}
        )
    except (OSError, ValueError, TypeError) as error:
        raise OpeningError(f"{file}: not readable ({error}); restore models/opening-composer") from error


def draw_form(forms: Counter[Form], rng: np.random.Generator) -> Form:
    """One of the forms, as often as tunes have it."""
    if not forms:
        return PERIOD
    names, counts = zip(*sorted(forms.items()), strict=True)
    odds = np.array(counts, float)
    return names[int(rng.choice(len(names), p=odds / odds.sum()))]


def sections_of(bars: int) -> list[tuple[str, int]]:
    """Names and first bars of an opening's sections, such as A 0, A 8, B 16, B 24."""
    return [(name, SECTION * at) for at, name in enumerate(PLANS[bars])]


def arrange(theme: Melody, bars: int) -> Melody:
    """A theme of eight or sixteen bars, played through as the plan of that length has it."""
    inside = theme.in_bars()
    order = [SECTION * (name == "B") + at for name in PLANS[bars] for at in range(SECTION)]
    sounds = [Sound(bar, one.position, one.length, one.height) for bar, at in enumerate(order) for one in inside[at]]
    return Melody(theme.metre, theme.mode, theme.tonic, tuple(sounds))


def repeated(form: Sequence[int]) -> dict[int, int]:
    """Bar to the earlier bar that it repeats."""
    first: dict[int, int] = {}
    return {bar: first[name] for bar, name in enumerate(form) if first.setdefault(name, bar) != bar}
