"""The patch on paper: one row for each fixture, with the switches that set its address. Edge in `write_sheet`."""

from html import escape
from pathlib import Path

from controller.config import Config
from controller.errors import PatchError
from controller.rig.patch.configured import patch_of
from controller.rig.patch.overrides import usable_because
from controller.rig.patch.patch import Fixture, Patch

SWITCHES = 9
HEADINGS = (
    "fixture",
    "role",
    "groups",
    "profile, mode",
    "universe",
    "address",
    "switches 1-9",
    "x y z m",
    "note",
    "set",
)
STYLE = """
body { font: 10pt/1.35 system-ui, sans-serif; margin: 12mm; color: #000; background: #fff }
h1 { font-size: 15pt; margin: 0 0 1mm } p { margin: 0 0 4mm; color: #333 }
table { border-collapse: collapse; width: 100% } thead { display: table-header-group }
th, td { text-align: left; padding: 1.2mm 2mm; border-bottom: .3pt solid #888; vertical-align: top }
th { border-bottom: 1pt solid #000 } tr { break-inside: avoid }
.n { font-variant-numeric: tabular-nums; white-space: nowrap }
.dip { letter-spacing: 1px; font-family: ui-monospace, monospace; white-space: nowrap }
.box { width: 4mm } .box span { display: inline-block; width: 3.4mm; height: 3.4mm; border: .6pt solid #000 }
@page { margin: 10mm }
"""


def switches(address: int) -> str:
    """DIP switches 1 to 9 for an address: binary, lowest first, 1 is on."""
    return "".join("1" if address >> bit & 1 else "0" for bit in range(SWITCHES))


def sheet_page(config: Config, patch: Patch) -> str:
    """The patch as one printable HTML page, nothing fetched from anywhere."""
    rows = "\n".join(_row(fixture) for fixture in sorted(patch.fixtures, key=_place))
    used = dict.fromkeys(patch.universes, 0)
    for fixture in patch.fixtures:
        used[fixture.config.universe] += fixture.footprint
    universes = ", ".join(f"universe {number}: {slots} of 512 slots" for number, slots in used.items())
    head = "".join(f"<th>{escape(heading)}</th>" for heading in HEADINGS)
    title = escape(f"{config.venue}: patch sheet")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n"
        f"<body><h1>{title}</h1><p>{len(patch.fixtures)} fixtures, {patch.heads} heads; {escape(universes)}. "
        f"Switches: 1 is on, the first is the lowest; switch 10 stays off.</p>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></body></html>\n"
    )


def _place(fixture: Fixture) -> tuple[int, int]:
    return fixture.config.universe, fixture.config.address


def _row(fixture: Fixture) -> str:
    one = fixture.config
    last = one.address + fixture.footprint - 1
    notes = [
        *(["armed" if one.armed else "not armed"] if one.role == "hazer" or fixture.profile.kind == "hazer" else []),
        *(["LASER"] if fixture.profile.kind == "laser" else []),
        *([f"limit {one.max_intensity:.0%}"] if one.max_intensity < 1 else []),
        *(["pan inverted"] if one.invert_pan else []),
        *(["tilt inverted"] if one.invert_tilt else []),
        *([f"overrides: {', '.join(one.override)}"] if one.override else []),
        *usable_because(one, fixture.profile),
    ]
    cells = (
        ("", one.id),
        ("", one.role),
        ("", ", ".join(one.groups)),
        ("", f"{fixture.profile.maker} {fixture.profile.model}, {one.mode}"),
        ("n", str(one.universe)),
        ("n", f"{one.address}-{last}"),
        ("dip", switches(one.address)),
        ("n", " ".join(f"{metres:g}" for metres in one.position_m)),
        ("", ", ".join(notes)),
    )
    written = "".join(f'<td class="{name}">{escape(text)}</td>' for name, text in cells)
    return f'<tr>{written}<td class="box"><span></span></td></tr>'


def write_sheet(config: Config, file: Path) -> None:
    """Write the page."""
    page = sheet_page(config, patch_of(config))
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise PatchError(f"{file} cannot be written: {error.strerror}") from error
