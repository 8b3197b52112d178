"""Plans that were damaged on the way: one line for each, and the good ones of a folder are followed."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from controller.errors import PlanError
from controller.listening.plan.fingerprint import SIZE
from controller.listening.plan.plan import read_plan, read_plans

GOOD = "tests/recordings/state-0.1/plans/erlkoenig.plan"
NOTES = json.dumps({"title": "x"})


def written(path, **arrays):
    whole = {"notes": np.frombuffer(NOTES.encode(), np.uint8), "light": np.zeros((5, 2), np.int16),
             "fingerprints": np.zeros((5, SIZE), np.float16)}  # fmt: skip
    with path.open("wb") as out:
        np.savez_compressed(out, **whole | arrays)


def odd_plans():
    text = lambda said: np.frombuffer(said.encode(), np.uint8)  # noqa: E731
    return {
        "deep notes": {"notes": text("[" * 100_000)}, "no dimension": {"light": np.int16(3)},
        "words": {"light": np.array(["a", "b"])}, "an endless number": {"fingerprints": np.full((5, SIZE), np.inf)},
        "no text": {"notes": np.array([255, 254], np.uint8)}, "a list": {"notes": text("[]")},
        "four dimensions": {"light": np.zeros((5, 2, 1, 1), np.int16)},
        "complex": {"fingerprints": np.zeros((5, SIZE), complex)},
        "empty": {"light": np.zeros((0, 2), np.int16), "fingerprints": np.zeros((0, SIZE), np.float16)},
    }  # fmt: skip


@pytest.mark.parametrize("case", odd_plans())
def test_h9_odd_contents_are_one_line(tmp_path, case):
    file = tmp_path / "a.plan"
    written(file, **odd_plans()[case])
    with pytest.raises(PlanError) as error:
        read_plan(file)
    assert "\n" not in str(error.value)


def test_h9_a_header_that_promises_too_much_is_one_line(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**14,)})
    with zipfile.ZipFile(tmp_path / "a.plan", "w") as out:
        out.writestr("notes.npy", header.getvalue())
    with pytest.raises(PlanError):
        read_plan(tmp_path / "a.plan")


def test_h9_bytes_changed_at_random(root, tmp_path, rng):
    good, file, refused = (root / GOOD).read_bytes(), tmp_path / "a.plan", 0
    for _ in range(300):
        bent = bytearray(good)
        for _ in range(rng.integers(1, 6)):
            at = int(rng.integers(len(bent)))
            bent[at] = rng.integers(256)
        if rng.random() < 0.2:
            bent = bent[: rng.integers(len(bent))]
        file.write_bytes(bent)
        try:
            read_plan(file)
        except PlanError as error:
            refused += 1
            assert "\n" not in str(error)  # noqa: PT017 - most of them are
    assert refused > 100


@pytest.mark.warns("bad.plan")
def test_h9_the_good_plans_of_a_folder_are_followed(root, tmp_path):
    shutil.copy(root / GOOD, tmp_path / "good.plan")
    (tmp_path / "bad.plan").write_bytes(b"PK\3\4 nonsense")
    assert [one.notes.title for one in read_plans(tmp_path)] == ["Erlkönig"]
    (tmp_path / "good.plan").unlink()
    with pytest.raises(PlanError, match=r"bad\.plan"):
        read_plans(tmp_path)
