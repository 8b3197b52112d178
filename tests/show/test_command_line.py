"""Bad input at the command line: one clear message with place and remedy, exit code 1, no traceback; and what works."""

import json
import shutil
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from called import called
from promise import HANG_S, STRICT

from controller.__main__ import main
from controller.artefacts.artefact import sha256_of

SONG = "controller/songs/metal_madness.opus"


def followspot(*arguments, cwd):
    return called(main, *arguments, cwd=cwd)


def followspot_process(*arguments, cwd, timeout=HANG_S):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "controller", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture
def venue(root, tmp_path):
    """A copy of the configuration with models and fixtures beside it, and a way to change it."""
    for name in ("models", "fixtures"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "controller").mkdir()
    (tmp_path / "controller" / "songs").symlink_to(root / "controller" / "songs")

    def write(change=lambda data: None):
        data = yaml.safe_load((root / "config.yaml").read_text())
        data["page"]["enabled"] = False
        for number, universe in data["universes"].items():
            universe["outputs"][0]["port"] = 40000 + number
        change(data)
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return path

    write()
    return tmp_path, write


def refused(done, *said):
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("followspot: ")]
    assert len(lines) == 1, done.stderr
    for part in said:
        assert part in lines[0]


def test_a_missing_song(venue):
    folder, _ = venue
    for command in (followspot, followspot_process):
        refused(command("show", "--audio", "file:none.wav", cwd=folder), "none.wav: no such file", "file:PATH")
    refused(followspot("rehearse", "none.wav", "--out", "out", cwd=folder), "none.wav: no such file")
    assert not (folder / "out").exists()


def test_a_song_that_is_none(venue):
    folder, _ = venue
    (folder / "list.txt").write_text("milk, eggs")
    refused(followspot("show", "--audio", "file:list.txt", cwd=folder), "list.txt", "use WAV, FLAC, OGG, Opus or MP3")


def test_an_unknown_kind_of_audio(venue):
    refused(followspot("show", "--audio", "tape:7", cwd=venue[0]), "'tape:7' is no source of sound", "stems:FOLDER")
    refused(followspot("show", "--audio", "nothing.wav", cwd=venue[0]), "'nothing.wav': write file:nothing.wav")


def test_an_unknown_device(venue):
    done = followspot("show", "--audio", "device:Nobody's card", cwd=venue[0])
    assert done.returncode == 1
    assert "audio device 'Nobody's card' not found" in done.stderr or "no sound library" in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.update(fixtures=[]), "fixtures: List should have at least 1 item"),
        (lambda data: data["fixtures"][1].update(address=3), "overlaps front-1 at address 3; move one of them"),
        (
            lambda data: data["fixtures"][1].update(address=513),
            "fixtures[1].address: must be at most 512",
        ),
        (lambda data: data["fixtures"][1].update(address=510), "would end at 517"),
        (lambda data: data["fixtures"][0].update(mode="99ch"), "has no mode '99ch'; its modes are 8ch, 4ch"),
        (lambda data: data["fixtures"][0].update(profile="acme/x"), "fixtures[0].profile: no profile 'acme/x'"),
        (
            lambda data: data["universes"][1]["outputs"][0].update(host="no such host"),
            "is no address and no known host",
        ),
    ],
)
def test_a_patch_that_cannot_be(venue, change, said):
    folder, write = venue
    path = write(change)
    for command in (("check",), ("show", "--seconds", "1")):
        done = followspot(*command, cwd=folder)
        refused(done, said, f"{path.name}:")


def test_models_that_cannot_be(venue, root):
    folder, write = venue
    broken = folder / "broken"
    shutil.copytree(root / "models" / "embedder-small", broken)
    write(lambda data: data["model"].update(embedder="broken"))
    network = broken / "embedder.onnx"
    network.write_bytes(network.read_bytes()[:1000])
    refused(followspot("show", cwd=folder), "model: ", "embedder.onnx: sha256 is", "restore it")
    manifest = yaml.safe_load((broken / "manifest.yaml").read_text())
    manifest["step"]["sha256"] = sha256_of(network)
    (broken / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    refused(followspot("show", cwd=folder), "embedder.onnx: not a usable ONNX network")
    write(lambda data: data["model"].update(embedder="nowhere"))
    refused(followspot("check", cwd=folder), "nowhere/manifest.yaml: no such manifest")


def test_a_port_in_use(venue):
    folder, _ = venue
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(followspot("show", "--web", f"127.0.0.1:{port}", cwd=folder), f"port {port}", "--web HOST:PORT")


@pytest.mark.parametrize("arguments", [["dance"], ["show", "--seconds", "-1"], ["show", "--seconds", "x"], []])
def test_wrong_usage_is_exit_code_2(venue, arguments):
    done = followspot(*arguments, cwd=venue[0])
    assert done.returncode == 2
    assert "usage: followspot" in done.stderr


@pytest.mark.parametrize("name", ["nan", "silence", "8k", "7x192k"])
def test_odd_but_honest_sound_is_played(venue, name, rng):
    folder, _ = venue
    rate_hz, channels = {"8k": (8_000, 1), "7x192k": (192_000, 7)}.get(name, (48_000, 2))
    sound = (
        np.zeros((int(1.5 * rate_hz), channels))
        if name == "silence"
        else rng.normal(0, 0.1, (int(1.5 * rate_hz), channels))
    )
    if name == "nan":
        sound[1000:2000] = np.nan
    soundfile.write(folder / "odd.wav", sound, rate_hz, subtype="FLOAT")
    done = followspot_process("show", "--audio", "file:odd.wav", cwd=folder)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["ended_by"] == "song"
    assert (14 if STRICT else 5) <= summary["listening"]["hops"] <= 15  # where all are busy hops are left out
    assert summary["lighting"].get("send_errors", 0) == 0  # a busy machine may light only when the song is over
    assert (summary["listening"]["bad_samples"] > 0) == (name == "nan")
    assert ("no numbers (NaN)" in done.stderr) == (name == "nan")


def test_what_is_here_is_listed(venue, root):
    folder, _ = venue
    check = followspot("check", cwd=folder)
    assert check.returncode == 0, check.stderr
    for said in ("The Basement", "embedder-small", "front-1", "hazer", "not armed"):
        assert said in check.stdout
    assert "generic/moving-spot" in followspot("fixtures", "list", cwd=root).stdout
    assert "tilt" in followspot("fixtures", "show", "generic/moving-spot", cwd=root).stdout
    assert "skipbart-small" in followspot("models", "verify", cwd=root).stdout
    assert "network cards" in followspot("devices", cwd=root).stdout
    assert "front-1" in followspot("patch", "sheet", cwd=root).stdout
    assert Path(root / SONG).is_file()


def test_the_version_is_that_of_the_installed_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"followspot {version('followspot')}\n"
