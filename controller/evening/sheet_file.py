"""A sheet as a file: text in the encodings that bands send, or a picture. Edge: reads files and standard input."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from controller.errors import SetListError
from controller.evening.photograph import PICTURES, text_of_picture

MAX_BYTES = 1_000_000
MAX_PICTURE_BYTES = 40_000_000
STDIN = "-"
BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"), (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"),
)  # fmt: skip
REMEDY = "save it as plain text (UTF-8), or paste its lines: followspot setlist read -"
KANA = re.compile("[\u3041-\u30ff]")


@dataclass(frozen=True, slots=True)
class SheetText:
    """The text of a sheet.

    Attributes:
        text: its lines. read_as: the encoding, or what read a picture; "" for UTF-8. is_photograph: it was a picture.
    """

    text: str
    read_as: str = ""
    is_photograph: bool = False


def read_sheet_file(name: str) -> SheetText:
    """Read a sheet.

    Args:
        name: of a file with text, PNG or JPEG; `-` is standard input.

    Raises:
        SetListError: there is no such file, it is too large, or it is neither text nor such a picture.
    """
    shown = "standard input" if name == STDIN else name
    content = _bytes_of(name)
    if content.startswith(PICTURES):
        return SheetText(text_of_picture(content, shown), "a photograph", is_photograph=True)
    if len(content) > MAX_BYTES:
        raise SetListError(f"{shown}: larger than {MAX_BYTES} bytes; this is no band's sheet")
    text, encoding = decoded(content, shown)
    return SheetText(text, encoding)


def _bytes_of(name: str) -> bytes:
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(MAX_PICTURE_BYTES)
        file = Path(name)
        if file.stat().st_size > MAX_PICTURE_BYTES:
            raise SetListError(f"{name}: larger than {MAX_PICTURE_BYTES} bytes; make the picture smaller")
        return file.read_bytes()
    except FileNotFoundError as error:
        raise SetListError(f"{name}: no such file; give a text file, a PNG or JPEG picture, or - to paste") from error
    except OSError as error:
        raise SetListError(f"{name}: cannot be read: {error.strerror}") from error


def decoded(content: bytes, shown: str) -> tuple[str, str]:
    """Bytes as text, and the encoding where it is not UTF-8.

    Args:
        content: of a file. shown: its name, for messages.

    Raises:
        SetListError: this is no text.
    """
    for bom, codec, name in BOMS:
        if content.startswith(bom):
            return _strictly(content, codec, shown), "" if name == "UTF-8" else name
    if (wide := _utf_16_without_bom(content)) is not None:
        return _strictly(content, wide, shown), "UTF-16"
    if b"\x00" in content or content.startswith(
        (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"GIF8", b"RIFF", b"{\\rtf")
    ):
        raise SetListError(f"{shown}: is no text and no PNG or JPEG picture; {REMEDY}")
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _in_an_old_encoding(content, shown)


def _strictly(content: bytes, codec: str, shown: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise SetListError(f"{shown}: begins like {codec} and is damaged; {REMEDY}") from error


def _utf_16_without_bom(content: bytes) -> str | None:
    """Latin letters in UTF-16 have a zero at every second place."""
    if len(content) < 4 or len(content) % 2:
        return None
    zeros = content[0::2].count(0), content[1::2].count(0)
    half = len(content) // 2
    if zeros[1] > 0.5 * half and zeros[0] == 0:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.5 * half and zeros[1] == 0 else None


def _in_an_old_encoding(content: bytes, shown: str) -> tuple[str, str]:
    """Shift-JIS has its high bytes in pairs and kana among them; in German text they are single."""
    if content.count(b"\x1b$"):
        raise SetListError(f"{shown}: is in ISO-2022-JP; {REMEDY}")
    high = [one > 0x7F for one in content]
    paired = sum(one and (high[at - 1] or high[at + 1 : at + 2] == [True]) for at, one in enumerate(high) if at)
    for codec, name in (("cp932", "Shift-JIS"), ("cp1252", "Windows-1252")):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec == "cp1252" or (KANA.search(text) or paired > 0.5 * sum(high)):
            if any(ord(one) < 32 and one not in "\t\r\n\f\v" for one in text):
                break
            return text, name
    raise SetListError(f"{shown}: its letters are in an encoding that is not known here; {REMEDY}")
