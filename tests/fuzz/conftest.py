"""How long and how many: `FOLLOWSPOT_FUZZ=1000` makes it short."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def inputs():
    """How many."""
    return int(os.environ.get("FOLLOWSPOT_FUZZ", "100000"))


@pytest.fixture
def seconds():
    """For what is too slow for so many."""
    return 6.0 if "FOLLOWSPOT_FUZZ" not in os.environ else 1.0
