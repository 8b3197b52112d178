"""A photograph of a sheet as text, by the program tesseract. Edge: starts a process."""

import os
import re
import shutil
import subprocess

from controller.errors import SetListError

PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""What PNG and JPEG files begin with."""
LANGUAGES = ("eng", "deu", "jpn")
LONGEST_S = 90.0
INSTALL = "sudo apt-get install tesseract-ocr tesseract-ocr-deu tesseract-ocr-jpn"
CJK = "\u3040-\u30ff\u3400-\u9fff\uff00-\uffef、。ー"
_NO_BLANK = re.compile(f"(?<=[{CJK}]) (?=[{CJK}])")


def text_of_picture(content: bytes, shown: str) -> str:
    """Read a picture of a sheet.

    Args:
        content: of a PNG or JPEG file. shown: its name, for messages.

    Raises:
        SetListError: tesseract is missing, cannot read the picture, or finds no word in it.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise SetListError(f"{shown}: a picture is read by tesseract, which is not installed: {INSTALL}")
    languages = "+".join(_installed(program))
    asked = [program, "stdin", "stdout", "-l", languages, "--psm", "6", "-c", "preserve_interword_spaces=1"]
    try:
        done = subprocess.run(
            asked, input=content, capture_output=True, timeout=LONGEST_S, env=_on_one_core(), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetListError(
            f"{shown}: tesseract does not answer ({type(error).__name__}); type the lines instead"
        ) from error
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SetListError(f"{shown}: tesseract cannot read this picture: {said[-1] if said else 'it says nothing'}")
    if not text.strip():
        raise SetListError(f"{shown}: no words were found; photograph the sheet straight from above, in good light")
    return without_blanks(text)


def without_blanks(text: str) -> str:
    """Text without the single blanks that tesseract puts between Japanese letters; two or more part columns."""
    return _NO_BLANK.sub("", text)


def _on_one_core() -> dict[str, str]:
    """A show may be running beside it."""
    return {**os.environ, "OMP_THREAD_LIMIT": "1"}


def _installed(program: str) -> list[str]:
    """Which of our languages there is data for; English where nothing can be found out."""
    try:
        listed = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ["eng"]
    there = set(listed.stdout.split())
    return [one for one in LANGUAGES if one in there] or ["eng"]
