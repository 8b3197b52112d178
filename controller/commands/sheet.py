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
.dip { white-space: nowrap }
.dip i { display: inline-block; width: 2.2mm; height: 4.6mm; margin-right: .5mm; border: .3mm solid #000 }
.dip i { border-bottom-width: 2.3mm } .dip i.on { border-bottom-width: .3mm; border-top-width: 2.3mm }
.box { width: 4mm } .box span { display: inline-block; width: 3.4mm; height: 3.4mm; border: .6pt solid #000 }
@page { margin: 10mm }
@media screen and (max-width: 700px) {
  body { margin: 12px; font-size: 16px } thead { display: none } tr, td { display: block }
  tr { border: 1px solid #888; border-radius: 6px; margin-bottom: 10px; padding: 6px 8px; position: relative }
  td { border: 0; padding: 2px 0 } td:empty { display: none } td:first-child { font-weight: 700; font-size: 18px }
  td::before { content: attr(data-what) " "; color: #555; font-weight: 400; font-size: 13px }
  td.box { position: absolute; right: 10px; top: 8px; width: auto } td.box::before { content: "" }
  td.box span { width: 26px; height: 26px } .dip i { width: 15px; height: 30px; border-width: 2px; margin-right: 3px }
  .dip i { border-bottom-width: 15px } .dip i.on { border-bottom-width: 2px; border-top-width: 15px }
}
"""


def switches(address: int) -> str:
    """DIP switches 1 to 9 for an address: binary, lowest first, 1 is on."""
    return "".join("1" if address >> bit & 1 else "0" for bit in range(SWITCHES))


def _drawn(address: int) -> str:
    """The switches as they look: black is where the lever stands, up is on."""
    levers = switches(address)
    on = ", ".join(str(number) for number, lever in enumerate(levers, start=1) if lever == "1")
    drawn = "".join('<i class="on"></i>' if lever == "1" else "<i></i>" for lever in levers)
    return f'<span role="img" aria-label="on: {on}">{drawn}</span>'


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
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head>\n"
        f"<body><h1>{title}</h1><p>{len(patch.fixtures)} fixtures, {patch.heads} heads; {escape(universes)}. "
        f"Switches: black is the lever, up is on, the first is the lowest; switch 10 stays off.</p>\n"
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
        ("", escape(one.id)),
        ("", escape(one.role)),
        ("", escape(", ".join(one.groups))),
        ("", escape(f"{fixture.profile.maker} {fixture.profile.model}, {one.mode}")),
        ("n", str(one.universe)),
        ("n", f"{one.address}-{last}"),
        ("dip", _drawn(one.address)),
        ("n", " ".join(f"{metres:g}" for metres in one.position_m)),
        ("", escape(", ".join(notes))),
    )
    written = "".join(
        f'<td class="{name}" data-what="{"" if what == "fixture" else escape(what)}">{text}</td>'
        for what, (name, text) in zip(HEADINGS, cells, strict=False)
    )
    return f'<tr>{written}<td class="box"><span></span></td></tr>'


def write_sheet(config: Config, file: Path) -> None:
    """Write the page."""
    page = sheet_page(config, patch_of(config))
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise PatchError(f"{file} cannot be written: {error.strerror}") from error
