"""A run of the tests leaves nothing in the folder for temporary files, whatever happens to its tests or to it."""

import os
import subprocess
import sys

from promise import HANG_S
from temp_folder import LOCK, PREFIX, YOUNG_S, sweep

LITTERS = "tests/fakes/littering.py"


def test_a_run_whose_test_fails_leaves_nothing(root, tmp_path):
    """By a worker, which ends without a word; what lies there already is nobody's to remove."""
    temporary, kept = tmp_path / "t", tmp_path / "kept"
    temporary.mkdir()
    kept.mkdir()
    (temporary / "followspot-of-somebody").mkdir()
    environment = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n1", "-q", "-p", "no:cacheprovider", LITTERS], cwd=root, text=True,
        env={**environment, "TMPDIR": str(temporary), "PYTEST_DEBUG_TEMPROOT": str(kept)}, capture_output=True,
        timeout=HANG_S, check=False,
    )  # fmt: skip
    assert "1 failed" in ran.stdout, ran.stdout + ran.stderr
    assert [one.name for one in temporary.iterdir()] == ["followspot-of-somebody"]


def test_a_run_that_was_killed_is_cleaned_away_by_the_next_and_one_that_runs_is_not(tmp_path):
    script = "import sys; from temp_folder import TempFolder; TempFolder(); print(1, flush=True); sys.stdin.read()"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": "tests/fakes"},
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        assert [run.stdout.readline() for run in runs] == [b"1\n"] * 2
        made = set(tmp_path.glob(f"{PREFIX}*"))
        assert len(made) == 2
        runs[0].kill()
        runs[0].wait()
        sweep(tmp_path)
        assert set(tmp_path.glob(f"{PREFIX}*")) == made, "whoever is young may not hold its lock yet"
        for one in made:
            os.utime(one, (0.0, one.stat().st_mtime - 2.0 * YOUNG_S))
        sweep(tmp_path)
        (left,) = tmp_path.glob(f"{PREFIX}*")
        assert (left / LOCK).exists()
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    sweep(tmp_path)
    assert not any(tmp_path.iterdir())
