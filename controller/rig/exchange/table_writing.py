"""The patch as a table (CSV) that spreadsheets and consoles read. Pure."""

import csv
import io
from collections.abc import Sequence

from controller.rig.exchange.rows import kept_text
from controller.rig.patch.patch import Fixture

HEADINGS = ("Channel", "Name", "Role", "Manufacturer", "Fixture Type", "Mode", "Universe", "Address", "Slots", "X", "Y",
            "Z", "Groups", "Followspot")  # fmt: skip
"""As `patch_table.WORDS` knows them; the last column has what the others have no place for."""


def table_of(fixtures: Sequence[Fixture]) -> bytes:
    """The table as a file, in UTF-8 with the mark that spreadsheets look for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for number, one in enumerate(fixtures, start=1):
        config = one.config
        place = [f"{metres:g}" for metres in config.position_m]
        writer.writerow(
            [number, config.id, config.role, one.profile.maker, one.profile.model, config.mode, config.universe,
             config.address, one.footprint, *place, ";".join(config.groups), kept_text(one)]
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")
