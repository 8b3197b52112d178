"""A test that leaves behind what browsers, sound servers, torchrun and killed shows do, and fails.

`tests/test_no_litter.py` runs it.
"""

import tempfile
from pathlib import Path

LEFT = ("followspot-", "torchelastic_", "org.chromium.Chromium.", "pulse-", "rust_mozprofile")


def test_litter():
    for prefix in LEFT:
        (Path(tempfile.mkdtemp(prefix=prefix)) / "left").write_text("something")
    Path(tempfile.gettempdir(), "loose").touch()
    raise AssertionError("as a test may")
