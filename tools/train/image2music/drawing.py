"""The score as SVG, by abcm2ps: a program of its own, so that no text can end this one. Edge: starts a program.

Why not verovio, which is a Python package: measured, it ends the whole process on one of ten ordinary tunes. Where
abcm2ps is not installed there is no `score.svg`, which is said; the page's own score needs none.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

LIMIT_S = 10.0


def score_svg(abc: str) -> str | None:
    """The first page of the score; None where abcm2ps is missing or draws nothing."""
    program = shutil.which("abcm2ps")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="followspot-score-") as folder:
        tune = Path(folder) / "tune.abc"
        tune.write_text(abc, encoding="utf-8")
        try:
            subprocess.run([program, "-q", "-g", "-O", "score", tune.name], cwd=folder, capture_output=True,
                           timeout=LIMIT_S, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        pages = sorted(Path(folder).glob("score*.svg"))
        text = pages[0].read_text(encoding="utf-8", errors="replace") if pages else ""
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL) if "<svg" in text else None
