"""A GDTF file as a manufacturer would write one: two pixels by geometry references, a wheel, a shutter, a reset."""

import io
import zipfile
from pathlib import Path

DESCRIPTION = (Path(__file__).parent / "gdtf_description.xml").read_text(encoding="utf-8")


def packed(description: str = DESCRIPTION) -> bytes:
    """The archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("description.xml", description)
    return made.getvalue()
