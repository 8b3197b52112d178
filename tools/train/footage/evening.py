"""Which evening something is from, however that is written: what was done before noon belongs to the evening before.

Films and logs of one evening are not to test each other, so all of them are told apart by this. Pure.
"""

import contextlib
import re
from datetime import datetime, timedelta
from pathlib import Path

DATE = re.compile(r"((?:19|20)\d\d)[-_. ]?([01]\d)[-_. ]?([0-3]\d)(?:[-_ T]+([0-2]\d)[-:.h]?([0-5]\d))?")
NOON = 12
LATEST_HOUR = 23


def evening_of(moment: datetime) -> str:
    """The evening of a moment in the room's own time, as 2026-11-27."""
    day = moment.date() if moment.hour >= NOON else moment.date() - timedelta(days=1)
    return day.isoformat()


def evening_in(name: str) -> str:
    """The evening that a name tells, such as that of `PXL_20261128_003000`; "" where it tells none."""
    for found in DATE.finditer(name):
        with contextlib.suppress(ValueError):  # a number that looks like a date and is none
            year, month, day, hour, minute = (int(one) if one else NOON for one in found.groups())
            return evening_of(datetime(year, month, day, hour, minute if hour <= LATEST_HOUR else 0))
    return ""


def evening_of_film(video: Path, filmed_at: datetime | None = None) -> str:
    """The evening of a film: by its name, then by its folder's, then by when the camera says that it was filmed."""
    told = evening_in(video.stem) or evening_in(video.resolve().parent.name)
    return told or ("" if filmed_at is None else evening_of(filmed_at))
