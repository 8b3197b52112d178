"""How many inputs: a tenth of what `make chaos` tries (FOLLOWSPOT_FUZZ)."""

import os

import pytest


@pytest.fixture
def inputs():
    """How many."""
    return int(os.environ.get("FOLLOWSPOT_FUZZ", "10000"))


@pytest.fixture
def texts_tried(inputs):
    """How many where each takes milliseconds, as YAML does."""
    return inputs // 50
