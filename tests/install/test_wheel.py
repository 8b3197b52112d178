"""The wheel alone, in an environment outside of the checkout, is the whole runtime: models, song, fixtures, page."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest
from promise import HANG_S


@pytest.fixture(scope="module")
def wheel(request, tmp_path_factory):
    """The built package."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(build, cwd=request.config.rootpath, check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel; what it depends on is found where the tests have it, the checkout is not."""
    folder = tmp_path_factory.mktemp("venue laptop") / "env"
    venv.create(folder, with_pip=False)
    (site,) = (folder / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    (site / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


@pytest.fixture
def followspot(installed, tmp_path):
    """Its command line, somewhere else; returns what it did."""

    def run(*arguments, **environment):
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
        command = [installed / "bin/python", "-P", "-m", "controller", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=2 * HANG_S
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    return run


def test_the_wheel_holds_what_the_demo_needs_and_nothing_of_training(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    for needed in ("data/config.yaml", "data/models/skipbart-small/manifest.yaml", "data/models/hearing/manifest.yaml",
                   "data/fixtures/generic/rgb-par.yaml", "songs/metal_madness.opus", "watching/page/static/index.html",
                   "looks/packs/rock.yaml", "data/docs/first-hour.md", "data/docs/pictures/page-numbered.jpg",
                   "data/README.md"):  # fmt: skip
        assert f"controller/{needed}" in names
    assert [one for one in names if one.startswith(("tools/", "tests/", "controller/data/models/symbolic"))] == []


def test_it_runs_from_there(followspot, installed, tmp_path):
    where = followspot("--version")
    assert where.returncode == 0
    show = followspot("show", "--seconds", "2", "--web", "off")
    assert show.returncode == 0, show.stderr
    assert "this is the rig of the demo" in show.stderr
    assert json.loads(show.stdout.splitlines()[-1])["sent_cycles"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("devices",),
        ("models", "verify"),
        ("fixtures", "list"),
        ("check",),
        ("patch", "sheet"),
        ("docs", "--no-browser", "--out", "pages"),
    ],
    ids=" ".join,
)
def test_a_command_without_a_configuration_is_about_the_demo(followspot, words):
    done = followspot(*words)
    assert done.returncode == 0, done.stderr


def test_init_makes_a_rig_that_check_takes_without_the_checkout(followspot, tmp_path, root):
    assert followspot("init", "--yes", "--out", "my.yaml").returncode == 0
    done = followspot("check", "--config", "my.yaml")
    assert done.returncode == 0, done.stderr
    assert "my.yaml: good" in done.stdout
    assert str(root) not in (tmp_path / "my.yaml").read_text()


def test_what_lacks_is_one_sentence(followspot, installed, tmp_path):
    """Without ONNX Runtime everything that needs no model runs, and all else names the extra."""
    hidden = tmp_path / "hidden" / "onnxruntime"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'onnxruntime'\")")
    hide = {"PYTHONPATH": str(hidden.parent)}
    for words in (("devices",), ("fixtures", "list"), ("models", "list"), ("init", "--yes"), ("patch", "sheet")):
        assert followspot(*words, **hide).returncode == 0
    (song,) = installed.rglob("songs/metal_madness.opus")
    for words in (("check",), ("show", "--seconds", "1"), ("rehearse", song, "--out", "out")):
        done = followspot(*words, **hide)
        assert done.returncode == 1
        assert "pip install onnxruntime" in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2  # and that this is the demo's rig
