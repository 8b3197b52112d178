"""A patch list as a table (CSV, TSV, as consoles export them) to a rig list. Pure: bytes in, a list out.

Which column means what is guessed from its heading, and told, so that a person can say otherwise. Consoles write the
address as UNIVERSE.ADDRESS, UNIVERSE/ADDRESS or one number through all universes; some put it into two columns.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any

from controller.errors import RigListError
from controller.rig.exchange.rig_list import MOST_FIXTURES, SLOTS, Listed, Place, RigList

MOST_BYTES = 16_000_000
MOST_LINES_ABOVE = 40
"""Lines that may stand above the headings."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "label", "fixturename", "id", "purpose", "bezeichnung", "text"),
    "number": ("fixtureid", "fixid", "fid", "channel", "chan", "channelid", "cid", "unit", "unitnumber", "number", "no",
               "nr", "kanal", "targetid"),
    "maker": ("maker", "manufacturer", "fixturemanufacturer", "brand", "hersteller", "make"),
    "model": ("model", "fixture", "fixturetype", "type", "instrument", "instrumenttype", "device", "typ", "gerat",
              "profile", "fixturemodel"),
    "mode": ("mode", "dmxmode", "fixturemode", "personality", "modus"),
    "universe": ("universe", "univ", "uni", "universum", "dmxuniverse", "dmxline"),
    "address": ("address", "dmx", "dmxaddress", "patch", "addr", "startaddress", "dmxchannel", "adresse", "dmxstart",
                "dmxadresse", "startadresse"),
    "slots": ("slots", "channels", "footprint", "dmxfootprint", "channelcount", "kanale", "numchannels"),
    "role": ("role", "rolle"),
    "x": ("x", "posx", "positionx", "xm", "xpos"),
    "y": ("y", "posy", "positiony", "ym", "ypos"),
    "z": ("z", "posz", "positionz", "zm", "zpos", "height", "trim"),
    "groups": ("groups", "group", "position", "layer", "gruppe", "location"),
    "kept": ("followspot",),
}  # fmt: skip
"""What headings say, without spaces, signs and accents; earlier words win."""
NEEDED = ("address",)
ADDRESS = re.compile(r"(?:[a-z]*\s*(\d{1,5})\s*[./:\-]\s*)?(\d{1,8})", re.I)
LETTERS = re.compile(r"[^a-z0-9]")
PLAIN = str.maketrans("äöüß", "aous")


