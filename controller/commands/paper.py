"""What the command line prints on: as wide as the terminal, and wide enough for everything where there is none."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table

PIPED_COLUMNS = 200


def paper() -> Console:
    """The console for tables; output that is piped is never cut to a terminal's width."""
    return Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS, highlight=False)


def wide_table(title: str, *headings: str) -> Table:
    """A plain table whose cells wrap rather than lose their ends."""
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
