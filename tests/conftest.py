"""What all tests share: the bundled configuration, small tools, and a guard against warnings nobody expected."""

import atexit
import fcntl
import gc
import itertools
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from temp_folder import TempFolder

ROOT = Path(__file__).parent.parent
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit it
    TEMP = TempFolder()
    atexit.register(TEMP.remove)
STATE = Path(tempfile.mkdtemp(prefix="state-"))
os.environ["PYTHONPATH"] = str(ROOT)  # they run what lies beside these tests, whatever is installed


def _own_numba_folder() -> tuple[int, Path]:
    """A folder that no other process has, kept from run to run: librosa takes Numba half a minute to compile.

    Two that wrote into one crashed. It is this process's while the lock's file is open.
    """
    for number in itertools.count():
        folder = ROOT / ".pytest_cache" / "numba" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        return lock, folder
    raise AssertionError


NUMBA_LOCK, NUMBA_FOLDER = _own_numba_folder()
os.environ["NUMBA_CACHE_DIR"] = str(NUMBA_FOLDER)
os.environ["NUMBA_OPT"] = "0"  # a fresh clone compiles for longer than what is compiled ever runs
# Tests run side by side: each process computes on one core.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import hypothesis
import numpy as np
import pytest
from promise import STRICT
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from controller.config import Config, read_config, with_overrides
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch

# The same examples in every run, however slow the machine: what a run finds by chance is found in `make chaos`.
hypothesis.settings.register_profile(
    "followspot", derandomize=not STRICT, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("followspot")

SHARED_DATA = ROOT.parent / "shared" / "data"
FIRST = (
    "tests/real/test_standby.py", "tests/chaos", "tests/show/test_show.py", "tests/train/test_table.py",
    "tests/show/test_live_page.py", "tests/room", "tests/train/image2music", "tests/train/footage",
    "tests/train/test_pretraining.py", "tests/train/test_finetuning.py", "tests/train/symbolic/test_pretraining.py",
    "tests/page/test_an_evening.py", "tests/real", "tests/opening", "tests/library", "tests/survey", "tests/page",
    "tests/show", "tests/look", "tests/fuzz", "tests/limiter", "tests/evening", "tests/train",
)  # fmt: skip
"""What takes longest begins first, so that nobody waits for it at the end."""
TOGETHER = {
    "librosa: half a minute of processor time for the first that calls it": (
        "tests/train/test_table.py", "tests/train/test_designer.py", "tests/train/test_engineers.py",
        "tests/metrics/test_evaluate.py", "tests/plan/test_following.py", "tests/train/test_training.py",
    ),
    "a rendered film": (
        "tests/train/footage/test_brightness.py", "tests/train/footage/test_flat.py",
        "tests/train/footage/test_night.py",
    ),
    "two libraries of fixtures": ("tests/library",),
    "a song in the rehearsal room": ("tests/room",),
    "the index of tunes": ("tests/train/image2music",),
}  # fmt: skip
"""Files of one process: what one of them has made takes longer than its tests."""
BUSY = ("one embedding every",)
"""What the controller says of a machine that has no time for it, which is true and no fault of a test."""
WAIT = (
    "tests/chaos", "tests/real", "tests/standby", "tests/audio/test_capture.py", "tests/audio/test_loudspeaker.py",
    "tests/page/test_slow_network.py", "tests/show/test_show.py", "tests/show/test_nobody_reads.py",
    "tests/show/test_hard_places.py", "tests/show/test_generations.py", "tests/show/test_planned_show.py",
    "tests/show/test_doors.py", "tests/opening",
)  # fmt: skip
"""Real programs in real time: these mostly wait. Of three workers the third takes them, the others compute."""


def pytest_sessionstart() -> None:
    """Shows keep their logs in a folder of this run's own, also where one process runs pytest several times."""
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(dir=STATE)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """What is loaded once and kept is no garbage: looking through it again and again took a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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


@pytest.fixture(scope="session")
def require_real() -> Callable[[str, object], None]:
    """`require_real(name, found)` skips a test whose real component is missing, or fails it where none may be."""

    def require(name: str, found: object) -> None:
        if found:
            return
        if os.environ.get("FOLLOWSPOT_REQUIRE_REAL"):
            pytest.fail(f"{name} is required here and missing")
        pytest.skip(f"{name} is not installed")

    return require


@pytest.fixture(scope="session")
def config() -> Config:
    """The configuration in the repository."""
    return with_overrides(read_config(ROOT / "config.yaml"), audio={"monitor": "off"})  # nobody listens to a test


@pytest.fixture(scope="session")
def patch(config: Config) -> Patch:
    """The room in `config.yaml`."""
    return patch_of(config)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(autouse=True)
def no_unexpected_warning(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest):
    """A test that is not marked fails if the controller warns; one that is, if the words it names do not come.

    `@pytest.mark.warns("is gone", "works again")`: each is in some warning, and each warning holds one.
    """
    yield
    wanted = [words for mark in request.node.iter_markers("warns") for words in mark.args]
    warned = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING and record.name.startswith("controller")
    ]
    expected = [*wanted, *(() if STRICT else BUSY)]
    assert not [said for said in warned if not any(words in said for words in expected)]
    assert not [words for words in wanted if not any(words in said for said in warned)], "nothing warned of this"


class FilesOfOneKind(LoadFileScheduling):
    """A file's tests stay in one process, and so do files that share what takes long; who waits has its own worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((what for what, files in TOGETHER.items() if file.startswith(files)), file)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """The next file: the third worker's is one that waits, the others' one that computes, as long as there are."""
        if len(self.nodes) > 2:
            waits = node is self.nodes[2]
            for scope in self.workqueue:
                if scope.startswith(WAIT) is waits:
                    self.workqueue.move_to_end(scope, last=False)
                    break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """What `-n` uses."""
    return FilesOfOneKind(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first; a mark without words would let any warning pass, and none."""
    items.sort(key=lambda one: next((n for n, name in enumerate(FIRST) if one.nodeid.startswith(name)), len(FIRST)))
    wordless = [one.nodeid for one in items for mark in one.iter_markers("warns") if not mark.args]
    if wordless:
        raise pytest.UsageError(f"warns says nothing of what: {', '.join(wordless)}")