def headings(content: bytes, said: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is guessed: the heading of the table for each meaning that was found.

    Args:
        said: heading by meaning, where a person knows better.

    Raises:
        RigListError: this is no table with an address in it.
    """
    rows, at, _ = _table(content, said)
    return {meaning: rows[at][column].strip() for meaning, column in _columns(rows[at], said).items()}


def patch_table(content: bytes, said: Mapping[str, str] | None = None) -> RigList:
    """The fixtures of a table.

    Args:
        said: heading by meaning, where a person knows better than the guess.

    Raises:
        RigListError: no table, no column for addresses, or a cell that cannot be understood; names its line.
    """
    rows, at, lines = _table(content, said)
    columns = _columns(rows[at], said)
    fixtures = []
    for number, row in zip(lines[at + 1 :], rows[at + 1 :], strict=True):
        cells = {meaning: row[column].strip() for meaning, column in columns.items() if column < len(row)}
        if not any(row) or cells.get("name", "").upper().startswith("END_"):
            continue
        fixtures.append(_fixture(cells, f"line {number}"))
    if len(fixtures) > MOST_FIXTURES:
        raise RigListError(f"{len(fixtures)} fixtures; no list has more than {MOST_FIXTURES}")
    if not fixtures:
        raise RigListError("this table has headings and no fixtures")
    return RigList(tuple(fixtures))


def _table(content: bytes, said: Mapping[str, str] | None = None) -> tuple[list[list[str]], int, list[int]]:
    """All rows, which of them holds the headings, and the line of the file of each."""
    text = _text(content)
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), _delimiter(text))
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise RigListError(f"line {reader.line_num}: no table that can be read: {error}") from error
    for at, row in enumerate(rows[:MOST_LINES_ABOVE]):
        if all(one in _columns(row, said) for one in NEEDED) and len([cell for cell in row if cell.strip()]) > 1:
            return rows, at, lines
    first = ", ".join(f"'{one.strip()[:30]}'" for one in (rows[0] if rows else [])[:8]) or "nothing"
    raise RigListError(
        f"no column is called address, DMX or patch; the first line has {first}; say which is: --column address=HEADING"
    )


def _text(content: bytes) -> str:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RigListError("this is a spreadsheet; save it as CSV there and take that")
    for encoding in ("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise RigListError("this is no text; a patch list is CSV, as consoles and spreadsheets export it")


def _delimiter(text: str) -> type[csv.Dialect]:
    """The sign that stands most often in the first lines."""
    head = "".join(text.splitlines(keepends=True)[:MOST_LINES_ABOVE])

    class Dialect(csv.excel):
        delimiter = max(",;\t|", key=head.count)

    return Dialect


def _columns(row: list[str], said: Mapping[str, str] | None = None) -> dict[str, int]:
    """The column of each meaning; one column means one thing."""
    words = [LETTERS.sub("", one.strip().lower().translate(PLAIN)) for one in row]
    found: dict[str, int] = {}
    for meaning, heading in (said or {}).items():
        match = [at for at, one in enumerate(row) if one.strip().lower() == heading.strip().lower()]
        if match:
            found[meaning] = match[0]
    for meaning, known in WORDS.items():
        free = [word for word in known if word in words and words.index(word) not in found.values()]
        if free and meaning not in found:
            found[meaning] = words.index(free[0])
    return found


def _fixture(cells: Mapping[str, str], where: str) -> Listed:
    universe, address = _address(cells.get("address", ""), cells.get("universe", ""), where)
    kept = _kept(cells.get("kept", ""))
    role = {"role": cells["role"].lower()} if cells.get("role") else {}
    return Listed(
        name=cells.get("name", "") or cells.get("model", ""),
        maker=cells.get("maker", ""),
        model=cells.get("model", ""),
        mode=cells.get("mode", ""),
        universe=universe,
        address=address,
        slots=int(cells["slots"]) if cells.get("slots", "").isdecimal() and len(cells["slots"]) < 5 else 0,
        place=_place(cells, where),
        groups=tuple(one for one in re.split(r"[;,/]\s*", cells.get("groups", "")) if one),
        number=cells.get("number", ""),
        kept={**role, **kept},
        where=where,
    )


def _address(written: str, universe: str, where: str) -> tuple[int, int]:
    """Universe and address, 0 and 0 where nothing is written."""
    if written.strip(" -") in ("", "0", "0.0", "0/0", "None"):
        return 0, 0
    match = ADDRESS.fullmatch(written.strip())
    if match is None:
        raise RigListError(f"{where}: '{written[:40]}' is no address; 17, 2.17 and 2/17 are")
    own, slot = match.groups()
    number = int(slot)
    if own is None and universe:
        digits = re.sub(r"^[A-Za-z .#]*", "", universe)
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 6):
            raise RigListError(f"{where}: '{universe[:40]}' is no universe; a whole number is")
        own = digits
    if own is None:
        return (number - 1) // SLOTS + 1, (number - 1) % SLOTS + 1
    if not 1 <= number <= SLOTS:
        raise RigListError(f"{where}: address {number} is not one of 1 to {SLOTS}")
    return int(own), number


def _place(cells: Mapping[str, str], where: str) -> Place | None:
    if not all(cells.get(one) for one in "xyz"):
        return None
    try:
        x, y, z = (float(cells[one].replace(",", ".").removesuffix("m").strip()) for one in "xyz")
    except ValueError:
        raise RigListError(f"{where}: x, y and z are no numbers of metres") from None
    return (x, y, z)


def _kept(written: str) -> dict[str, Any]:
    try:
        kept = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
