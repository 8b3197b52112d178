"""What all tests share: the bundled configuration, small tools, and a guard against warnings nobody expected."""

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from controller.config import Config, read_config
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
STATE = tempfile.TemporaryDirectory(prefix="followspot-test-state-")
os.environ["XDG_STATE_HOME"] = STATE.name  # shows that tests start keep their logs here


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden recordings from what runs now")


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def shared_data() -> Path:
    """Real music with licences, where this machine has it; a clone without it says what it skipped."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no shared data beside this clone")
    return SHARED_DATA


@pytest.fixture
def require_real() -> Callable[[str, bool], None]:
    """`require_real(name, found)` skips a test whose real component is missing, or fails it where none may be."""

    def require(name: str, found: bool) -> None:
        if found:
            return
        if os.environ.get("FOLLOWSPOT_REQUIRE_REAL"):
            pytest.fail(f"{name} is required here and missing")
        pytest.skip(f"{name} is not installed")

    return require


@pytest.fixture(scope="session")
def config() -> Config:
    """The configuration in the repository."""
    return read_config(ROOT / "config.yaml")


@pytest.fixture(scope="session")
def patch(config: Config) -> Patch:
    """The room in `config.yaml`."""
    return patch_of(config)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(autouse=True)
def no_unexpected_warning(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest):
    """A test fails if the controller warned about something, unless it says that it expects that."""
    yield
    if request.node.get_closest_marker("warns"):
        return
    warned = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING and record.name.startswith("controller")
    ]
    assert not warned
