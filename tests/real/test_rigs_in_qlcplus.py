"""QLC+ itself opens the workspace that we write: every fixture at its address, every channel for what it is."""

import asyncio
import os
import shutil
import socket
import subprocess

import aiohttp
import pytest
from called import called
from promise import HANG_S

from controller.__main__ import main
from controller.config import read_config
from controller.rig.patch.configured import patch_of
from controller.rig.profiles.profile import ColourChannel, Intensity, Pan, Tilt

DIMMER, PAN, TILT = "0.#000000", "4", "5"
COLOURS = {"red": "0.#FF0000", "green": "0.#00FF00", "blue": "0.#0000FF", "white": "0.#FFFFFF"}
"""How QLC+'s web page calls what a channel is for: its group, and the colour of an intensity."""


@pytest.fixture
def opened(tmp_path, root, require_real):
    """QLC+ with the demo's rig, and the port of its web page."""
    require_real("qlcplus", shutil.which("qlcplus"))
    done = called(main, "patch", "export", tmp_path / "rig.qxw", "--config", root / "config.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = ["qlcplus", "-m", "-n", "-w", "-wp", str(port), "-d", "0", "-o", "rig.qxw"]
    log = tmp_path / "qlcplus.log"
    with log.open("w") as said, subprocess.Popen(command, cwd=tmp_path, env=away, stdout=said, stderr=said) as program:
        try:
            yield port, log
        finally:
            program.kill()


async def asked(port, *questions):
    """Answers of QLC+'s web page, as soon as it is there."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                page = await session.ws_connect(f"http://127.0.0.1:{port}/qlcplusWS")
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
        answers = []
        for question in questions:
            await page.send_str(f"QLC+API|{question}")
            answers.append((await page.receive()).data.split("|")[2:])
        page._response.close()  # QLC+ never answers the end of a WebSocket
        return answers


def test_qlcplus_opens_our_workspace_and_knows_every_channel(opened, root):
    port, log = opened
    fixtures = patch_of(read_config(root / "config.yaml")).fixtures
    questions = [f"getChannelsValues|{one.config.universe}|{one.config.address}|{one.footprint}" for one in fixtures]
    answers = asyncio.run(asyncio.wait_for(asked(port, *questions), HANG_S))
    compared = 0
    for fixture, answer in zip(fixtures, answers, strict=True):
        kinds = answer[2::3]
        assert len(kinds) == fixture.footprint
        for slot, kind in zip(fixture.profile.layout(fixture.config.mode), kinds, strict=True):
            does = fixture.profile.channels[slot.name] if slot.name and not slot.byte else None
            expected = {Intensity: DIMMER, Pan: PAN, Tilt: TILT}.get(type(does), "")
            expected = COLOURS.get(does.emitter, "") if isinstance(does, ColourChannel) else expected
            compared += bool(expected)
            assert not expected or kind == expected, (fixture.config.id, slot)
    assert compared > 100
    assert "Failed to load" not in log.read_text()
