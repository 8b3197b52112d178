"""Which evening something is from, however that is written: what was done before noon belongs to the evening before.

Films and logs of one evening are not to test each other, so all of them are told apart by this. Pure.
"""

import contextlib
import re
from datetime import datetime, timedelta
from pathlib import Path

YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_. ]?([01]\d)[-_. ]?([0-3]\d)")
DAY_FIRST = re.compile(r"(?<!\d)([0-3]?\d)([-_. ])([0-3]?\d)\2((?:19|20)\d\d)(?!\d)")
CLOCK = re.compile(
    r"(?:[-_ T.,]| at )*"
    r"(?:([0-2]?\d)[-:.h]([0-5]\d)(?:[-:.][0-5]\d)?|([0-2]\d)([0-5]\d)(?:[0-5]\d(?:\d{3})?)?(?!\d))"
    r"(?: ?([ap])\.?m\b)?",
    re.IGNORECASE,
)
"""A time of day behind a date, however it is joined to it: `_003000`, `at 12.30.12 AM`, `T00:30`, or `003000`."""
NOON = 12
LATEST_HOUR, MONTHS = 23, 12


def evening_of(moment: datetime) -> str:
    """The evening of a moment in the room's own time, as 2026-11-27."""
    day = moment.date() if moment.hour >= NOON else moment.date() - timedelta(days=1)
    return day.isoformat()


def evening_in(name: str) -> str:
    """The evening that a name tells, such as that of `PXL_20261128_003000`; "" where it tells none."""
    dates = [
        (found.start(), found.end(), _day(found)) for way in (YEAR_FIRST, DAY_FIRST) for found in way.finditer(name)
    ]
    for _, end, day in sorted(dates, key=lambda date: date[0]):
        if day is not None:
            return evening_of(day.replace(hour=_hour(name[end:])))
    return ""


def _day(found: re.Match[str]) -> datetime | None:
    """Noon of the day that a number means; None: it looks like a date and is none, or one of two days."""
    if found.re is YEAR_FIRST:
        year, month, day = map(int, found.groups())
    else:
        day, month, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] != "." and day != month:  # with points the day comes first; with anything else nobody knows
            day, month = (month, day) if month > MONTHS else (day, month)
            if day <= MONTHS:
                return None
    with contextlib.suppress(ValueError):
        return datetime(year, month, day, NOON)
    return None


def _hour(behind: str) -> int:
    """The hour that stands behind a date; noon where none does."""
    found = CLOCK.match(behind)
    hour = int(found[1] or found[3]) if found else NOON
    if found and found[5] and hour <= NOON:
        hour = hour % NOON + (NOON if found[5].lower() == "p" else 0)
    return hour if hour <= LATEST_HOUR else NOON


def evening_of_film(video: Path, filmed_at: datetime | None = None) -> str:
    """The evening of a film: by its name, then by its folder's, then by when the camera says that it was filmed."""
    told = evening_in(video.stem) or evening_in(video.resolve().parent.name)
    return told or ("" if filmed_at is None else evening_of(filmed_at))
